"""Memory of the server's processes over many requests of every kind; flat, or it leaks.

    python -m benchmarks.memory [--requests 100000] [--steps 20]

Tiles kept and drawn, TileJSON, features, OGC pages, over 8 connections. After each step the
resident memory of all the server's processes is printed. Ends with status 1 where the second
half grows by more than 5 %.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import servers, tiles
from benchmarks.client import once
from observatory.paths import home


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    tiles.make_views()
    jobs = tiles.sample(tiles.ALL_ZOOMS, 20)
    chance, memory = random.Random(7), []
    with servers.observatory() as base:
        marks = tiles.marks_of(base)
        paths = [f"/tiles/{n}/{z}/{x}/{y}.pbf?{marks[n]}" for n, z, x, y in jobs]
        print("| requests | resident MB, all processes | requests/s | failures |")
        print("|---|---|---|---|")
        for step in range(1, options.steps + 1):
            shutil.rmtree(home() / "tiles", ignore_errors=True)  # some drawn, most kept
            asked = [_address(chance, paths) for _ in range(options.requests // options.steps)]
            result = once(base, asked, 8)
            memory.append(resident())
            done = step * len(asked)
            failures = sum(size == 0 for size in result.sizes)
            print(f"| {done} | {memory[-1]:.1f} | {result.rate:.0f} | {failures} |", flush=True)
    half = memory[len(memory) // 2]
    print(f"\nGrowth over the second half: {100 * (memory[-1] / half - 1):.1f} %")
    return 1 if memory[-1] > 1.05 * half else 0


def _address(chance: random.Random, tile_paths: list[str]) -> str:
    if chance.random() < 0.9:
        return chance.choice(tile_paths)
    return chance.choice(
        (
            "/tiles/qpv.json",
            "/api/layers/qpv/?limit=5",
            f"/ogc/collections/cells/items?limit=20&offset={chance.randrange(1000)}",
            "/api/territories/?limit=5",
            "/tiles/absent/1/0/0.pbf",
        )
    )


def resident() -> float:
    """Return the resident memory of our server's processes, in MB."""
    me = str(os.getpid())
    ours = ["pgrep", "-P", me, "-f", "observatory.deploy.web"]
    children = subprocess.run(ours, capture_output=True, text=True, check=False).stdout.split()
    workers = [
        child
        for parent in children
        for child in subprocess.run(
            ["pgrep", "-P", parent], capture_output=True, text=True, check=False
        ).stdout.split()
    ]
    pages = 0
    for number in [*children, *workers]:
        for line in Path(f"/proc/{number}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                pages += int(line.split()[1])
    return pages / 1024


if __name__ == "__main__":
    sys.exit(main())
