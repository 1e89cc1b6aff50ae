"""The zones of two runs beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carroyage import store
from carroyage.management.comparing import compare
from carroyage.management.generations import side_by_side
from carroyage.management.run_words import record_of
from carroyage.models import ComputedZone
from observatory.errors import ObservatoryError
from observatory.models import Perimeter, Run
from observatory.runs import Progress, recorded, silent

COMPARE = "zones compare"


class NoZones(ObservatoryError):
    """A run that built no zones, or not two runs to compare."""


def zones_of(run: Run) -> list[Perimeter]:
    """Return the zones of a run, in their order. Raises NoZones."""
    zones = ComputedZone.objects.filter(run=run).order_by("number")
    found = [zone.perimeter for zone in zones.select_related("perimeter__territory")]
    if not found:
        raise NoZones(
            f"Run {run.pk} ({run.kind}) built no zones.", "'observatory runs' lists them."
        )
    return found


def compare_runs(numbers: Sequence[int], *, echo: Progress = silent) -> dict[str, Any]:
    """Compare the zones of two runs, the last two by default; the comparison is recorded.

    Raises
    ------
    NoZones, NotComparable
    """
    earlier, later = two_runs(numbers)
    before, after = zones_of(earlier), zones_of(later)
    inputs = [
        {"role": role, "run": run.pk, "parameters": run.parameters, "cells": run.inputs}
        for role, run in (("before", earlier), ("after", later))
    ]
    with recorded(
        COMPARE,
        inputs=inputs,
        parameters={"runs": [earlier.pk, later.pk]},
        echo=echo,
        refusals=(ObservatoryError,),
    ) as recorder:
        recorder("zones compared", 0, 2)
        told = compare(before, after).as_dict()
        recorder("zones compared", 1, 2)
        fates = side_by_side(before, after)
        recorder.run.counts = fates.counts
        told["zones"] = [fate.as_dict() for fate in fates.fates]
        told["counts"] = fates.counts
        told["changed_parameters"] = changed(earlier.parameters, later.parameters)
        recorder.run.report = told
    names = {"before": f"run {earlier.pk}", "after": f"run {later.pk}"}
    return {**record_of(recorder.run), **names, **told}


def two_runs(numbers: Sequence[int]) -> tuple[Run, Run]:
    """Return the runs asked for, or the last two that built zones. Raises NoZones."""
    if not numbers:
        last = Run.objects.filter(kind=store.BUILD, state="done", zones__isnull=False)
        found = list(last.distinct().order_by("-id")[:2])[::-1]
        if len(found) < 2:
            raise NoZones(
                f"{len(found)} run(s) built zones: there are no two to compare.",
                "Build some with another threshold: observatory zones build --threshold 0.55.",
            )
        return found[0], found[1]
    runs = {run.pk: run for run in Run.objects.filter(pk__in=numbers)}
    missing = [number for number in numbers if number not in runs]
    if len(numbers) != 2 or missing:
        told = f"There is no run {missing[0]}." if missing else "A comparison takes two runs."
        raise NoZones(told, "'observatory runs' lists them.")
    return runs[numbers[0]], runs[numbers[1]]


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the parameters that differ, with both values."""
    names = sorted(set(before) | set(after))
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if before.get(name) != after.get(name)
    }
