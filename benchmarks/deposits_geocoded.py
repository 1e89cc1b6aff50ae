"""A million geocoded rows to all zones: our deposit beside a geopandas script, in one run.

    OBSERVATORY_DATABASE=… python -m benchmarks.deposits_geocoded [ROWS] [RUNS]

The database must hold perimeters (`observatory load folder …`). Both sides read the same CSV and
join it to the same zones on the same day, each in a process of its own; the time is from the file
to counts by zone, sex and age (ours: stored, encrypted and recoverable), the memory the largest
the process held. The script reads its zones from a file that is written beforehand.
"""

from __future__ import annotations

import csv
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DAY = "2016-01-01"
WEST, SOUTH, EAST, NORTH = 2.23, 48.80, 2.47, 48.92  # Paris and its edge, degrees


def make_rows(path: Path, rows: int, seed: int = 1) -> None:
    """Write points around Paris, with a reference, a sex and an age."""
    chance = random.Random(seed)
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle, delimiter=";")
        writer.writerow(["ref", "sexe", "age", "lon", "lat"])
        for number in range(rows):
            lon, lat = chance.uniform(WEST, EAST), chance.uniform(SOUTH, NORTH)
            writer.writerow(
                [f"R{number}", "FH"[chance.randrange(2)], chance.randrange(100),
                 f"{lon:.6f}", f"{lat:.6f}"]
            )  # fmt: skip


def write_zones(folder: Path) -> None:
    """Write the stored zones of the day, a file for each kind, for the script."""
    _django()
    from datetime import date

    import geopandas as gpd

    from importers.deposits.perimeters import LEVELS, Perimeters

    perimeters = Perimeters.stored()
    for level in LEVELS:
        layer = perimeters.layer(level, date.fromisoformat(DAY))
        if len(layer):
            frame = gpd.GeoDataFrame({level: layer.codes}, geometry=list(layer.shapes), crs=4326)
            frame.to_file(folder / f"{level}.gpkg")


def ours(path: Path, folder: Path) -> dict:
    """Deposit the file; return seconds and counts."""
    _django()
    from datetime import date

    from importers.deposits import results, service
    from observatory.models import Organisation

    organisation, _ = Organisation.objects.get_or_create(name="Banc d’essai")
    day = date.fromisoformat(DAY)
    begun = time.perf_counter()
    with path.open("rb") as handle:
        chunks = iter(lambda: handle.read(1 << 20), b"")
        deposit = service.receive(chunks, path.name, service.Ask("banc", day, day), organisation)
    service.carry_out(deposit)
    told = results.exact_result(deposit)
    seconds = time.perf_counter() - begun
    service.delete(deposit)
    return {"seconds": seconds, "qpv": told["fates"]["qpv"], "iris": len(told["by_level"]["iris"])}


def geopandas_script(path: Path, folder: Path) -> dict:
    """Do the same the way a planner's script does."""
    import geopandas as gpd
    import pandas as pd

    begun = time.perf_counter()
    frame = pd.read_csv(path, sep=";")
    frame["band"] = pd.cut(frame["age"], [0, 16, 26, 50, 65, 200], right=False)
    points = gpd.GeoDataFrame(
        frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326
    )
    counts = {}
    for file in sorted(folder.glob("*.gpkg")):
        zones = gpd.read_file(file)
        joined = gpd.sjoin(points, zones, how="left", predicate="intersects")
        joined = joined[~joined.index.duplicated()]
        counts[file.stem] = joined.groupby([file.stem, "sexe", "band"], observed=True).size()
    seconds = time.perf_counter() - begun
    return {
        "seconds": seconds,
        "qpv": int(counts["qpv"].sum()),
        "iris": counts["iris"].index.get_level_values(0).nunique(),
    }


def _django() -> None:
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
    django.setup()


SIDES = {"ours": ours, "geopandas": geopandas_script}


def _apart(side: str, path: Path, folder: Path) -> dict:
    words = [sys.executable, "-m", "benchmarks.deposits_geocoded", "--side", side]
    done = subprocess.run([*words, str(path), str(folder)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    if sys.argv[1:2] == ["--side"]:
        found = SIDES[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4]))
        used = resource.getrusage(resource.RUSAGE_SELF)
        found |= {"peak_mib": used.ru_maxrss // 1024, "cpu": used.ru_utime + used.ru_stime}
        print(json.dumps(found))
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    rounds: dict[str, list[dict]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_rows(folder / "rows.csv", rows)
        write_zones(folder)
        for run in range(1, runs + 1):
            for side in SIDES:
                told = _apart(side, folder / "rows.csv", folder)
                rounds[side].append(told)
                print(
                    f"run {run} {side:10} {told['seconds']:6.1f} s ({told['cpu']:.1f} s of a core) "
                    f"{told['peak_mib']:5} MiB, qpv {told['qpv']}, iris {told['iris']}",
                    flush=True,
                )
    for side, told in rounds.items():
        middle = {name: statistics.median(r[name] for r in told) for name in told[0]}
        print(
            f"median {side:10} {middle['seconds']:5.1f} s ({middle['cpu']:.1f} s of a core) "
            f"{middle['peak_mib']:5.0f} MiB"
        )


if __name__ == "__main__":
    main()
