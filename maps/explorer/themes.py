"""What the cells can be coloured by: one description, read by the page and by its files.

A theme is a quotient of two sums in fixed classes; a class holds its lower bound. Cells under the
secrecy threshold carry values imputed from around, and are drawn apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from carroyage.columns import MIN_HOUSEHOLDS
from maps.charts.theme import SEQUENTIAL
from maps.figures import quantity


@dataclass(frozen=True)
class Theme:
    """``title`` stands over the legend, ``short`` after a value; ``breaks`` part the classes."""

    id: str
    title: Any
    short: Any
    numerator: str
    denominator: str
    unit: str
    breaks: tuple[float, ...]
    colours: tuple[str, ...] = SEQUENTIAL

    @property
    def factor(self) -> float:
        """Return what the quotient is multiplied by."""
        return 100.0 if self.unit == "%" else 1.0

    def as_json(self) -> dict[str, Any]:
        """Return what the page reads."""
        return {
            "id": self.id,
            "title": str(self.title),
            "short": str(self.short),
            "numerator": self.numerator,
            "denominator": self.denominator,
            "unit": "percent" if self.unit == "%" else "euro",
            "breaks": list(self.breaks),
            "colours": list(self.colours),
        }

    def words(self) -> list[str]:
        """Return the words of each class, lowest first."""
        first, last = self.breaks[0], self.breaks[-1]
        bare = "" if self.unit == "%" else self.unit
        return [
            _("moins de {high}").format(high=quantity(first, self.unit, 0)),
            *(
                _("{low} à {high}").format(
                    low=quantity(low, bare, 0), high=quantity(high, self.unit, 0)
                )
                for low, high in pairwise(self.breaks)
            ),
            _("{low} et plus").format(low=quantity(last, self.unit, 0)),
        ]

    def classes(self, top: Any, under: Any, households: Any) -> Any:
        """Return the class of each cell: -1 without data, -2 under the secrecy threshold."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(under > 0, self.factor * top / under, np.nan)
        few = ~(households >= MIN_HOUSEHOLDS)
        found = np.searchsorted(np.asarray(self.breaks), value, side="right")
        return np.where(np.isnan(value), -1, np.where(few, -2, found))


# Income falls where poverty rises: its ramp runs the other way, dark is always "poorer".
THEMES = (
    Theme(
        "pauvrete",
        gettext_lazy("Part de ménages pauvres"),
        gettext_lazy("de ménages pauvres"),
        "men_pauv",
        "men",
        "%",
        (10, 15, 20, 25, 40),
    ),
    Theme(
        "niveau-de-vie",
        gettext_lazy("Niveau de vie moyen"),
        gettext_lazy("de niveau de vie moyen par personne"),
        "ind_snv",
        "ind",
        "€",
        (18_000, 22_000, 27_000, 35_000, 45_000),
        SEQUENTIAL[::-1],
    ),
    Theme(
        "monoparentales",
        gettext_lazy("Part de familles monoparentales"),
        gettext_lazy("de ménages monoparentaux"),
        "men_fmp",
        "men",
        "%",
        (5, 8, 12, 16, 20),
    ),
)


def theme_called(name: str) -> Theme:
    """Return a theme by its id, the first one where there is none such, as the page does."""
    return next((one for one in THEMES if one.id == name), THEMES[0])
