"""What the grid's commands refuse: files that cannot be read or written, places not loaded."""

from __future__ import annotations

from collections.abc import Iterable

from observatory.errors import ObservatoryError


class UnreadableGridFile(ObservatoryError):
    """A file that is not the table it should be."""

    def __init__(self, name: str, what: str, advice: str = "") -> None:
        super().__init__(
            f"{name} {what}.",
            advice or "Give a CSV, Parquet or GeoPackage file, complete and as delivered.",
        )


class UnknownGridFormat(ObservatoryError):
    """A file whose name tells no format that is known here."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"{name} is of no known format.", f"Known: {', '.join(sorted(known))}.")


class NoCellIds(ObservatoryError):
    """A table without a column of cell ids."""

    def __init__(self, name: str, found: Iterable[str]) -> None:
        super().__init__(
            f"{name} has no column of cell ids (columns: {', '.join(list(found)[:8])}…).",
            "The ids stand in idcar_200m, idcar_1km, idcar_nat, idinspire or id.",
        )


class PlaceNotLoaded(ObservatoryError):
    """A territory without a loaded outline."""

    def __init__(self, codes: Iterable[str]) -> None:
        super().__init__(
            f"No outline is loaded for {', '.join(sorted(codes))}.",
            "Load it: observatory load boundaries FILE.",
        )


class OptionsDisagree(ObservatoryError):
    """Options of which one would be ignored beside the others."""

    def __init__(self, names: Iterable[str], advice: str) -> None:
        super().__init__(f"{', '.join(names)} would be ignored here.", advice)
