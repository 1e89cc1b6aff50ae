"""How zones are asked for. Imports nothing heavy: the command line reads it to print its help."""

from __future__ import annotations

from dataclasses import dataclass

from carroyage import columns

# Thresholds worth trying, by score: around what quarters were drawn with.
THRESHOLDS = {
    "majority_low_income": (0.4, 0.45, 0.5, 0.55, 0.6),
    "share_poor": (0.2, 0.225, 0.25, 0.275, 0.3),
    "mean_living_standard": (17_000.0, 19_000.0, 21_000.0, 23_000.0, 25_000.0),
    "share_poor_near": (0.2, 0.225, 0.25, 0.275, 0.3),
    "combined_ranks": (0.8, 0.85, 0.9, 0.95),
}


@dataclass(frozen=True)
class Wanted:
    """How zones are asked for; None means the score's or the decree's own."""

    score: str = ""
    threshold: float | None = None
    line: float | None = None
    national_median: float | None = None
    urban_unit_median: float | None = None
    urban_unit_population: int | None = None
    contiguity: str = "queen"
    min_population: float = columns.MIN_POPULATION
    min_households: float = columns.MIN_HOUSEHOLDS
    bridge_gaps: bool = False
    fill_holes: bool = False
    vintage: str = ""

    @property
    def names_a_line(self) -> bool:
        """Tell whether a line, or a figure it is made from, was given."""
        given = (
            self.line,
            self.national_median,
            self.urban_unit_median,
            self.urban_unit_population,
        )
        return any(value is not None for value in given)
