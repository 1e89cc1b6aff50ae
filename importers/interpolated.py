"""Figures of IRIS or communes shared out to quarters, stored as estimates with their interval.

The arithmetic is in observatory/figures/interpolation.py; here stored outlines, figures and cells
meet. A target that the sources do not cover, or where one of them has no value, is not
available: a part is never passed off as the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from carroyage.management.inhabitants import cells_with_shapes, outlines_of
from importers.figurestore import store_figures
from importers.report import Report
from importers.sources import Described, source_of
from observatory.errors import ObservatoryError
from observatory.figures.errors import BadParameter, NotAdditive, TooFewFigures
from observatory.figures.gaps import factor_of
from observatory.figures.interpolation import (
    Interpolated,
    areal,
    dasymetric,
    pooled,
    refuse_what_does_not_divide,
)
from observatory.figures.series import figures, indicators_of
from observatory.figures.visible import strictest
from observatory.history import acting
from observatory.models import (
    Indicator,
    Level,
    Nature,
    Perimeter,
    Run,
    Source,
    SourceTerms,
    Standing,
)
from observatory.runs import recorded

METHODS = ("dasymetric", "areal")
# A quarter's outline and those of IRIS never meet exactly: a sliver may stay uncovered.
COVERED = 0.98


@dataclass(frozen=True)
class Wanted:
    """What to share out: a figure of a year, from one level to another, by which method.

    ``day`` fixes the targets' outlines; those of the sources are the latest loaded, for
    statistical areas come with the vintage of their own.
    """

    indicator: str
    year: int
    level: str = Level.IRIS
    target: str = Level.QPV
    generation: int | None = None
    method: str = "dasymetric"
    day: date | None = None

    def parameters(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {name: str(value) for name, value in vars(self).items() if value is not None}


def interpolate(wanted: Wanted) -> Report:
    """Share a figure out and store the estimates as one recorded run.

    Raises
    ------
    NotAdditive
        A median, an index, or a share without its counts.
    TooFewFigures
        No figure or no outline of that level is loaded.
    BadParameter
        An unknown method; no grid to share by.
    """
    if wanted.method not in METHODS:
        raise BadParameter(
            f"No method is called {wanted.method!r}.", f"Methods: {', '.join(METHODS)}."
        )
    indicator = indicators_of([wanted.indicator])[wanted.indicator]
    refuse_what_does_not_divide(indicator)
    parameters, refusals = wanted.parameters(), (ObservatoryError,)
    with recorded("interpolate", parameters=parameters, refusals=refusals) as recorder:
        report = Report("interpolate", wanted.indicator, unit="territory")
        known = _known(indicator, wanted)
        day = wanted.day or date(wanted.year, 12, 31)
        parts = list(_parts(wanted, known, day, report))
        if not parts:
            raise TooFewFigures(
                f"No outline of {wanted.level} or {wanted.target} meets the figures.",
                "Load them first: observatory load iris, boundaries or perimeters.",
            )
        frame = pd.concat([_estimated(indicator, known, *part) for part in parts])
        grids = [cells.attrs["source"] for _, _, cells in parts if cells is not None]
        _store(frame, indicator, wanted, day, known, grids, recorder.run, report)
        recorder.run.counts, recorder.run.report = report.counts(), report.as_dict()
    return report


def _known(indicator: Indicator, wanted: Wanted) -> pd.DataFrame:
    frame = figures([indicator.code], level=wanted.level, years=[wanted.year])
    frame = frame.set_index("territory")
    if frame["value"].notna().sum() == 0:
        raise TooFewFigures(
            f"No figure of {indicator.code} in {wanted.year} by {wanted.level} is loaded.",
            "Load them first: observatory load indicators FILE.",
        )
    counted = frame[["numerator", "denominator"]].notna().all(axis=1)
    if not indicator.is_additive and not counted.any():
        raise NotAdditive(
            f"{indicator.code} is given without the counts it is made from.",
            "Shares cannot be averaged: load numerators and denominators.",
        )
    return frame


Part = tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None]


def _parts(wanted: Wanted, known: pd.DataFrame, day: date, report: Report) -> Iterator[Part]:
    """Give sources, targets and cells of each projected system that has both outlines.

    Nothing is shared across systems: they are those of territories an ocean apart.
    """
    drawn = Perimeter.objects.filter(territory__level=wanted.target)
    for srid in sorted(set(drawn.values_list("measure_srid", flat=True))):
        sources = outlines_of(wanted.level, srid=srid)
        sources = sources[sources.index.isin(known.index)]
        targets = outlines_of(wanted.target, wanted.generation, day, srid)
        if not sources.empty and not targets.empty:
            cells = cells_with_shapes(srid=srid) if wanted.method == "dasymetric" else None
            yield sources, _covered(targets, sources, report), cells


def _covered(
    targets: gpd.GeoDataFrame, sources: gpd.GeoDataFrame, report: Report
) -> gpd.GeoDataFrame:
    """Leave out targets elsewhere; those covered in part are marked by ``whole`` False."""
    tree = shapely.STRtree(sources.geometry.array)
    target, source = tree.query(targets.geometry.array, predicate="intersects")
    area = shapely.area(
        shapely.intersection(targets.geometry.array[target], sources.geometry.array[source])
    )
    shared = np.bincount(target, area, minlength=len(targets)) / shapely.area(
        targets.geometry.array
    )
    report.read = len(targets)
    away = int((shared <= 0).sum())
    if away:
        report.note(f"{away} lie where no source does: left out.")
    return targets.assign(whole=shared >= COVERED)[shared > 0]


def _estimated(
    indicator: Indicator, known: pd.DataFrame, sources: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame, cells: gpd.GeoDataFrame | None,
) -> pd.DataFrame:  # fmt: skip
    """Return value, low, high, numerator and denominator by target."""

    def shared(column: str) -> Interpolated:
        values = known[column].reindex(sources.index)
        if cells is None:
            return areal(sources, values, targets)
        return dasymetric(sources, values, targets, cells, cells["ind"])

    if indicator.is_additive:
        table = shared("value").table.assign(numerator=np.nan, denominator=np.nan)
    else:
        top, under = shared("numerator"), shared("denominator")
        table = pooled(top, under, factor_of(indicator))
        table["numerator"], table["denominator"] = top.table["value"], under.table["value"]
        if indicator.nature == Nature.SHARE:
            table["high"] = table["high"].fillna(100.0).clip(upper=100.0)
    return table.where(targets["whole"])


def _store(
    table: pd.DataFrame, indicator: Indicator, wanted: Wanted, day: date, known: pd.DataFrame,
    grids: Sequence[Source], run: Run, report: Report,
) -> None:  # fmt: skip
    missing = table["value"].isna()
    numbers = table.where(~missing)
    # Rounding of sums must not push a value over its own bounds.
    numbers["low"] = numbers[["low", "value"]].min(axis=1)
    numbers["high"] = numbers[["high", "value"]].max(axis=1).where(numbers["high"].notna())
    by = f", carreaux {grids[0].vintage}" if grids else ""
    frame = numbers.assign(
        indicator_id=indicator.pk, territory=table.index, year=wanted.year, period="",
        scope="whole", text="", outline_on=day, extracted_on=None, row=None,
        standing=np.where(missing, Standing.NOT_AVAILABLE, Standing.ESTIMATED),
        note=f"{wanted.method} : {wanted.level}{by}",
    )  # fmt: skip
    with acting(run=run, reason="interpolation"):
        source = _source(wanted, known, grids)
        store_figures(frame, source, report, run)
    if missing.any():
        report.note(f"{int(missing.sum())} not wholly covered by known figures: not available.")
    report.facts |= {"source": source.code, "estimated": int((~missing).sum())}


def _source(wanted: Wanted, known: pd.DataFrame, grids: Sequence[Source]) -> Source:
    """Return the source of the estimates, which quotes what they were made from."""
    used = Source.objects.filter(code__in=set(known["source"]))
    quoted = "; ".join(str(source) for source in used)
    if grids:
        used = Source.objects.filter(
            pk__in=[*used.values_list("pk", flat=True), *(grid.pk for grid in grids)]
        )
    code = f"estimation-{wanted.indicator}-{wanted.year}-{wanted.level}-{wanted.target}"
    source = source_of(
        Described(
            code=code,
            title=f"Estimation de {wanted.indicator} ({wanted.method})"[:200],
            producer=f"Observatoire, d’après {quoted}"[:200],
            licence="; ".join(sorted({s.licence for s in used if s.licence}))[:120],
            cautions=("Estimation : le vrai chiffre est dans l’intervalle si les sources et les "
                      "carreaux disent vrai.",),
        ),
        str(wanted.year), code=f"{code}-{wanted.method}",
        demonstration=any(s.is_demonstration for s in used),
    )  # fmt: skip
    reach = strictest(used.filter(code__in=set(known["source"])))
    SourceTerms.objects.update_or_create(source=source, defaults={"sharing": reach})
    return source
