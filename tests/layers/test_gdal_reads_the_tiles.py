"""Other programs read what is served: GDAL's own decoder, over real HTTP."""

import json
import shutil
import subprocess
import urllib.request

import numpy as np
import pytest

from carroyage.models import Cell
from tests.layers.places import place_of, square

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("ogr2ogr"), reason="GDAL's programs are not installed"),
]


def ogr(program, *arguments):
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
    return done.stdout


def tile_options(place):
    return [
        option
        for name, value in (("X", place.x), ("Y", place.y), ("Z", place.z))
        for option in ("-oo", f"{name}={value}")
    ]


@pytest.fixture
def saved(live_server, tmp_path):
    """Return a fetcher of one tile into a file."""

    def fetch(place, names):
        target = tmp_path / f"{place.y}.pbf"
        with urllib.request.urlopen(live_server.url + place.url(names)) as answer:
            assert answer.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
            target.write_bytes(answer.read())
        return target

    return fetch


def test_ogrinfo_names_the_layers_and_counts_their_features(saved, make_grid, make_area):
    make_grid(6, 6)
    make_area(shape=square(2.33, 48.885))
    place = place_of(2.34, 48.89, 12)
    told = ogr("ogrinfo", "-ro", "-so", "-al", *tile_options(place), str(saved(place, "cells,qpv")))
    assert "Layer name: cells" in told
    assert "Feature Count: 36" in told
    assert "Layer name: qpv" in told
    assert "men_pauv" not in told  # never given by the maker: absent, not zero


def test_ogr2ogr_puts_the_cells_back_where_their_ids_say(saved, make_grid, tmp_path):
    make_grid(3, 3)
    place = place_of(2.3365, 48.8905, 12)
    target = tmp_path / "cells.geojson"
    ogr(
        "ogr2ogr", "-f", "GeoJSON", "-t_srs", "EPSG:3035", "-lco", "RFC7946=NO",
        *tile_options(place), str(target), str(saved(place, "cells")), "cells",
    )  # fmt: skip
    read = {
        feature["properties"]["id"]: feature["geometry"]["coordinates"]
        for feature in json.loads(target.read_text())["features"]
    }
    assert set(read) == {str(cell) for cell in Cell.objects.all()}
    for cell in Cell.objects.all():
        ring = np.ravel(read[str(cell)]).reshape(-1, 2)
        assert ring.min(axis=0) == pytest.approx([cell.east, cell.north], abs=4)


def test_gdal_reads_the_tile_straight_from_the_server(live_server, make_grid):
    make_grid(6, 6)
    place = place_of(2.34, 48.89, 12)
    address = f"MVT:/vsicurl/{live_server.url}{place.url('cells')}"
    told = ogr("ogrinfo", "-ro", "-so", "-al", *tile_options(place), address)
    assert "Feature Count: 36" in told
