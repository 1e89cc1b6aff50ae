"""What the cells tell of any shape, with the bounds between which each figure must lie.

A cell cut by the outline counts for the share of its area inside: that is the estimate. Nobody
knows where in the cell people live; the bounds are what comes out if those of the cut cells live
where they change the figure most. Only the published cells are read, which are protected already:
two shapes that differ by little tell nothing that the cells between them do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from django.db import connection
from django.utils.translation import gettext as _
from pyproj import Transformer

from carroyage.columns import MIN_HOUSEHOLDS
from carroyage.models import GridDataset
from layers.tiles import time_limit
from maps.errors import BadChoice
from maps.figures import Figure
from maps.portraits.gridsums import DESCRIBED_SHARE, FIGURES, GridFigure
from observatory.models import Standing

Floats = npt.NDArray[np.float64]
TO_WEB: Any = Transformer.from_crs(4326, 3857, always_xy=True).transform
TIME_LIMIT_MS = 15_000
WHOLE = 1 - 1e-6  # as in observatory/figures/interpolation.py
STATEMENT = """
WITH piece AS (
    SELECT ST_Subdivide(ST_SetSRID(ST_GeomFromWKB(%(wkb)s), 3857), 64) AS geom
), share AS (
    SELECT cell.id, sum(CASE WHEN ST_CoveredBy(cell.geom_3857, piece.geom) THEN 1.0
        ELSE ST_Area(ST_Intersection(cell.geom_3857, piece.geom)) / ST_Area(cell.geom_3857)
        END) AS inside
    FROM piece JOIN carroyage_cell AS cell
        ON cell.dataset_id = %(dataset)s AND cell.geom_3857 && piece.geom
    GROUP BY cell.id
)
SELECT inside, inside * ST_Area(geom_3857), {sides}
FROM share JOIN carroyage_cell USING (id) WHERE inside > 0
"""


@dataclass(frozen=True)
class Line:
    """One figure of a shape, and the two between which it lies."""

    label: str
    value: Figure
    low: Figure
    high: Figure

    @property
    def is_sure(self) -> bool:
        """Whether both bounds are the value: no cell is cut."""
        return str(self.low) == str(self.high)


@dataclass(frozen=True)
class Counted:
    """What the cells tell of a shape; ``described`` is the share of it that cells fill."""

    lines: list[Line]
    cells: int
    cut: int
    described: float


def count_in(shape: Any, dataset: GridDataset) -> Counted:
    """Return the figures of a shape (EPSG:4326).

    Raises BadChoice where no cell lies in it, where it has under 11 households, or where cut
    cells are all there is: one cell is never read alone.
    """
    web = shapely.transform(shape, TO_WEB, interleaved=False)
    cells = _cells(web, dataset)
    if cells.empty:
        raise BadChoice(_("Aucun carreau n’est dans cette zone."))
    inside = cells["inside"].to_numpy()
    households = float(np.nansum(inside * cells["households.top"].to_numpy()))
    if len(cells) < 2 or households < MIN_HOUSEHOLDS:
        raise BadChoice(
            _("Cette zone est trop petite : il y faut plusieurs carreaux et au moins 11 ménages.")
        )
    lines = [_line(one, inside, cells) for one in FIGURES]
    described = float(cells["area"].sum() / shapely.area(web))
    return Counted(lines, len(cells), int((inside < WHOLE).sum()), min(described, 1.0))


def _cells(web: Any, dataset: GridDataset) -> pd.DataFrame:
    # The figures are constants of maps/portraits/gridsums.py: no word of a request is among them.
    sides = ", ".join(f"({one.top}), ({one.under or '0'})" for one in FIGURES)
    values = {"wkb": shapely.to_wkb(web), "dataset": dataset.pk}
    with time_limit(TIME_LIMIT_MS), connection.cursor() as cursor:
        cursor.execute(STATEMENT.format(sides=sides), values)
        rows = cursor.fetchall()
    names = [f"{one.key}.{side}" for one in FIGURES for side in ("top", "under")]
    return pd.DataFrame(rows, columns=["inside", "area", *names]).astype(np.float64)


def _line(one: GridFigure, inside: Floats, cells: pd.DataFrame) -> Line:
    top, under = cells[f"{one.key}.top"].to_numpy(), cells[f"{one.key}.under"].to_numpy()
    known = ~np.isnan(top) & ~np.isnan(under)
    inside, top, under = inside[known], top[known], under[known]
    bounds = _quotient(inside, top, under) if one.under else _sum(inside, top)
    figures = [
        Figure(None, one.unit, one.decimals)
        if np.isnan(value)
        else Figure(float(one.factor * value), one.unit, one.decimals, Standing.ESTIMATED)
        for value in bounds
    ]
    return Line(str(one.label), *figures)


def _sum(inside: Floats, top: Floats) -> tuple[float, float, float]:
    """Return the estimate, then what lies whole inside, then all that is touched."""
    if not len(top):
        return (np.nan,) * 3
    whole = inside >= WHOLE
    return float((inside * top).sum()), float(top[whole].sum()), float(top.sum())


def _quotient(inside: Floats, top: Floats, under: Floats) -> tuple[float, float, float]:
    """Return the estimate of a quotient of sums, its least and its most.

    Each cut cell counts for any part of itself. The extremes of such a quotient take the cut cells
    whole from one end of the order of their own quotients, and none of the others.
    """
    if not (inside * under).sum() > 0:
        return (np.nan,) * 3
    estimate = (inside * top).sum() / (inside * under).sum()
    whole = inside >= WHOLE
    base = top[whole].sum(), under[whole].sum()
    cut = ~whole & (under > 0)
    order = np.argsort(top[cut] / under[cut])
    tops, unders = top[cut][order], under[cut][order]
    least = _extreme(base, tops, unders, np.fmin.reduce)
    most = _extreme(base, tops[::-1], unders[::-1], np.fmax.reduce)
    return float(estimate), min(least, estimate), max(most, estimate)


def _extreme(base: tuple[float, float], tops: Floats, unders: Floats, pick: Any) -> float:
    over = base[0] + np.concatenate([[0.0], np.cumsum(tops)])
    below = base[1] + np.concatenate([[0.0], np.cumsum(unders)])
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(pick(np.where(below > 0, over / below, np.nan)))


def is_described(counted: Counted) -> bool:
    """Tell whether cells fill enough of the shape for its figures to describe it."""
    return counted.described >= DESCRIBED_SHARE
