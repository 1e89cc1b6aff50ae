"""Features of pieces: what a cell, its neighbourhood, its small area and its streets say.

Counts of a cell are spread on its addresses (over its ground when it has none), then smoothed
with Gaussian kernels; a ratio of smoothed counts is a local share at several distances.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from carroyage import columns, overlap, scores
from carroyage.location import find_cells
from carroyage.outline.inputs import CityInputs
from carroyage.outline.names import find_places, name_features
from carroyage.outline.pieces import Pieces
from carroyage.outline.raster import Raster

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KERNELS = (40.0, 80.0, 150.0, 300.0)  # metres
FINE = 80.0
FAINT = 1e-3  # added to densities before their logarithm
NEGLIGIBLE = 1e-4  # under this share of the densest place, a kernel reaches nobody

# Local ratios that tell a neighbourhood apart, when the columns exist: summed columns,
# denominator, kernels in metres. Ages and floor area tell students' poverty from families'.
LOCAL_RATIOS: dict[str, tuple[tuple[str, ...], str, tuple[float, ...]]] = {
    "social_housing": (("log_soc",), columns.HOUSEHOLDS, (40.0, 80.0, 150.0)),
    "owners": (("men_prop",), columns.HOUSEHOLDS, (80.0,)),
    "single_parents": (("men_fmp",), columns.HOUSEHOLDS, (80.0,)),
    "large_households": (("men_5ind",), columns.HOUSEHOLDS, (80.0,)),
    "one_person": (("men_1ind",), columns.HOUSEHOLDS, (80.0,)),
    "children": (
        ("ind_0_3", "ind_4_5", "ind_6_10", "ind_11_17"), columns.PERSONS, (80.0,),
    ),
    "young_adults": (("ind_18_24",), columns.PERSONS, (80.0,)),
    "elderly": (("ind_65_79", "ind_80p"), columns.PERSONS, (80.0,)),
    "floor_area": (("men_surf",), columns.PERSONS, (80.0,)),
}  # fmt: skip


def piece_features(inputs: CityInputs, pieces: Pieces, step: float = 10.0) -> pd.DataFrame:
    """Compute one row of features per piece.

    Returns
    -------
    DataFrame (n pieces, k features), no missing value. Incomes and densities are logarithms.
    """
    raster = Raster.around(shapely.total_bounds(pieces.shapes), inputs.epsg, step)
    labels = raster.label(pieces.shapes)
    spread = _Spread(inputs, pieces, raster)
    surfaces = chain(
        _neighbourhood(spread, raster), _local_ratios(spread), _small_areas(inputs, spread, raster)
    )
    table = {
        name: raster.means(surface, labels, len(pieces), pieces.shapes)
        for name, surface in surfaces
    }
    if inputs.has_names and inputs.quarters is not None:
        places = find_places(inputs.quarters, inputs.addresses, inputs.epsg)
        inner = shapely.get_coordinates(shapely.point_on_surface(pieces.shapes))
        table.update(name_features(inner, pieces.persons, places, inputs.quarters))
    features = pd.DataFrame({**table, **_own_cell(pieces, table)})
    return features.fillna(features.median()).fillna(0.0)


class _Spread:
    """Counts of cells laid on pixels: on addresses, or on the cell's ground without any."""

    def __init__(self, inputs: CityInputs, pieces: Pieces, raster: Raster) -> None:
        self.frame, self.raster = pieces.frame, raster
        self.has_addresses = inputs.addresses is not None
        self.pixels, self.cell, self.weight = self._places(inputs)
        self.cache: dict[tuple[str, float], Floats] = {}

    def _places(self, inputs: CityInputs) -> tuple[Ints, Ints, Floats]:
        keys, size = self.frame.keys, self.frame.size
        pixels, cell = np.zeros(0, np.int64), np.zeros(0, np.int64)
        if inputs.addresses is not None:
            shapes = inputs.addresses.geometry
            in_grid = shapely.get_coordinates(shapes.to_crs(self.frame.grid_epsg).array)
            at, known = find_cells(keys, in_grid, size)
            xy = shapely.get_coordinates(shapes.to_crs(inputs.epsg).array)
            pixels, cell = self.raster.pixels_of(xy[:, 0], xy[:, 1])[known], at[known]
            self.address_pixels = self.raster.pixels_of(xy[:, 0], xy[:, 1])
        ground = self.raster.cell_keys(size, self.frame.grid_epsg)
        at = np.searchsorted(keys, ground)
        at[at == len(keys)] = 0
        bare = np.bincount(cell, minlength=len(keys)) == 0
        rows = np.flatnonzero((keys[at] == ground) & bare[at])
        pixels = np.concatenate([pixels, rows])
        cell = np.concatenate([cell, at[rows]])
        return pixels, cell, 1 / np.bincount(cell, minlength=len(keys))[cell]

    def of(self, name: str) -> Floats:
        """A column of the cells laid on the raster; missing values weigh nothing."""
        values = np.nan_to_num(self.frame.cells[name].to_numpy(np.float64, na_value=np.nan))
        return self.raster.sum_at(self.pixels, values[self.cell] * self.weight)

    def smoothed(self, name: str, sigma: float) -> Floats:
        """A column laid on the raster and smoothed, computed once."""
        if (name, sigma) not in self.cache:
            self.cache[name, sigma] = self.raster.smooth(self.of(name), sigma)
        return self.cache[name, sigma]

    def ratio(self, above: tuple[str, ...], below: str, sigma: float) -> Floats:
        """Ratio of smoothed columns, missing where nobody lives within reach."""
        top = np.sum([self.smoothed(name, sigma) for name in above], axis=0)
        return smooth_division(top, self.smoothed(below, sigma))

    def places(self) -> Floats:
        """Addresses per pixel (inhabited ground without addresses)."""
        return self.raster.sum_at(self.address_pixels if self.has_addresses else self.pixels)


def smooth_division(top: Floats, bottom: Floats) -> Floats:
    """Divide smoothed surfaces; missing where the kernel reaches next to nothing."""
    out = np.full(top.shape, np.nan, top.dtype)
    np.divide(top, bottom, out=out, where=bottom > bottom.max(initial=0) * NEGLIGIBLE)
    return out


def _neighbourhood(spread: _Spread, raster: Raster) -> Iterator[tuple[str, Floats]]:
    for sigma in KERNELS:
        yield f"poor_share_{sigma:g}", spread.ratio((columns.POOR,), columns.HOUSEHOLDS, sigma)
        income = spread.ratio((columns.INCOME_SUM,), columns.PERSONS, sigma)
        yield f"income_{sigma:g}", np.log(np.maximum(income, 1.0))
    households = spread.smoothed(columns.HOUSEHOLDS, FINE)
    yield "household_density", np.log(households + FAINT)
    if spread.has_addresses:
        places = spread.places()
        for sigma in (60.0, 150.0):
            yield f"address_density_{sigma:g}", np.log(raster.smooth(places, sigma) + FAINT)
        ratio = smooth_division(households, raster.smooth(places, FINE))
        yield "households_per_address", np.log(ratio + FAINT)


def _local_ratios(spread: _Spread) -> Iterator[tuple[str, Floats]]:
    cells = spread.frame.cells
    for name, (parts, below, kernels) in LOCAL_RATIOS.items():
        if all(part in cells and cells[part].notna().any() for part in parts):
            for sigma in kernels:
                yield f"{name}_{sigma:g}", spread.ratio(parts, below, sigma)


def _small_areas(
    inputs: CityInputs, spread: _Spread, raster: Raster
) -> Iterator[tuple[str, Floats]]:
    """Each indicator as it is, and its mean over the addresses around; gaps stay missing."""
    if inputs.areas is None or not inputs.indicators:
        return
    labels = raster.label(overlap.to_metres(inputs.areas, inputs.epsg, "Small areas"))
    places = spread.places()
    for name in inputs.indicators:
        values = pd.to_numeric(inputs.areas[name], errors="coerce").to_numpy(np.float64)
        if name in inputs.incomes:
            values = np.log(values)
        flat = np.where(labels >= 0, values[np.maximum(labels, 0)], np.nan)
        surface = flat.reshape(raster.shape)
        told = np.where(np.isfinite(surface), places, 0.0)
        top = raster.smooth(np.nan_to_num(surface) * told, FINE)
        yield name, surface
        yield f"{name}_near", smooth_division(top, raster.smooth(told, FINE))


def _own_cell(pieces: Pieces, table: dict[str, Floats]) -> dict[str, Floats]:
    """The cell's own scores; a position without a cell takes its neighbourhood's."""
    cells, known = pieces.frame.cells, pieces.cell >= 0
    poor = scores.SHARE_POOR.of(cells)[pieces.cell]
    with np.errstate(divide="ignore"):
        income = np.log(scores.MEAN_LIVING_STANDARD.of(cells))[pieces.cell]
    near = f"{KERNELS[1]:g}"
    return {
        "cell_poor_share": np.where(known & np.isfinite(poor), poor, table[f"poor_share_{near}"]),
        "cell_income": np.where(known & np.isfinite(income), income, table[f"income_{near}"]),
    }
