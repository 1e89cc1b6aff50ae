"""What a map of an indicator is asked to show, read from an address and written back to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from maps.classes import USUAL_CLASSES
from maps.errors import BadChoice
from observatory.models import Level

LEVELS = (Level.QPV, Level.QVA, Level.ARRONDISSEMENT, Level.COMMUNE, Level.IRIS)


@dataclass(frozen=True)
class Choice:
    """What the address asks for; empty fields take the usual.

    With ``all_years`` the classes are those of all years together, so that one legend serves
    several maps, and the map as it goes through time.
    """

    level: str = Level.QPV
    within: str = ""
    indicator: str = ""
    year: int | None = None
    method: str = "quantiles"
    count: int = USUAL_CLASSES
    breaks: tuple[float, ...] = ()
    way: str = ""
    since: int | None = None
    generation: int | None = None
    all_years: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> Choice:
        """Read an address. Raises BadChoice."""
        level = query.get("niveau") or Level.QPV
        if level not in LEVELS:
            raise BadChoice(_("Aucune carte n’est faite à ce niveau de territoires."))
        try:
            return cls(
                level=level,
                within=query.get("dans", ""),
                indicator=query.get("indicateur", ""),
                year=_whole(query.get("annee", "")),
                method=query.get("methode") or "quantiles",
                count=_whole(query.get("classes", "")) or USUAL_CLASSES,
                breaks=breaks_written(query.get("bornes", "")),
                way=query.get("affichage", ""),
                since=_whole(query.get("depuis", "")),
                generation=_whole(query.get("generation", "")),
                all_years=query.get("periode") == "toutes",
            )
        except ValueError:
            raise BadChoice(
                _("L’année, le nombre de classes et les bornes sont des nombres.")
            ) from None

    def query(self) -> str:
        """Return the address of this choice; what is usual is left out."""
        return urlencode({name: value for name, value in self.pairs().items() if value})

    def pairs(self) -> dict[str, str]:
        """Return every name of the address with its text, empty where it is the usual."""
        by_hand = self.method == "manuelles"
        usual = self.count == USUAL_CLASSES or by_hand
        return {
            "niveau": str(self.level),
            "dans": self.within,
            "indicateur": self.indicator,
            "annee": str(self.year or ""),
            "affichage": self.way,
            "depuis": str(self.since or ""),
            "methode": "" if self.method == "quantiles" else self.method,
            "classes": "" if usual else str(self.count),
            "bornes": self.written_breaks if by_hand else "",
            "generation": str(self.generation or ""),
            "periode": "toutes" if self.all_years else "",
        }

    @property
    def written_breaks(self) -> str:
        """Return the breaks as the field writes them."""
        return " ; ".join(f"{one:.15g}" for one in self.breaks)


def _whole(text: str) -> int | None:
    return int(text) if text else None


def breaks_written(text: str) -> tuple[float, ...]:
    """Return breaks written as people write them. Raises ValueError."""
    written = text.replace("\u2212", "-").replace(",", ".").split(";")
    found = tuple(float("".join(one.split())) for one in written if one.strip())
    if not all(math.isfinite(one) for one in found):
        raise ValueError(text)
    return found
