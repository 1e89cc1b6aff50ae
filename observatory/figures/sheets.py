"""The life of a follow-up sheet: filled by its actor, handed in, validated by the steering side.

    expected ─► draft ─► submitted ─► validated
                  ▲          │            │
                  └── sent_back ◄─────────┘   (with a reason)

A referent actor fills its own sheets and no other; who may validate in a contract may fill any
of it. Every step and every value is noted by the database with its author and reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from observatory.figures.errors import BadSheet, NotYours, WrongStep
from observatory.figures.rates import PERCENT, share_of_counts
from observatory.figures.visible import Reader, visible
from observatory.history import acting
from observatory.models import FollowUpSheet, Nature, Right, SheetResult, SheetState, User
from observatory.permissions import may, territories_where

WORDS = ("method", "analysis", "alerts", "adjustment")
NUMBERS = ("previous", "result", "numerator", "denominator", "declared")
TEXTS = {"result_label": 80, "declared_text": 200, "declared_unit": 10}
OPEN = (SheetState.EXPECTED, SheetState.DRAFT, SheetState.SENT_BACK)
ROUNDING = 0.5  # points between a written share and the one its counts give


def may_steer(user: User | None, sheet: FollowUpSheet) -> bool:
    """Tell whether a person may validate, send back and reopen a sheet."""
    return may(user, Right.VALIDATE, sheet.territory)


def may_fill(user: User | None, sheet: FollowUpSheet) -> bool:
    """Tell whether a person may write in a sheet: its own actor, or the steering side."""
    if user is None or not may(user, Right.FILL_SHEET, sheet.territory):
        return False
    own = user.organisation_id is not None and user.organisation_id == sheet.organisation_id
    return own or may_steer(user, sheet)


def readable_sheets(person: User | None) -> QuerySet[FollowUpSheet]:
    """Return one's own sheets; validated ones by their source's reach; drafts where one steers."""
    finished = Q(state=SheetState.VALIDATED)
    where = territories_where(person, Right.VIEW_WORKING)
    finished |= ~Q(pk__in=[]) if where is None else Q(territory__in=where)
    shown = visible(FollowUpSheet.objects.all(), person, territory="territory").filter(finished)
    own = Q(pk__in=[])
    if person is not None and person.organisation_id:
        own = Q(organisation=person.organisation_id)
    return FollowUpSheet.objects.filter(Q(pk__in=shown.values("pk")) | own)


def sheets_for(reader: Reader) -> QuerySet[FollowUpSheet]:
    """Return the sheets a reader may read."""
    return FollowUpSheet.objects.all() if reader.everything else readable_sheets(reader.person)


def sheets_of(user: User, year: int | None = None) -> Sequence[FollowUpSheet]:
    """Return the sheets a person may fill, those due first."""
    rows = FollowUpSheet.objects.select_related("territory", "organisation")
    if year is not None:
        rows = rows.filter(year=year)
    found = rows.order_by("due_on", "code")
    known: dict[tuple[int, int | None], bool] = {}
    kept = []
    for sheet in found:
        key = (sheet.territory_id, sheet.organisation_id)
        if key not in known:
            known[key] = may_fill(user, sheet)
        if known[key]:
            kept.append(sheet)
    return kept


@transaction.atomic
def fill(user: User | None, sheet: FollowUpSheet, told: Mapping[str, Any]) -> FollowUpSheet:
    """Write words and results of a sheet; it becomes a draft.

    ``told`` may have ``method``, ``analysis``, ``alerts``, ``adjustment``, and ``results``: a
    list of lines, each with its ``order`` and any of ``NUMBERS`` and ``TEXTS``. What is not
    named stays; None takes a number away. Targets are the steering side's.

    Raises
    ------
    NotYours, WrongStep
        Another actor's sheet; one handed in or validated.
    BadSheet
        An unknown name or line, no number, a share over 100, a part over its whole.
    """
    sheet = _locked(sheet)
    if not may_fill(user, sheet):
        raise NotYours("This sheet is another actor's.", "Ask the contract's lead.")
    if sheet.state not in OPEN:
        raise WrongStep(
            "The sheet is {state}.",
            "The contract's lead can send it back to be changed.",
            state=sheet.get_state_display().lower(),
        )
    unknown = sorted(set(told) - {*WORDS, "results"})
    if unknown:
        names = ", ".join((*WORDS, "results"))
        raise BadSheet("A sheet has no {name!r}.", "It has: {names}.", name=unknown[0], names=names)
    with acting(user, reason=f"sheet {sheet.code} filled"):
        for name in WORDS:
            if name in told:
                setattr(sheet, name, _text(name, told[name], 20_000))
        for line in _lines(told.get("results", [])):
            _fill_line(sheet, line)
        sheet.state = SheetState.DRAFT
        sheet.save()
    return sheet


def submit(user: User | None, sheet: FollowUpSheet) -> FollowUpSheet:
    """Hand a sheet in. Raises NotYours, WrongStep; BadSheet where a line says nothing."""
    with transaction.atomic():
        sheet = _locked(sheet)
        if not may_fill(user, sheet):
            raise NotYours("This sheet is another actor's.", "Ask the contract's lead.")
        _from(sheet, OPEN)
        silent = [line.label for line in sheet.results.all() if not is_filled(line)]
        if silent:
            raise BadSheet(
                "Nothing is said of: {lines}.",
                "Give a result, or write in words why there is none.",
                lines=", ".join(silent[:3]),
            )
        return _step(user, sheet, SheetState.SUBMITTED, "handed in")


def validate(user: User | None, sheet: FollowUpSheet) -> FollowUpSheet:
    """Validate a sheet handed in. Raises NotYours, WrongStep."""
    with transaction.atomic():
        sheet = _steered(user, sheet)
        _from(sheet, (SheetState.SUBMITTED,))
        sheet.validated_by, sheet.validated_at = user, timezone.now()
        return _step(user, sheet, SheetState.VALIDATED, "validated")


def send_back(user: User | None, sheet: FollowUpSheet, reason: str) -> FollowUpSheet:
    """Send a sheet back to its actor, handed in or validated, with a reason.

    Raises NotYours, WrongStep; BadSheet without a reason.
    """
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise BadSheet("A sheet is sent back with a reason.", "Say what is to be changed.")
    with transaction.atomic():
        sheet = _steered(user, sheet)
        _from(sheet, (SheetState.SUBMITTED, SheetState.VALIDATED))
        sheet.validated_by = sheet.validated_at = None
        return _step(user, sheet, SheetState.SENT_BACK, reason[:300])


def _locked(sheet: FollowUpSheet) -> FollowUpSheet:
    """Read a sheet again, held until the transaction ends: two people must not cross."""
    rows = FollowUpSheet.objects.select_for_update(of=("self",)).select_related("territory")
    return rows.get(pk=sheet.pk)


def _steered(user: User | None, sheet: FollowUpSheet) -> FollowUpSheet:
    found = _locked(sheet)
    if not may_steer(user, found):
        raise NotYours("Only the steering side of the contract decides.", "Hand the sheet in.")
    return found


def _from(sheet: FollowUpSheet, states: Sequence[str]) -> None:
    if sheet.state not in states:
        wanted = ", ".join(SheetState(state).label.lower() for state in states)
        raise WrongStep(
            "The sheet is {state}.",
            "It must be: {wanted}.",
            state=sheet.get_state_display().lower(),
            wanted=wanted,
        )


def _step(user: User | None, sheet: FollowUpSheet, state: SheetState, reason: str) -> FollowUpSheet:
    with acting(user, reason=reason):
        sheet.state = state
        sheet.save()
    return sheet


# -- lines ---------------------------------------------------------------------------------


def is_filled(line: SheetResult) -> bool:
    """Tell whether a line has a result, or words that say why it has none."""
    return line.result is not None or bool(line.declared_text.strip())


def _lines(told: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(line, dict) for line in told):
        raise BadSheet("'results' is a list of lines.", "Give each with its order.")
    return told


def _fill_line(sheet: FollowUpSheet, told: Mapping[str, Any]) -> None:
    line = sheet.results.filter(order=_order(told)).select_related("indicator").first()
    if line is None:
        order = told.get("order")
        raise BadSheet("The sheet has no line {order}.", "Give the order of one.", order=order)
    unknown = sorted(set(told) - {"order", *NUMBERS, *TEXTS})
    if unknown:
        names = ", ".join((*NUMBERS, *TEXTS))
        raise BadSheet(
            "A line has no {name!r} to fill.", "It has: {names}.", name=unknown[0], names=names
        )
    for name in NUMBERS:
        if name in told:
            setattr(line, name, _number(line, name, told[name]))
    for name, longest in TEXTS.items():
        if name in told:
            setattr(line, name, _text(name, told[name], longest))
    check_line(line)
    line.save()


def _order(told: Mapping[str, Any]) -> int:
    order = told.get("order")
    return order if isinstance(order, int) and not isinstance(order, bool) else -1


def _number(line: SheetResult, name: str, value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value != value or abs(value) == float("inf"):
        raise BadSheet(
            "{line}: {name} is not a number.",
            "Give a number, or nothing at all.",
            line=line.label,
            name=name,
        )
    return float(value)


def _text(name: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise BadSheet(
            "{name} is a text of at most {longest} signs.",
            "Shorten it.",
            name=name,
            longest=longest,
        )
    if "\x00" in value:
        raise BadSheet("{name} has a sign that no text holds.", "Take it out.", name=name)
    return value


def check_line(line: SheetResult) -> None:
    """Refuse what cannot be, and work the share out where only its counts are given.

    Raises BadSheet.
    """
    share = line.unit == PERCENT and _is_share(line)
    if line.numerator is not None and line.numerator < 0:
        raise BadSheet("{line}: a count under zero.", "Correct the counts.", line=line.label)
    if line.denominator is not None and line.denominator <= 0:
        raise BadSheet(
            "{line}: a whole that is not over zero.", "Leave it blank if none.", line=line.label
        )
    exact = share_of_counts(line.numerator, line.denominator)
    if share and exact is not None:
        if exact > 100:
            raise BadSheet("{line}: a part over its whole.", "Correct the counts.", line=line.label)
        if line.result is None:
            line.result = exact
        if abs(line.result - exact) > ROUNDING:
            raise BadSheet(
                "{line}: {written:g} % is written, the counts give {exact:.1f} %.",
                "Correct one of them.",
                line=line.label,
                written=line.result,
                exact=exact,
            )
    for value in (line.previous, line.result):
        if value is not None:
            _check_range(line, value, share)


def _check_range(line: SheetResult, value: float, share: bool) -> None:
    """Refuse a share over 100, a count under zero or in parts."""
    if share and not 0 <= value <= 100:
        raise BadSheet("{line}: a share is from 0 to 100.", "Correct the result.", line=line.label)
    if _is_count(line) and value < 0:
        raise BadSheet("{line}: a count under zero.", "Correct the result.", line=line.label)
    if _is_count(line) and value != round(value):
        raise BadSheet(
            "{line}: a count that is not whole.", "Give the count itself.", line=line.label
        )


def _is_share(line: SheetResult) -> bool:
    if line.indicator is not None:
        return line.indicator.nature == Nature.SHARE
    return line.numerator is not None and line.denominator is not None


def _is_count(line: SheetResult) -> bool:
    return line.indicator is not None and line.indicator.nature == Nature.COUNT


# -- who is late ---------------------------------------------------------------------------


def completeness(territory: int, year: int, today: date | None = None) -> list[dict[str, Any]]:
    """Return, for each actor of a contract and year, how far its sheets are filled.

    ``filled`` of ``lines`` have a result or say why there is none; ``late`` counts sheets not
    handed in by their date. A sheet without an actor stands under "".
    """
    rows = FollowUpSheet.objects.filter(territory=territory, year=year)
    return completeness_of(rows, today or timezone.localdate())


def completeness_of(rows: QuerySet[FollowUpSheet], day: date) -> list[dict[str, Any]]:
    """Return the same of some sheets, as of a day."""
    found: dict[str, dict[str, Any]] = {}
    for sheet in rows.select_related("organisation").prefetch_related("results"):
        name = sheet.organisation.name if sheet.organisation else ""
        told = found.setdefault(
            name, {"organisation": name, "sheets": 0, "lines": 0, "filled": 0, "late": 0,
                   **{str(state): 0 for state in SheetState}},
        )  # fmt: skip
        lines = list(sheet.results.all())
        told["sheets"] += 1
        told[sheet.state] += 1
        told["lines"] += len(lines)
        told["filled"] += sum(is_filled(line) for line in lines)
        told["late"] += is_late(sheet, day)
    for told in found.values():
        told["share"] = 100 * told["filled"] / told["lines"] if told["lines"] else None
    return [found[name] for name in sorted(found)]


def is_late(sheet: FollowUpSheet, today: date) -> bool:
    """Tell whether a sheet should have been handed in and was not."""
    return sheet.due_on is not None and sheet.due_on < today and sheet.state in OPEN


def overdue(territory: int, today: date | None = None) -> list[FollowUpSheet]:
    """Return a contract's sheets that are late, the oldest date first."""
    day = today or timezone.localdate()
    rows = FollowUpSheet.objects.filter(territory=territory, due_on__lt=day, state__in=OPEN)
    return list(rows.select_related("organisation").order_by("due_on", "code"))
