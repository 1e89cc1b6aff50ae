"""What can go wrong while the demonstration territory is drawn."""

from __future__ import annotations


class DemonstrationError(Exception):
    """The demonstration territory could not be drawn as promised."""


class NoRoomForZone(DemonstrationError):
    """A zone found no place on the generated map."""

    def __init__(self, name: str, wanted: int, found: int) -> None:
        super().__init__(
            f"Zone {name}: {wanted} cells wanted, room for {found} only; "
            "choose another seed for the demonstration."
        )


class BrokenTiling(DemonstrationError):
    """Blocks do not tile the generated territory."""

    def __init__(self, blocks: int, faces: int) -> None:
        super().__init__(
            f"{blocks} blocks were drawn but {faces} faces found once their lines were joined; "
            "choose another seed for the demonstration."
        )


class MedianOutOfReach(DemonstrationError):
    """A quarter's published median cannot be met together with its cells' majorities."""

    def __init__(self, code: str, wanted: float, low: float, high: float) -> None:
        super().__init__(
            f"Quarter {code}: median {wanted:.0f} € wanted, only {low:.0f} to {high:.0f} € "
            "can be reached; choose another seed for the demonstration."
        )


class PromiseBroken(DemonstrationError):
    """The finished territory does not hold one of its promised facts."""

    def __init__(self, promise: str, expected: object, found: object) -> None:
        super().__init__(
            f"{promise}: expected {expected}, found {found}; "
            "choose another seed for the demonstration."
        )
