"""What is compared, read from the address: it can be sent, kept and asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _

from maps.errors import BadChoice
from maps.panel import Person, indicators_by_code, shown_figures
from maps.places import latest_quarters
from observatory.models import Indicator, Level, Membership, Nature, Territory

WHOLES = (Level.CONTRACT, Level.COMMUNE, Level.ARRONDISSEMENT)
MOST_QUARTERS, MOST_INDICATORS = 40, 6
USUAL = ("poverty-rate", "median-income", "population")
LEFT_OUT = (Nature.TEXT, Nature.BOOLEAN)


@dataclass(frozen=True)
class Selection:
    """``within`` is ``level:code``; no quarter named means all of them; ``year`` None, the best."""

    within: str = ""
    quarters: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    year: int | None = None
    sort: str = "nom"
    down: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> Selection:
        """Read an address. Raises BadChoice."""
        year = query.get("annee", "")
        if year and not (year.isdecimal() and 1900 <= int(year) <= 2100):
            raise BadChoice(_("L’année s’écrit en quatre chiffres."))
        return cls(
            within=query.get("dans", ""),
            quarters=_listed(query, "quartier"),
            indicators=_listed(query, "indicateur")[:MOST_INDICATORS],
            year=int(year) if year else None,
            sort=query.get("tri", "nom"),
            down=query.get("sens") == "desc",
        )

    def query(self, **changes: object) -> str:
        """Return the address of this selection, with ``changes``."""
        wanted = replace(self, **changes)  # type: ignore[arg-type]
        pairs: list[tuple[str, str]] = [("dans", wanted.within)] if wanted.within else []
        pairs += [("quartier", one) for one in wanted.quarters]
        pairs += [("indicateur", one) for one in wanted.indicators]
        if wanted.year is not None:
            pairs.append(("annee", str(wanted.year)))
        if wanted.sort != "nom" or wanted.down:
            pairs += [("tri", wanted.sort), ("sens", "desc" if wanted.down else "asc")]
        return urlencode(pairs)


def _listed(query: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in query.getlist(name) if one))


def wholes() -> list[Territory]:
    """Return what holds quarters: contracts, communes, arrondissements, most quarters first."""
    held = Membership.objects.filter(member__level=Level.QPV, container__level__in=WHOLES)
    counts = dict(held.order_by().values_list("container").annotate(Count("member", distinct=True)))
    found = Territory.objects.filter(pk__in=counts).exclude(code="")
    order = {str(level): place for place, level in enumerate(WHOLES)}
    return sorted(found, key=lambda one: (order[one.level], -counts[one.pk], one.code))


def quarters_of(selection: Selection, known: Iterable[Territory]) -> list[Territory]:
    """Return the quarters of the selection's whole, the first known one by default."""
    by_key = {f"{one.level}:{one.code}": one for one in known}
    whole = by_key.get(selection.within) or next(iter(by_key.values()), None)
    if whole is not None:
        return latest_quarters(whole)
    drawn = Territory.objects.filter(level=Level.QPV, code__in=selection.quarters)
    return list(drawn.order_by("name"))


def indicators_known(person: Person, quarters: list[Territory]) -> list[Indicator]:
    """Return the indicators that have a figure for one of the quarters, usual ones first."""
    shown = shown_figures(person, territories=[one.pk for one in quarters])
    codes = sorted(set(shown["indicator"]))
    ordered = [code for code in USUAL if code in codes]
    ordered += [code for code in codes if code not in USUAL]
    return [one for one in indicators_by_code(ordered).values() if one.nature not in LEFT_OUT]
