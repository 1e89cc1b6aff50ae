"""Score the address matcher on messy lists: near, far, wrong zone, street, review.

    python -m benchmarks.deposits_matching ADDRESSES.csv.gz QUARTERS.zip [ROWS] [SEED] [--unseen]

A located row is *near* within 100 m of its true door. It is in a *wrong zone* when the quarter
it is surely put in is not the true one. *Review* is what is left to the person: ambiguous and
missed rows apart.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from benchmarks.deposits_corruptions import Row, doors_of, messy_list
from benchmarks.deposits_unseen import unseen_list
from importers.matching import Level, Match, Matcher, Outcome
from importers.matching.index import StreetIndex

NEAR_METRES = 100.0


@dataclass
class Quarters:
    """Quarters in Lambert-93, and which of them a point in degrees lies in ('' for none)."""

    codes: np.ndarray
    shapes: np.ndarray
    outlines: shapely.Geometry
    _move: pyproj.Transformer = field(
        default_factory=lambda: pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
    )

    def of(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the quarter of each point, and its distance to the nearest outline."""
        points = shapely.points(*self._move.transform(lon, lat))
        found = np.full(len(points), "", dtype=object)
        place, zone = shapely.STRtree(self.shapes).query(points, predicate="intersects")
        found[place] = self.codes[zone]
        return found, shapely.distance(points, self.outlines)


def quarters_of_file(path: Path, department: str = "QP075") -> Quarters:
    frame = gpd.read_file(f"zip://{path}", layer="QP_METROPOLE_LB93")
    frame = frame[frame["CODE_QP"].str.startswith(department)]
    shapes = shapely.make_valid(frame.geometry.to_numpy())
    outlines = shapely.union_all(shapely.boundary(shapes))
    shapely.prepare(outlines)
    return Quarters(frame["CODE_QP"].to_numpy(), shapes, outlines)


def matcher_of_file(path: Path) -> Matcher:
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        rows = [
            (r["numero"], r["rep"], r["nom_voie"], r["code_postal"], r["code_insee"],
             r["nom_commune"], float(r["lon"]), float(r["lat"]))
            for r in csv.DictReader(handle, delimiter=";")
        ]  # fmt: skip
    return Matcher(StreetIndex.of(rows))


@dataclass
class Score:
    """Counts by outcome, overall and by fault, and what went wrong."""

    rows: int
    counts: Counter = field(default_factory=Counter)
    by_fault: dict[str, Counter] = field(default_factory=dict)
    wrong: list[tuple[Row, Match]] = field(default_factory=list)
    rows_per_second: float = 0.0

    def share(self, what: str) -> float:
        return self.counts[what] / self.rows

    def as_dict(self) -> dict:
        return {
            "rows": self.rows,
            "rows_per_second": round(self.rows_per_second),
            **{name: round(100 * count / self.rows, 3) for name, count in self.counts.items()},
        }


def score(matcher: Matcher, rows: Sequence[Row], quarters: Quarters) -> Score:
    """Match the rows and compare them with the truth."""
    begun = time.perf_counter()
    matches = [matcher.match(row.cell, row.postcode, row.city) for row in rows]
    seconds = time.perf_counter() - begun
    found = judge_all(matcher, matches, rows, quarters)
    found.rows_per_second = len(rows) / seconds
    return found


def judge_all(
    matcher: Matcher, matches: Sequence[Match], rows: Sequence[Row], quarters: Quarters
) -> Score:
    """Compare the matches of rows with the truth."""
    found = Score(len(rows))
    truth, _ = quarters.of(*_degrees([(row.door.lon, row.door.lat) for row in rows]))
    for row, match, zone in zip(rows, matches, truth, strict=True):
        label, surely = judged(matcher, match, row, quarters)
        wrong = surely is not None and surely != zone
        names = [label, *(["wrong_zone"] if wrong else [])]
        names += ["review"] if label in ("ambiguous", "missed") else []
        found.counts.update(names)
        found.by_fault.setdefault(row.fault, Counter()).update(names)
        if wrong:
            found.wrong.append((row, match))
    return found


def judged(matcher: Matcher, match: Match, row: Row, quarters: Quarters) -> tuple[str, str | None]:
    """Return the outcome's name, and the quarter the row is surely put in (None: not surely)."""
    if match.outcome is not Outcome.LOCATED or match.place is None:
        return ("ambiguous" if match.outcome is Outcome.AMBIGUOUS else "missed"), None
    places = [match.place, *match.others]
    if match.level is Level.STREET:
        index = matcher.index
        doors = index.doors_of(index.ways[match.place.street])
        zones, _ = quarters.of(index.lon[doors], index.lat[doors])
    else:
        zones, gaps = quarters.of(*_degrees([(place.lon, place.lat) for place in places]))
        if any(gap < place.precision for gap, place in zip(gaps, places, strict=True)):
            return "ambiguous", None
    if len(set(zones)) > 1:
        return "ambiguous", None
    dx = (match.place.lon - row.door.lon) * 73_300
    dy = (match.place.lat - row.door.lat) * 111_320
    near = float(np.hypot(dx, dy)) <= NEAR_METRES
    return ("near" if near else "street" if match.level is Level.STREET else "far"), zones[0]


def _degrees(points: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(points, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def main() -> None:
    given = [word for word in sys.argv[1:] if word != "--unseen"]
    make = unseen_list if "--unseen" in sys.argv else messy_list
    addresses, zones = Path(given[0]), Path(given[1])
    count = int(given[2]) if len(given) > 2 else 20_000
    seed = int(given[3]) if len(given) > 3 else 1
    rows = list(make(doors_of(addresses), count, seed))
    found = score(matcher_of_file(addresses), rows, quarters_of_file(zones))
    print(json.dumps(found.as_dict(), indent=2))
    for fault, counts in sorted(found.by_fault.items()):
        print(f"{fault:16}", dict(counts))


if __name__ == "__main__":
    main()
