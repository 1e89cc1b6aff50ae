"""The address directories of the State's booklet for Paris (2015), for scoring, never for tuning.

    python -m benchmarks.deposits_directories ADDRESSES.csv.gz

`deposits_directories.csv` holds each entry as it is printed (lines joined, cut words healed) and
the door that is meant, written by hand; the State prints one avenue as a rue. Entries are told
apart: within 100 m of the door, farther, told by street where the reference has no such door or
none is printed, left for review.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

from benchmarks.deposits_matching import NEAR_METRES, matcher_of_file
from importers.matching import Level, Match, Outcome
from importers.matching.index import METRES_PER_DEGREE, StreetIndex

ENTRIES = Path(__file__).with_suffix(".csv")
Point = tuple[float, float]


def doors_by_label(index: StreetIndex) -> dict[str, Point]:
    """Return where each door lies, by number, street and commune; without suffix the first."""
    found: dict[str, Point] = {}
    for way in index.ways:
        for number, doors in way.doors.items():
            for suffix, door in doors:
                point = (float(index.lon[door]), float(index.lat[door]))
                commune = index.commune_of[door]
                for written in (f"{number}{suffix.lower()}", f"{number}"):
                    found.setdefault(f"{written} {way.name} ({commune})", point)
    return found


def judged(match: Match, door: Point | None) -> str:
    """Return what became of an entry; ``door`` is None where the reference has none."""
    if match.place is None:
        return "missed"
    if match.outcome is not Outcome.LOCATED:
        return "review"
    if match.level is Level.STREET or door is None:
        return "street"
    dx = (match.place.lon - door[0]) * 73_300
    dy = (match.place.lat - door[1]) * METRES_PER_DEGREE
    return "near" if (dx * dx + dy * dy) ** 0.5 <= NEAR_METRES else "far"


def main() -> None:
    matcher = matcher_of_file(Path(sys.argv[1]))
    doors, found = doors_by_label(matcher.index), Counter[str]()
    with ENTRIES.open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle, delimiter="|"):
            match = matcher.match(row["printed"])
            label = f"{row['door']} ({row['commune']})"
            outcome = judged(match, doors.get(label))
            found[outcome] += 1
            if match.place is None or match.place.label != label:
                place = match.place.label if match.place else "nothing"
                print(
                    f"{outcome}: {row['printed']}\n    {place} {[str(why) for why in match.whys]}"
                )
    print(f"{found.total()} entries: {dict(found.most_common())}")


if __name__ == "__main__":
    main()
