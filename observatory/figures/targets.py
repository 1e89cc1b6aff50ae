"""Which targets are reached, late, under way or without data, and the situations year by year.

No data is a state of its own, never a zero. A target that only names a direction, a deliverable
or nothing is told apart from one with a figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from observatory.figures.gaps import NOT_LOADED, WITHHELD, Reference, reference_figure
from observatory.figures.visible import Reader, observations_for
from observatory.models import (
    Bound,
    Framework,
    FrameworkRow,
    Indicator,
    Nature,
    Observation,
    Polarity,
    Target,
    TargetForm,
)


class Progress(StrEnum):
    """Where a target stands."""

    REACHED = "reached"
    LATE = "late"
    UNDER_WAY = "under_way"
    NO_DATA = "no_data"
    NOT_MEASURABLE = "not_measurable"
    UNSET = "unset"


@dataclass(frozen=True)
class Reading:
    """What a target is compared with: a figure, its year, and the figure at the start."""

    value: float | None = None
    year: int | None = None
    start: float | None = None
    start_year: int | None = None
    reference: float | None = None
    start_reference: float | None = None
    sources: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Stand:
    """One target with its reading: what is aimed at in the figure's own unit, and where it is."""

    progress: Progress
    aim: float | None = None
    value: float | None = None
    year: int | None = None
    reason: str = ""
    start: float | None = None
    start_year: int | None = None
    reference: float | None = None
    start_reference: float | None = None
    sources: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**vars(self), "progress": str(self.progress), "sources": list(self.sources)}


def aim_of(target: Target, reading: Reading) -> float | None:
    """Return what is aimed at, in the unit of the figure; None where it cannot be told."""
    return AIMS.get(target.form, _no_aim)(target, reading)


def _no_aim(target: Target, reading: Reading) -> float | None:
    return None


def _stated(target: Target, reading: Reading) -> float | None:
    return target.value


def _raised(target: Target, reading: Reading) -> float | None:
    start = _start(target, reading)
    return None if start is None or target.value is None else start * (1 + target.value / 100)


def _more_points(target: Target, reading: Reading) -> float | None:
    start = _start(target, reading)
    return None if start is None or target.value is None else start + target.value


def _multiplied(target: Target, reading: Reading) -> float | None:
    start = _start(target, reading)
    return None if start is None or target.value is None else start * target.value


def _half_way(target: Target, reading: Reading) -> float | None:
    """Half the gap to the reference at the start, from where the reference is now."""
    start = _start(target, reading)
    if start is None or reading.start_reference is None or reading.reference is None:
        return None
    return reading.reference + (start - reading.start_reference) / 2


def _reference(target: Target, reading: Reading) -> float | None:
    return reading.reference


def _start(target: Target, reading: Reading) -> float | None:
    return target.baseline if target.baseline is not None else reading.start


AIMS: dict[str, Callable[[Target, Reading], float | None]] = {
    TargetForm.ABSOLUTE: _stated,
    TargetForm.SHARE: _stated,
    TargetForm.RELATIVE: _raised,
    TargetForm.POINTS: _more_points,
    TargetForm.MULTIPLE: _multiplied,
    TargetForm.HALVE_GAP: _half_way,
    TargetForm.CONVERGE: _reference,
    TargetForm.ALL: lambda target, reading: 100.0,
    TargetForm.NONE_LEFT: lambda target, reading: 0.0,
}
TO_A_REFERENCE = (TargetForm.HALVE_GAP, TargetForm.CONVERGE)
NO_REFERENCE = "aucune série de référence n’est nommée"
WITHOUT_FIGURE = (TargetForm.DIRECTION, TargetForm.DELIVERABLE, TargetForm.PER_UNIT)


def stand_of(target: Target, reading: Reading, today: int) -> Stand:
    """Tell where a target stands in the year ``today``.

    Not reached, it is late once its horizon is past, or when the figure is behind the straight
    line from the start to the aim.
    """
    if target.form == TargetForm.UNSET:
        return Stand(Progress.UNSET)
    if reading.value is None:
        reason = reading.reason or "aucune valeur"
        return Stand(Progress.NO_DATA, aim_of(target, reading), reason=reason)
    told: dict[str, Any] = {
        name: value for name, value in vars(reading).items() if name != "reason"
    }
    if target.form in WITHOUT_FIGURE:
        return _worded(target, reading, told)
    aim = aim_of(target, reading)
    if aim is None:
        reason = reading.reason or "sans point de départ ni référence"
        return Stand(Progress.NOT_MEASURABLE, reason=reason, **told)
    if _is_met(target, reading.value, aim, reading):
        return Stand(Progress.REACHED, aim, **told)
    late = _is_late(target, reading, aim, today)
    return Stand(Progress.LATE if late else Progress.UNDER_WAY, aim, **told)


def _worded(target: Target, reading: Reading, told: dict[str, Any]) -> Stand:
    if target.form == TargetForm.DELIVERABLE:
        done = bool(reading.value)
        return Stand(Progress.REACHED if done else Progress.UNDER_WAY, 1.0, **told)
    if target.form == TargetForm.PER_UNIT:
        return Stand(Progress.NOT_MEASURABLE, target.value, reason="se compte par unité", **told)
    if reading.start is None or target.indicator.polarity == Polarity.NEUTRAL:
        return Stand(Progress.NOT_MEASURABLE, reason="sens seulement, sans point de départ", **told)
    change = float(reading.value or 0.0) - reading.start
    better = change < 0 if target.indicator.polarity == Polarity.LOWER else change > 0
    return Stand(Progress.UNDER_WAY if better else Progress.LATE, **told)


def _is_met(target: Target, value: float, aim: float, reading: Reading) -> bool:
    if target.bound == Bound.CEILING or _goes_down(target, aim, reading):
        return value <= aim + 1e-9
    return value >= aim - 1e-9


def _goes_down(target: Target, aim: float, reading: Reading) -> bool:
    """Tell whether the aim is under the start, or lower is better where no start is known."""
    start = _start(target, reading)
    if target.bound == Bound.FLOOR:
        return False
    if target.form == TargetForm.NONE_LEFT:
        return True
    if start is not None and start != aim:
        return aim < start
    return target.indicator.polarity == Polarity.LOWER


def _is_late(target: Target, reading: Reading, aim: float, today: int) -> bool:
    if target.horizon is not None and today > target.horizon:
        return True
    start, first = _start(target, reading), target.baseline_year or reading.start_year
    if start is None or first is None or target.horizon is None or reading.year is None:
        return False
    if target.horizon <= first:
        return False
    way = min(1.0, (reading.year - first) / (target.horizon - first))
    expected = start + (aim - start) * way
    value = float(reading.value or 0.0)
    return value < expected - 1e-9 if aim > start else value > expected + 1e-9


# -- what is stored ------------------------------------------------------------------------


def reading_of(target: Target, today: int, reader: Reader | None = None) -> Reading:
    """Return the latest figure up to a year for a target, with the earliest as its start.

    A target that is a share of an indicator that counts needs both counts; figures of another
    scope are never taken. A target set against a reference comes with the reference's figures
    of the same two years, where they are loaded; those of no other year stand for them.
    """
    rows = observations_for(reader).filter(
        indicator=target.indicator, territory=target.territory, year__lte=today, period=""
    )
    if target.scope != "unstated":
        rows = rows.filter(scope=target.scope)
    rows = rows.select_related("source").order_by("year", "source__vintage", "source__code")
    known = list(rows)
    points = [
        (row.year, value, row.source.code)
        for row in known
        if (value := _measured(row, target)) is not None
    ]
    if known and known[-1].shown_standing == "withheld":  # type: ignore[attr-defined]
        return Reading(reason=WITHHELD)
    if not points:
        return Reading()
    (first, start, _), (last, value, source) = points[0], points[-1]
    alone = first == last
    reading = Reading(
        value, last, None if alone else start, None if alone else first, sources=(source,)
    )
    return _referenced(target, reading, reader) if target.form in TO_A_REFERENCE else reading


def _referenced(target: Target, reading: Reading, reader: Reader | None) -> Reading:
    """Add the figures of the reference that the target names, or why there are none."""
    place = target.reference
    if place is None and target.reference_indicator is not None:
        place = target.territory
    if place is None or reading.year is None:
        return replace(reading, reason=NO_REFERENCE)
    against = Reference(place.pk, place.name, target.reference_rest)
    indicator = target.reference_indicator or target.indicator
    now = reference_figure(indicator, against, reading.year, reader=reader)
    first = target.baseline_year or reading.start_year
    start = reference_figure(indicator, against, first, reader=reader) if first else None
    needed = [now, start] if target.form == TargetForm.HALVE_GAP else [now]
    missing = [side for side in needed if side is None or side.known is None]
    reason = next((side.reason for side in missing if side and side.reason), NOT_LOADED)
    return replace(
        reading, reference=now.known, start_reference=start.known if start else None,
        sources=tuple(dict.fromkeys([*reading.sources, *now.sources])),
        reason=reason if missing else "",
    )  # fmt: skip


def _measured(row: Any, target: Target) -> float | None:
    as_share = target.form in (TargetForm.SHARE, TargetForm.ALL)
    if as_share and target.indicator.nature != Nature.SHARE:
        if row.shown_numerator is None or not row.shown_denominator:
            return None
        return float(100 * row.shown_numerator / row.shown_denominator)
    return row.shown_value


def stands(
    framework: Framework, today: int, reader: Reader | None = None
) -> list[tuple[Target, Stand]]:
    """Return every target in force of a framework with where it stands: latest versions only.

    With a ``reader`` by the figures that person may see.
    """
    indicators = Indicator.objects.filter(rows__node__framework=framework).distinct()
    rows = Target.objects.filter(indicator__in=indicators, territory=framework.territory)
    found = list(
        rows.select_related("indicator", "source", "territory", "reference", "reference_indicator")
    )
    latest: dict[int, int] = {}
    for target in found:
        latest[target.indicator_id] = max(latest.get(target.indicator_id, 0), target.version)
    held = [t for t in found if t.version == latest[t.indicator_id]]
    readings = _readings(held, today, reader)
    return [(target, stand_of(target, readings[target.pk], today)) for target in held]


def _readings(targets: list[Target], today: int, reader: Reader | None) -> dict[int, Reading]:
    """Read all at once which indicators have any figure; most have none."""
    with_figures = set(
        Observation.objects.filter(
            indicator__in=[t.indicator_id for t in targets], year__lte=today
        ).values_list("indicator_id", flat=True)
    )
    return {
        t.pk: reading_of(t, today, reader) if t.indicator_id in with_figures else Reading()
        for t in targets
    }


def situations(framework: Framework) -> list[dict[str, Any]]:
    """Return each row's figure at the framework's milestones and in every year known."""
    rows = FrameworkRow.objects.filter(node__framework=framework).select_related("indicator")
    values: dict[int, dict[int, float | None]] = {}
    for indicator, year, value in Observation.objects.filter(
        indicator__rows__node__framework=framework, territory=framework.territory, period=""
    ).values_list("indicator_id", "year", "value"):
        values.setdefault(indicator, {})[year] = value
    return [
        {
            "line": row.source_line,
            "label": row.label,
            "years": values.get(row.indicator_id or 0, {}),
            **{
                name: values.get(row.indicator_id or 0, {}).get(year)
                for name, year in framework.milestones.items()
            },
        }
        for row in rows
    ]
