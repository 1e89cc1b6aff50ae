"""Administrative boundaries, and what follows from them: communes, départements, belonging."""

from __future__ import annotations

import geopandas as gpd
import pytest

from observatory.models import Membership, Perimeter, Territory
from tests.importers.makers import (
    PARIS_X,
    PARIS_Y,
    arrondissements,
    geojson,
    qpv_zip,
    square,
)

pytestmark = pytest.mark.django_db


def _belongs(level: str) -> dict[tuple[str, str], float | None]:
    rows = Membership.objects.filter(member__level=level)
    return {
        (member, container): share
        for member, container, share in rows.values_list(
            "member__code", "container__code", "area_share"
        )
    }


def test_arrondissements_come_with_the_citys_own_columns(bring, tmp_path):
    report = bring("boundaries", arrondissements(tmp_path / "a.geojson", [1, 13])).report
    found = Territory.objects.filter(level="arrondissement").order_by("code")
    assert [(t.code, t.name) for t in found] == [("75101", "1ème Ardt"), ("75113", "13ème Ardt")]
    assert found[1].facts == {"number": 13}
    assert found[1].source.producer == "Ville de Paris"
    assert found[1].source.licence == "ODbL"
    assert "read as Arrondissement" in report.notes[0]
    assert set(Perimeter.objects.values_list("status", flat=True)) == {"reference"}


def test_paris_and_its_departement_are_drawn_once_the_twenty_are_there(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "some.geojson", range(1, 20)))
    assert not Perimeter.objects.filter(territory__level="commune").exists()
    assert Territory.objects.filter(code="75056").exists(), "known, but not drawn"
    bring("boundaries", arrondissements(tmp_path / "all.geojson", range(1, 21)))
    paris = Perimeter.objects.get(territory__code="75056")
    assert paris.area == pytest.approx(20_000_000, rel=1e-3)
    assert Perimeter.objects.get(territory__level="department").area == pytest.approx(paris.area)
    assert paris.facts == {"derived_from": "arrondissements"}


def test_a_commune_drawn_by_its_producer_takes_the_place_of_the_union(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "all.geojson", range(1, 21)))
    rows = [{"code": "75056", "nom": "Paris"}]
    bring("boundaries", geojson(tmp_path / "communes.geojson", rows, [square(side=9_000)]))
    paris = Perimeter.objects.get(territory__code="75056")
    assert paris.area == pytest.approx(81_000_000, rel=1e-3)
    assert paris.facts == {}
    bring("boundaries", arrondissements(tmp_path / "again.geojson", range(1, 21)))
    assert Perimeter.objects.get(territory__code="75056").pk == paris.pk


def test_arrondissements_belong_to_paris_and_paris_to_its_departement(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "a.geojson", [13]))
    assert _belongs("arrondissement") == {("75113", "75056"): 1.0}
    assert _belongs("commune") == {("75056", "75"): 1.0}


def test_administrative_quarters_belong_to_their_arrondissement(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "a.geojson", [13, 14]))
    rows = [{"c_qu": 51, "c_quinsee": 7511303, "l_qu": "Maison Blanche", "c_ar": 13}]
    bring("boundaries", geojson(tmp_path / "q.geojson", rows, [square()]))
    assert _belongs("admin_quarter") == {("7511303", "75113"): 1.0}


IRIS = {
    "cleabs": "IRIS____0000000751135001", "code_insee": "75113", "nom_commune": "Paris 13e",
    "iris": "5001", "code_iris": "751135001", "nom_iris": "Salpêtrière 1", "type_iris": "H",
}  # fmt: skip


def test_of_the_two_layers_of_iris_the_full_one_is_read(bring, tmp_path):
    path = tmp_path / "iris_2025.gpkg"
    bare = gpd.GeoDataFrame([{"CODE_IRIS": "751135001"}], geometry=[square()], crs=2154)
    bare.to_crs(4326).to_file(path, layer="iris_ge", driver="GPKG")
    gpd.GeoDataFrame([IRIS], geometry=[square()], crs=2154).to_file(
        path, layer="iris", driver="GPKG"
    )
    report = bring("iris", path).report
    found = Territory.objects.get(level="iris")
    assert (found.code, found.name) == ("751135001", "Salpêtrière 1")
    assert found.facts == {"type": "H"}
    assert found.commune_codes == ["75113"]
    assert found.source.vintage == "2025"
    assert "Layers left aside: iris_ge." in report.notes


def test_communes_of_one_departement_leave_the_others_alone(bring, tmp_path):
    def communes(name: str, *codes: str) -> None:
        rows = [{"code": code, "nom": f"Commune {code}"} for code in codes]
        shapes = [square(PARIS_X + int(code[-3:]) * 100, PARIS_Y, 90) for code in codes]
        bring("boundaries", geojson(tmp_path / name, rows, shapes))

    communes("93.geojson", "93001", "93005")
    communes("94.geojson", "94001")
    communes("93-new.geojson", "93001", "93006")
    drawn = Perimeter.objects.filter(territory__level="commune")
    codes = drawn.values_list("territory__code", flat=True)
    assert sorted(codes) == ["93001", "93006", "94001"]
    assert _belongs("commune")[("94001", "94")] == 1.0
    departments = Territory.objects.filter(level="department").values_list("code", "name")
    assert set(departments) == {("93", "Seine-Saint-Denis"), ("94", "Val-de-Marne")}


def test_a_lost_leading_zero_is_given_back_and_told(bring, tmp_path):
    lyonnais = [square(842_000, 6_519_000)]
    path = geojson(tmp_path / "c.geojson", [{"code": 1004, "nom": "Ambérieu"}], lyonnais)
    report = bring("boundaries", path).report
    assert Territory.objects.get(level="commune").code == "01004"
    assert Territory.objects.get(level="department").name == "Ain"
    assert report.repaired[0].problem == "1004 lost its leading zero"


def test_codes_keep_their_letters_and_names_their_accents(bring, tmp_path):
    rows = [{"code": "2A004", "nom": "Ajaccio"}, {"code": "94038", "nom": "L'Haÿ-les-Roses"}]
    shapes = [square(1_177_000, 6_110_000), square()]
    bring("boundaries", geojson(tmp_path / "c.geojson", rows, shapes))
    names = dict(Territory.objects.filter(level="commune").values_list("code", "name"))
    assert names == {"2A004": "Ajaccio", "94038": "L'Haÿ-les-Roses"}


def test_any_level_is_loaded_when_it_is_named(bring, tmp_path):
    rows = [{"siren": "200058790", "raison": "Plaine Commune"}]
    path = geojson(tmp_path / "ept.geojson", rows, [square()])
    bring("boundaries", path, level="ept", code_column="siren", name_column="raison")
    assert str(Territory.objects.get()) == "200058790 Plaine Commune"


def test_boundaries_nobody_recognises_ask_for_the_level(refused, tmp_path):
    path = geojson(tmp_path / "x.geojson", [{"truc": "1"}], [square()])
    said = refused("boundaries", path)
    assert "Nothing in x.geojson says which boundaries it holds (x: truc)" in said
    assert "--level (arrondissement, commune" in said


# -- which commune, which arrondissement a quarter lies in ---------------------------------


def test_a_quarter_astride_belongs_to_both_by_its_share(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "a.geojson", [1, 2]))
    astride = square(PARIS_X + 1_000 - 100, PARIS_Y + 100, 400)  # a quarter of it in the 1st
    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": astride}))
    shares = _belongs("qpv")
    assert shares[("QP075001", "75101")] == pytest.approx(0.25, abs=0.002)
    assert shares[("QP075001", "75102")] == pytest.approx(0.75, abs=0.002)
    row = Membership.objects.filter(member__level="qpv").first()
    assert not row.declared
    assert (str(row.valid_from), str(row.valid_to)) == ("2015-01-01", "2024-01-01")


def test_a_sliver_along_a_border_is_no_membership(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "a.geojson", [1, 2]))
    nearly = square(PARIS_X + 998, PARIS_Y + 100, 400)  # half a percent in the 1st
    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": nearly}))
    assert set(_belongs("qpv")) == {("QP075001", "75102")}


def test_the_order_of_loading_does_not_matter(bring, tmp_path):
    astride = square(PARIS_X + 800, PARIS_Y + 100, 400)
    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": astride}))
    assert _belongs("qpv") == {}
    bring("boundaries", arrondissements(tmp_path / "a.geojson", [1, 2]))
    assert set(_belongs("qpv")) == {("QP075001", "75101"), ("QP075001", "75102")}


def test_loading_twice_writes_no_membership_again(bring, tmp_path):
    path = arrondissements(tmp_path / "a.geojson", range(1, 21))
    quarters = qpv_zip(tmp_path / "qp.zip", {"QP075001": square(PARIS_X + 900)})
    for _ in range(2):
        bring("boundaries", path)
        report = bring("perimeters", quarters).report
    assert report.facts["memberships"] == 0
    before = set(Membership.objects.values_list("pk", "area_share"))
    bring("boundaries", path)
    assert set(Membership.objects.values_list("pk", "area_share")) == before


def test_a_quarter_that_moves_changes_arrondissement(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "a.geojson", [1, 2]))
    bring("perimeters", qpv_zip(tmp_path / "a.zip", {"QP075001": square(PARIS_X, PARIS_Y)}))
    bring("perimeters", qpv_zip(tmp_path / "b.zip", {"QP075001": square(PARIS_X + 1_200)}))
    assert set(_belongs("qpv")) == {("QP075001", "75102")}


def test_what_somebody_declared_is_left_alone(bring, tmp_path):
    bring("boundaries", arrondissements(tmp_path / "a.geojson", [1, 2]))
    path = qpv_zip(tmp_path / "qp.zip", {"QP075001": square(PARIS_X + 100)})
    bring("perimeters", path)
    row = Membership.objects.get(member__level="qpv")
    row.declared, row.area_share = True, 0.5
    row.save()
    bring("perimeters", qpv_zip(tmp_path / "b.zip", {"QP075001": square(PARIS_X + 200)}))
    row.refresh_from_db()
    assert (row.declared, row.area_share) == (True, 0.5)


def test_overseas_shares_are_measured_at_home(bring, tmp_path):
    east, north = 340_000.0, 7_680_000.0
    rows = [{"code": "97411", "nom": "Saint-Denis"}, {"code": "97418", "nom": "Sainte-Marie"}]
    shapes = [square(east, north, 1_000), square(east + 1_000, north, 1_000)]
    bring("boundaries", geojson(tmp_path / "c.geojson", rows, shapes, crs=2975))
    astride = square(east + 700, north + 100, 400)
    row = {"CODE_QP": "QP974001", "NOM_QP": "Centre", "COMMUNE_QP": "Saint-Denis"}
    bring("perimeters", geojson(tmp_path / "q.geojson", [row], [astride], crs=2975))
    shares = _belongs("qpv")
    assert shares[("QP974001", "97411")] == pytest.approx(0.75, abs=0.002)
    assert shares[("QP974001", "97418")] == pytest.approx(0.25, abs=0.002)
    assert Territory.objects.filter(level="department").get().name == "La Réunion"
