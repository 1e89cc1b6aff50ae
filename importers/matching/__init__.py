"""From what people write in an address cell to a door of the address reference."""

from importers.matching.match import Level, Match, Outcome
from importers.matching.matcher import Matcher

__all__ = ["Level", "Match", "Matcher", "Outcome"]
