"""What the cells can be coloured by: one description, read by the page and by its files.

A theme is a quotient of sums in fixed classes; a class holds its lower bound. No theme is a count
alone: shaded, it would tell how large the squares are. Breaks are round numbers near the deciles
of the cells of Paris (Filosofi 2019), the same everywhere, so that two maps can be compared.
Cells under the secrecy threshold carry values imputed from around, and are drawn apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from carroyage.columns import HOUSEHOLDS, INCOME_SUM, MIN_HOUSEHOLDS, PERSONS, POOR
from layers.registry import REGISTRY
from maps.charts.theme import SEQUENTIAL
from maps.figures import quantity

HECTARES = "hectares"  # the cell's own area, where a theme is a density
SIDE = "size"  # metres
HECTARE = 10_000


@dataclass(frozen=True)
class Theme:
    """``title`` stands over the legend, ``short`` after a value; ``breaks`` part the classes.

    ``numerator`` are columns to add up, ``denominator`` a column or HECTARES. A ``main`` theme is
    said of every cell in its card.
    """

    id: str
    group: Any
    title: Any
    short: Any
    numerator: tuple[str, ...]
    denominator: str
    unit: Any
    breaks: tuple[float, ...]
    colours: tuple[str, ...] = SEQUENTIAL
    decimals: int = 1
    main: bool = False

    @property
    def factor(self) -> float:
        """Return what the quotient is multiplied by."""
        return 100.0 if self.unit == "%" else 1.0

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the cells it is made of."""
        return (*self.numerator, SIDE if self.denominator == HECTARES else self.denominator)

    def absent_at(self) -> list[int]:
        """Return the zooms whose tiles leave one of its columns out."""
        cells = REGISTRY.get("cells")
        return sorted({zoom for name in self.columns for zoom in cells.absent_at(name)})

    def as_json(self) -> dict[str, Any]:
        """Return what the page reads."""
        return {
            "id": self.id,
            "group": str(self.group),
            "title": str(self.title),
            "short": str(self.short),
            "main": self.main,
            "numerator": list(self.numerator),
            "denominator": self.denominator,
            "unit": str(self.unit),
            "decimals": self.decimals,
            "absent": self.absent_at(),
            "breaks": list(self.breaks),
            "colours": list(self.colours),
        }

    def words(self) -> list[str]:
        """Return the words of each class, lowest first."""
        first, last = self.breaks[0], self.breaks[-1]
        bare = "" if self.unit != "€" else self.unit
        unit, decimals = str(self.unit), int(any(one != int(one) for one in self.breaks))
        return [
            gettext("moins de {high}").format(high=quantity(first, unit, decimals)),
            *(
                gettext("{low} à {high}").format(
                    low=quantity(low, bare, decimals), high=quantity(high, unit, decimals)
                )
                for low, high in pairwise(self.breaks)
            ),
            gettext("{low} et plus").format(low=quantity(last, unit, decimals)),
        ]

    def classes(self, numbers: Mapping[str, Any]) -> Any:
        """Return the class of each cell: -1 without data, -2 under the secrecy threshold.

        ``numbers`` are arrays of its columns and of the households.
        """
        top = np.sum([numbers[one] for one in self.numerator], axis=0)
        is_area = self.denominator == HECTARES
        under = numbers[SIDE] ** 2 / HECTARE if is_area else numbers[self.denominator]
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(under > 0, self.factor * top / under, np.nan)
        few = ~(numbers[HOUSEHOLDS] >= MIN_HOUSEHOLDS)
        found = np.searchsorted(np.asarray(self.breaks), value, side="right")
        return np.where(np.isnan(value), -1, np.where(few, -2, found))


INCOME, HOMES = _("Revenus"), _("Logements")
FAMILIES, AGES = _("Ménages"), _("Âges")
YOUNG = ("ind_0_3", "ind_4_5", "ind_6_10", "ind_11_17")
OLD = ("ind_65_79", "ind_80p")


def _of_households(
    id: str, group: Any, title: Any, short: Any, column: str, breaks: tuple[float, ...],
    main: bool = False,
) -> Theme:  # fmt: skip
    return Theme(id, group, title, short, (column,), HOUSEHOLDS, "%", breaks, main=main)


def _of_ages(id: str, title: Any, short: Any, ages: tuple[str, ...], *breaks: float) -> Theme:
    return Theme(id, AGES, title, short, ages, PERSONS, "%", breaks)


# Income falls where poverty rises: its ramp runs the other way, dark is always "poorer".
THEMES = (
    _of_households(
        "pauvrete", INCOME, _("Part de ménages pauvres"), _("de ménages pauvres"), POOR,
        (10, 15, 20, 25, 40), main=True,
    ),
    Theme(
        "niveau-de-vie", INCOME, _("Niveau de vie moyen"),
        _("de niveau de vie moyen par personne"), (INCOME_SUM,), PERSONS, "€",
        (18_000, 22_000, 27_000, 35_000, 45_000), SEQUENTIAL[::-1], 0, main=True,
    ),
    _of_households(
        "monoparentales", FAMILIES, _("Part de familles monoparentales"),
        _("de ménages monoparentaux"), "men_fmp", (5, 8, 12, 16, 20), main=True,
    ),
    _of_households(
        "seules", FAMILIES, _("Part de personnes seules"), _("de ménages d’une personne"),
        "men_1ind", (35, 42, 48, 54, 60),
    ),
    _of_households(
        "grands-menages", FAMILIES, _("Part de ménages de cinq personnes ou plus"),
        _("de ménages de cinq personnes ou plus"), "men_5ind", (3, 5, 7, 10, 15),
    ),
    Theme(
        "taille", FAMILIES, _("Personnes par ménage"), _("par ménage"), (PERSONS,), HOUSEHOLDS,
        _("pers."), (1.7, 1.9, 2.1, 2.3, 2.6),
    ),
    Theme(
        "densite", FAMILIES, _("Densité de population"), _("en densité de population"),
        (PERSONS,), HECTARES, _("hab./ha"), (50, 150, 250, 350, 450), decimals=0,
    ),
    _of_households(
        "proprietaires", HOMES, _("Part de ménages propriétaires"),
        _("de ménages propriétaires"), "men_prop", (10, 25, 35, 45, 55),
    ),
    _of_households(
        "social", HOMES, _("Part de logements sociaux"), _("de logements sociaux"), "log_soc",
        (5, 10, 25, 50, 75),
    ),
    _of_households(
        "collectif", HOMES, _("Part de ménages en logement collectif"),
        _("de ménages en logement collectif"), "men_coll", (20, 50, 80, 90, 98),
    ),
    Theme(
        "surface", HOMES, _("Surface moyenne des logements"), _("par logement"), ("men_surf",),
        HOUSEHOLDS, "m²", (45, 55, 65, 80, 100), decimals=0,
    ),
    _of_households(
        "avant-1945", HOMES, _("Part de logements d’avant 1945"),
        _("de logements d’avant 1945"), "log_av45", (20, 40, 60, 80, 90),
    ),
    _of_households(
        "depuis-1990", HOMES, _("Part de logements construits depuis 1990"),
        _("de logements construits depuis 1990"), "log_ap90", (5, 10, 20, 30, 50),
    ),
    _of_ages("moins-4", _("Part de moins de 4 ans"), _("de moins de 4 ans"), ("ind_0_3",),
             2, 3, 4, 5, 6),
    _of_ages("moins-18", _("Part de moins de 18 ans"), _("de moins de 18 ans"), YOUNG,
             12, 15, 18, 21, 25),
    _of_ages("18-24", _("Part de 18 à 24 ans"), _("de 18 à 24 ans"), ("ind_18_24",),
             5, 6, 7, 8, 10),
    _of_ages("25-39", _("Part de 25 à 39 ans"), _("de 25 à 39 ans"), ("ind_25_39",),
             15, 20, 25, 30, 35),
    _of_ages("65-plus", _("Part de 65 ans et plus"), _("de 65 ans et plus"), OLD,
             12, 16, 20, 24, 28),
    _of_ages("80-plus", _("Part de 80 ans et plus"), _("de 80 ans et plus"), ("ind_80p",),
             3, 4, 5, 7, 9),
)  # fmt: skip


def theme_called(name: str) -> Theme:
    """Return a theme by its id, the first one where there is none such, as the page does."""
    return next((one for one in THEMES if one.id == name), THEMES[0])
