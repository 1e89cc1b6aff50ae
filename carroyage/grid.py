"""The natural grid: ids, corners, geometry.

Corners are the lower-left corners of cells, in metres of the grid's own projected system
(EPSG:3035 for metropolitan France). Cells are closed on their lower and left sides.
Source: INSEE, documentation of the Filosofi gridded data (2019 vintage).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from carroyage import errors

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

METROPOLITAN, ANTILLES, REUNION = 3035, 5490, 2975
NATURAL_SIZES = (200, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000)

_NEW_FORM = (
    r"^CRS(?P<epsg>[0-9]{4,5})RES(?P<size>[0-9]{3,5})mN(?P<north>[0-9]{1,8})E(?P<east>[0-9]{1,8})$"
)
_OLD_FORM = r"^(?P<size>[0-9]{1,5})(?P<unit>k?m)N(?P<north>[0-9]{1,8})E(?P<east>[0-9]{1,8})$"

# In EPSG:3035 every corner of Europe exceeds a million metres, and none exceeds 8 million:
# smaller numbers are the INSPIRE short form, where trailing zeros of the size are left out.
_SHORTEST_METRES = 1_000_000

_SPECIAL_GRIDS = {
    "971": ANTILLES,
    "972": ANTILLES,
    "974": REUNION,
    "guadeloupe": ANTILLES,
    "martinique": ANTILLES,
    "réunion": REUNION,
    "reunion": REUNION,
    "la réunion": REUNION,
    "la reunion": REUNION,
}
_NO_GRID = {"973", "976", "guyane", "mayotte", "975", "977", "978", "987", "988"}


@dataclass(frozen=True)
class CellIds:
    """Parsed cell ids: four integer arrays of one length.

    ``size``, ``north`` and ``east`` are metres of the system ``epsg``.
    """

    epsg: Ints
    size: Ints
    north: Ints
    east: Ints

    def __len__(self) -> int:
        return len(self.size)

    def one_grid(self) -> tuple[int, int]:
        """Return the (epsg, size) all cells share.

        Raises
        ------
        MixedGrids, UnexpectedCellSize
        """
        systems = set(np.unique(self.epsg).tolist())
        if len(systems) > 1:
            raise errors.MixedGrids(systems)
        sizes = np.unique(self.size)
        if len(sizes) > 1:
            odd = np.flatnonzero(self.size != self.size[0])
            raise errors.UnexpectedCellSize(
                odd.tolist(), self.size[odd].tolist(), int(self.size[0])
            )
        return (systems.pop(), int(sizes[0])) if len(self) else (METROPOLITAN, 200)


def parse_ids(ids: Any, size: int | None = None) -> CellIds:
    """Read cell ids of either form.

    Parameters
    ----------
    ids : sequence of str, shape (n,)
        ``CRS{epsg}RES{size}mN{north}E{east}`` or the older ``200mN…E…`` / ``1kmN…E…``
        (EPSG:3035, metres or the INSPIRE short form).
    size : int, optional
        The only size accepted, metres.

    Raises
    ------
    UnreadableCellIds, MisalignedCellIds, UnexpectedCellSize
        Each names the offending rows (counted from 0).
    """
    texts = _as_text(ids)
    parsed, known = _match(texts, _NEW_FORM)
    if not known.all():
        _read_old_form(texts, parsed, known)
    if not known.all():
        bad = np.flatnonzero(~known)
        raise errors.UnreadableCellIds(bad.tolist(), texts.take(pa.array(bad[:5])).to_pylist())
    cells = CellIds(parsed["epsg"], parsed["size"], parsed["north"], parsed["east"])
    _refuse_misfits(cells, texts, size)
    return cells


def _as_text(ids: Any) -> pa.Array:
    try:
        texts = pa.array(ids, from_pandas=True)
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # several types in one column
        texts = pa.array([None if value is None else str(value) for value in ids], pa.string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
        texts = texts.cast(pa.string())
    return pc.utf8_trim_whitespace(texts)


def _match(texts: pa.Array, pattern: str) -> tuple[dict[str, Any], npt.NDArray[np.bool_]]:
    found = pc.extract_regex(texts, pattern)
    known = found.is_valid().to_numpy(zero_copy_only=False)
    fields = {}
    for i in range(found.type.num_fields):
        name = found.type.field(i).name
        column = pc.struct_field(found, name)
        if name == "unit":
            fields[name] = column.to_numpy(zero_copy_only=False)
            continue
        column = pc.if_else(pc.fill_null(pc.equal(column, ""), True), "0", column)
        fields[name] = np.array(column.cast(pa.int64()).to_numpy(zero_copy_only=False))
    return fields, known


def _read_old_form(texts: pa.Array, parsed: dict[str, Any], known: npt.NDArray[np.bool_]) -> None:
    old, fits = _match(texts, _OLD_FORM)
    rows = np.flatnonzero(fits & ~known)
    size = np.where(old["unit"][rows] == "km", 1000, 1) * old["size"][rows]
    parsed["epsg"][rows] = METROPOLITAN
    parsed["size"][rows] = size
    for name in ("north", "east"):
        value = old[name][rows]
        parsed[name][rows] = np.where(value < _SHORTEST_METRES, value * _short_unit(size), value)
    known[rows] = True


def _short_unit(size: Ints) -> Ints:
    """Return the power of ten the INSPIRE short form leaves out (100 for 200 m, 1000 for 2 km)."""
    unit = np.ones_like(size)
    while len(size) and (more := size % (unit * 10) == 0).any() and (unit < 10**6).all():
        unit = np.where(more, unit * 10, unit)
    return unit


def _refuse_misfits(cells: CellIds, texts: pa.Array, size: int | None) -> None:
    strange = np.flatnonzero(~np.isin(cells.size, NATURAL_SIZES))
    if len(strange):
        raise errors.UnknownCellSize(int(cells.size[strange[0]]))
    off = np.flatnonzero((cells.north % cells.size != 0) | (cells.east % cells.size != 0))
    if len(off):
        raise errors.MisalignedCellIds(off.tolist(), texts.take(pa.array(off[:5])).to_pylist())
    if size is not None:
        other = np.flatnonzero(cells.size != size)
        if len(other):
            raise errors.UnexpectedCellSize(other.tolist(), cells.size[other].tolist(), size)


def format_ids(north: Any, east: Any, size: int, epsg: int = METROPOLITAN) -> Geometries:
    """Write ids in the one form the product emits.

    Parameters
    ----------
    north, east : int arrays, shape (n,), metres
        Lower-left corners; must be multiples of ``size``.

    Returns
    -------
    object array of str, shape (n,)
    """
    return np.asarray(write_ids(north, east, size, epsg).to_numpy(zero_copy_only=False), object)


def write_ids(north: Any, east: Any, size: int, epsg: int = METROPOLITAN) -> pa.Array:
    """Write ids as `format_ids`, as one arrow array of large texts, shape (n,)."""
    north, east = np.atleast_1d(north).astype(np.int64), np.atleast_1d(east).astype(np.int64)
    check_size(size)
    off = np.flatnonzero((north % size != 0) | (east % size != 0) | (north < 0) | (east < 0))
    if len(off):
        values = [f"N{north[i]}E{east[i]}" for i in off[:5]]
        raise errors.MisalignedCellIds(off.tolist(), values)
    return pc.binary_join_element_wise(
        pa.scalar(f"CRS{epsg}RES{size}mN", pa.large_string()),
        pa.array(north).cast(pa.large_string()),
        pa.scalar("E", pa.large_string()),
        pa.array(east).cast(pa.large_string()),
        pa.scalar("", pa.large_string()),
    )


def check_size(size: int) -> None:
    """Refuse a size that is not one of ``NATURAL_SIZES``."""
    if size not in NATURAL_SIZES:
        raise errors.UnknownCellSize(size)


def cells_of_points(x: Any, y: Any, size: int = 200) -> tuple[Ints, Ints]:
    """Give each point's cell by arithmetic.

    Parameters
    ----------
    x, y : float arrays, shape (n,), metres of the grid's system (x east, y north)

    Returns
    -------
    (north, east) : int64 arrays, shape (n,), lower-left corners; a point on a lower or left
        edge belongs to the cell it bounds.

    Notes
    -----
    ``floor(fl(x / size))`` is exact here, and three times faster than ``x // size``: below a
    multiple ``k * size`` the nearest double lies at a relative distance 2**-52 / m(x), which
    is more than the half unit 2**-53 / m(k) in which the quotient could round up to ``k``,
    since mantissas satisfy m(x) / m(k) <= m(size) < 2.
    """
    check_size(size)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not (np.isfinite(x.sum()) and np.isfinite(y.sum())):
        lost = np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))
        if len(lost):
            raise errors.CoordinatesNotFinite(lost.tolist())
    return _floor_to(y, size), _floor_to(x, size)


def _floor_to(values: Floats, size: int) -> Ints:
    quotient = np.divide(values, size)
    np.floor(quotient, out=quotient)
    np.multiply(quotient, size, out=quotient)
    return quotient.astype(np.int64)


def cell_polygons(north: Any, east: Any, size: int) -> Geometries:
    """Build cell squares, shape (n,), in the grid's own system (EPSG:3035 for 3035 ids)."""
    check_size(size)
    north, east = np.asarray(north, dtype=np.float64), np.asarray(east, dtype=np.float64)
    return np.atleast_1d(shapely.box(east, north, east + size, north + size))


def parent(north: Any, east: Any, size_from: int, size_to: int) -> tuple[Ints, Ints]:
    """Give the corners of the larger natural cells that hold these cells, metres."""
    check_size(size_from)
    check_size(size_to)
    if size_to < size_from:
        raise errors.UnknownCellSize(size_to)
    north, east = np.asarray(north, dtype=np.int64), np.asarray(east, dtype=np.int64)
    return north // size_to * size_to, east // size_to * size_to


def cell_keys(north: Ints, east: Ints, size: int) -> Ints:
    """Pack corners in one sortable integer per cell (by north, then east), shape (n,)."""
    return (np.asarray(north, np.int64) // size << 32) | (np.asarray(east, np.int64) // size)


def corners_of_keys(keys: Ints, size: int) -> tuple[Ints, Ints]:
    """Undo `cell_keys`: give back (north, east) in metres."""
    return (keys >> 32) * size, (keys & 0xFFFFFFFF) * size


def grid_epsg_for(territory: str) -> Literal[3035, 5490, 2975]:
    """Give the grid's projected system for a department code, a commune code or a name.

    Raises
    ------
    UnknownGridTerritory
        For territories without a published grid (Guyane, Mayotte…).
    """
    name = territory.strip().lower()
    if name[:3] in {"971", "972", "974"}:
        name = name[:3]
    if name in _NO_GRID or name[:3] in _NO_GRID or not name:
        raise errors.UnknownGridTerritory(territory)
    return _SPECIAL_GRIDS.get(name, METROPOLITAN)  # type: ignore[return-value]
