"""From the wording of a target to what it promises: form, value, unit, bound, horizon.

Wordings are French administrative prose; what no rule understands stays a wording without a
value. A target may have several parts: a number *and* a share, two shares, a relative growth
*and* the number it leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from observatory.identity import fold
from observatory.models import Bound, Scope, TargetForm

NUMBER = r"(?<![A-Za-z]\.)(?:\d{1,3}(?: \d{3})+|\d+(?:[.,]\d+)?)(?!\d)"
# Observed figures quoted beside the target: never read as a target.
OBSERVED = re.compile(r"(?:,\s*|\.\s*|^)chiffres?\b.*$", re.IGNORECASE | re.DOTALL)
OBSERVED_VALUE = re.compile(
    rf"chiffres?(?: fin| sur)? ?(?P<year>\d{{4}})?[^:]*: *\D{{0,3}}"
    rf"(?P<value>{NUMBER})(?![.,]?\d| ?%)",
    re.IGNORECASE,
)
CURRENT_VALUE = re.compile(rf"\((?P<value>{NUMBER}) [^)]*actuel")
UNSET = re.compile(r"^(pas-d-objectifs|objectifs?-a-definir|chiffres?-)")
ASIDE = re.compile(r"\((?:sur|objectif|\d+ actuel|la cité|au moins|implantation|horizon)[^)]*\)")
BRACKETS = re.compile(r"\([^)]*\)")
ORDINALS = re.compile(r"\d+ ?(?:er|ère|e|ème)\b(?: ?,| et| ?\)|)")
YEARS = re.compile(
    r"(?:\ben )?20[12]\d-\d\d|\d+-\d+ ans|"
    r"(?:\ben|d'ici|fin|cible|horizon|entre|et|à) (?:20[12]\d)\b"
)
HORIZON = re.compile(r"(?:\ben|d'ici|cible|horizon(?: de)?|horizon) (20[12]\d)\b", re.IGNORECASE)
RELATIVE = re.compile(
    rf"(?:augment\w*[^,;.%]{{0,20}}?|\+ ?|(?<!au )\bplus (?!de ))(?:de )?(?P<a>{NUMBER}) ?%"
    rf"|(?P<b>{NUMBER}) ?% (?:de [\w ]+ en plus|d.augmentation)",
    re.IGNORECASE,
)
RANGE = rf"(?P<low>{NUMBER}) ?(?:à|et|-|ou) ?(?P<high>{NUMBER})"
SHARE = re.compile(rf"(?:{RANGE}|(?P<one>{NUMBER})) ?%")
ONE_IN = re.compile(r"(\d+) [\w’' ]{0,12} ?sur (\d+)\b")
PLAIN = re.compile(rf"(?:{RANGE}|(?P<one>{NUMBER}))(?! ?%)")
PER = re.compile(
    r"\bpar (QPV|arrondissement|conservatoire|site|ludomouv|quartier|collège|école)\b", re.I
)
YEARLY_NEXT = re.compile(r"[^\d(),;]{0,60}(?:par an\b|/ ?an\b)", re.IGNORECASE)
YEARLY = re.compile(r"par an\b|/ ?an\b|chaque année|annuel", re.IGNORECASE)
FLOOR = re.compile(r"au moins|minimum|au-delà|plus de|hauteur de|supérieure", re.IGNORECASE)
CEILING = re.compile(r"plafond|au plus|maximum", re.IGNORECASE)
CONVERGE = re.compile(r"se rapprocher d|supérieure à la moyenne", re.IGNORECASE)
HALVE = re.compile(
    r"\b(?:moitié|deux)\b[^,;.]{0,20}\bécarts?\b|\bécarts?\b[^,;.]{0,40}\b(?:moitié|par deux)\b",
    re.IGNORECASE,
)
ALL = re.compile(r"^tous les|dans tous les", re.IGNORECASE)
NONE_LEFT = re.compile(r"^aucune?\b", re.IGNORECASE)
DELIVERABLE = re.compile(
    r"^(?:(?:création d|ouverture et|mettre à jour ou créer|organisation d.une)\D*$|1 \w+ créée?$)",
    re.IGNORECASE,
)
DIRECTIONS = re.compile(
    r"augment|develop|diminu|baiss|amelior|reequilibr|mobilis|maintien|maintenir|extension|"
    r"poursuivre|ouvrir|consolid|favoris|renforc|reduir"
)
UNIT = re.compile(r"^ ?([\w’'éèêàûôîç/+-]+(?: (?!par\b|en\b|dans\b|des?\b|et\b)[\w’'éè+-]+)?)")


@dataclass(frozen=True)
class Promise:
    """One part of a target, ready for the fields of the same names."""

    form: str
    value: float | None = None
    upper: float | None = None
    unit: str = ""
    bound: str = Bound.EXACT
    per: str = ""
    yearly: bool = False
    baseline: float | None = None
    baseline_year: int | None = None
    horizon: int | None = None
    scope: str = Scope.UNSTATED
    denominator: str = ""

    def fields(self) -> dict[str, Any]:
        """Return the values by field name."""
        return dict(vars(self))


def promises(stated: str) -> list[Promise]:
    """Read a target's wording; never empty.

    >>> [(p.form.value, p.value) for p in promises("Porter à 4 088 le nombre (soit + 10 %)")]
    [('absolute', 4088.0), ('relative', 10.0)]
    """
    words = " ".join(stated.split())
    if not words or UNSET.match(fold(words)):
        return [Promise(TargetForm.UNSET, scope=Scope.UNSTATED, **_observed(words))]
    aimed = OBSERVED.sub("", words)
    found = list(_quantities(aimed)) or [_worded(aimed)]
    common = {
        "bound": _bound(aimed),
        "scope": _scope(aimed),
        "horizon": int(year[1]) if (year := HORIZON.search(aimed)) else None,
        **_observed(words),
    }
    # « 100 actions (soit 50/an) »: what is in brackets is said of its own number only.
    yearly = bool(YEARLY.search(BRACKETS.sub(" ", aimed)))
    return [replace(part, yearly=part.yearly or yearly, **common) for part in found]


def _observed(words: str) -> dict[str, Any]:
    told = OBSERVED_VALUE.search(words)
    if told:
        year = int(told["year"]) if told["year"] else None
        return {"baseline": _value(told["value"]), "baseline_year": year}
    now = CURRENT_VALUE.search(words)
    return {"baseline": _value(now["value"])} if now else {}


def _quantities(aimed: str) -> Iterator[Promise]:
    bare = ORDINALS.sub(" ", YEARS.sub(" ", ASIDE.sub(" ", aimed)))
    if HALVE.search(bare):
        yield Promise(TargetForm.HALVE_GAP)
        return
    if CONVERGE.search(bare):
        yield from (_shares(bare))
        yield Promise(TargetForm.CONVERGE)
        return
    if NONE_LEFT.search(bare):
        yield Promise(TargetForm.NONE_LEFT, 0)
        return
    if DELIVERABLE.search(bare):
        yield Promise(TargetForm.DELIVERABLE)
        return
    rest = RELATIVE.sub(" § ", bare)
    one_in = ONE_IN.search(rest)
    if one_in:
        yield Promise(TargetForm.SHARE, 100 * float(one_in[1]) / float(one_in[2]), unit="%")
        rest = ONE_IN.sub(" § ", rest)
    yield from _plain(SHARE.sub(" § ", rest))
    for told in RELATIVE.finditer(bare):
        yield Promise(TargetForm.RELATIVE, _value(told["a"] or told["b"]), unit="%")
    yield from _shares(rest)
    if not re.search(r"\d", bare):
        yield from _without_digits(bare)


def _without_digits(bare: str) -> Iterator[Promise]:
    per = PER.search(bare)
    if ALL.search(bare):
        yield Promise(TargetForm.ALL)
    elif per and re.match(r"réalisation d.une? |un ", bare, re.IGNORECASE):
        yield Promise(TargetForm.PER_UNIT, 1, per=per[1])


def _shares(text: str) -> Iterator[Promise]:
    for told in SHARE.finditer(text):
        low, high = told["low"] or told["one"], told["high"]
        after = text[told.end() : told.end() + 80].strip(" ,.")
        yield Promise(
            TargetForm.SHARE, _value(low), _value(high) if high else None, "%",
            denominator=re.sub(r"^(?:des|de la|de|d.|du) ?", "", after.split(",")[0])[:80],
        )  # fmt: skip


def _plain(text: str) -> Iterator[Promise]:
    per = PER.search(text)
    for told in PLAIN.finditer(text):
        low, high = told["low"] or told["one"], told["high"]
        after = text[told.end() :]
        first = _value(low)
        # « 7 à 8 000 »: the thousands are said once.
        if high and "000" in high and first < 100 and _value(high) >= 1000:
            first *= 1000
        yield Promise(
            TargetForm.PER_UNIT if per else TargetForm.ABSOLUTE,
            first,
            _value(high) if high else None,
            _unit(text, after),
            per=per[1] if per else "",
            yearly=bool(YEARLY_NEXT.match(after)),
        )


def _unit(text: str, after: str) -> str:
    """Return what is counted: the words after the number, or after « le nombre de »."""
    counted = re.search(r"le nombre (?:de |d.)([\w’'-]+(?: [\w’'-]+)?)", text)
    following = UNIT.match(after)
    word = following[1] if following else ""
    if word.startswith(("le nombre", "en ", "par ", "pour ", "dont", "/")) or not word:
        word = counted[1] if counted else ""
    return re.sub(r"/an$| (?:à|pour|sur|hors|et)$", "", word)[:60]


def _worded(aimed: str) -> Promise:
    if DIRECTIONS.search(fold(aimed)):
        return Promise(TargetForm.DIRECTION)
    return Promise(TargetForm.DELIVERABLE)


def _bound(aimed: str) -> Bound:
    if CEILING.search(aimed):
        return Bound.CEILING
    return Bound.FLOOR if FLOOR.search(BRACKETS.sub(" ", aimed)) else Bound.EXACT


def _scope(aimed: str) -> Scope:
    text = aimed.upper()
    if "QPOP" in text and "QVA" in text:
        return Scope.QPV_QVA_QPOP
    if "QVA" in text:
        return Scope.QPV_QVA
    if re.search(r"\bQPV?\b|QUARTIERS? PRIORITAIRES?", text):
        return Scope.QPV
    return Scope.NETWORK if re.search(r"\bREP\b", text) else Scope.UNSTATED


def _value(text: str) -> float:
    return float(text.replace(" ", "").replace(",", "."))
