"""The same country gridded, protected and zoned on a Dask cluster and on this machine alone.

    .venv/bin/python -m benchmarks.carroyage_dask FOLDER [--households 3000000] [--workers 2]
    .venv/bin/python -m benchmarks.carroyage_dask FOLDER --published cells_200m.parquet

Starts its own cluster of separate worker processes unless --scheduler names one whose workers
see FOLDER. Says the seconds of each way and the peak memory of this process, and ends with an
error where one byte differs. ``--published`` only zones the cells of such a file.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import distributed
import pandas as pd
import shapely

from benchmarks.carroyage_generate import write
from benchmarks.carroyage_gridding import LINE, POVERTY
from carroyage.accumulate import Lines, finish
from carroyage.distributed.connection import cluster
from carroyage.distributed.households import read_on_cluster
from carroyage.distributed.publishing import publish_on_cluster
from carroyage.distributed.zoning import zones_on_cluster
from carroyage.publishing import PART
from carroyage.scores import SHARE_POOR
from carroyage.secrecy import publish_in_parts
from carroyage.streaming import read_households
from carroyage.zones import Rules, zones_by

LINES, RULES = Lines(POVERTY, LINE), Rules(SHARE_POOR, 0.25)


def cells_of(read: Any) -> pd.DataFrame:
    return pd.concat([finish(part, 200, 3035) for part in read.parts(PART)])


def compare(name: str, here: Callable[[], Any], there: Callable[[], Any]) -> Any:
    """Time both ways and refuse a difference; give the result."""
    started = time.perf_counter()
    mine = here()
    middle = time.perf_counter()
    theirs = there()
    ended = time.perf_counter()
    for one, other in zip(mine, theirs, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    print(
        f"| {name} | {middle - started:.1f} | {ended - middle:.1f} | the same to the byte |",
        flush=True,
    )
    return mine


def measure(client: distributed.Client, path: Path) -> None:
    (raw,) = compare(
        "gridding",
        lambda: [cells_of(read_households(path, LINES, details=True))],
        lambda: [cells_of(read_on_cluster(client, path, LINES))],
    )
    (released,) = compare(
        "secrecy",
        lambda: [pd.concat([part.cells for part in publish_in_parts(raw, PART)])],
        lambda: [pd.concat([part.cells for part in publish_on_cluster(client, raw, PART)])],
    )
    zone(client, released)


def zone(client: distributed.Client, cells: pd.DataFrame) -> None:
    compare(
        f"zoning {len(cells):,} cells",
        lambda: zoned(zones_by(cells, RULES)),
        lambda: zoned(zones_on_cluster(client, cells, RULES)),
    )


def zoned(zones: Any) -> list[pd.DataFrame]:
    outlines = pd.DataFrame({"wkb": shapely.to_wkb(zones.outlines())})
    return [zones.members, zones.table, zones.dropped, outlines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--households", type=int, default=3_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--published", type=Path)
    wanted = parser.parse_args()
    path = wanted.published or write(wanted.folder, wanted.households)
    with ExitStack() as closing:
        address = wanted.scheduler
        if not address:
            local = distributed.LocalCluster(
                n_workers=wanted.workers, threads_per_worker=1, processes=True,
                host="127.0.0.1", dashboard_address=None,
            )  # fmt: skip
            address = closing.enter_context(local).scheduler_address
        client = closing.enter_context(cluster(address))
        print("| | this machine, s | cluster, s | |\n|---|---|---|---|", flush=True)
        if wanted.published:
            names = ["idcar_200m", "ind", "men", "men_pauv", "ind_snv"]
            zone(client, pd.read_parquet(path, columns=names).set_index("idcar_200m"))
        else:
            measure(client, path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"Peak memory of this process: {peak:.2f} GiB")


if __name__ == "__main__":
    main()
