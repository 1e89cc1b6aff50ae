"""Perimeters as delivered: each quarter once, dated, measured at home, its repairs told."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pytest
import shapely
from django.contrib.gis.geos import Point

from observatory.models import Lineage, Perimeter, Run, Source, Status, Territory
from tests.importers.makers import (
    PARIS_X,
    PARIS_Y,
    bowtie,
    frame,
    geojson,
    qpv_zip,
    quarter,
    shapefile_zip,
    square,
)

pytestmark = pytest.mark.django_db


def test_a_quarter_in_two_layers_is_stored_once_from_the_first(bring, tmp_path):
    path = qpv_zip(tmp_path / "qp.zip", {"QP075001": square(), "QP075002": square(PARIS_X + 900)})
    report = bring("perimeters", path).report
    assert Perimeter.objects.count() == Territory.objects.count() == 2
    assert (report.read, report.kept, report.facts["duplicates"]) == (4, 2, 2)
    notes = "\n".join(report.notes)
    assert "Layer QP_METROPOLE_LB93: 2 features, EPSG:2154" in notes
    assert "2 areas of QP_METROPOLEOUTREMER_WGS84_EPSG4326 were already read" in notes


def test_quarters_of_2015_carry_their_decree_and_end_when_replaced(bring, tmp_path):
    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": square()}))
    stored = Perimeter.objects.select_related("territory").get()
    assert stored.act == "Décret n° 2014-1750 du 30 décembre 2014"
    assert (stored.valid_from, stored.valid_to) == (date(2015, 1, 1), date(2024, 1, 1))
    assert stored.status == Status.SUPERSEDED
    assert (stored.territory.level, stored.territory.generation) == ("qpv", 2015)
    inside = Point(*stored.geom.centroid.coords, srid=4326)
    assert Perimeter.objects.covering(inside, date(2015, 1, 1)).count() == 1
    assert Perimeter.objects.covering(inside, date(2023, 12, 31)).count() == 1
    assert Perimeter.objects.covering(inside, date(2024, 1, 1)).count() == 0


def test_quarters_of_2024_carry_theirs_and_go_on(bring, tmp_path):
    row = {"code_qp": "QN07501M", "lib_qp": "Bédier", "insee_com": "75056", "lib_com": "Paris"}
    bring("perimeters", geojson(tmp_path / "qp2024.geojson", [row], [square()]))
    stored = Perimeter.objects.select_related("territory").get()
    assert "2023-1314" in stored.act
    assert "2024-806" in stored.act
    assert (stored.valid_from, stored.valid_to) == (date(2024, 1, 1), None)
    assert stored.status == Status.LEGAL
    assert stored.territory.generation == 2024
    assert stored.territory.commune_codes == ["75056"]


OVERSEAS = {
    "QP971001": ("QP_GUADELOUPE", 32620, (650_000, 1_790_000), 5490),
    "QP973001": ("QP_GUYANE", 2972, (350_000, 540_000), 2972),
    "QP974001": ("QP_LAREUNION", 2975, (340_000, 7_680_000), 2975),
    "QP976001": ("QP_MAYOTTE", 4471, (520_000, 8_585_000), 4471),
    "QP978001": ("QP_STMARTIN", 32620, (492_000, 1_998_000), 5490),
    "QP987001": ("QP_POLYNESIE", 3297, (230_000, 8_055_000), 3297),
}


def test_overseas_quarters_have_their_decree_and_are_measured_at_home(bring, tmp_path):
    layers = {
        name: frame([quarter(code)], [square(x, y)], crs)
        for code, (name, crs, (x, y), _) in OVERSEAS.items()
    }
    bring("perimeters", shapefile_zip(tmp_path / "qp.zip", layers))
    for code, (_, _, _, srid) in OVERSEAS.items():
        stored = Perimeter.objects.get(territory__code=code)
        assert stored.measure_srid == stored.territory.srid == srid
        assert stored.act == "Décret n° 2014-1751 du 30 décembre 2014"
        assert stored.valid_to == date(2025, 1, 1)
        assert stored.area == pytest.approx(160_000, rel=2e-3)


def test_an_outline_that_crosses_itself_is_mended_and_its_area_told(bring, tmp_path):
    report = bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": bowtie()})).report
    stored = Perimeter.objects.get()
    assert stored.geom.valid
    assert stored.area == pytest.approx(400 * 400 / 2, rel=1e-3), "both triangles are kept"
    assert report.repaired_count == 1, "once, not once a layer"
    repair = report.repaired[0]
    assert (repair.row, repair.column, repair.layer) == (1, "geometry", "QP_METROPOLE_LB93")
    assert "Self-intersection; area 0 m² before, 80000 m² after (look at it)" in repair.problem
    assert stored.repaired.startswith("Self-intersection")


def test_what_mending_leaves_besides_polygons_is_dropped(bring, tmp_path):
    spike = shapely.Polygon(
        [
            (PARIS_X, PARIS_Y),
            (PARIS_X + 400, PARIS_Y),
            (PARIS_X + 400, PARIS_Y + 400),
            (PARIS_X + 600, PARIS_Y + 400),  # there and back: a line, not an area
            (PARIS_X + 400, PARIS_Y + 400),
            (PARIS_X, PARIS_Y + 400),
        ]
    )
    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": spike}))
    stored = Perimeter.objects.get()
    assert stored.geom.geom_type == "MultiPolygon"
    assert stored.area == pytest.approx(160_000, rel=1e-3)


def test_the_same_zip_twice_changes_nothing(bring, tmp_path):
    path = qpv_zip(tmp_path / "qp.zip", {"QP075001": square(), "QP075019": bowtie(PARIS_X + 900)})
    bring("perimeters", path)
    before = list(Perimeter.objects.order_by("pk").values("pk", "geom", "act", "recorded_at"))
    report = bring("perimeters", path).report
    assert (report.unchanged, report.added, report.changed, report.withdrawn) == (2, 0, 0, 0)
    after = list(Perimeter.objects.order_by("pk").values("pk", "geom", "act", "recorded_at"))
    assert after == before


def test_a_newer_file_moves_outlines_and_withdraws_quarters(bring, tmp_path):
    bring("perimeters", qpv_zip(tmp_path / "a.zip", {"QP075001": square(), "QP075002": square()}))
    kept = Perimeter.objects.get(territory__code="QP075001").pk
    newer = {"QP075001": square(side=500), "QP075003": square(PARIS_X + 2_000)}
    report = bring("perimeters", qpv_zip(tmp_path / "b.zip", newer)).report
    assert (report.added, report.changed, report.withdrawn) == (1, 1, 1)
    assert Perimeter.objects.get(pk=kept).area == pytest.approx(250_000, rel=1e-3)
    codes = Perimeter.objects.values_list("territory__code", flat=True)
    assert sorted(codes) == ["QP075001", "QP075003"]
    assert any("QP075002" in note and "Withdrawn" in note for note in report.notes)


def test_a_perimeter_that_later_ones_descend_from_is_not_withdrawn(bring, tmp_path):
    bring("perimeters", qpv_zip(tmp_path / "a.zip", {"QP075001": square(), "QP075002": square()}))
    parent = Perimeter.objects.get(territory__code="QP075002")
    child = Perimeter.objects.create(
        territory=parent.territory, geom=parent.geom, status="negotiation", source=parent.source
    )
    Lineage.objects.create(parent=parent, child=child, kind="redrawn")
    report = bring("perimeters", qpv_zip(tmp_path / "b.zip", {"QP075001": square()})).report
    assert Perimeter.objects.filter(pk=parent.pk).exists()
    assert any("later perimeters descend" in note for note in report.notes)


def test_a_computed_perimeter_is_never_touched(bring, tmp_path):
    path = qpv_zip(tmp_path / "a.zip", {"QP075001": square()})
    bring("perimeters", path)
    legal = Perimeter.objects.get()
    computed = Perimeter.objects.create(
        territory=legal.territory, geom=legal.geom, status="computed", source=legal.source
    )
    bring("perimeters", qpv_zip(tmp_path / "b.zip", {"QP075001": square(side=700)}))
    computed.refresh_from_db()
    assert computed.area == pytest.approx(160_000, rel=1e-3)


def test_layers_that_disagree_on_the_place_are_told(bring, tmp_path):
    lambert = frame([quarter("QP075001")], [square()])
    shifted = frame([quarter("QP075001")], [square(PARIS_X + 5)]).to_crs(4326)
    layers = {"QP_METROPOLE_LB93": lambert, "QP_METROPOLEOUTREMER_WGS84_EPSG4326": shifted}
    notes = bring("perimeters", shapefile_zip(tmp_path / "qp.zip", layers)).report.notes
    assert any("lie up to 5.0 m from where the layer kept has them" in note for note in notes)


def test_the_pdf_of_the_zip_is_left_aside_and_named(bring, tmp_path):
    path = qpv_zip(tmp_path / "qp.zip", {"QP075001": square()}, extra={"Fiche.pdf": b"%PDF"})
    assert "Not data, left aside: Fiche.pdf" in "\n".join(bring("perimeters", path).report.notes)


def test_signs_misread_by_the_producer_are_mended_and_listed(bring, tmp_path):
    rows = [quarter("QP075001", "C\x9cur De L\x92Etang"), quarter("QP075002", "CitÃ© de l'Eure")]
    path = geojson(tmp_path / "qp.geojson", rows, [square(), square(PARIS_X + 900)])
    report = bring("perimeters", path).report
    names = dict(Territory.objects.values_list("code", "name"))
    assert names == {"QP075001": "Cœur De L’Etang", "QP075002": "Cité de l'Eure"}
    assert [repair.column for repair in report.repaired] == ["NOM_QP", "NOM_QP"]
    assert report.repaired[0].done == "read as Cœur De L’Etang"


def test_a_dbf_in_cp1252_and_one_in_utf8_give_the_same_names(bring, tmp_path):
    import pyogrio

    names = set()
    for encoding in ("UTF-8", "CP1252", "ISO-8859-1"):
        folder = tmp_path / encoding
        folder.mkdir()
        layer = frame([quarter("QP075001", "Évangile – Hébert" if encoding != "ISO-8859-1" else
                               "Évangile-Hébert")], [square()])  # fmt: skip
        pyogrio.write_dataframe(
            layer, folder / "QP.shp", driver="ESRI Shapefile", encoding=encoding
        )
        (folder / "QP.cpg").unlink(missing_ok=True)
        bring("perimeters", folder / "QP.shp")
        names.add(Territory.objects.get().name)
    assert names == {"Évangile – Hébert", "Évangile-Hébert"}


# -- refusals ------------------------------------------------------------------------------


def test_a_code_of_another_kind_refuses_the_file(refused, tmp_path):
    path = qpv_zip(tmp_path / "qp.zip", {"QP075001": square(), "ZUS-12": square()})
    said = refused("perimeters", path)
    assert "(ZUS-12): this is not the code of a priority quarter of 2015" in said


def test_the_same_code_twice_in_one_layer_refuses_the_file(refused, tmp_path):
    rows = [quarter("QP075001"), quarter("QP075001")]
    path = geojson(tmp_path / "qp.geojson", rows, [square(), square(PARIS_X + 900)])
    assert "feature 2 (QP075001 Quartier): the area already stands in feature 1" in refused(
        "perimeters", path
    )


def test_a_quarter_without_outline_refuses_the_file(refused, tmp_path):
    rows = [quarter("QP075001"), quarter("QP075002")]
    path = geojson(tmp_path / "qp.geojson", rows, [square(), None])
    said = refused("perimeters", path)
    assert "feature 2" in said
    assert "there is no outline" in said


def test_a_file_that_does_not_say_what_it_is_asks_for_the_level(refused, tmp_path):
    path = geojson(tmp_path / "zones.geojson", [{"code": "A", "nom": "Zone A"}], [square()])
    said = refused("perimeters", path)
    assert "Nothing in this file says what kind of perimeters" in said
    assert "--level (qpv, qva, cucs" in said


def test_a_level_that_is_none_of_the_policy_is_told(refused, tmp_path):
    path = geojson(tmp_path / "zones.geojson", [{"code": "A", "nom": "Zone A"}], [square()])
    assert "--level quartier is not a kind of perimeter" in refused(
        "perimeters", path, level="quartier"
    )


def test_another_source_may_not_contradict_a_perimeter_in_force(bring, tmp_path):
    from tests.importers.conftest import told

    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": square()}))
    path = geojson(tmp_path / "own.geojson", [quarter("QP075001")], [square(side=300)])
    with told() as words:
        bring("perimeters", path, source="own", valid_from=date(2020, 1, 1))
    assert "another perimeter is in force from 2015-01-01 to 2024-01-01" in words[0]
    assert "--valid-from" in words[0]
    assert Perimeter.objects.get().source.code == "anct-qpv-2015"


# -- any other perimeters ------------------------------------------------------------------


@pytest.mark.parametrize("level", ["qva", "cucs", "zus", "zsp", "npnru"])
def test_other_perimeters_are_loaded_by_their_level(bring, tmp_path, level):
    rows = [{"code": "X1", "nom": "Olympiades", "valeur": 3}]
    path = geojson(tmp_path / "zones.geojson", rows, [square()])
    bring("perimeters", path, level=level, valid_from=date(2015, 1, 1), act="Contrat de ville")
    stored = Perimeter.objects.select_related("territory").get()
    assert (stored.territory.level, stored.territory.name) == (level, "Olympiades")
    assert (stored.act, stored.status) == ("Contrat de ville", "legal")
    assert stored.territory.facts == {"valeur": 3}


def test_named_areas_without_code_are_known_by_communes_and_name(bring, tmp_path):
    rows = [
        {"nom": "Centre", "communes": "93001"},
        {"nom": "Centre", "communes": "93005, 93007"},
    ]
    shapes = [square(), square(PARIS_X + 900)]
    bring("perimeters", geojson(tmp_path / "q.geojson", rows, shapes), level="qva")
    stored = Territory.objects.order_by("identity")
    assert [t.commune_codes for t in stored] == [["93001"], ["93005", "93007"]]
    assert len({t.identity for t in stored}) == 2


def test_columns_that_cannot_be_guessed_are_given_by_option(bring, refused, tmp_path):
    rows = [{"ref_zone": "Z7", "denomination": "Les Orgues"}]
    path = geojson(tmp_path / "z.geojson", rows, [square()])
    assert "lacks the column(s) code" in refused("perimeters", path, level="qva")
    bring("perimeters", path, level="qva", code_column="ref_zone", name_column="denomination")
    assert str(Territory.objects.get()) == "Z7 Les Orgues"


def test_dates_written_in_the_file_come_before_options(bring, tmp_path):
    rows = [
        {"code": "A", "nom": "A", "valid_from": "2007-01-01", "valid_to": "2015-01-01"},
        {"code": "B", "nom": "B", "valid_from": "", "valid_to": ""},
    ]
    path = geojson(tmp_path / "z.geojson", rows, [square(), square(PARIS_X + 900)])
    bring("perimeters", path, level="cucs", valid_from=date(2009, 1, 1))
    days = dict(Perimeter.objects.values_list("territory__code", "valid_from"))
    assert days == {"A": date(2007, 1, 1), "B": date(2009, 1, 1)}


def test_a_date_that_is_none_refuses_the_file(refused, tmp_path):
    rows = [{"code": "A", "nom": "A", "valid_from": "janvier 2007"}]
    path = geojson(tmp_path / "z.geojson", rows, [square()])
    assert "(janvier 2007): this is not a date" in refused("perimeters", path, level="cucs")


def test_one_quarter_at_two_times_is_two_perimeters_of_one_territory(bring, tmp_path):
    rows = [
        {"code": "A", "nom": "A", "valid_from": "2007-01-01", "valid_to": "2012-01-01"},
        {"code": "A", "nom": "A", "valid_from": "2012-01-01", "valid_to": "2015-01-01"},
    ]
    path = geojson(tmp_path / "z.geojson", rows, [square(), square(side=500)])
    bring("perimeters", path, level="cucs")
    assert Territory.objects.count() == 1
    assert Perimeter.objects.count() == 2


def test_the_vertical_coordinate_is_left_out(bring, tmp_path):
    high = shapely.force_3d(square(), 35.0)
    bring("perimeters", geojson(tmp_path / "q.geojson", [quarter("QP075001")], [high]))
    assert not Perimeter.objects.get().geom.hasz


def test_a_geopackage_with_several_layers_reads_the_one_asked_for(bring, tmp_path):
    path = tmp_path / "z.gpkg"
    for name, code in (("anciens", "A"), ("nouveaux", "B")):
        layer = gpd.GeoDataFrame([{"code": code, "nom": code}], geometry=[square()], crs=2154)
        layer.to_file(path, layer=name, driver="GPKG")
    bring("perimeters", path, level="zus", layer="nouveaux")
    assert Territory.objects.get().code == "B"


def test_who_publishes_may_be_given(bring, tmp_path):
    path = geojson(tmp_path / "z.geojson", [{"code": "A", "nom": "A"}], [square()])
    bring("perimeters", path, level="zsp", title="ZSP de Paris", producer="Préfecture de police",
          vintage="2013", source="zsp-paris")  # fmt: skip
    source = Source.objects.get()
    assert str(source) == "ZSP de Paris, Préfecture de police 2013"
    assert source.code == "zsp-paris"
    assert Run.objects.get().parameters["level"] == "zsp"
