"""Size and time of tiles over France-size data, zoom by zoom (fill it with benchmarks.france).

    OBSERVATORY_DATABASE=observatory_france python -m benchmarks.france_tiles [--per-zoom 60]

Every tile that holds something where there are few, and at deeper zooms the fullest ones (around
the capital) and others chosen by chance. Each is drawn once, over one connection, nothing kept.
Prints Markdown; ends with status 1 where a tile is larger than 500 kB or slower than 1 s. The 95th
percentile is that of benchmarks/client.py: of n ranked times the one after the first int(0.95 n),
so the 58th of 60 (the table published in benchmarks/README.md took the one before it).
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
import django

django.setup()

from django.db import connection  # noqa: E402

from benchmarks.client import Result  # noqa: E402
from layers.gate import Asked, Drawer  # noqa: E402
from layers.registry import REGISTRY  # noqa: E402
from layers.tiles import Tile  # noqa: E402

LARGEST, SLOWEST = 500_000, 1.0
CAPITAL = (261_000.0, 6_250_000.0)  # EPSG:3857, near the fullest cells
HALF = 20037508.342789244


def tiles(name: str, zoom: int, wanted: int) -> list[Tile]:
    """Return tiles that hold something: all of them, or the fullest and some by chance."""
    chance = random.Random(zoom)
    side = 2 * HALF / 2**zoom
    with connection.cursor() as cursor:
        cursor.execute(_places(name))
        places = cursor.fetchall()
    found = {(int((x + HALF) // side), int((HALF - y) // side)) for x, y in places}
    if len(found) > wanted:
        column, row = int((CAPITAL[0] + HALF) // side), int((HALF - CAPITAL[1]) // side)
        reach = int((wanted / 2) ** 0.5) // 2
        near = range(-reach, reach + 1)
        fullest = {(column + dx, row + dy) for dx in near for dy in near}
        found = fullest | {*chance.sample(sorted(found), wanted - len(fullest))}
    return [Tile(zoom, x, y) for x, y in sorted(found)]


def _places(name: str) -> str:
    if name == "cells":
        return (
            "SELECT ST_XMin(geom_3857), ST_YMin(geom_3857) FROM carroyage_cell "
            "TABLESAMPLE BERNOULLI (3) REPEATABLE (1)"
        )
    return "SELECT ST_XMin(geom_3857), ST_YMin(geom_3857) FROM observatory_perimeter"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per-zoom", type=int, default=60)
    wanted = parser.parse_args().per_zoom
    drawer, bad = Drawer(), 0
    print("| layer | zoom | tiles | p50 ms | p95 ms | slowest ms | mean kB | largest kB |")
    print("|---|---|---|---|---|---|---|---|")
    for name in ("cells", "qpv", "cells,qpv"):
        layers = REGISTRY.parse(name)
        for zoom in range(17):
            if not any(layer.has_zoom(zoom) for layer in layers):
                continue
            timed = Result()
            for tile in tiles(layers[0].id, zoom, wanted):
                begun = time.perf_counter()
                _, body = drawer.draw(Asked(layers, name, tile, {}, ""))
                timed.times.append(time.perf_counter() - begun)
                timed.sizes.append(len(body))
            sizes, slowest = timed.sizes, max(timed.times)
            bad += max(sizes) > LARGEST or slowest > SLOWEST
            print(
                f"| {name} | {zoom} | {len(sizes)} | {timed.median:.1f} "
                f"| {timed.percentile(0.95):.1f} | {1000 * slowest:.1f} "
                f"| {statistics.mean(sizes) / 1000:.1f} | {max(sizes) / 1000:.1f} |",
                flush=True,
            )
    drawer.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
