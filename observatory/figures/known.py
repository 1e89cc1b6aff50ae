"""What is stored of one year at one place: counts that may give few persons away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Node(NamedTuple):
    """Where counts of one year are: an indicator, a territory, a scope."""

    indicator: int
    territory: int
    scope: str


@dataclass
class Known:
    """What is stored at one node: its counts by measure, and how it may be printed.

    ``low`` and ``high`` bound each measure over the sources; a measure without a figure is not
    there. ``percent`` is a share as printed. ``small`` tells that the node is withheld in any
    case, ``withheld`` that a source holds it back.
    """

    persons: bool = True
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    percent: float | None = None
    least: int = 0
    openness: int = 2
    small: bool = False
    withheld: bool = False
    rows: list[int] = field(default_factory=list)

    def add(self, measures: Mapping[str, float], least: int, openness: int, row: int) -> None:
        """Take one more source's figure in."""
        for name, value in measures.items():
            self.low[name] = min(self.low.get(name, value), value)
            self.high[name] = max(self.high.get(name, value), value)
        self.least, self.openness = max(self.least, least), min(self.openness, openness)
        few = any(0 < value < self.least for value in measures.values())
        self.small |= self.persons and few
        self.rows.append(row)

    @property
    def is_secret(self) -> bool:
        """Tell whether the figure is withheld, by us or by every source that has it."""
        return self.small or (self.withheld and self.size is None)

    @property
    def size(self) -> float | None:
        """Return the count, or the share where no count is known; None without either."""
        return self.high.get("value", self.percent)
