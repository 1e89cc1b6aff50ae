"""The demonstration's ground plan: territories that tile, addresses, perimeters and their life."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from importers.demonstration.facts import BARE_CELLS, NAMED_WATCH, QUARTERS
from tests.importers.test_demonstration import Demonstration, open_demonstration


@pytest.fixture(scope="module")
def demo() -> Demonstration:
    return open_demonstration()


def layer(demo: Demonstration, path: str) -> gpd.GeoDataFrame:
    return gpd.read_file(demo.folder / path)


@pytest.fixture(scope="module")
def arrondissements(demo: Demonstration) -> gpd.GeoDataFrame:
    return layer(demo, "boundaries/paris_arrondissements.geojson")


@pytest.fixture(scope="module")
def iris(demo: Demonstration) -> gpd.GeoDataFrame:
    return layer(demo, "boundaries/iris_ge_demonstration_2025.geojson")


@pytest.fixture(scope="module")
def communes(demo: Demonstration) -> gpd.GeoDataFrame:
    names = ("75-paris", "93-nord", "94-sud")
    found = [layer(demo, f"boundaries/communes-{name}.geojson") for name in names]
    return pd.concat(found, ignore_index=True)


@pytest.fixture(scope="module")
def blocks(demo: Demonstration) -> gpd.GeoDataFrame:
    return layer(demo, "boundaries/ilots.geojson").set_index("code")


def assert_tiles(pieces: gpd.GeoSeries, whole: shapely.Geometry) -> None:
    """Pieces share their corners, never overlap, and fill the whole without a gap."""
    assert pieces.is_valid.all()
    assert shapely.coverage_is_valid(pieces.to_numpy())
    joined = shapely.coverage_union_all(pieces.to_numpy())
    assert joined.symmetric_difference(whole).area < 1e-12 * whole.area + 1e-14
    assert joined.geom_type == "Polygon"
    assert len(joined.interiors) == 0


# -- territories ---------------------------------------------------------------------------------


def test_arrondissements_tile_the_city(
    arrondissements: gpd.GeoDataFrame, communes: gpd.GeoDataFrame
) -> None:
    assert sorted(arrondissements.c_ar) == list(range(1, 21))
    city = communes.set_index("code").geometry["75056"]
    assert_tiles(arrondissements.geometry, city)


def test_the_city_lies_on_pariss_true_place(communes: gpd.GeoDataFrame) -> None:
    city = communes[communes.code == "75056"]
    west, south, east, north = city.total_bounds
    assert (west + east) / 2 == pytest.approx(2.35, abs=0.02)
    assert (south + north) / 2 == pytest.approx(48.857, abs=0.01)
    assert city.to_crs(2154).area.sum() / 1e6 == pytest.approx(105, abs=3)


def test_communes_of_other_departments_lie_around_the_city(communes: gpd.GeoDataFrame) -> None:
    others = communes[communes.code != "75056"].set_index("code")
    assert {code[:2] for code in others.index} == {"93", "94"}
    city = communes.set_index("code").geometry["75056"]
    touching = others[others.touches(city)]
    assert set(others.index) - set(touching.index) == {"94905"}, "the small urban unit is apart"
    assert shapely.coverage_is_valid(communes.geometry.to_numpy())


def test_four_administrative_quarters_fill_each_arrondissement(
    demo: Demonstration, arrondissements: gpd.GeoDataFrame
) -> None:
    quarters = layer(demo, "boundaries/paris_quartier_paris.geojson")
    assert quarters.groupby("c_ar").size().tolist() == [4] * 20
    for row in arrondissements.itertuples():
        own = quarters[quarters.c_ar == row.c_ar]
        assert_tiles(own.geometry, row.geometry)
        assert (own.c_quinsee // 100 == row.c_arinsee).all()


def test_iris_fill_each_commune(
    iris: gpd.GeoDataFrame, arrondissements: gpd.GeoDataFrame, communes: gpd.GeoDataFrame
) -> None:
    outlines = {str(row.c_arinsee): row.geometry for row in arrondissements.itertuples()}
    outlines |= {row.code: row.geometry for row in communes.itertuples() if row.code != "75056"}
    assert set(iris.code_insee) == set(outlines)
    for code, outline in outlines.items():
        assert_tiles(iris.geometry[iris.code_insee == code], outline)


def test_iris_hold_about_two_thousand_persons(demo: Demonstration, iris: gpd.GeoDataFrame) -> None:
    homes = demo.households.groupby("address_id").persons.sum()
    persons = demo.addresses.assign(persons=demo.addresses.id.map(homes).fillna(0))
    persons["iris"] = iris_of_addresses(demo, iris)[0]
    sums = persons.groupby("iris").persons.sum()
    lived = sums[sums > 0]
    assert 1_700 < lived.mean() < 2_400
    assert lived.quantile(0.95) < 3_500


def iris_of_addresses(demo: Demonstration, iris: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    points = shapely.points(demo.addresses[["lon", "lat"]].to_numpy())
    which, address = shapely.STRtree(points).query(iris.geometry.to_numpy(), "covers")
    found = np.full(len(points), "", dtype=object)
    found[address] = iris.code_iris.to_numpy()[which]
    return found, np.bincount(address, minlength=len(points))


def test_every_address_lies_in_exactly_one_iris_of_its_commune(
    demo: Demonstration, iris: gpd.GeoDataFrame
) -> None:
    code, count = iris_of_addresses(demo, iris)
    assert (count == 1).all()
    assert (pd.Series(code).str[:5].to_numpy() == demo.addresses.code_insee.to_numpy()).all()


def test_addresses_agree_in_both_systems(demo: Demonstration) -> None:
    table = demo.addresses
    degrees = gpd.GeoSeries.from_xy(table.lon, table.lat, crs=4326).to_crs(2154)
    metres = gpd.GeoSeries.from_xy(table.x, table.y, crs=2154)
    assert degrees.distance(metres).max() < 0.2


# -- streets -------------------------------------------------------------------------------------


def test_odd_and_even_numbers_face_each_other(demo: Demonstration) -> None:
    table = demo.addresses.assign(number=demo.addresses.numero.astype(int))
    straight = table.groupby("id_fantoir").filter(lambda rows: len(rows) >= 12)
    agreeing = []
    for _, rows in list(straight.groupby("id_fantoir"))[:150]:
        along = np.column_stack([rows.x - rows.x.mean(), rows.y - rows.y.mean()])
        axis = np.linalg.svd(along, full_matrices=False)[2]
        order = np.corrcoef(along @ axis[0], rows.number)[0, 1]
        side = (
            np.corrcoef(along @ axis[1], rows.number % 2)[0, 1] if rows.number.mod(2).std() else 1
        )
        agreeing.append((abs(order), abs(side)))
    order, side = np.median(np.array(agreeing), axis=0)
    assert order > 0.95, "numbers grow along the street"
    assert side > 0.8, "odd and even numbers are on opposite sides"


def test_identifiers_and_repeated_numbers_follow_ban(demo: Demonstration) -> None:
    table = demo.addresses
    assert table.id.is_unique
    assert table.id.str.fullmatch(r"\d{5}_\d{4}_\d{5}(_[btq])?").all()
    assert set(table.rep) >= {"", "b"}
    assert (table.rep != "").mean() > 0.01
    whole = table.id_fantoir + "_" + table.numero.str.zfill(5)
    repeated = whole + table.rep.map(lambda rep: f"_{rep}" if rep else "")
    assert (table.id == repeated).all()


def test_some_streets_have_namesakes_and_some_cross_a_quarters_border(demo: Demonstration) -> None:
    table = demo.addresses.assign(quarter=demo.quarter_of_address.to_numpy())
    table["town"] = np.where(table.code_insee.str.startswith("75"), "75056", table.code_insee)
    assert (table.groupby("nom_voie").town.nunique() > 1).sum() > 100
    ways = table.groupby("id_fantoir").quarter
    assert ((ways.nunique() > 1) & (ways.agg(lambda q: (q != "").any()))).sum() > 100
    assert table.nom_voie.str.contains("'").any()
    assert table.nom_voie.str.contains("[éèëôçÉœ]").any()


def test_each_quarter_holds_a_street_of_its_name(demo: Demonstration) -> None:
    from importers.demonstration.plan import QUARTER_STREETS

    table = demo.addresses.assign(quarter=demo.quarter_of_address.to_numpy())
    for quarter in QUARTERS:
        inside = set(table.nom_voie[table.quarter == quarter.code])
        assert inside & set(QUARTER_STREETS[quarter.code]), quarter.name


def test_types_of_way_are_varied(demo: Demonstration) -> None:
    kinds = demo.addresses.nom_voie.str.split(" ").str[0].value_counts(normalize=True)
    assert kinds.index[0] == "Rue"
    assert set(kinds.index) >= {"Avenue", "Boulevard", "Passage", "Villa", "Impasse", "Quai"}


# -- perimeters ----------------------------------------------------------------------------------


def test_quarters_lie_in_their_published_arrondissements(
    demo: Demonstration, arrondissements: gpd.GeoDataFrame
) -> None:
    outlines = arrondissements.to_crs(2154).set_index("c_ar").geometry
    for quarter in QUARTERS:
        shape = demo.quarters.geometry[quarter.code]
        share = outlines.intersection(shape).area / shape.area
        assert set(share.index[share > 0.01]) == set(quarter.arrondissements), quarter.name
        assert shape.is_valid
        assert shape.geom_type == "Polygon", "a continuous urban space"


def test_the_same_quarters_come_in_two_layers(demo: Demonstration) -> None:
    path = f"/vsizip/{demo.folder}/perimeters/qp-politiquedelaville-shp.zip"
    other = gpd.read_file(path, layer="QP_METROPOLEOUTREMER_WGS84_EPSG4326").set_index("CODE_QP")
    assert other.crs.to_epsg() == 4326
    assert other.NOM_QP.to_dict() == demo.quarters.NOM_QP.to_dict()
    moved = other.to_crs(2154).geometry
    for code, shape in demo.quarters.geometry.items():
        assert shape.symmetric_difference(moved[code]).area < 1e-4 * shape.area


def test_quarters_do_not_overlap(demo: Demonstration) -> None:
    shapes = demo.quarters.geometry
    assert shapes.area.sum() == pytest.approx(shapes.union_all().area)


def test_history_leads_from_the_zones_to_the_legal_quarters(
    demo: Demonstration, blocks: gpd.GeoDataFrame
) -> None:
    history = demo.toml("history/history.toml")
    kinds = [step["kind"] for step in history["operation"]]
    assert kinds == ["merge", *["trim"] * 20, "decree"]
    assert len(history["zone"]) == 21
    assert {z["quarter"] for z in history["zone"] if z["bare_cells"]} == set(BARE_CELLS)
    merge, *trims, decree = history["operation"]
    assert len(merge["inputs"]) == 2
    assert merge["result"] == "QP075019"
    assert str(decree["date"]) == "2014-12-30"
    assert min(str(step["date"]) for step in trims) >= "2014-06-19"
    assert all(step["author"] and step["reason"] for step in history["operation"])
    for step in trims:
        kept = shapely.coverage_union_all(blocks.geometry[step["blocks"]].to_numpy())
        legal = demo.quarters.to_crs(4326).geometry[step["result"]]
        assert kept.symmetric_difference(legal).area < 1e-4 * legal.area, step["result"]


def test_historys_cells_are_those_of_the_computed_zones(demo: Demonstration) -> None:
    written = [set(zone["cells"]) for zone in demo.toml("history/history.toml")["zone"]]
    cells = demo.cells[demo.cells.own > 0.5 * demo.cells.persons]
    ids = {
        f"CRS3035RES200mN{row * 200}E{column * 200}"
        for row, column in zip(cells.row, cells.column, strict=True)
    }
    assert set().union(*written) <= ids
    assert sorted(len(zone) for zone in written) == sorted(demo.zones("own")["count"])


def test_second_generation_keeps_redraws_drops_and_adds(demo: Demonstration) -> None:
    second = layer(demo, "perimeters/qp2024_wgs84.geojson").set_index("code_qp").to_crs(2154)
    first = demo.quarters
    assert second.index.str.fullmatch(r"QN\d{5}[MI]").all()
    shared = pd.DataFrame(
        {code: first.intersection(shape).area for code, shape in second.geometry.items()}
    )
    origin = shared.idxmax()
    same = {
        code: first.geometry[origin[code]].symmetric_difference(shape).area < 1e-3 * shape.area
        for code, shape in second.geometry.items()
    }
    new = shared.columns[shared.max() == 0]
    assert len(new) == 1
    assert set(first.index) - set(origin.drop(new)) == {"QP075018"}
    assert 5 <= sum(same.values()) <= 12
    redrawn = [code for code, kept in same.items() if not kept and code not in new]
    assert len(redrawn) >= 8
    overlap = second[second.index.isin(redrawn)].geometry
    assert all(0.5 < shared[c].max() / s.union(first.geometry[origin[c]]).area < 0.999
               for c, s in overlap.items())  # fmt: skip


def test_the_new_quarter_straddles_two_communes_of_different_contracts(
    demo: Demonstration, communes: gpd.GeoDataFrame
) -> None:
    second = layer(demo, "perimeters/qp2024_wgs84.geojson").set_index("code_qp")
    new = second.loc["QN09391I"]
    inside = communes[communes.intersects(new.geometry.buffer(-1e-5))]
    assert set(inside.code) == set(new.insee_com.split(", ")) == {"93904", "94901"}
    contract = {
        c["code"]: c["contract"] for c in demo.toml("territories/territories.toml")["commune"]
    }
    assert len({contract[code] for code in inside.code}) == 2
    assert new.geometry.geom_type == "Polygon", "a continuous urban space"
    shares = shapely.area(shapely.intersection(inside.geometry.to_numpy(), new.geometry))
    assert shares.min() > 0.2 * new.geometry.area
    members = pd.read_csv(demo.folder / "territories/memberships.csv", dtype=str)
    own = members[(members.member == "QN09391I") & (members.group_level == "contract")]
    assert set(own.group) == {"CV-NORD", "CV-SUD"}


def test_former_perimeters_are_larger_than_the_quarters(demo: Demonstration) -> None:
    former = layer(demo, "perimeters/cucs.geojson").to_crs(2154)
    assert len(former) == 14
    covered = former.union_all().intersection(demo.quarters.union_all()).area
    assert covered > 0.99 * demo.quarters.area.sum()
    assert former.area.sum() > 2 * demo.quarters.area.sum()
    left = former.union_all().difference(demo.quarters.union_all().buffer(0.5))
    assert left.area > 0


def test_the_seven_named_watch_quarters(
    demo: Demonstration, arrondissements: gpd.GeoDataFrame
) -> None:
    watch = layer(demo, "perimeters/qva.geojson").to_crs(2154)
    assert watch.nom.tolist() == [name for name, _ in NAMED_WATCH]
    assert (watch.communes == [f"751{number:02d}" for _, number in NAMED_WATCH]).all()
    assert watch.intersection(demo.quarters.union_all()).area.max() < 1
    assert watch.area.between(20_000, 400_000).all()


# -- registers and facilities --------------------------------------------------------------------


def test_memberships_are_dated_and_many_to_many(demo: Demonstration) -> None:
    table = pd.read_csv(
        demo.folder / "territories/memberships.csv", dtype=str, keep_default_na=False
    )
    quarters = table[(table.member_level == "qpv") & (table.group_level == "arrondissement")]
    belleville = quarters[quarters.member == "QP075020"]
    assert set(belleville.group) == {"75110", "75111", "75120"}
    assert table.valid_from.str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    first = table[table.member.str.startswith("QP")]
    assert (first.valid_to == "2024-01-01").all()


def test_urban_units_give_the_decrees_two_lines(demo: Demonstration) -> None:
    from carroyage.lines import decree_line

    document = demo.toml("territories/territories.toml")
    lines = {
        unit["code"]: decree_line(unit["national_median"], unit["median"], unit["population"])
        for unit in document["urban_unit"]
    }
    assert {code: float(line.unrounded) for code, line in lines.items()} == {
        "00851": 12_799.8,
        "94301": 11_914.2,
    }
    assert {c["code"]: c["urban_unit"] for c in document["commune"]}["94905"] == "94301"


def test_facilities_lie_in_near_and_outside_the_quarters(demo: Demonstration) -> None:
    schools = pd.read_csv(demo.folder / "facilities/ecoles_demonstration.csv")
    points = gpd.GeoSeries.from_xy(schools.longitude, schools.latitude, crs=4326).to_crs(2154)
    far = points.distance(demo.quarters.union_all())
    inside, near, out = far == 0, far.between(0.1, 100), far > 100
    assert inside.sum() > 50
    assert near.sum() > 30
    assert out.sum() > 150
    rep = schools.Appartenance_Education_Prioritaire.isin(["REP", "REP+"])
    assert rep[inside].mean() > 0.6 > 0.2 > rep[out].mean()
    assert all(points.within(shape).any() for shape in demo.quarters.geometry)


@pytest.mark.parametrize("name", ["bibliotheques", "sante"])
def test_other_facilities_are_named_points(demo: Demonstration, name: str) -> None:
    path: Path = demo.folder / f"facilities/{name}_demonstration.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    assert len({f["properties"]["@id"] for f in features}) == len(features) > 40
    assert {f["geometry"]["type"] for f in features} == {"Point"}
