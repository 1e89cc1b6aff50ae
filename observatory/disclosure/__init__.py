"""Protecting people in every figure that leaves the observatory.

An outlet never prints a count by itself: it hands atoms and cells to a ``Gate`` and prints the
values the gate gives back, shown or withheld.
"""

from observatory.disclosure.cells import Atom, Cell
from observatory.disclosure.gate import Gate, Release
from observatory.disclosure.keys import KEY_MODULUS, RecordKeys, count_key
from observatory.disclosure.noise import NoiseRule, perturb
from observatory.disclosure.rules import rule_for
from observatory.disclosure.values import Reason, Shown, Value, Withheld, rate

__all__ = [
    "KEY_MODULUS",
    "Atom",
    "Cell",
    "Gate",
    "NoiseRule",
    "Reason",
    "RecordKeys",
    "Release",
    "Shown",
    "Value",
    "Withheld",
    "count_key",
    "perturb",
    "rate",
    "rule_for",
]
