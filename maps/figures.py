"""One figure as people read it: a value with its unit, or the kind of absence it is, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from observatory.models import Indicator, Nature, Standing

NO_BREAK = "\u00a0"
MINUS = "\u2212"
# Natures whose differences are told in points of percentage.
IN_POINTS = (Nature.SHARE, Nature.CHANGE)


def quantity(value: float, unit: str, decimals: int, *, signed: bool = False) -> str:
    """Return a number with its unit, as the page's language writes them; no minus zero."""
    rounded = round(value, decimals) + 0.0
    number = number_format(abs(rounded), decimals, force_grouping=True)
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    if not unit:
        return f"{sign}{number}"
    close = unit == "%" and (get_language() or "fr").startswith("en")
    return f"{sign}{number}{'' if close else NO_BREAK}{unit}"


@dataclass(frozen=True)
class Figure:
    """A value that may be absent; ``standing`` tells absence for lack of data from secrecy.

    A difference is ``signed``: it is written with its sign.
    """

    value: float | None
    unit: str = ""
    decimals: int = 0
    standing: str = ""
    signed: bool = False

    @property
    def is_withheld(self) -> bool:
        """Whether the value exists and is kept back."""
        return self.value is None and self.standing == Standing.WITHHELD

    def __str__(self) -> str:
        if self.value is not None:
            return quantity(self.value, self.unit, self.decimals, signed=self.signed)
        return _("retenu") if self.is_withheld else _("sans donnée")


def unit_of(indicator: Indicator) -> str:
    """Return the unit a value of the indicator is written with; people need none."""
    if indicator.nature in IN_POINTS:
        return "%"
    return indicator.unit if indicator.unit in {"%", "€", "m²"} else ""


def figure_of(indicator: Indicator, value: float | None, standing: str = "") -> Figure:
    """Return a figure of an indicator; NaN is the absence that tables know."""
    known = None if value is None or np.isnan(value) else float(value)
    return Figure(known, unit_of(indicator), indicator.decimals, standing)


def difference_figure(indicator: Indicator, difference: float | None) -> Figure:
    """Return a difference of two values of an indicator, signed: in points for a share."""
    known = None if difference is None or np.isnan(difference) else float(difference)
    unit = _("pts") if indicator.nature in IN_POINTS else unit_of(indicator)
    decimals = max(indicator.decimals, 1) if indicator.nature in IN_POINTS else indicator.decimals
    return Figure(known, unit, decimals, signed=True)


def difference_of(indicator: Indicator, difference: float) -> str:
    """Return a difference of two values as it is written."""
    return str(difference_figure(indicator, difference))
