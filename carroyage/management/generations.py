"""Two generations of quarters side by side: unchanged, redrawn, new, out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from carroyage.management.comparing import measured_in
from carroyage.management.ground import ground_under
from carroyage.overlap import Geometries, pair_areas
from observatory.lifecycle.shapes import in_metres, shapes_of
from observatory.models import Perimeter

SAME = 0.98  # IoU from which two outlines of two producers are one quarter unchanged
LINKED = 0.05  # share of either quarter that must lie in the other for one to come from the other

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """One earlier and one later quarter over the same ground.

    Shares are of area in common; ``persons`` are the inhabitants in common and their shares of
    either quarter's, None where no cells are loaded.
    """

    earlier: Perimeter
    later: Perimeter
    iou: float
    share_of_earlier: float
    share_of_later: float
    persons: float | None = None
    persons_share_of_earlier: float | None = None
    persons_share_of_later: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the link as plain data, seen from either side."""
        names = ("iou", "share_of_earlier", "share_of_later", "persons",
                 "persons_share_of_earlier", "persons_share_of_later")  # fmt: skip
        return {
            "earlier": self.earlier.territory.code,
            "later": self.later.territory.code,
            **{name: getattr(self, name) for name in names},
        }


@dataclass(frozen=True)
class Fate:
    """What became of a quarter, or where it comes from."""

    status: str  # unchanged, redrawn, new, out
    quarter: Perimeter
    persons: float | None
    links: list[Link]

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "status": self.status,
            "code": self.quarter.territory.code,
            "name": self.quarter.territory.name,
            "persons": self.persons,
            "links": [link.as_dict() for link in self.links],
        }


@dataclass(frozen=True)
class SideBySide:
    """Both generations: each later quarter with its fate, then the earlier ones that are out."""

    fates: list[Fate]
    notes: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """Count quarters by fate."""
        every = [fate.status for fate in self.fates]
        return {status: every.count(status) for status in ("unchanged", "redrawn", "new", "out")}


def side_by_side(
    earlier: Sequence[Perimeter],
    later: Sequence[Perimeter],
    *,
    same: float = SAME,
    linked: float = LINKED,
) -> SideBySide:
    """Lay two generations over each other.

    A later quarter is ``unchanged`` when it has one earlier counterpart with an IoU of at least
    ``same``, ``redrawn`` when it has any counterpart, ``new`` when it has none; an earlier one
    without counterpart is ``out``. Less than ``linked`` of both areas is no counterpart.

    Raises
    ------
    NotComparable
    """
    epsg = measured_in([*earlier, *later])
    first, second = (_whole(in_metres(shapes_of(s), epsg)) for s in (earlier, later))
    ground = ground_under(np.concatenate([first, second]), epsg)
    links = _links(earlier, later, first, second, linked)
    persons: tuple[Floats | None, Floats | None] = (None, None)
    if ground.population is not None:
        inside = ground.population.inside_each
        persons = inside(first), inside(second)
        links = _with_persons(links, earlier, later, first, second, inside)
    fates = [_fate_of_later(q, links, same, _told(persons[1], k)) for k, q in enumerate(later)]
    known = {link.earlier.pk for link in links}
    fates += [
        Fate("out", quarter, _told(persons[0], row), [])
        for row, quarter in enumerate(earlier)
        if quarter.pk not in known
    ]
    return SideBySide(fates, ground.notes)


def _whole(shapes: Any) -> Geometries:
    # Real outlines are now and then invalid by a hair; buffering by nothing would drop parts.
    return np.asarray(shapely.make_valid(shapes), dtype=object)


def _links(
    earlier: Sequence[Perimeter],
    later: Sequence[Perimeter],
    first: Geometries,
    second: Geometries,
    linked: float,
) -> list[Link]:
    i, j, both = pair_areas(first, second)
    one, other = shapely.area(first)[i], shapely.area(second)[j]
    found = []
    for a, b, area, old, new in zip(i, j, both, one, other, strict=True):
        if max(area / old, area / new) >= linked:
            iou = float(area / (old + new - area))
            found.append(Link(earlier[a], later[b], iou, float(area / old), float(area / new)))
    return sorted(found, key=lambda link: -link.iou)


def _with_persons(
    links: list[Link],
    earlier: Sequence[Perimeter],
    later: Sequence[Perimeter],
    first: Geometries,
    second: Geometries,
    inside: Callable[[Geometries], Floats],
) -> list[Link]:
    """Count the inhabitants in common of each link, and their shares of either quarter's."""
    if not links:
        return links
    rows = {quarter.pk: row for row, quarter in enumerate(earlier)}
    columns = {quarter.pk: row for row, quarter in enumerate(later)}
    i = np.array([rows[link.earlier.pk] for link in links])
    j = np.array([columns[link.later.pk] for link in links])
    both = inside(np.asarray(shapely.intersection(first[i], second[j]), dtype=object))
    found = zip(links, both, inside(first)[i], inside(second)[j], strict=True)
    return [
        replace(
            link,
            persons=float(persons),
            persons_share_of_earlier=float(persons / old) if old else None,
            persons_share_of_later=float(persons / new) if new else None,
        )
        for link, persons, old, new in found
    ]


def _fate_of_later(
    quarter: Perimeter, links: list[Link], same: float, persons: float | None
) -> Fate:
    own = [link for link in links if link.later.pk == quarter.pk]
    status = "redrawn" if own else "new"
    if len(own) == 1 and own[0].iou >= same:
        status = "unchanged"
    return Fate(status, quarter, persons, own)


def _told(persons: Floats | None, row: int) -> float | None:
    return None if persons is None else float(persons[row])
