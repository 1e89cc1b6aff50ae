"""How stable the zones are: the same cells under many lines, thresholds and rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from psycopg.sql import SQL

from carroyage import columns, errors, grid, store
from carroyage.lines import Line
from carroyage.management import zone_store
from carroyage.management.wanted import THRESHOLDS, Wanted
from carroyage.management.zoning import UNIT, Prepared, build_on, columns_needed, prepare
from carroyage.models import Origin
from carroyage.scores import find_score
from carroyage.sensitivity import Draw, Sensitivity, assess_sensitivity, draw_choices
from carroyage.zones import Zones
from observatory.models import Run
from observatory.plain import plain
from observatory.runs import Progress, recorded, silent

SENSITIVITY = "zones sensitivity"
AROUND = 0.1  # thresholds and lines are drawn within this share of the reference's own


@dataclass(frozen=True)
class Ranges:
    """What the draws move, and how far; None means a tenth around the reference.

    A score without a threshold of its own is drawn over the thresholds worth trying.
    """

    draws: int = 200
    seed: int = 0
    threshold: tuple[float, float] | None = None
    line: tuple[float, float] | None = None
    scores: tuple[str, ...] = ()
    min_populations: tuple[float, ...] = (800, 1_000, 1_200)
    contiguities: tuple[str, ...] = ("queen", "rook")


@dataclass(frozen=True)
class Stability:
    """The run, the reference zones with their names, and what happened over the draws."""

    run: Run
    reference: Zones
    names: list[str]
    sensitivity: Sensitivity


def assess_stability(
    wanted: Wanted, ranges: Ranges | None = None, *, echo: Progress = silent
) -> Stability:
    """Build the zones asked for, then again under many choices; record how often each exists.

    Raises
    ------
    NoDraws, NothingToZone, NoLineInputs, UnknownScore
    """
    ranges = ranges or Ranges()
    prepared = prepare(wanted)
    parameters = {**asdict(wanted), "score": prepared.score, "ranges": plain(asdict(ranges))}
    with recorded(
        SENSITIVITY,
        inputs=[store.dataset_facts(prepared.dataset)],
        parameters=parameters,
        echo=echo,
        refusals=(errors.CarroyageError,),
    ) as recorder:
        draws = _draws(prepared, wanted, ranges)
        reference = build_on(prepared, wanted)
        cells = _with_other_scores(prepared, draws)
        found = assess_sensitivity(
            cells,
            reference,
            draws,
            at_line=_at_line(prepared) if draws[0].line is not None else None,
            progress=lambda done: recorder("draws", done, len(draws)),
        )
        names = zone_store.names_of(reference)
        recorder.run.counts = {"draws": len(draws), "zones": len(reference.table)}
        recorder.run.report = report_of(found, names)
    return Stability(recorder.run, reference, names, found)


def report_of(found: Sensitivity, names: Sequence[str]) -> dict[str, Any]:
    """Return what a run keeps: each zone's stability, and what each choice does."""
    by_choice = found.by_choice.reset_index() if len(found.by_choice) else found.by_choice
    report: dict[str, Any] = plain(
        {
            "zones": found.zones.assign(name=list(names)).reset_index().to_dict("records"),
            "by_choice": by_choice.to_dict("records"),
            "zones_per_draw": _spread(found.draws["zones"]),
            "inhabitants_per_draw": _spread(found.draws["ind"]),
        }
    )
    return report


def _spread(values: pd.Series) -> dict[str, float]:
    return {"least": values.min(), "median": values.median(), "most": values.max()}


def _draws(prepared: Prepared, wanted: Wanted, ranges: Ranges) -> list[Draw]:
    scores = ranges.scores or (prepared.score,)
    lines = None
    if prepared.lines is not None:
        own = float(_main_line(prepared).value)
        lines = ranges.line or (own * (1 - AROUND), own * (1 + AROUND))
    return draw_choices(
        {name: _threshold_range(name, prepared, wanted, ranges) for name in scores},
        contiguities=ranges.contiguities,  # type: ignore[arg-type]  # checked by the command
        min_populations=ranges.min_populations,
        lines=lines,
        draws=ranges.draws,
        seed=ranges.seed,
    )


def _threshold_range(
    name: str, prepared: Prepared, wanted: Wanted, ranges: Ranges
) -> tuple[float, float]:
    if name == prepared.score and ranges.threshold is not None:
        return ranges.threshold
    own = wanted.threshold if name == prepared.score else None
    own = find_score(name).threshold if own is None else own
    if own is None:
        return THRESHOLDS[name][0], THRESHOLDS[name][-1]
    return own * (1 - AROUND), own * (1 + AROUND)


def _with_other_scores(prepared: Prepared, draws: Sequence[Draw]) -> pd.DataFrame:
    """Add the public columns that scores drawn beside the reference's own need."""
    names = {draw.score for draw in draws}
    needed = {column for name in names for column in columns_needed(name)}
    lacking = sorted(needed - set(prepared.cells.columns) - {columns.LOW_INCOME_PERSONS})
    if names == {prepared.score} or not lacking:
        return prepared.cells
    published = store.latest_dataset(Origin.PUBLISHED)
    if published is None:
        raise errors.NothingToZone("published cells")
    return prepared.cells.join(store.read_cells(published, lacking), how="left")


def _main_line(prepared: Prepared) -> Line:
    """Return the line that is moved: the only one, or that of the largest urban unit."""
    if isinstance(prepared.lines, Line):
        return prepared.lines
    assert prepared.lines is not None  # noqa: S101 - only asked where there are lines
    sizes = {unit.code: unit.population or 0 for unit in store.urban_units()}
    largest = max(prepared.lines, key=lambda code: sizes.get(code, 0))
    return prepared.lines[largest]


def _at_line(prepared: Prepared) -> Callable[[float], pd.DataFrame]:
    """Return what gives the cells under another line; other units' lines move in proportion.

    The stored steps are read once: 200 draws ask for them 200 times.
    """
    dataset, own = prepared.dataset, float(_main_line(prepared).value)
    steps = store.read_query(
        SQL(
            "SELECT north, east, unnest(steps) AS step, unnest(persons) AS persons "
            "FROM carroyage_cellincome WHERE dataset_id = %(dataset)s"
        ),
        {"dataset": dataset.pk},
    )
    ids = grid.format_ids(steps["north"], steps["east"], dataset.size, dataset.epsg)
    cell = prepared.cells.index.get_indexer(pd.Index(ids))
    step, persons = steps["step"].to_numpy(), steps["persons"].to_numpy(np.float64)
    factor = _factors(prepared, own).take(cell) if prepared.by_unit else 1.0

    def at(line: float) -> pd.DataFrame:
        # Lines are rounded to 10 euros, the width of a step: each is counted exactly.
        limit = np.round(line * factor / store.STEP) if prepared.by_unit else line / store.STEP
        low = np.where(step < limit, persons, 0.0)
        counts = np.bincount(cell, weights=low, minlength=len(prepared.cells))
        return prepared.cells.assign(**{columns.LOW_INCOME_PERSONS: counts})

    return at


def _factors(prepared: Prepared, own: float) -> Any:
    lines = prepared.lines
    if isinstance(lines, Line) or lines is None:
        return pd.Series(1.0, index=prepared.cells.index).to_numpy()
    ratios = {code: float(line.value) / own for code, line in lines.items()}
    return prepared.cells[UNIT].map(ratios).to_numpy(float)
