"""What is compared, read from the address: it can be sent, kept and asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _

from maps.areas import alphabetical
from maps.errors import BadChoice
from maps.panel import Person, indicators_by_code, shown_figures
from maps.places import QUARTERS, latest_quarters
from maps.typologies import latest_typology, members_of
from observatory.models import Indicator, Level, Membership, Nature, Territory

WHOLES = (Level.CONTRACT, Level.EPT, Level.COMMUNE, Level.ARRONDISSEMENT)
# In the place of a territory: a class of the typology (``classe:2``), quarters chosen by hand.
CLASS, HAND = "classe", "main"
# What gaps are measured from: the rest of the city, all quarters, the nation.
REFERENCES = ("reste", "quartiers", "pays")
MOST_QUARTERS, MOST_INDICATORS = 40, 6
USUAL = ("poverty-rate", "median-income", "population")
LEFT_OUT = (Nature.TEXT, Nature.BOOLEAN)


@dataclass(frozen=True)
class Selection:
    """``within`` is ``level:code``, ``classe:number`` or ``main``.

    No quarter named means all of them; ``year`` None, the best known. ``pair`` names the two
    indicators drawn against each other, ``reference`` what gaps over time are measured from.
    """

    within: str = ""
    quarters: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    year: int | None = None
    sort: str = "nom"
    down: bool = False
    reference: str = REFERENCES[0]
    pair: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, query: QueryDict) -> Selection:
        """Read an address. Raises BadChoice."""
        year = query.get("annee", "")
        if year and not (year.isdecimal() and 1900 <= int(year) <= 2100):
            raise BadChoice(_("L’année s’écrit en quatre chiffres."))
        reference = query.get("ecart") or REFERENCES[0]
        if reference not in REFERENCES:
            raise BadChoice(_("Cette référence n’existe pas."))
        return cls(
            within=query.get("dans", ""),
            quarters=_listed(query, "quartier"),
            indicators=_listed(query, "indicateur")[:MOST_INDICATORS],
            year=int(year) if year else None,
            sort=query.get("tri", "nom"),
            down=query.get("sens") == "desc",
            reference=reference,
            pair=(query.get("x", ""), query.get("y", "")),
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
        if wanted.reference != REFERENCES[0]:
            pairs.append(("ecart", wanted.reference))
        pairs += [(axis, code) for axis, code in zip("xy", wanted.pair, strict=True) if code]
        return urlencode(pairs)

    @property
    def by_hand(self) -> bool:
        """Whether quarters of anywhere are chosen one by one."""
        return self.within == HAND

    def with_quarter(self, words: str) -> Selection:
        """Return the selection with one more quarter, by hand. Raises BadChoice."""
        code = _code_called(words)
        quarters = tuple(dict.fromkeys((*self.quarters, code)))
        return replace(self, within=HAND, quarters=quarters)


def _code_called(words: str) -> str:
    """Return the code of the one quarter of this code or name. Raises BadChoice."""
    held = Territory.objects.filter(level__in=QUARTERS).exclude(code="")
    # The list beside the field writes “CODE – name”.
    code, _dash, _name = words.partition(" – ")
    known = dict(held.values_list("code", "name"))
    if code.strip() in known:
        return code.strip()
    alike = [code for code, name in known.items() if alphabetical(name) == alphabetical(words)]
    if len(alike) != 1:
        said = _("Aucun quartier ne s’appelle « {words} ».")
        if alike:
            said = _("Plusieurs quartiers s’appellent « {words} » : donnez le code de l’un.")
        raise BadChoice(said.format(words=words))
    return alike[0]


def _listed(query: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in query.getlist(name) if one))


def wholes() -> list[Territory]:
    """Return what holds quarters: contracts, EPTs, communes, arrondissements; most first."""
    held = Membership.objects.filter(member__level=Level.QPV, container__level__in=WHOLES)
    counts = dict(held.order_by().values_list("container").annotate(Count("member", distinct=True)))
    # An EPT holds communes; its quarters are theirs.
    communes = Membership.objects.filter(container__level=Level.EPT, member__in=list(counts))
    for ept, commune in communes.values_list("container", "member").distinct():
        counts[ept] = counts.get(ept, 0) + counts[commune]
    found = Territory.objects.filter(pk__in=counts).exclude(code="")
    order = {str(level): place for place, level in enumerate(WHOLES)}
    return sorted(found, key=lambda one: (order[one.level], -counts[one.pk], one.code))


def key_of(whole: Territory) -> str:
    """Return a whole as addresses name it."""
    return f"{whole.level}:{whole.code}"


def quarters_of(
    person: Person, selection: Selection, known: Iterable[Territory]
) -> list[Territory]:
    """Return the quarters to choose among: of a whole (the first known by default), a class…"""
    kind, _colon, number = selection.within.partition(":")
    if selection.by_hand:
        drawn = Territory.objects.filter(level__in=QUARTERS, code__in=selection.quarters)
        return list(drawn.exclude(code="").order_by("name", "code"))
    if kind == CLASS:
        typology = latest_typology(person)
        if typology is None or not number.isdecimal() or len(number) > 2:
            return []
        return members_of(typology, int(number))
    by_key = {key_of(one): one for one in known}
    whole = by_key.get(selection.within) or next(iter(by_key.values()), None)
    return [] if whole is None else latest_quarters(whole)


def indicators_known(person: Person, quarters: list[Territory]) -> list[Indicator]:
    """Return the indicators that have a figure for one of the quarters, usual ones first."""
    shown = shown_figures(person, territories=[one.pk for one in quarters])
    codes = sorted(set(shown["indicator"]))
    ordered = [code for code in USUAL if code in codes]
    ordered += [code for code in codes if code not in USUAL]
    return [one for one in indicators_by_code(ordered).values() if one.nature not in LEFT_OUT]
