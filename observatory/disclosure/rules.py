"""Which threshold and noise protect the figures of which source."""

from __future__ import annotations

from observatory.disclosure.errors import BadRule
from observatory.disclosure.noise import NoiseRule
from observatory.models.disclosure import FLOORS, DisclosureRule, Unit

# 11 fiscal households (tax data), 5 persons (job seekers, beneficiaries).
DEFAULTS = {Unit.PERSONS: NoiseRule(5, 5, 3.0), Unit.HOUSEHOLDS: NoiseRule(11, 11, 8.0)}


def rule_for(unit: Unit | str = Unit.PERSONS, source: str = "") -> NoiseRule:
    """Return the rule of a source (its code), or the default of its unit.

    Raises BadRule where a stored rule is under the floor of its unit.
    """
    unit = Unit(unit)
    found = DisclosureRule.objects.filter(unit=unit, source=source).first()
    if found is None:
        return DEFAULTS[unit]
    if found.threshold < FLOORS[unit]:
        raise BadRule(
            f"The threshold of {source} ({found.threshold}) is under {FLOORS[unit]}.",
            "A threshold may be raised, never lowered.",
        )
    return NoiseRule(found.threshold, found.deviation, found.variance)
