"""Grid, protect, zone and assess a country; the plain pandas way beside, on a tenth.

    .venv/bin/python -m benchmarks.carroyage_gridding FOLDER [--households 30000000] [--rounds 5]

Writes the invented country to FOLDER first when it is not there. Each measure runs in its own
process, so that peak memory is its own; the order of the ways turns round from one round to the
next, and each starts once what the last one wrote is on the disk. Libraries are imported and
loops compiled before the clock starts: an unmeasured run comes first. The plain way reads the file
whole, makes an arithmetic key and groups by it, without validation nor search for repeated
ids; it is measured alone (``plain_pandas``) and followed by plain secrecy (``plain_published``).
The product validates in both cases (``gridded``, ``published``); ``made`` is what the command
``grid make`` does, communes and medians included. A table closes the run: every round, their
median, peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.carroyage_generate import HOUSEHOLDS, write
from carroyage import columns

POVERTY, LINE = 13_890.0, 12_800.0
ROUNDS, SETTLE = 5, 2  # seconds
PLAIN, OURS = ("plain_pandas", "plain_published"), ("gridded", "made", "published")
PEER = {"gridded": "plain_pandas", "made": "plain_pandas", "published": "plain_published"}


def tenth_of(path: Path) -> Path:
    """Write the first tenth of the records (whole row groups) beside the file."""
    part = path.with_name(path.stem + "_tenth.parquet")
    if not part.exists():
        with pq.ParquetFile(path) as whole:
            wanted, written = whole.metadata.num_rows / 10, 0
            with pq.ParquetWriter(part, whole.schema_arrow, compression="zstd") as writer:
                for number in range(whole.num_row_groups):
                    if written >= wanted:
                        break
                    table = whole.read_row_group(number)
                    writer.write_table(table)
                    written += len(table)
    return part


def plain_cells(path: Path) -> tuple[pd.DataFrame, int]:
    """Do it the usual way: one frame, an arithmetic key, one groupby."""
    frame = pd.read_parquet(path)
    units = 1 + 0.5 * (frame["persons"] - frame["under_14"] - 1) + 0.3 * frame["under_14"]
    standard = frame["disposable_income"] / units
    by_department = standard.groupby(frame["department"], observed=True)
    low = frame["department"].map(by_department.quantile(0.05)).astype(float)
    high = frame["department"].map(by_department.quantile(0.95)).astype(float)
    persons = frame["persons"]
    table = pd.DataFrame(
        {
            "key": (frame["y"] // 200).astype("int64") * 100_000
            + (frame["x"] // 200).astype("int64"),
            "ind": persons,
            "men": 1,
            "men_pauv": standard < POVERTY,
            "men_1ind": persons == 1,
            "men_5ind": persons >= 5,
            "men_prop": frame["tenure"] == "owner",
            "men_fmp": frame["single_parent"],
            "ind_snv": standard.clip(low, high) * persons,
            "men_surf": frame["floor_area"],
            "men_coll": frame["dwelling"] == "flat",
            "men_mais": frame["dwelling"] == "house",
            **{n: frame["built"] == n.removeprefix("log_") for n in columns.PERIODS},
            "log_soc": frame["tenure"] == "social",
            **{name: frame[name] for name in columns.AGES},
            "low_income_persons": persons.where(frame["declared_income"] / units < LINE, 0),
        }
    )
    return table.groupby("key").sum(), len(frame)


def plain_pandas(path: Path) -> dict[str, float]:
    """Grid the plain way."""
    cells, households = plain_cells(path)
    return {"households": households, "cells": len(cells)}


def plain_published(path: Path) -> dict[str, float]:
    """Grid and protect the plain way: one transform per level, then the groups."""
    cells, households = plain_cells(path)
    key = cells.index.to_numpy()
    north, east, men = key // 100_000 * 200, key % 100_000 * 200, cells["men"]
    level, still = np.full(len(cells), 200), np.ones(len(cells), bool)
    for size in (64_000, 32_000, 16_000, 8_000, 4_000, 2_000, 1_000):
        part = 200 if size == 1_000 else size // 2
        child = men.groupby([north // part, east // part]).transform("sum")
        smallest = child.groupby([north // size, east // size]).transform("min").to_numpy()
        stays = still & (smallest < 11)
        level[stays] = size
        still &= ~stays
    natural = [level, north // level, east // level]
    small = (men < 11) & (level > 200)
    gathered = men.where(small, 0).groupby(natural).transform("sum")
    large = cells["ind"].where(~small & (level > 200) & (gathered > 0) & (gathered < 11))
    joins = small | (large == large.groupby(natural).transform("min"))
    group = [part[joins.to_numpy()] for part in natural]
    names = [name for name in cells if name != "ind"]
    sums = cells[joins].groupby(group)[[*names, "ind"]].transform("sum")
    cells = cells.astype(float)
    cells.loc[joins, names] = sums[names].mul(cells.loc[joins, "ind"] / sums["ind"], axis=0)
    cells["men_pauv"] = np.minimum(cells["men_pauv"], 0.8 * cells["men"])
    cells = cells.round(1)
    folder = path.parent / "published_plain"
    folder.mkdir(exist_ok=True)
    cells.to_parquet(folder / "cells_200m.parquet")
    cells.groupby([north // 1_000, east // 1_000]).sum().to_parquet(folder / "cells_1km.parquet")
    cells.groupby(natural).sum().to_parquet(folder / "cells_natural.parquet")
    return {"households": households, "cells": len(cells)}


def gridded(path: Path) -> dict[str, float]:
    """Stream, validate, compare ids and grid."""
    from carroyage.accumulate import Lines
    from carroyage.streaming import read_households

    read = read_households(path, Lines(POVERTY, LINE))
    return {"households": read.records, "cells": len(read.sums.table())}


def made(path: Path) -> dict[str, float]:
    """Stream, validate, grid with communes and medians, and write true cells."""
    from carroyage.accumulate import Lines, finish
    from carroyage.management.gridfiles import TableWriter
    from carroyage.publishing import PART
    from carroyage.streaming import read_households

    read, cells = read_households(path, Lines(POVERTY, LINE), details=True), 0
    with TableWriter(path.with_name(f"made_{path.stem}.parquet")) as writer:
        for sums in read.parts(PART):
            writer.write(finish(sums, 200, 3035).reset_index())
            cells += len(sums)
    return {"households": read.records, "cells": cells}


def published(path: Path) -> dict[str, float]:
    """Stream, validate, grid, protect and write three levels."""
    from carroyage.publishing import publish_parquet

    out = publish_parquet(
        path, path.parent / f"published_{path.stem}", poverty_line=POVERTY, line=LINE
    )
    return {
        "households": out.records, "cells": out.cells,
        "imputed_share_of_cells": round(out.imputed_cells / out.cells, 3),
        "imputed_share_of_persons": round(out.imputed_persons / out.persons, 3),
    }  # fmt: skip


def points(path: Path) -> dict[str, Any]:
    """Assign points to cells, beside numpy's bare floor-divide of the same coordinates."""
    from carroyage.grid import cells_of_points

    frame = pd.read_parquet(path, columns=["x", "y"])
    x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
    bare, ours = [], []
    for _ in range(ROUNDS):  # alternating, so that a busy machine slows both
        bare.append(_timed(lambda: (np.floor_divide(x, 200), np.floor_divide(y, 200))))
        ours.append(_timed(lambda: cells_of_points(x, y)))
    ratio = statistics.median(bare) / statistics.median(ours)
    return {
        "points": len(x), "floor_divide_rounds": _shown(bare),
        "cells_of_points_rounds": _shown(ours),
        "speed_against_floor_divide": round(ratio, 2),
    }  # fmt: skip


def zones(path: Path) -> dict[str, Any]:
    """Zone all published cells of the country."""
    from carroyage.zones import build_zones

    cells = _published(path)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        found = build_zones(cells, "share_poor", 0.25)
        times.append(time.perf_counter() - started)
    return {
        "cells": len(cells), "zones": len(found.table), "dropped": len(found.dropped),
        "rounds": _shown(times), "median_s": round(statistics.median(times), 2),
    }  # fmt: skip


def quarters(path: Path) -> dict[str, Any]:
    """Assess zones against 1 296 invented quarters of about 30 hectares."""
    from carroyage.assess import assess
    from carroyage.zones import build_zones

    cells = _published(path)
    drawn = build_zones(cells, "share_poor", 0.25)
    legal = invented_quarters(cells)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        told = assess(cells, drawn, legal)
        times.append(time.perf_counter() - started)
    return {
        "quarters": told.quarters_total, "zones": len(drawn.table),
        "touched": told.quarters_touched, "rounds": _shown(times),
        "median_s": round(statistics.median(times), 2),
    }  # fmt: skip


def _shown(seconds: list[float]) -> list[float]:
    return [round(value, 3) for value in seconds]


def invented_quarters(cells: pd.DataFrame, count: int = 1_296):  # type: ignore[no-untyped-def]
    """Draw round-ish quarters of some 64 points around populous poor cells."""
    import geopandas as gpd
    import shapely

    from carroyage import grid

    rng = np.random.default_rng(0)
    poor = cells[cells["men_pauv"] > 0.25 * cells["men"]].nlargest(20_000, "ind")
    chosen = grid.parse_ids(poor.sample(count, random_state=0).index)
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    reach = 310 * (1 + 0.25 * rng.normal(0, 1, (count, 1)) * np.sin(3 * angle))
    x = chosen.east[:, None] + 100 + reach * np.cos(angle)
    y = chosen.north[:, None] + 100 + reach * np.sin(angle)
    shapes = shapely.polygons(np.stack([x, y], axis=-1))
    codes = [f"QP{i:06}" for i in range(count)]
    return gpd.GeoDataFrame({"code": codes}, geometry=shapes, crs=3035).to_crs(2154)


def _published(path: Path) -> pd.DataFrame:
    folder = path.parent / f"published_{path.stem}"
    names = ["idcar_200m", "ind", "men", "men_pauv", "ind_snv"]
    return pd.read_parquet(folder / "cells_200m.parquet", columns=names).set_index("idcar_200m")


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


MEASURES = {
    f.__name__: f
    for f in (plain_pandas, gridded, made, plain_published, published, points, zones, quarters)
}


def run(name: str, path: Path) -> dict[str, Any]:
    """Measure in a process of its own: seconds, peak memory in GiB, and what it tells."""
    os.sync()  # what the last run wrote must not slow this one
    time.sleep(SETTLE)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.carroyage_gridding", "--child", name, str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"{name:13} {path.stem:28} {json.dumps(told)}", flush=True)
    return told


def child(name: str, path: Path) -> None:
    # Importing libraries is not what is measured.
    import carroyage.kernels
    import carroyage.publishing  # noqa: F401

    started = time.perf_counter()
    told = MEASURES[name](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": round(seconds, 1), "peak_gib": round(peak, 2), **told}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--households", type=int, default=HOUSEHOLDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    wanted = parser.parse_args()
    whole = write(wanted.folder, wanted.households)
    tenth = tenth_of(whole)
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in (*OURS, *PLAIN)}
    run("made", tenth)  # compiles what is not compiled yet
    for number in range(wanted.rounds):  # alternating, so that a busy machine slows both
        for name in told if number % 2 else reversed(told):
            told[name].append(run(name, tenth))
    country = {name: run(name, whole) for name in OURS}
    more = {name: run(name, whole) for name in ("points", "zones", "quarters")}
    print("\n".join(["", *table(told, country, more)]))


def table(
    told: dict[str, list[dict[str, Any]]],
    country: dict[str, dict[str, Any]],
    more: dict[str, dict[str, Any]],
) -> list[str]:
    """Every round on a tenth, its median, the country at once, and the ratios to the plain way."""
    median = {
        name: statistics.median(row["seconds"] for row in rows) for name, rows in told.items()
    }
    lines = [
        "| | rounds on a tenth, s | median | GiB | country, s | GiB | times the plain pace |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, rows in told.items():
        each = ", ".join(f"{row['seconds']:.1f}" for row in rows)
        peak = max(row["peak_gib"] for row in rows)
        whole = country.get(name)
        line = f"| {name} | {each} | {median[name]:.1f} | {peak:.2f} |"
        if whole is None:
            lines.append(line + " | | 1 |")
            continue
        plain = median[PEER[name]]
        at_scale = plain / rows[0]["households"] * whole["households"] / whole["seconds"]
        lines.append(
            f"{line} {whole['seconds']:.1f} | {whole['peak_gib']:.2f} | "
            f"{plain / median[name]:.2f} on the tenth, {at_scale:.2f} at scale |"
        )
    return [*lines, "", *(f"{name}: {json.dumps(row)}" for name, row in more.items())]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
