"""What an outlet may print: a shown figure, or a withheld one that says why. Never a bare zero."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a figure is not printed."""

    BELOW_THRESHOLD = "below_threshold"
    DIFFERENCING = "differencing"
    NO_DATA = "no_data"


@dataclass(frozen=True)
class Shown:
    """A protected figure, with the true counts it may stand for, as anyone can work out."""

    value: int
    low: int
    high: int

    def as_dict(self) -> dict[str, Any]:
        """Return the figure as plain data."""
        return {"value": self.value, "withheld": None}


@dataclass(frozen=True)
class Withheld:
    """A figure that is not printed. It is not zero, and arithmetic on it is refused."""

    reason: Reason
    low: int = 0
    high: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the absence as plain data, saying why."""
        return {"value": None, "withheld": str(self.reason)}


Value = Shown | Withheld


@dataclass(frozen=True)
class Rate:
    """A rate of two shown figures, worked out from them alone (0 to 1)."""

    value: float

    def as_dict(self) -> dict[str, Any]:
        """Return the rate as plain data."""
        return {"value": self.value, "withheld": None}


def rate(part: Value, whole: Value) -> Rate | Withheld:
    """Return ``part`` / ``whole`` from what is printed of both, or withheld where one is.

    The true figures never enter, so that a rate tells nothing its two figures do not. Noise
    may lift a part over its whole: the rate then stays at 1.
    """
    for figure in (whole, part):
        if isinstance(figure, Withheld):
            return Withheld(figure.reason)
    if not isinstance(part, Shown) or not isinstance(whole, Shown) or whole.value == 0:
        return Withheld(Reason.NO_DATA)
    return Rate(min(1.0, part.value / whole.value))
