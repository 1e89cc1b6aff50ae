"""What the cells of the grid tell of any shape: sums of cells, and shares as sums over sums.

A cell counts for the share of its area that lies inside. The same sums are made of the city
without its quarters and of all quarters together, so that every gap compares like with like.
They are estimates: cells are never compared with a census.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from django.db import connection
from django.utils.translation import gettext_lazy as _

from carroyage.columns import MIN_HOUSEHOLDS
from carroyage.models import GridDataset, Origin
from carroyage.store import latest_dataset
from layers.version import stamps_of
from maps.figures import Figure
from observatory.models import Standing

# A shape is described by a grid when the cells fill this share of it.
DESCRIBED_SHARE = 0.3
WATCHED = ("carroyage_cell", "carroyage_griddataset", "observatory_perimeter")


@dataclass(frozen=True)
class GridFigure:
    """One figure made of cells: a sum, or a sum over a sum times ``factor``.

    ``better`` is +1 where higher is better, -1 where lower is, 0 where neither. A figure that is
    not ``in_portraits`` is there for maps alone.
    """

    key: str
    label: Any
    top: str
    under: str = ""
    unit: str = ""
    factor: float = 1.0
    decimals: int = 0
    better: int = 0
    in_portraits: bool = True

    @property
    def in_points(self) -> bool:
        """Whether a difference is told in points."""
        return self.unit == "%"


def _share(key: str, label: Any, top: str, under: str, better: int = 0) -> GridFigure:
    return GridFigure(key, label, top, under, "%", 100.0, 1, better)


YOUNG = "ind_0_3 + ind_4_5 + ind_6_10 + ind_11_17"
OLD = "ind_65_79 + ind_80p"
FIGURES = (
    GridFigure("persons", _("Habitants des ménages"), "ind"),
    GridFigure("households", _("Ménages"), "men"),
    _share("poor", _("Part de ménages pauvres"), "men_pauv", "men", -1),
    GridFigure("living", _("Niveau de vie moyen"), "ind_snv", "ind", "€", better=1),
    _share("single", _("Part de ménages monoparentaux"), "men_fmp", "men", -1),
    _share("young", _("Part de moins de 18 ans"), YOUNG, "ind"),
    _share("old", _("Part de 65 ans et plus"), OLD, "ind"),
    _share("social", _("Ménages logés en parc social"), "log_soc", "men"),
    GridFigure(
        "infants", _("Part de moins de 4 ans"), "ind_0_3", "ind", "%", 100.0, 1, in_portraits=False
    ),
)
# Long outlines are cut in small pieces first: a city's is then as quick as a quarter's.
STATEMENT = """
WITH piece AS (
    SELECT key, ST_Subdivide(ST_SetSRID(ST_GeomFromWKB(wkb), 3857), 64) AS geom
    FROM unnest(%(keys)s::text[], %(wkbs)s::bytea[]) AS given (key, wkb)
), share AS (
    SELECT piece.key, cell.id, sum(CASE WHEN ST_CoveredBy(cell.geom_3857, piece.geom) THEN 1.0
        ELSE ST_Area(ST_Intersection(cell.geom_3857, piece.geom)) / ST_Area(cell.geom_3857)
        END) AS inside
    FROM piece JOIN carroyage_cell AS cell
        ON cell.dataset_id = %(dataset)s AND cell.geom_3857 && piece.geom
    GROUP BY piece.key, cell.id
)
SELECT key, sum(inside * ST_Area(geom_3857)), {sums}
FROM share JOIN carroyage_cell USING (id) WHERE inside > 0 GROUP BY key
"""


def grid() -> GridDataset | None:
    """Return the latest published grid, if any is loaded."""
    return latest_dataset(Origin.PUBLISHED)


def _sums() -> str:
    """Return the sums of every figure; both sides of a share over the same cells."""
    parts = []
    for one in FIGURES:
        under = f"({one.under})" if one.under else "0"
        known = f"FILTER (WHERE ({one.top} + {under}) IS NOT NULL)"
        parts += [f"sum(inside * ({one.top})) {known}", f"sum(inside * {under}) {known}"]
    return ", ".join(parts)


def grid_sums(shapes: Mapping[str, Any], dataset: GridDataset) -> pd.DataFrame:
    """Return the sums of cells in each shape (EPSG:3857), indexed by key.

    Columns: ``described`` (share of the shape's area that cells fill), then ``key.top`` and
    ``key.under`` of each figure. A shape the grid does not describe has no row.
    """
    keys = [key for key, shape in shapes.items() if shape is not None and not shape.is_empty]
    values = {"keys": keys, "wkbs": [shapely.to_wkb(shapes[key]) for key in keys]}
    with connection.cursor() as cursor:
        # The figures are constants of this module: no word of a request is among them.
        cursor.execute(STATEMENT.format(sums=_sums()), {**values, "dataset": dataset.pk})
        rows = cursor.fetchall()
    names = [f"{one.key}.{side}" for one in FIGURES for side in ("top", "under")]
    frame = pd.DataFrame(rows, columns=["key", "described", *names]).set_index("key")
    areas = pd.Series({key: shapely.area(shapes[key]) for key in frame.index}, dtype=np.float64)
    frame = frame.astype(np.float64)
    frame["described"] = frame["described"] / areas
    return frame[frame["described"] >= DESCRIBED_SHARE]


_kept: dict[str, tuple[str, pd.DataFrame]] = {}


def kept_sums(key: str, make: Callable[[], pd.DataFrame], dataset: GridDataset) -> pd.DataFrame:
    """Return the sums of a city or of all quarters, made again only when the data have changed."""
    stamps = f"{dataset.pk};{stamps_of(WATCHED)}"
    known = _kept.get(key)
    if known is None or known[0] != stamps:
        known = _kept[key] = (stamps, make())
    return known[1]


def figure_in(sums: pd.DataFrame, key: str, one: GridFigure) -> Figure:
    """Return one figure of one shape; withheld where it would tell of under 11 households."""
    if key not in sums.index:
        return Figure(None, one.unit, one.decimals)
    row: Any = sums.loc[key]
    if row["households.top"] < MIN_HOUSEHOLDS:
        return Figure(None, one.unit, one.decimals, Standing.WITHHELD)
    top, under = row[f"{one.key}.top"], row[f"{one.key}.under"]
    value = one.factor * top / under if one.under and under > 0 else top
    if np.isnan(value) or (one.under and not under > 0):
        return Figure(None, one.unit, one.decimals)
    return Figure(float(value), one.unit, one.decimals, Standing.ESTIMATED)


def together(sums: pd.DataFrame, keys: Sequence[str], name: str) -> pd.DataFrame:
    """Return the sums of several shapes added up, as one row called ``name``."""
    known = sums.loc[[key for key in keys if key in sums.index]]
    total = known.drop(columns="described").sum(min_count=1)
    row = pd.DataFrame([total], index=pd.Index([name], name="key"))
    return row.assign(described=1.0)[sums.columns] if len(known) else sums.iloc[:0]
