"""Small territories made for the tests of the map server."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection
from django.test import Client

from carroyage.models import Cell, ComputedZone, GridDataset
from layers.registry import REGISTRY, Attribute, Layer
from observatory.models import Level, Perimeter, Right, Run, RunState, Source, Status
from observatory.models import Territory as Area
from tests.factories import put_default_rights_back
from tests.layers.places import multi, square

# Lower-left corner, in EPSG:3035, of a block of cells in the north of Paris.
NORTH, EAST = 2893400, 3760400


@pytest.fixture(autouse=True)
def _this_room_only(settings):
    """Ask the map server by its own addresses, without the pages around it."""
    settings.ROOT_URLCONF = "tests.layers.urls"


@pytest.fixture(autouse=True)
def _nothing_kept_in_the_projects_own_folder(monkeypatch, tmp_path):
    """Keep what the server keeps (rasters made at first ask) with the test."""
    monkeypatch.setattr("layers.rasters.views.home", lambda: tmp_path / "home")


@pytest.fixture
def rules(db):
    """The default rights; a test that commits leaves the tables empty behind it."""
    put_default_rights_back()


@pytest.fixture
def source(rules):
    return Source.objects.create(
        code="essai", title="Essai", producer="INSEE", vintage="2021", licence="Licence Ouverte"
    )


@pytest.fixture
def make_area(source):
    """Return a maker of territories with one dated square or given shape."""

    def make(level=Level.QPV, code="QP075001", name="Quartier", shape=None, **options):
        facts = options.pop("facts", {})
        generation = options.pop("generation", 2015 if level == Level.QPV else None)
        area = Area.objects.filter(level=level, code=code).first() or Area.objects.create(
            level=level, code=code, name=name, source=source, facts=facts, generation=generation
        )
        options.setdefault("status", Status.LEGAL)
        options.setdefault("valid_from", date(2015, 1, 1))
        return Perimeter.objects.create(
            territory=area, geom=multi(shape or square()), source=source, **options
        )

    return make


@pytest.fixture
def make_grid(source):
    """Return a maker of a block of cells whose values all differ."""

    def make(columns=4, rows=3, origin="published", of=source, **values):
        run = Run.objects.create(kind="load grid", state=RunState.DONE, version="test")
        dataset = GridDataset.objects.create(source=of, origin=origin, run=run)
        cells = [
            Cell(
                dataset=dataset,
                north=NORTH + 200 * row,
                east=EAST + 200 * column,
                **({"ind": 100.5 + row * columns + column, "men": 40 + column} | values),
            )
            for row in range(rows)
            for column in range(columns)
        ]
        Cell.objects.bulk_create(cells)
        return dataset

    return make


@pytest.fixture
def make_zones(source, make_area):
    """Return a maker of one run with its computed zones."""

    def make(shapes, state=RunState.DONE):
        run = Run.objects.create(kind="zones build", state=state, version="test")
        for number, outline in enumerate(shapes, 1):
            perimeter = make_area(
                Level.ZONE, f"R{run.pk}Z{number}", f"Zone {number}", outline, status="computed"
            )
            ComputedZone.objects.create(
                run=run,
                perimeter=perimeter,
                number=number,
                cells=3,
                cell_keys=[],
                ind=1000.0 + number,
                score_name="poor_share",
                score=0.4,
                line=0.25,
            )
        return run

    return make


@pytest.fixture
def secret_layer(rules):
    """A layer only people who may see working documents see."""
    layer = REGISTRY.register(
        Layer(
            id="drafts",
            title="Brouillons",
            group="Essai",
            geometry="polygon",
            rows="""SELECT p.id AS fid, p.geom_3857 AS geometry_3857, p.source_id, p.act
                    FROM observatory_perimeter AS p WHERE p.status = 'negotiation'""",
            tables=("observatory_perimeter",),
            attributes=(Attribute("act", "Acte"),),
            right=Right.VIEW_WORKING,
        )
    )
    yield layer
    REGISTRY.unregister("drafts")


@pytest.fixture
def database_away(transactional_db):
    """Return a block during which nobody listens where Django looks for the database."""

    @contextmanager
    def away():
        stored = connection.settings_dict["HOST"]
        connection.close()
        connection.settings_dict["HOST"] = "/nowhere"
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["HOST"] = stored

    return away


@pytest.fixture
def visitor() -> Client:
    return Client()
