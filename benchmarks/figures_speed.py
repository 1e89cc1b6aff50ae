"""Load figures as many as the nation's quarters have, then compare them: seconds, milliseconds.

    .venv/bin/python -m benchmarks.figures_speed

1 296 quarters × 40 indicators × 10 years come in as one file of the template (518 400 figures,
and those of a city beside them), in a database of its own, ``observatory_bench_figures``, emptied
first; five times. Then each comparison is asked five times. Prints Markdown, every round shown.
Exit status 1 where the median load takes 60 s or more, or the median of a comparison 200 ms or
more.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

DATABASE = "observatory_bench_figures"
QUARTERS, INDICATORS, YEARS = 1_296, 40, range(2012, 2022)
LOAD_SECONDS, QUERY_MS, TIMES = 60, 200, 5
NATURES = ("count", "share", "median", "rate")


def dictionary() -> pd.DataFrame:
    """Return forty indicators of four natures, ten of each."""
    codes = [f"bench-{number:02d}" for number in range(INDICATORS)]
    natures = [NATURES[number % len(NATURES)] for number in range(INDICATORS)]
    return pd.DataFrame(
        {
            "code": codes,
            "label": [f"Indicateur {code}" for code in codes],
            "nature": natures,
            "polarity": ["lower" if number % 3 else "higher" for number in range(INDICATORS)],
            "per": ["1000" if nature == "rate" else "" for nature in natures],
            # Ten of them count persons: their load looks for what subtraction would tell.
            "counts_persons": ["1" if number % 8 < 2 else "" for number in range(INDICATORS)],
        }
    )


def figures(chance: np.random.Generator) -> pd.DataFrame:
    """Return the filled-in template: counts behind every share and rate, some values missing."""
    told = dictionary()
    places = [("qpv", f"QP{1 + n // 999:03d}{n % 999:03d}") for n in range(QUARTERS)]
    places.append(("commune", "99001"))
    index = pd.MultiIndex.from_product(
        [range(INDICATORS), range(len(places)), YEARS], names=["indicator", "place", "year"]
    )
    frame = index.to_frame(index=False)
    nature = told["nature"].to_numpy()[frame["indicator"]]
    size = np.where(frame["place"] == QUARTERS, 4_000_000, 1) * 1.0
    under = np.round(chance.uniform(1_000, 9_000, len(frame)) * size)
    top = np.round(under * chance.uniform(0.05, 0.6, len(frame)))
    pooled = np.isin(nature, ["share", "rate"])
    factor = np.where(nature == "share", 100, 1000)
    value = np.where(
        pooled, factor * top / under, np.round(chance.uniform(8_000, 20_000, len(frame)))
    )
    missing = (chance.random(len(frame)) < 0.03) & (frame["place"] != QUARTERS)
    text = pd.Series(value).round(6).astype(str).where(~missing, "nd")
    counts = {
        name: pd.Series(column).round().astype(int).astype(str).where(pooled & ~missing, "")
        for name, column in (("numerator", top), ("denominator", under))
    }
    return pd.DataFrame(
        {
            "indicator": told["code"].to_numpy()[frame["indicator"]],
            "level": [places[n][0] for n in frame["place"]],
            "territory": [places[n][1] for n in frame["place"]],
            "year": frame["year"],
            "value": text,
            **counts,
        }
    )


def prepare() -> None:
    """Make the database of the benchmark, empty, with its quarters and its city."""
    from django.core.management import call_command

    from observatory.models import Indicator, Level, Membership, Observation, Source, Territory

    call_command("migrate", verbosity=0)
    Observation.objects.all().delete()
    Indicator.objects.all().delete()
    Membership.objects.all().delete()
    Territory.objects.all().delete()
    source, _ = Source.objects.get_or_create(
        code="benchmark", defaults={"title": "Benchmark", "producer": "Benchmark"}
    )
    city = Territory.objects.create(level=Level.COMMUNE, code="99001", name="Ville", source=source)
    made = [
        Territory(level=Level.QPV, code=f"QP{1 + n // 999:03d}{n % 999:03d}", name=f"Quartier {n}",
                  source=source, generation=2015, identity=f"bench-{n}")
        for n in range(QUARTERS)
    ]  # fmt: skip
    Territory.objects.bulk_create(made)
    Membership.objects.bulk_create(
        Membership(member=quarter, container=city, source=source) for quarter in made
    )


def load(folder: Path) -> float:
    """Load the dictionary and the figures; return the seconds that the figures took."""
    from importers.loads import load as bring

    words, table = folder / "dictionary.csv", folder / "figures.csv"
    dictionary().to_csv(words, index=False)
    figures(np.random.default_rng(2015)).to_csv(table, index=False)
    bring("dictionary", words)
    begun = time.perf_counter()
    bring("indicators", table)
    return time.perf_counter() - begun


def comparisons() -> dict[str, Callable[[], Any]]:
    """Return what is asked of the figures, by name."""
    from observatory.figures.gaps import Reference, evolutions, gap_to_all, gaps, standings
    from observatory.figures.series import indicators_of
    from observatory.figures.tell import percentiles_by_year
    from observatory.figures.typology import slopes_of, steepest, stored_trends, stored_values
    from observatory.models import Territory

    told = indicators_of(["bench-01", "bench-02"])
    share, median = told["bench-01"], told["bench-02"]
    quarters = Territory.objects.filter(level="qpv").order_by("code")
    everyone = list(quarters.values_list("pk", flat=True))
    twenty, city = everyone[:20], Territory.objects.get(code="99001")
    both = [Reference(city.pk, "Ville"), Reference(city.pk, "Ville", without_quarters=True)]
    ten = [f"bench-{number:02d}" for number in range(10)]

    def falling_behind() -> Any:
        trends = stored_trends(["bench-01", "bench-02"], YEARS)
        return steepest(slopes_of(trends.panels, trends.polarity))

    return {
        "gaps of 20 quarters to the city and its rest": lambda: gaps(share, twenty, 2019, both),
        "gaps of all quarters to the city and its rest": lambda: gaps(share, everyone, 2019, both),
        "gaps to all quarters together": lambda: gap_to_all(share, twenty, everyone, 2019),
        "ranks of 20 quarters in the nation": lambda: standings(median, twenty, 2019),
        "ranks of all quarters in the nation": lambda: standings(median, everyone, 2019),
        "percentiles of 20 quarters, ten years": (
            lambda: percentiles_by_year("bench-02", quarters[:20])
        ),
        "evolution of all quarters and of their gap": (
            lambda: evolutions("bench-01", everyone, 2012, 2021, reference=city.pk)
        ),
        "ten indicators of all quarters, one year": lambda: stored_values(ten, 2019),
        "which of all quarters fall behind, two indicators, ten years": falling_behind,
    }


def timed(ask: Callable[[], Any]) -> list[float]:
    """Return the milliseconds of five answers, after one to warm up."""
    ask()
    times = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - begun))
    return times


def told(name: str, rounds: list[float], limit: float) -> bool:
    """Print one line of the table; tell whether the promise is kept."""
    median = statistics.median(rounds)
    each = " ".join(f"{one:.1f}" for one in rounds)
    print(f"| {name} | {median:.1f} | {each} | {limit:g} |", flush=True)
    return median < limit


def main() -> int:
    """Prepare, load, compare, print, and say whether the promises are kept."""
    from django.db import connection

    loads = []
    for _ in range(TIMES):
        prepare()
        with tempfile.TemporaryDirectory() as folder:
            loads.append(load(Path(folder)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE observatory_observation")
    print("| what | median | rounds | at most |\n|---|---|---|---|")
    kept = [told("load of 518 800 figures, s", loads, LOAD_SECONDS)]
    kept += [told(f"{name}, ms", timed(ask), QUERY_MS) for name, ask in comparisons().items()]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    os.environ["OBSERVATORY_DATABASE"] = DATABASE
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
    from observatory.cluster import Cluster

    if not os.environ.get("DATABASE_URL"):
        cluster = Cluster.of_project()
        cluster.ensure_running()
        cluster.ensure_database(DATABASE)
    import django

    django.setup()
    sys.exit(main())
