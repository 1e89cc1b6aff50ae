"""A small town for the map's tests: one cell of each kind, a zone, quarters, a district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from pyproj import Transformer

from carroyage.models import Cell, ComputedZone, GridDataset
from observatory.models import Level, Run, RunState, Source, Status
from tests.factories import a_box, a_perimeter, a_source, a_territory

# Lower-left corner of the first cell, EPSG:3035, in the north of Paris.
NORTH, EAST, SIZE = 2893400, 3760400, 200
TO_DEGREES = Transformer.from_crs(3035, 4326, always_xy=True)
HOUSEHOLDS = 200

# Poor households out of 200, one cell for each: 5, 12, 17, 22, 30 and 60 %.
POOR = {"a": 10, "b": 24, "c": 34, "d": 44, "e": 60, "f": 120}


@dataclass(frozen=True)
class Place:
    """A cell of the town by its column and row, counted from the lower-left corner."""

    column: int
    row: int

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of the cell."""
        return TO_DEGREES.transform(
            EAST + (self.column + 0.5) * SIZE, NORTH + (self.row + 0.5) * SIZE
        )


PLACES = {name: Place(column, 0) for column, name in enumerate(POOR)}
FEW, WITHOUT_DATA, EMPTY_LAND = Place(1, 2), Place(4, 2), Place(2, 3)
IN_QUARTER = PLACES["b"]


def _cell(dataset: GridDataset, place: Place, **values: float | None) -> Cell:
    told = {"ind": 500.0, "men": HOUSEHOLDS, "men_pauv": 20.0, "ind_snv": 500 * 21_000.0} | values
    north, east = NORTH + place.row * SIZE, EAST + place.column * SIZE
    return Cell(dataset=dataset, north=north, east=east, men_fmp=18.0, **told)


def build_cells(source: Source) -> None:
    """Store the cells: one per class, one of few households, one without data."""
    run = Run.objects.create(kind="load grid", state=RunState.DONE, version="test")
    dataset = GridDataset.objects.create(source=source, run=run)
    cells = [_cell(dataset, PLACES[name], men_pauv=poor) for name, poor in POOR.items()]
    cells.append(_cell(dataset, FEW, ind=14.0, men=6.0, men_pauv=3.0))
    cells.append(_cell(dataset, WITHOUT_DATA, men_pauv=None))
    Cell.objects.bulk_create(cells)


def outline(*places: Place) -> MultiPolygon:
    """Return the union of whole cells in EPSG:4326."""
    corners = [(EAST + p.column * SIZE, NORTH + p.row * SIZE) for p in places]
    joined = shapely.unary_union([shapely.box(x, y, x + SIZE, y + SIZE) for x, y in corners])
    degrees = shapely.transform(joined, TO_DEGREES.transform, interleaved=False)
    shape = GEOSGeometry(degrees.wkt, srid=4326)
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=4326)


def build_zone(source: Source) -> None:
    """Store one computed zone over the two poorest cells."""
    run = Run.objects.create(kind="zones build", state=RunState.DONE, version="test")
    territory = a_territory(Level.ZONE, "Z1", "Zone 1", source=source)
    shape = outline(PLACES["e"], PLACES["f"])
    perimeter = a_perimeter(territory, shape, status=Status.COMPUTED)
    ComputedZone.objects.create(
        run=run,
        perimeter=perimeter,
        number=1,
        cells=2,
        cell_keys=[],
        ind=1_000.0,
        score_name="poor_share",
        score=0.45,
        line=0.25,
    )


def build_quarters(source: Source) -> None:
    """Store two quarters of 2015 and the one that is left of them in 2024."""
    for code, name, generation, place, people in (
        ("QP075901", "Cité de l’Écluse", 2015, IN_QUARTER, 2_680),
        ("QP075902", "Bas-Coteau", 2015, Place(3, 2), 12_970),
        ("QN075901", "L’Écluse et alentours", 2024, IN_QUARTER, 3_100),
    ):
        territory = a_territory(
            Level.QPV,
            code,
            name,
            generation=generation,
            source=source,
            facts={"population": people},
        )
        a_perimeter(territory, outline(place), since=date(generation, 1, 1), act="Décret no 1")


def build_town(*, demonstration: bool = True) -> None:
    """Store the whole town; every shape lies inside one district."""
    grid = a_source(
        "carreaux",
        title="Carroyage d’essai",
        producer="Insee",
        licence="Licence Ouverte 2.0",
        is_demonstration=demonstration,
    )
    city = a_source("limites", producer="Ville de Paris", is_demonstration=demonstration)
    build_cells(grid)
    build_zone(grid)
    build_quarters(city)
    district = a_territory(Level.ARRONDISSEMENT, "75118", "Paris 18e", source=city)
    west, south = Place(-1, -1).centre
    east, north = Place(7, 5).centre
    box = a_box(west, south, east, north)
    a_perimeter(district, box, status=Status.REFERENCE)
