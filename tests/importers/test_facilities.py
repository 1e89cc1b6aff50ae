"""Lists of facilities load as delivered; a wrong row is named, and nothing is placed by guess."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from importers.errors import FileRefused, UnknownProduct
from importers.folder import items_of
from importers.loads import Loaded, load
from importers.options import LoadOptions
from importers.recognise import recognise
from observatory.models import Change, Facility, FacilityLink, Level, Source, SourceTerms
from tests.factories import a_territory

pytestmark = pytest.mark.django_db
Bring = Callable[..., Loaded]
HEAD = "key,name,category,latitude,longitude,state,network,serves,lived_in,valid_from\n"


@pytest.fixture
def bring(bring_text: Bring) -> Bring:
    def _bring(rows: str, head: str = HEAD, name: str = "liste.csv", **options: str) -> Loaded:
        return bring_text("facilities", head + rows, name, **options)

    return _bring


@pytest.mark.real_data
def test_the_education_directory_loads_as_delivered(real_data: Path) -> None:
    file = real_data / "facilities" / "ecoles_94_annuaire_education.csv"
    assert recognise(file).kind == "facilities"
    report = load("facilities", file).report
    assert (report.read, report.kept, report.added) == (613, 613, 613)
    schools = Facility.objects.filter(category="school")
    assert Counter(schools.values_list("network", flat=True)) == {"": 406, "REP": 185, "REP+": 22}
    assert schools.filter(kind="ECOLE MATERNELLE").count() == 304
    one = schools.get(key="0940176F")
    assert (one.name, one.address) == ("Ecole élémentaire Robert Doisneau", "Allée du Puits")
    assert (one.commune_code, one.state, one.facts) == ("94034", "open", {"sector": "Public"})
    assert (one.geom.x, one.geom.y) == (2.3235583553613646, 48.75113972238502)
    assert one.run is not None
    assert "Éducation nationale" in one.source.producer
    again = load("facilities", file).report
    assert (again.unchanged, again.changed, again.added, again.withdrawn) == (613, 0, 0, 0)


@pytest.mark.real_data
def test_libraries_of_openstreetmap_load_as_delivered(real_data: Path) -> None:
    file = real_data / "facilities" / "osm_libraries_paris.geojson"
    assert recognise(file).kind == "facilities"
    report = load("facilities", file, LoadOptions(sharing="public")).report
    assert (report.read, report.kept, report.unit) == (144, 144, "feature")
    one = Facility.objects.get(key="node/27415805")
    assert (one.name, one.category) == ("Médiathèque Edmond Rostand", "library")
    assert (one.source.licence, one.source.terms.sharing) == ("ODbL", "public")
    assert (round(one.geom.x, 7), round(one.geom.y, 7)) == (2.3034488, 48.8883391)


def test_the_lists_of_the_demonstration_are_all_known_layouts(tmp_path: Path) -> None:
    centres = tmp_path / "centres.csv"
    centres.write_text(
        "identifiant,nom,type,adresse,code_postal,code_insee,nom_commune,latitude,longitude\n"
        "CS001,Centre social,espace de vie sociale,1 rue A,75018,75118,Paris,48.89,2.35\n"
    )
    health = tmp_path / "sante.geojson"
    point = {"type": "Point", "coordinates": [2.35, 48.89]}
    tags = {"@id": "node/1", "name": "Centre", "amenity": "clinic", "healthcare": "centre"}
    feature = {"type": "Feature", "properties": tags, "geometry": point}
    health.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert {item.kind for item in items_of(tmp_path)} == {"facilities"}
    for file in (centres, health):
        load("facilities", file, LoadOptions(demonstration=True))
    assert Counter(Facility.objects.values_list("category", flat=True)) == {
        "social_centre": 1, "health_centre": 1,
    }  # fmt: skip
    assert set(Source.objects.values_list("licence", flat=True)) == {"Données fictives"}


def test_any_other_list_goes_through_the_template(bring: Bring) -> None:
    a_territory(Level.QPV, "QP075011")
    report = bring(
        "A,Maison de santé,health_centre,48.89,2.35,planned,,QP075011,,2016-01-01\n"
        "B,Bus,social_centre,,,mobile,,,oui,\n",
        vintage="2016",
    ).report
    house, bus = Facility.objects.order_by("key")
    assert (house.state, str(house.valid_from)) == ("planned", "2016-01-01")
    assert bus.geom is None
    assert "1 without coordinates: kept, and in no quarter." in report.notes
    links = {(x.facility.key, x.territory and x.territory.code, x.lived_in)
             for x in FacilityLink.objects.all()}  # fmt: skip
    assert links == {("A", "QP075011", False), ("B", None, True)}


def test_decimal_commas_are_read(bring: Bring) -> None:
    bring("A;Centre;library;48,89;2,35;;;;;\n", HEAD.replace(",", ";"))
    assert (Facility.objects.get().geom.x, Facility.objects.get().geom.y) == (2.35, 48.89)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",Centre,library,48.89,2.35,,,,,\n", "a facility without a key"),
        ("A,,library,48.89,2.35,,,,,\n", "a facility without a name"),
        ("A,Centre,,48.89,2.35,,,,,\n", "an unknown category"),
        ("A,Centre,library,2.35,48.89,,,,,\n", "coordinates the wrong way round"),
        ("A,Centre,library,48.89,120.3,,,,,\n", "a place that is not in France"),
        ("A,Centre,library,48.89,,,,,,\n", "one coordinate without the other"),
        ("A,Centre,library,nord,2.35,,,,,\n", "this is not a coordinate"),
        ("A,Centre,library,48.89,2.35,ruined,,,,\n", "an unknown state"),
        ("A,Centre,library,48.89,2.35,,ZEP,,,\n", "an unknown network"),
        ("A,Centre,library,48.89,2.35,,,QP999999,,\n", "no quarter has this code"),
        ("A,Centre,library,48.89,2.35,,,,,31/02/2015\n", "this is not a date"),
        ("A,Un,library,48.9,2.35,,,,,\nA,Deux,library,48.9,2.35,,,,,\n", "the key stands twice"),
    ],
)
def test_a_wrong_row_refuses_the_whole_list_and_is_named(
    bring: Bring, row: str, problem: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        bring("G,Bon,library,48.89,2.35,,,,,\n" + row)
    assert problem in str(refused.value)
    told = [r for r in refused.value.report["refused_rows"] if r["problem"] == problem]
    assert told[0]["row"] >= 3
    assert told[0]["advice"]
    assert not Facility.objects.exists()
    assert not Source.objects.exists()


def test_an_unknown_table_says_what_to_do(bring: Bring) -> None:
    with pytest.raises(UnknownProduct) as refused:
        bring("1,2\n", "a,b\n")
    assert "key, name, category, latitude, longitude" in refused.value.advice


def test_areas_are_no_facilities(tmp_path: Path) -> None:
    ring = [[2.3, 48.8], [2.4, 48.8], [2.4, 48.9], [2.3, 48.8]]
    tags = {"@id": "way/1", "name": "Parc", "amenity": "library"}
    feature = {"type": "Feature", "properties": tags,
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    file = tmp_path / "aires.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(FileRefused, match="a facility that is no point"):
        load("facilities", file)


def test_a_facility_taken_off_the_list_is_withdrawn_and_leaves_a_trace(bring: Bring) -> None:
    bring("A,Un,library,48.89,2.35,,,,,\nB,Deux,library,48.89,2.36,,,,,\n")
    report = bring("A,Un bis,library,48.89,2.35,,,,,\n").report
    assert (report.changed, report.withdrawn) == (1, 1)
    assert Facility.objects.get().name == "Un bis"
    changes = Change.objects.filter(table="observatory_facility")
    assert Counter(changes.values_list("action", flat=True)) == {"update": 1, "delete": 1}
    assert changes.get(action="update").before == {"name": "Un"}


def test_a_link_decided_by_hand_survives_a_reload(bring: Bring) -> None:
    quarter = a_territory(Level.QPV, "QP1")
    bring("A,Un,library,48.89,2.35,,,,,\n")
    FacilityLink.objects.create(facility=Facility.objects.get(), territory=quarter)
    bring("A,Un,library,48.89,2.35,,,,,\n")
    assert FacilityLink.objects.get().territory == quarter


def test_nobody_but_those_at_work_sees_a_list_until_its_reach_is_said(bring: Bring) -> None:
    bring("A,Un,library,48.89,2.35,,,,,\n")
    assert not SourceTerms.objects.exists()
    bring("A,Un,library,48.89,2.35,,,,,\n", sharing="shared")
    assert SourceTerms.objects.get().sharing == "shared"
