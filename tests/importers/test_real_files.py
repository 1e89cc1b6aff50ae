"""The real public files: every count of their producers found again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.contrib.gis.db.models import Union
from django.db.models import Count, Sum

from carroyage.models import Cell
from importers.folder import load_folder
from observatory.models import Address, Membership, Perimeter, Territory

pytestmark = [pytest.mark.django_db, pytest.mark.real_data]


def test_the_2065_cells_of_paris(bring, real_data: Path):
    path = real_data / "grid" / "carreaux_200m_paris_2021.csv"
    report = bring("grid", path).report
    assert (report.read, report.kept, report.refused_count) == (2065, 2065, 0)
    sums = Cell.objects.aggregate(ind=Sum("ind"), men=Sum("men"), poor=Sum("men_pauv"))
    assert round(sums["ind"]) == 2_017_155
    assert round(sums["men"]) == 1_030_237
    assert round(sums["poor"]) == 159_724
    assert Cell.objects.first().dataset.source.vintage == "2021"
    assert bring("grid", path).report.unchanged == 2065


@pytest.fixture
def quarters(bring, real_data: Path):
    return bring("perimeters", real_data / "perimeters" / "qp-politiquedelaville-shp.zip").report


def test_every_quarter_of_2015_once(quarters):
    stored = Perimeter.objects.all()
    assert stored.count() == Territory.objects.count() == 1514
    assert stored.filter(measure_srid=2154).count() == 1296
    assert stored.filter(territory__code__startswith="QP075").count() == 20
    by_system = dict(stored.values_list("measure_srid").annotate(n=Count("id")))
    assert by_system == {2154: 1296, 5490: 25, 2972: 32, 2975: 49, 4471: 36, 3297: 76}
    assert quarters.facts["duplicates"] == 1514
    assert quarters.refused_count == 0


def test_the_25_crossing_outlines_of_metropolitan_france_are_mended_and_told(quarters):
    told = [r for r in quarters.repaired if r.column == "geometry"]
    assert sum(r.layer == "QP_METROPOLE_LB93" for r in told) == 25
    assert all("self-intersection" in r.problem.lower() for r in told)
    assert all(p.geom.valid for p in Perimeter.objects.exclude(repaired=""))
    # Two loops of opposite turn: a lazier mending would have lost the smaller one.
    odd = Perimeter.objects.get(territory__code="QP084012")
    assert "area 397979 m² before, 447161 m² after (look at it)" in odd.repaired
    assert odd.area == pytest.approx(447_161, rel=1e-4)


def test_decrees_and_days_of_the_quarters(quarters):
    days = Perimeter.objects.values_list("act", "valid_from", "valid_to").distinct()
    assert set(days) == {
        ("Décret n° 2014-1750 du 30 décembre 2014", date(2015, 1, 1), date(2024, 1, 1)),
        ("Décret n° 2014-1751 du 30 décembre 2014", date(2015, 1, 1), date(2025, 1, 1)),
    }


def test_names_are_whole_and_layers_that_disagree_are_told(quarters):
    names = dict(Territory.objects.values_list("code", "name"))
    assert names["QP069032"] == "Sœurs Janin"
    assert names["QP974009"] == "Bois D’Olives"
    assert names["QP972002"] == "Quartiers Sainte-Thérèse – Bon Air"
    assert not any("\x80" <= sign <= "\x9f" for name in names.values() for sign in name)
    assert any("32 areas of QP_METROPOLEOUTREMER" in note for note in quarters.notes)
    assert any("Fiche descriptive QP_SHAPE.pdf" in note for note in quarters.notes)


def test_quarters_twice_change_nothing(bring, quarters, real_data: Path):
    again = bring("perimeters", real_data / "perimeters" / "qp-politiquedelaville-shp.zip").report
    assert (again.unchanged, again.added, again.changed, again.withdrawn) == (1514, 0, 0, 0)


def test_arrondissements_quarters_iris_and_what_belongs_to_what(bring, real_data: Path):
    folder = real_data / "boundaries"
    bring("boundaries", folder / "paris_arrondissements.geojson")
    bring("boundaries", folder / "paris_quartier_paris.geojson")
    bring("iris", folder / "iris_ge_paris_2025.gpkg")
    counts = dict(Territory.objects.values_list("level").annotate(n=Count("id")))
    assert counts == {
        "arrondissement": 20, "admin_quarter": 80, "iris": 992, "commune": 1, "department": 1,
    }  # fmt: skip
    each = Membership.objects.filter(member__level="admin_quarter").values("container__code")
    assert set(each.annotate(n=Count("id")).values_list("n", flat=True)) == {4}
    assert Membership.objects.filter(member__level="iris").count() == 992
    paris = Perimeter.objects.get(territory__code="75056")
    assert paris.area == pytest.approx(105_400_000, rel=0.002)
    whole = Perimeter.objects.filter(territory__level="iris").aggregate(g=Union("geom"))["g"]
    assert whole.intersection(paris.geom).area / paris.geom.area > 0.99


def test_straddling_quarters_of_paris_are_shared_out(bring, quarters, real_data: Path):
    bring("boundaries", real_data / "boundaries" / "paris_arrondissements.geojson")
    rows = Membership.objects.filter(
        member__code__startswith="QP075", container__level="arrondissement"
    )
    shares: dict[str, dict[str, float]] = {}
    for quarter, holder, share in rows.values_list("member__code", "container__code", "area_share"):
        shares.setdefault(quarter, {})[holder] = share
    astride = {code: set(held) for code, held in shares.items() if len(held) > 1}
    assert astride == {
        "QP075013": {"75118", "75119"},
        "QP075018": {"75119", "75120"},
        "QP075020": {"75110", "75111", "75120"},
    }
    assert all(sum(held.values()) == pytest.approx(1, abs=0.01) for held in shares.values())


def test_the_158048_addresses_of_paris(bring, real_data: Path):
    path = real_data / "addresses" / "adresses-75.csv.gz"
    report = bring("addresses", path).report
    assert (report.read, report.kept) == (158_048, 158_048)
    assert Address.objects.count() == 158_048
    assert set(Address.objects.values_list("commune_code", flat=True).distinct()) == {
        str(code) for code in range(75101, 75121)
    }


def test_7464_addresses_lie_inside_a_quarter_of_2015(bring, quarters, real_data: Path):
    bring("addresses", real_data / "addresses" / "adresses-75.csv.gz")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT a.id) FROM (SELECT p.geom FROM observatory_perimeter p "
            "JOIN observatory_territory t ON t.id = p.territory_id "
            "WHERE t.code LIKE 'QP075%' OFFSET 0) q CROSS JOIN LATERAL (SELECT id "
            "FROM observatory_address a WHERE ST_Covers(q.geom, a.geom) OFFSET 0) a"
        )
        assert cursor.fetchone()[0] == 7464


def test_the_whole_folder_is_recognised_and_the_rest_is_said(db, real_data: Path):
    outcomes = {o.file: o for o in load_folder(real_data)}
    kinds = {name: o.kind for name, o in outcomes.items() if o.state == "loaded"}
    assert {
        "boundaries/communes-91-essonne.geojson": "boundaries",
        "boundaries/communes-93-seine-saint-denis.geojson": "boundaries",
        "boundaries/communes-94-val-de-marne.geojson": "boundaries",
        "boundaries/paris_arrondissements.geojson": "boundaries",
        "boundaries/paris_quartier_paris.geojson": "boundaries",
        "boundaries/iris_ge_paris_2025.gpkg": "iris",
        "perimeters/qp-politiquedelaville-shp.zip": "perimeters",
        "grid/carreaux_200m_paris_2021.csv": "grid",
        "addresses/adresses-75.csv.gz": "addresses",
    }.items() <= kinds.items()
    assert not [o for o in outcomes.values() if o.state == "refused"]
    files = {str(p.relative_to(real_data)) for p in real_data.rglob("*") if p.is_file()}
    assert set(outcomes) == files, "nothing is passed over in silence"
    drawn = Perimeter.objects.filter(territory__level="commune")
    assert drawn.count() == 196 + 40 + 47 + 1
    assert {o.state for o in load_folder(real_data)} == {"already loaded", "not loaded"}
