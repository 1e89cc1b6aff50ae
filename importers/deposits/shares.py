"""Shares that say what they are shares of: both denominators, and bounds for the unlocated.

A located count is never printed as a bare percentage: sources print one rounded figure, from
which nobody can tell how those who could not be located were counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Share:
    """``inside`` of ``total`` rows, of which ``unlocated`` could not be placed.

    Shares are fractions (0 to 1), None where there is nothing to divide by. The bounds put all
    the unlocated outside, then all of them inside.
    """

    inside: int
    total: int
    unlocated: int

    def __post_init__(self) -> None:
        if min(self.inside, self.total, self.unlocated) < 0:
            raise ValueError("counts cannot be negative")
        if self.inside + self.unlocated > self.total:
            raise ValueError("more rows inside and unlocated than there are in all")

    @property
    def located(self) -> int:
        """Return how many rows could be placed."""
        return self.total - self.unlocated

    @property
    def of_all(self) -> float | None:
        """Return the share of all rows, the unlocated counted as outside."""
        return self.inside / self.total if self.total else None

    @property
    def of_located(self) -> float | None:
        """Return the share of the rows that could be placed."""
        return self.inside / self.located if self.located else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Return the share if every unlocated row were outside, then inside."""
        if not self.total:
            return None
        return self.inside / self.total, (self.inside + self.unlocated) / self.total

    def as_dict(self) -> dict[str, Any]:
        """Return counts, both shares and the bounds as plain data."""
        return {
            "inside": self.inside,
            "total": self.total,
            "located": self.located,
            "unlocated": self.unlocated,
            "share_of_all": self.of_all,
            "share_of_located": self.of_located,
            "bounds": list(self.bounds) if self.bounds else None,
        }


@dataclass(frozen=True)
class Realisation:
    """How far a target share is reached, by each way a source may have worked it out."""

    from_all: float
    from_located: float
    from_rounded: float


def realisation(share: Share, target: float) -> Realisation | None:
    """Return the rate of realisation of a target share (0 to 1), or None without rows.

    ``from_rounded`` starts from the share of all rows rounded to a whole percentage, as
    printed sheets do.
    """
    if not target or share.of_all is None or share.of_located is None:
        return None
    rounded = round(100 * share.of_all) / 100
    return Realisation(share.of_all / target, share.of_located / target, rounded / target)


@dataclass(frozen=True)
class LivedQuarter:
    """Whether a structure belongs to a quarter's daily life: at least half its users live in one.

    Only residents of a priority quarter (QPV) count. The answer is sure where it holds whatever
    the unlocated users' homes are; otherwise it is undetermined.
    """

    share: Share
    least: float = 0.5

    @property
    def verdict(self) -> str:
        """Return eligible, not_eligible or undetermined."""
        bounds = self.share.bounds
        if bounds is None:
            return "undetermined"
        if bounds[0] >= self.least:
            return "eligible"
        return "not_eligible" if bounds[1] < self.least else "undetermined"

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict with its counts and interval."""
        return {"verdict": self.verdict, **self.share.as_dict()}
