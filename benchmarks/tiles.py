# ruff: noqa: S608 - every name put into SQL here is one of our own declarations
"""Tiles per second beside peers: same database, same rows, same tiles, uncompressed, interleaved.

    python -m benchmarks.tiles --peers /path/to/venv/bin/python [--rounds 5] [--per-zoom 40]

The database of the environment must hold a grid, quarters and arrondissements (real files, or
the demonstration). Peers are installed apart: `pip install -r benchmarks/peers.txt` in a
virtual environment of their own, and Debian's cgi-mapserver, spawn-fcgi and nginx. What is not
installed is left out, and said. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import shutil
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import quote

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
import django

django.setup()

import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import servers  # noqa: E402
from benchmarks.client import Result, once  # noqa: E402
from layers.gate import connection_settings  # noqa: E402
from layers.kept import QUIET  # noqa: E402
from layers.registry import REGISTRY  # noqa: E402
from layers.tiles import Tile, query  # noqa: E402
from observatory.paths import home  # noqa: E402

LAYERS = ("cells", "qpv", "arrondissements")
# Cells are summed over squares up to zoom 10, and outlines simplified up to zoom 11: below, our
# tiles hold less, so only deeper zooms compare the same work.
SAME_WORK = {"cells": range(12, 16), "qpv": range(12, 17), "arrondissements": range(12, 17)}
ALL_ZOOMS = {"cells": range(8, 16), "qpv": range(8, 17), "arrondissements": range(8, 17)}

Job = tuple[str, int, int, int]
Round = Callable[[list[Job], int], Result]


def main() -> None:
    options = _options()
    make_views()
    for title, zooms in (("Same work", SAME_WORK), ("All zooms", ALL_ZOOMS)):
        jobs = sample(zooms, options.per_zoom)
        print(f"\n## {title}: {len(jobs)} tiles\n", flush=True)
        with ExitStack() as stack:
            rounds = _contestants(stack, options)
            for connections in (1, 8):
                compare(rounds, jobs, connections, options.rounds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default="", help="python of the peers' environment")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--per-zoom", type=int, default=40)
    parser.add_argument(
        "--server", action="append", default=[], metavar="NAME=URL",
        help="any other tile server, its URL with {layer} {z} {x} {y}",
    )  # fmt: skip
    return parser.parse_args()


def make_views() -> None:
    """Give every peer the very rows our tiles are made of, under a name of its own."""
    with connection.cursor() as cursor:
        for name in LAYERS:
            layer = REGISTRY.get(name)
            rows = layer.rows
            for parameter in layer.parameters:
                rows = rows.replace(f"%({parameter.name})s", "NULL")
            columns = ", ".join(f'"{a.name}"' for a in layer.attributes)
            cursor.execute(f"DROP VIEW IF EXISTS bench_{name}")
            cursor.execute(  # names and rows are our own declarations
                f"CREATE VIEW bench_{name} AS SELECT fid, {columns}, "
                f"geometry_3857::geometry(Geometry, 3857) FROM ({rows}) AS rows"
            )


def sample(zooms: dict[str, range], per_zoom: int) -> list[Job]:
    """Return tiles that hold something, chosen by chance, always the same."""
    chance, jobs = random.Random(75), []
    for name, range_ in zooms.items():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Centroid(geometry_3857) AS p "
                f"FROM bench_{name} ORDER BY fid) AS points"
            )
            places = cursor.fetchall()
        for zoom in range_:
            side = 2 * 20037508.342789244 / 2**zoom
            found = {
                (
                    name,
                    zoom,
                    int((x + side * 2**zoom / 2) // side),
                    int((side * 2**zoom / 2 - y) // side),
                )
                for x, y in chance.sample(places, min(len(places), per_zoom * 4))
            }
            jobs += chance.sample(sorted(found), min(len(found), per_zoom))
    chance.shuffle(jobs)
    return jobs


def _contestants(stack: ExitStack, options: argparse.Namespace) -> dict[str, Round]:
    stored = settings.DATABASES["default"]
    dsn = f"host={stored['HOST']} user={stored['USER']} dbname={stored['NAME']}"
    url = f"postgresql://{stored['USER']}@{quote(stored['HOST'], safe='')}/{stored['NAME']}"
    attributes = {n: [a.name for a in REGISTRY.get(n).attributes] for n in LAYERS}
    rounds: dict[str, Round] = {"observatory": _cold(stack.enter_context(servers.observatory()))}
    rounds["bare psycopg"] = floor
    if options.peers:
        base = stack.enter_context(servers.tipg(options.peers, url))
        prefix = "/collections/public.bench_{}/tiles/WebMercatorQuad/{}/{}/{}"
        rounds["tipg"] = _over_http(base, prefix)
        base = stack.enter_context(servers.django_vectortiles(options.peers, dsn, attributes))
        rounds["django-vectortiles"] = _over_http(base, "/{}/{}/{}/{}")
    if shutil.which("mapserv") and shutil.which("spawn-fcgi") and shutil.which("nginx"):
        base = stack.enter_context(servers.mapserver(dsn, attributes))
        rounds["MapServer"] = _over_http(base, "/{}/{}/{}/{}")
    for given in options.server:
        name, _, template = given.partition("=")
        for word in ("layer", "z", "x", "y"):
            template = template.replace(f"{{{word}}}", "{}")
        rounds[name] = _over_http("", template)
    return rounds


def _over_http(base: str, template: str) -> Round:
    def round_(jobs: list[Job], connections: int) -> Result:
        return once(base, [template.format(*job) for job in jobs], connections)

    return round_


def _cold(base: str) -> Round:
    """Ours with nothing kept, at the addresses TileJSON hands out."""
    marks = marks_of(base)

    def round_(jobs: list[Job], connections: int) -> Result:
        time.sleep(5 * QUIET)  # what the last round drew is in its files by then
        shutil.rmtree(home() / "tiles", ignore_errors=True)
        paths = [f"/tiles/{n}/{z}/{x}/{y}.pbf?{marks[n]}" for n, z, x, y in jobs]
        return once(base, paths, connections)

    return round_


def marks_of(base: str) -> dict[str, str]:
    """Return what TileJSON writes after each layer's tiles: their version."""
    marks = {}
    for name in LAYERS:
        with urllib.request.urlopen(f"{base}/tiles/{name}.json") as answer:  # noqa: S310
            marks[name] = json.load(answer)["tiles"][0].split("?")[1]
    return marks


def floor(jobs: list[Job], connections: int) -> Result:
    """Run the same statements over as many connections, and do nothing with the tiles."""
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    result = Result()

    def work() -> None:
        with psycopg.connect(**connection_settings()) as own:
            while True:
                try:
                    name, z, x, y = waiting.get_nowait()
                except queue.Empty:
                    return
                layer = REGISTRY.get(name)
                begun = time.perf_counter()
                row = own.execute(*query([layer], Tile(z, x, y), {}), prepare=True).fetchone()
                result.times.append(time.perf_counter() - begun)
                result.sizes.append(len(row[1]) if row else 0)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - begun
    return result


def compare(rounds: dict[str, Round], jobs: list[Job], connections: int, times: int) -> None:
    """Print one table: median of the rounds, and each round."""
    results: dict[str, list[Result]] = {name: [] for name in rounds}
    for round_ in rounds.values():  # plans, catalogues and pools of every server
        round_(jobs[:60], connections)
    for _ in range(times):
        for name, round_ in rounds.items():
            results[name].append(round_(jobs, connections))
    print(f"### {connections} connection(s)\n")
    print("| server | tiles/s | ours ÷ it | p50 ms | p99 ms | failures | mean KB | rounds |")
    print("|---|---|---|---|---|---|---|---|")
    ours = statistics.median(r.rate for r in results["observatory"])
    for name, found in results.items():
        rate = statistics.median(r.rate for r in found)
        p50 = statistics.median(r.median for r in found)
        p99 = statistics.median(r.percentile(0.99) for r in found)
        size = statistics.mean(found[-1].sizes) / 1000
        failures = sum(r.failures for r in found)
        each = " ".join(f"{r.rate:.0f}" for r in found)
        print(
            f"| {name} | {rate:.0f} | {ours / rate:.2f} | {p50:.1f} | {p99:.1f} | {failures} "
            f"| {size:.1f} | {each} |",
            flush=True,
        )
    print()


if __name__ == "__main__":
    main()
