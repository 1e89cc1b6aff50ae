"""What can go wrong while figures are protected."""

from __future__ import annotations

from observatory.errors import ObservatoryError


class BadRule(ObservatoryError):
    """A protection rule that would not protect, or that no noise can satisfy."""


class BadTable(ObservatoryError):
    """A table handed to the gate contradicts itself."""
