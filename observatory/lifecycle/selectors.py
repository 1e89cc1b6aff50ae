"""Naming versions of perimeters in words: ``QP075019``, ``QP075019@2016-05-01``, ``qpv:2015``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from observatory.lifecycle import errors
from observatory.lifecycle.errors import label, listed
from observatory.models import Level, Operation, PartRole, Perimeter, Status

WORKING = (Status.NEGOTIATION, Status.COMPUTED)
Finder = Callable[[str], list[Perimeter]]


def find_one(words: str) -> Perimeter:
    """Return the one version that ``words`` name. Raises UnknownVersion, AmbiguousVersion."""
    found = find_all(words)
    if len(found) > 1:
        raise errors.AmbiguousVersion(
            f"{words!r} names {len(found)} versions: {listed(label(one) for one in found)}.",
            "Name one by its number, as v42.",
        )
    return found[0]


def find_all(words: str, more: Mapping[str, Finder] | None = None) -> list[Perimeter]:
    """Return the versions that ``words`` name, each once, in the order named.

    ``more`` gives further kinds of sets by their prefix (``run`` for ``run:12``).

    Raises
    ------
    UnknownVersion, AmbiguousVersion
    """
    found: dict[int, Perimeter] = {}
    for word in filter(None, (part.strip() for part in words.split(","))):
        versions = _find(word, more or {})
        if not versions:
            raise errors.UnknownVersion(
                f"No version of a perimeter is called {word!r}.",
                "'observatory perimeters list' shows those there are; --help how to name them.",
            )
        found.update({version.pk: version for version in versions})
    if not found:
        raise errors.UnknownVersion("No version is named.", "Give a code, as QP075019.")
    return list(found.values())


def _find(word: str, more: Mapping[str, Finder]) -> list[Perimeter]:
    rows = Perimeter.objects.select_related("territory", "source")
    if match := re.fullmatch(r"v(\d+)", word):
        return list(rows.filter(pk=int(match[1])))
    if match := re.fullmatch(r"op:(\d+)", word):
        return _made_by(int(match[1]))
    name, _, when = word.partition("@")
    prefix, _, rest = name.partition(":")
    if prefix in more:
        return more[prefix](rest)
    if name == Status.NEGOTIATION:
        return list(rows.filter(status=Status.NEGOTIATION).current().order_by("territory__code"))
    if prefix in Level.values:
        return _of_level(prefix, rest, when)
    return _of_code(name, when)


def _made_by(number: int) -> list[Perimeter]:
    operation = Operation.objects.filter(pk=number).first()
    if operation is None:
        raise errors.UnknownOperation(
            f"There is no operation {number}.", "'observatory perimeters history' lists them."
        )
    parts = operation.parts.filter(role__in=(PartRole.OUTPUT, PartRole.CHANGED))
    parts = parts.select_related("perimeter__territory", "perimeter__source")
    return [part.perimeter for part in parts if part.perimeter is not None]


def _of_level(level: str, generation: str, when: str) -> list[Perimeter]:
    rows = Perimeter.objects.select_related("territory", "source").filter(territory__level=level)
    if generation:
        if not generation.isdigit():
            raise errors.UnknownVersion(
                f"{generation!r} is no generation.", "Write it as a year: qpv:2015."
            )
        rows = rows.filter(territory__generation=int(generation))
    if when in Status.values:
        return list(rows.filter(status=when).current().order_by("territory__code", "pk"))
    if when:
        rows = rows.in_force().on(_day(when))
        return list(rows.order_by("territory__code", "pk"))
    return _last_of_each(rows.in_force()) or list(rows.current().order_by("territory__code", "pk"))


def _last_of_each(rows: Iterable[Perimeter]) -> list[Perimeter]:
    last: dict[int, Perimeter] = {}
    for row in rows:
        held = last.get(row.territory_id)
        if held is None or (row.valid_from or date.min) > (held.valid_from or date.min):
            last[row.territory_id] = row
    return sorted(last.values(), key=lambda row: (row.territory.code, row.pk))


def _of_code(code: str, when: str) -> list[Perimeter]:
    rows = Perimeter.objects.select_related("territory", "source").filter(territory__code=code)
    _refuse_several_territories(code, rows)
    if when in Status.values:
        return list(rows.filter(status=when).current().order_by("pk"))
    if when:
        return list(rows.in_force().on(_day(when)))
    for status in WORKING:
        working = list(rows.filter(status=status).current().order_by("pk"))
        if working:
            return working
    return _last_of_each(rows.in_force())


def _refuse_several_territories(code: str, rows: Iterable[Perimeter]) -> None:
    kinds = sorted({f"{row.territory} ({row.territory.level})" for row in rows})
    if len(kinds) > 1:
        raise errors.AmbiguousVersion(
            f"{code!r} is the code of {listed(kinds)}.", "Name a version by its number, as v42."
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise errors.UnknownVersion(
            f"{text!r} is neither a day nor a status.",
            f"Write days as 2016-05-01; statuses are {', '.join(Status.values)}.",
        ) from None
