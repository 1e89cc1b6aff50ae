"""What can prevent addresses from being matched."""

from __future__ import annotations

from importers.errors import ImporterError


class NoReference(ImporterError):
    """There is no address to match against."""

    def __init__(self) -> None:
        super().__init__(
            "No address reference is stored: addresses cannot be located.",
            "Load one: observatory load addresses adresses-75.csv.gz",
        )
