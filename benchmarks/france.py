"""Fill a database with cells and quarters as many and as dense as France's, all invented.

    OBSERVATORY_DATABASE=observatory_france .venv/bin/python -m benchmarks.france

2 313 783 cells of 200 m with every published column (a capital whose cells are all inhabited,
towns, hamlets) and 1 362 quarters of about 150 points. The same seed gives the same country.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import shapely

CELLS, QUARTERS, SETTLEMENTS = 2_313_783, 1_362, 36_000
CAPITAL = (3_760_000, 2_890_000)  # east, north (EPSG:3035)
SIDE = 200
# The country's outline, roughly: a hexagon in EPSG:3035.
HEXAGON = shapely.Polygon(
    [(3.23e6, 2.85e6), (3.80e6, 3.11e6), (4.13e6, 2.84e6), (4.05e6, 2.25e6), (3.72e6, 2.14e6),
     (3.44e6, 2.27e6)]
)  # fmt: skip
BATCH = 200_000


def inhabited(rng: np.random.Generator) -> np.ndarray:
    """Return the lower-left corners of the inhabited cells, (CELLS, 2) metres, east and north."""
    kept = [_disc(CAPITAL, 12_000, 1.0, rng), _disc(CAPITAL, 30_000, 0.55, rng)]
    centres = _inside(rng, SETTLEMENTS)
    kept += [_disc(tuple(centre), 5_000, 0.9, rng) for centre in centres[:25]]
    sizes = np.minimum(4_000, (rng.pareto(1.05, SETTLEMENTS) * 22 + 8)).astype(int)
    spread = np.sqrt(sizes)[:, None] * SIDE * 0.75
    owners = np.repeat(np.arange(SETTLEMENTS), sizes)
    places = centres[owners] + rng.normal(0, 1, (owners.size, 2)) * spread[owners]
    kept.append(places[shapely.contains_xy(HEXAGON, places)])
    found = np.unique(np.floor(np.vstack(kept) / SIDE).astype(np.int64), axis=0)
    while len(found) < CELLS:
        more = np.floor(_inside(rng, CELLS - len(found) + 1000) / SIDE).astype(np.int64)
        found = np.unique(np.vstack([found, more]), axis=0)
    far = np.hypot(*(found * SIDE - np.array(CAPITAL)).T) > 35_000
    spare = rng.choice(np.flatnonzero(far), len(found) - CELLS, replace=False)
    return np.delete(found, spare, axis=0) * SIDE


def _inside(rng: np.random.Generator, wanted: int) -> np.ndarray:
    west, south, east, north = HEXAGON.bounds
    places = rng.uniform((west, south), (east, north), (wanted * 2, 2))
    return places[shapely.contains_xy(HEXAGON, places)][:wanted]


def _disc(
    centre: tuple[float, ...], radius: float, filled: float, rng: np.random.Generator
) -> np.ndarray:
    steps = np.arange(-radius, radius, SIDE)
    places = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    near = np.hypot(*places.T) < radius
    return places[near & (rng.random(near.size) < filled)] + np.array(centre)


def measures(corners: np.ndarray, names: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Return one value per cell and measure, with one decimal as published."""
    from_capital = np.hypot(*(corners - np.array(CAPITAL)).T)
    scale = np.where(from_capital < 30_000, 5.2, 2.0)
    persons = np.round(np.exp(rng.normal(scale, 1.0)), 1) + 1
    table = {}
    for name in names:
        share = 1.0 if name == "ind" else rng.beta(2, 5, persons.size)
        factor = 22_000 if name == "ind_snv" else 35 if name == "men_surf" else 1
        table[name] = np.round(persons * share * factor, 1)
    return pd.DataFrame(table)


def batches(dataset: int) -> Iterator[bytes]:
    """Yield the cells as CSV, ready for COPY."""
    from carroyage.models import MEASURES

    rng = np.random.default_rng(75)
    corners = inhabited(rng)
    for start in range(0, len(corners), BATCH):
        part = corners[start : start + BATCH]
        frame = measures(part, MEASURES, rng)
        head = {"dataset_id": dataset, "epsg": 3035, "size": SIDE}
        head |= {"north": part[:, 1], "east": part[:, 0]}
        head |= {"i_est_200": rng.integers(0, 2, len(part)), "i_est_1km": 0}
        table = pa.Table.from_pandas(frame.assign(**head, groupe="", lcog_geo=""))
        buffer = io.BytesIO()
        pacsv.write_csv(table, buffer, pacsv.WriteOptions(quoting_style="all_valid"))
        yield buffer.getvalue()


def quarters(rng: np.random.Generator) -> list[shapely.Polygon]:
    """Return wavy outlines in EPSG:3035, a tenth of them around the capital."""
    near = np.array(CAPITAL) + rng.normal(0, 12_000, (QUARTERS // 10, 2))
    centres = np.vstack([near, _inside(rng, QUARTERS)])[:QUARTERS]
    angles = np.linspace(0, 2 * np.pi, 150, endpoint=False)
    return [_blob(centre, angles, rng) for centre in centres]


def _blob(centre: np.ndarray, angles: np.ndarray, rng: np.random.Generator) -> shapely.Polygon:
    waves = sum(rng.uniform(0, 0.12) * np.sin(k * angles + rng.uniform(0, 6)) for k in range(2, 9))
    radius = rng.uniform(200, 700) * (1 + waves)
    ring = centre + np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])
    return shapely.Polygon(ring)


def fill() -> None:
    """Store the country in the database of the environment, in place of what is there."""
    from django.db import connection, transaction

    from carroyage.models import Cell, GridDataset
    from observatory.models import Level, Perimeter, Run, RunState, Source, Status, Territory

    source, _ = Source.objects.update_or_create(
        code="invented-country",
        defaults={
            "title": "Invented country",
            "producer": "Benchmark",
            "vintage": "2021",
            "is_demonstration": True,
        },
    )
    with transaction.atomic(), connection.cursor() as cursor:
        Perimeter.objects.all().delete()
        Territory.objects.all().delete()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE carroyage_griddataset CASCADE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        dataset = GridDataset.objects.create(source=source)
        cursor.execute("DROP INDEX layers_cell_shape")
        _copy(cursor, dataset.pk)
        begun = time.monotonic()
        # References are checked and cells summed now: an index is not made before.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        print(f"sums {time.monotonic() - begun:.0f} s", flush=True)
        cursor.execute("CREATE INDEX layers_cell_shape ON carroyage_cell USING gist (geom_3857)")
        begun = time.monotonic()
        for number, shape in enumerate(quarters(np.random.default_rng(93))):
            area = Territory.objects.create(
                level=Level.QPV, code=f"QN{number:06}", name=f"Quartier {number}",
                generation=2024, source=source, facts={"population": 1000 + number},
            )  # fmt: skip
            cursor.execute(
                "SELECT ST_Multi(ST_Transform(ST_SetSRID(%s::geometry, 3035), 4326))",
                [shape.wkb_hex],
            )
            outline = cursor.fetchone()[0]
            Perimeter.objects.create(
                territory=area, geom=outline, status=Status.LEGAL, source=source,
                valid_from="2024-01-01",
            )  # fmt: skip
        print(f"quarters {time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
    print(f"commit {time.monotonic() - begun:.0f} s")
    begun = time.monotonic()
    Run.objects.create(kind="load benchmark", state=RunState.DONE, version="benchmark")
    print(f"outlines {time.monotonic() - begun:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{Cell.objects.count()} cells")


def _copy(cursor: object, dataset: int) -> None:
    begun = time.monotonic()
    for number, batch in enumerate(batches(dataset)):
        columns = batch[: batch.index(b"\n")].decode()
        with cursor.copy(
            f"COPY carroyage_cell ({columns}) FROM STDIN WITH (FORMAT csv, HEADER)"
        ) as c:  # type: ignore[attr-defined]
            c.write(batch)
        print(f"batch {number + 1}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
    import django

    django.setup()
    fill()
