"""The words of ``observatory zones``: its actions, what each takes, and examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from carroyage.management.wanted import Wanted

SCORE_NAMES = (
    "majority_low_income", "share_poor", "mean_living_standard", "share_poor_near",
    "combined_ranks",
)  # fmt: skip
SCORE_HELP = ", ".join(SCORE_NAMES) + " (records where loaded, else share_poor)"
BUILD_HELP = """\
Build zones from the loaded cells and store them as computed perimeters.

  observatory zones build
      household records where they are loaded (majority of low-income inhabitants under the
      decree's line of each urban unit), else the public cells (share of poor households)
  observatory zones build --score share_poor --threshold 0.25
  observatory zones build --national-median 18750 --urban-unit-median 22440 \\
                          --urban-unit-population 10500000
  observatory zones build --scheduler tcp://HOST:8786
      the same zones, computed by the workers of a Dask cluster
  observatory zones build --outlines --list quarters.csv
      plausible outlines finer than cells (cell x IRIS), by a score fitted on the loaded legal
      generation; where a city has none, by the share of poor households. The list (name,
      communes, population; optional streets) is the planner's. The result says what was used
      and what could not be: a grid alone is enough

A reconstruction is never the legal zoning: compare it with 'observatory zones assess'.
"""
ASSESS_HELP = """\
Compare computed zones with the legal quarters, at several thresholds.

  observatory zones assess
  observatory zones assess --score mean_living_standard --thresholds 14000,16000,18000
  observatory zones assess --outlines --list quarters.csv \\
                           --sectors 75108+75109+75116+75117+75118+75119,75105+75106+75107
      outlines drawn by a score that never saw the arrondissement (or the sector; the divisions
      left are one more) it draws, beside naive whole cells judged the same way

IoU is area in common over area of either; its ceiling is the best any set of whole cells can
do. Population is each cell's, shared among its addresses. AUC: a cell is positive when at
least 50 % of it is legal. A quarter is touched from 10 % of its area, covered from half of
its population.
"""
SENSITIVITY_HELP = """\
Say how stable the zones are: build them again under many lines, thresholds, contiguities and
minimum populations, drawn at random around the ones asked for. A zone exists in a draw when
one zone of the draw shares at least half of their joint inhabitants with it.

  observatory zones sensitivity
  observatory zones sensitivity --draws 500 --seed 7
  observatory zones sensitivity --line-range 11900,13400 --threshold-range 0.45,0.55
  observatory zones sensitivity --score share_poor --scores share_poor,mean_living_standard

The same seed draws the same choices. The table says in what share of the draws each zone
exists, then what each choice does to the number of zones.
"""
COMPARE_HELP = """\
Compare the zones of two runs: cells, blocks, addresses and inhabitants gained and lost, and
what became of each zone. Without numbers, the last two runs of 'zones build'.

  observatory zones build --threshold 0.5
  observatory zones build --threshold 0.55
  observatory zones compare
  observatory zones compare 21 34
"""
HELP = {
    "build": BUILD_HELP,
    "assess": ASSESS_HELP,
    "sensitivity": SENSITIVITY_HELP,
    "compare": COMPARE_HELP,
}


def add_actions(parser: argparse.ArgumentParser, add_common: Any) -> None:
    """Add every action; ``add_common`` adds what all commands take."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(HELP))
    raw = argparse.RawDescriptionHelpFormatter
    for name, told in HELP.items():
        action = actions.add_parser(
            name, description=told, formatter_class=raw, help=" ".join(told.split(".")[0].split())
        )
        _OPTIONS[name](action.add_argument)
        add_common(action)
        if name != "compare":
            _wanted(action)


def _build(add: Any) -> None:
    add("--if-missing", action="store_true", help="only if none exist")
    add("--again", action="store_true", help="even if nothing changed")
    add("--scheduler", default="", metavar="tcp://HOST:8786", help="a Dask cluster to compute on")
    _outlines(add)


def _assess(add: Any) -> None:
    add("--thresholds", type=numbers, help="0.2,0.25,0.3")
    add("--sectors", type=sectors, default=(), metavar="CODE+CODE,CODE", help="held out together")
    add("--map", dest="map_file", type=Path, metavar="FILE.png", help="outlines beside the law")
    _outlines(add)


def _outlines(add: Any) -> None:
    add("--outlines", action="store_true", help="pieces finer than cells, a fitted score")
    add("--list", dest="listed", type=Path, metavar="FILE", help="name, communes, population")
    add("--blocks", type=float, metavar="METRES", help="cut pieces by blocks of addresses too")
    add("--generation", type=int, help="of the legal quarters (earliest)")
    add(
        "--territory",
        type=words,
        default=(),
        metavar="CODE,CODE",
        help="communes or arrondissements to work on (the city the cells describe)",
    )


def _sensitivity(add: Any) -> None:
    add("--draws", type=int, default=200, help="how many sets of choices (200)")
    add("--seed", type=int, default=0, help="of the random draws (0)")
    add("--threshold-range", type=pair, metavar="LOW,HIGH", help="a tenth around the threshold")
    add("--line-range", type=pair, metavar="LOW,HIGH", help="euros; a tenth around the line")
    add("--scores", type=words, default=(), help="draw among these scores (the one asked for)")
    add("--min-populations", type=numbers, default=(800, 1_000, 1_200), help="800,1000,1200")
    add("--contiguities", type=words, default=("queen", "rook"), help="queen,rook")


def _compare(add: Any) -> None:
    add("runs", nargs="*", type=int, metavar="RUN", help="two runs, the earlier first")


_OPTIONS = {
    "build": _build,
    "assess": _assess,
    "sensitivity": _sensitivity,
    "compare": _compare,
}


def _wanted(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--score", default="", choices=["", *SCORE_NAMES], metavar="NAME", help=SCORE_HELP)
    add("--threshold", type=float, help="the score from which a cell is selected")
    add("--line", type=float, help="a stated low-income line, in euros (a multiple of 10)")
    add("--national-median", type=float, help="median declared income per consumption unit")
    add("--urban-unit-median", type=float, help="the same median, of the urban unit")
    add("--urban-unit-population", type=int, help="inhabitants: from 5 million on, 0.3 and 0.7")
    add("--contiguity", default="queen", choices=["queen", "rook"], help="8 or 4 neighbours")
    add("--min-population", type=float, default=Wanted.min_population, help="of a zone (1000)")
    add("--min-households", type=float, default=Wanted.min_households, help="of a cell (11)")
    add("--bridge-gaps", action="store_true", help="join clusters one cell apart")
    add("--fill-holes", action="store_true", help="add enclosed positions")
    add("--vintage", default="", help="of the cells (the last loaded)")


def numbers(text: str) -> tuple[float, ...]:
    """Read a list of numbers."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list like 0.2,0.25") from None


def pair(text: str) -> tuple[float, float]:
    """Read a range."""
    found = numbers(text)
    if len(found) != 2 or found[0] > found[1]:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range like 0.2,0.25")
    return found[0], found[1]


def sectors(text: str) -> tuple[tuple[str, ...], ...]:
    """Read groups of codes."""
    return tuple(tuple(part.strip().split("+")) for part in text.split(",") if part.strip())


def words(text: str) -> tuple[str, ...]:
    """Read a list of names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
