"""The demonstration territory: published figures, the three counts of zones, same bytes twice."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import mkdtemp

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import ndimage

from carroyage.gridding import grid_households
from carroyage.zones import UrbanUnits, build_zones
from importers.demonstration import Summary, write_demonstration
from importers.demonstration.facts import QUARTERS

ROOT = Path(__file__).parents[2]
SMALL_UNIT = "94301"
PARIS_LINE, USUAL_LINE = 12_800, 11_914


@dataclass
class Demonstration:
    """The folder, written once for all tests, and its tables read back from the files."""

    folder: Path
    summary: Summary

    @cached_property
    def households(self) -> pd.DataFrame:
        return pd.read_parquet(self.folder / "households/menages_demonstration_2021.parquet")

    @cached_property
    def addresses(self) -> pd.DataFrame:
        files = sorted((self.folder / "addresses").glob("*.csv.gz"))
        table = pd.concat(
            [pd.read_csv(f, sep=";", dtype=str, keep_default_na=False) for f in files]
        )
        table = table.reset_index(drop=True)
        return table.assign(**{c: table[c].astype(float) for c in ("x", "y", "lon", "lat")})

    @cached_property
    def quarters(self) -> gpd.GeoDataFrame:
        path = f"/vsizip/{self.folder}/perimeters/qp-politiquedelaville-shp.zip"
        return gpd.read_file(path, layer="QP_METROPOLE_LB93").set_index("CODE_QP")

    @cached_property
    def quarter_of_address(self) -> pd.Series:
        """Code of the quarter each address lies in, by its Lambert-93 point; "" outside."""
        points = shapely.points(self.addresses[["x", "y"]].to_numpy())
        found = pd.Series("", index=self.addresses["id"])
        inside = shapely.STRtree(points).query(self.quarters.geometry.to_numpy(), "contains")
        found.iloc[inside[1]] = self.quarters.index[inside[0]]
        return found

    @cached_property
    def cells(self) -> gpd.GeoDataFrame:
        """Cells counted here from the records, without the engine: persons and their lines."""
        homes = self.households
        units = 1 + 0.5 * (homes.persons - 1 - homes.under_14) + 0.3 * homes.under_14
        income = homes.declared_income / units
        small = homes.urban_unit == SMALL_UNIT
        own = np.where(small, USUAL_LINE, PARIS_LINE)
        table = pd.DataFrame(
            {
                "row": np.floor(homes.y / 200).astype(int),
                "column": np.floor(homes.x / 200).astype(int),
                "persons": homes.persons,
                "own": homes.persons * (income < own),
                "paris": homes.persons * (income < PARIS_LINE),
                "usual": homes.persons * (income < USUAL_LINE),
                "rounded": homes.persons * (income < 11_910),
                "small": homes.persons * small,
            }
        )
        sums = table.groupby(["row", "column"], as_index=False).sum()
        corners = sums.column * 200, sums.row * 200
        squares = shapely.box(*corners, corners[0] + 200, corners[1] + 200)
        return gpd.GeoDataFrame(sums, geometry=squares, crs=3035)

    def clusters(self, low: str) -> gpd.GeoDataFrame:
        """Dissolve touching cells (8 neighbours) where most persons are under a line."""
        poor = self.cells[self.cells[low] > 0.5 * self.cells.persons]
        row, column = (poor[c] - self.cells[c].min() for c in ("row", "column"))
        mask = np.zeros((row.max() + 1, column.max() + 1), bool)
        mask[row, column] = True
        labels, _ = ndimage.label(mask, np.ones((3, 3)))
        return poor.assign(cluster=labels[row, column], count=1).dissolve(
            "cluster", aggfunc={"persons": "sum", "small": "sum", "count": "sum"}
        )

    def zones(self, low: str) -> gpd.GeoDataFrame:
        """Keep the clusters of at least 1 000 inhabitants."""
        found = self.clusters(low)
        return found[found.persons >= 1000]

    def overlaps(self, zones: gpd.GeoDataFrame) -> pd.DataFrame:
        """Square metres shared by each zone (rows) and each quarter (columns)."""
        quarters = self.quarters.to_crs(3035).geometry
        shared = [[zone.intersection(q).area for q in quarters] for zone in zones.geometry]
        return pd.DataFrame(shared, index=zones.index, columns=quarters.index)

    def toml(self, path: str) -> dict:
        return tomllib.loads((self.folder / path).read_text(encoding="utf-8"))


@cache
def open_demonstration() -> Demonstration:
    """Write the folder once per test process."""
    folder = Path(mkdtemp(prefix="demonstration-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Demonstration(folder, write_demonstration(folder))


@pytest.fixture(scope="module")
def demo() -> Demonstration:
    return open_demonstration()


def weighted_middle(income: pd.Series, persons: pd.Series) -> float:
    """The usual median of persons, each bearing its household's income."""
    return float(np.median(np.repeat(income.to_numpy(), persons.to_numpy())))


# -- the published list of quarters ------------------------------------------------------------


def persons_in_quarters(demo: Demonstration) -> pd.DataFrame:
    homes = demo.households
    code = demo.quarter_of_address.reindex(homes.address_id).to_numpy()
    units = 1 + 0.5 * (homes.persons - 1 - homes.under_14) + 0.3 * homes.under_14
    table = pd.DataFrame(
        {"code": code, "persons": homes.persons, "income": homes.declared_income / units}
    )
    return table[table.code != ""]


def test_the_twenty_quarters_hold_their_published_population(demo: Demonstration) -> None:
    found = persons_in_quarters(demo).groupby("code").persons.sum()
    assert found.to_dict() == {q.code: q.population for q in QUARTERS}
    assert found.sum() == 150_460


def test_the_twenty_quarters_have_their_published_median(demo: Demonstration) -> None:
    found = persons_in_quarters(demo).groupby("code")
    medians = {code: weighted_middle(rows.income, rows.persons) for code, rows in found}
    assert {code: round(value, -1) for code, value in medians.items()} == {
        q.code: q.median for q in QUARTERS
    }


def test_the_contracts_table_is_the_published_one() -> None:
    assert sum(q.population for q in QUARTERS) == 150_460
    assert sum(q.median < 11_250 for q in QUARTERS) == 6
    assert sum(q.median < USUAL_LINE for q in QUARTERS) == 13
    assert max(q.median for q in QUARTERS) == 12_600
    named = {q.name: q for q in QUARTERS}
    assert (named["Jeanne d'Arc-Clisson"].median, named["Villa d'Este"].median) == (5_400, 11_690)
    assert [q.name for q in QUARTERS if len(q.arrondissements) > 1] == [
        "Porte de la Chapelle-Charles Hermite",
        "Compans-Pelleport",
        "Grand Belleville 10ème, 11ème, et 20ème",
    ]


# -- zones ---------------------------------------------------------------------------------------


def test_twenty_one_zones_under_each_units_own_line(demo: Demonstration) -> None:
    zones = demo.zones("own")
    assert len(zones) == 21
    shared = demo.overlaps(zones)
    per_quarter = (shared > 0).sum()
    assert (shared > 0).sum(axis=1).eq(1).all(), "each zone meets one quarter"
    assert per_quarter.pop("QP075019") == 2
    assert per_quarter.eq(1).all()


def test_one_paris_line_everywhere_wrongly_adds_a_zone(demo: Demonstration) -> None:
    zones = demo.zones("paris")
    assert len(zones) == 22
    wrong = zones[zones.small > 0]
    assert len(wrong) == 1
    assert demo.overlaps(wrong).to_numpy().sum() == 0


@pytest.mark.parametrize("line", ["usual", "rounded"])
def test_the_usual_line_everywhere_leaves_thirteen_quarters(demo: Demonstration, line: str) -> None:
    zones = demo.zones(line)
    assert len(zones) == 13
    touched = set(demo.overlaps(zones).idxmax(axis=1))
    assert touched == {q.code for q in QUARTERS if q.median < USUAL_LINE}


def test_the_engine_finds_the_same_zones(demo: Demonstration) -> None:
    records, units = demo.households, {"00851": 10_500_000, SMALL_UNIT: 14_000}
    gridded = grid_households(
        records, poverty_line=11_700, line={"00851": PARIS_LINE, SMALL_UNIT: USUAL_LINE}
    )
    assert len(gridded.rejected) == 0
    unit = (
        records.assign(n=records.persons)
        .groupby([np.floor(records.y / 200), np.floor(records.x / 200)])["urban_unit"]
        .first()
    )
    cells = gridded.cells.assign(urban_unit=unit.astype(str).to_numpy())
    built = build_zones(cells, "majority_low_income", urban_units=UrbanUnits("urban_unit", units))
    assert len(built.table) == 21
    assert sorted(built.table["ind"]) == sorted(demo.zones("own").persons)


def test_one_quarter_is_about_one_cell(demo: Demonstration) -> None:
    zones = demo.zones("own")
    villa = zones[demo.overlaps(zones)["QP075003"] > 0]
    assert villa["count"].tolist() == [1]
    assert 25_000 < demo.quarters.geometry["QP075003"].area < 70_000


def test_assessment_of_the_zones_cannot_score_one(demo: Demonstration) -> None:
    zones, quarters = demo.zones("own"), demo.quarters.to_crs(3035)
    for code, quarter in quarters.geometry.items():
        own = zones[demo.overlaps(zones)[code] > 0].union_all()
        iou = own.intersection(quarter).area / own.union(quarter).area
        assert 0.45 < iou < 0.92, code
    computed, legal = zones.union_all(), quarters.union_all()
    assert 0.6 < computed.intersection(legal).area / computed.union(legal).area < 0.85


# -- decoys --------------------------------------------------------------------------------------


def test_a_poor_cluster_stays_under_a_thousand_inhabitants(demo: Demonstration) -> None:
    clusters = demo.clusters("own")
    small = clusters[clusters.persons < 1000]
    assert (small["count"] == 2).sum() == 1
    assert (small["count"] == 1).sum() == 6


def test_decoys_touch_no_quarter(demo: Demonstration) -> None:
    clusters = demo.clusters("paris")
    decoys = clusters[(clusters.persons < 1000) | (clusters.small > 0)]
    assert demo.overlaps(decoys).to_numpy().sum() == 0


def test_the_small_units_zone_lies_between_the_two_lines(demo: Demonstration) -> None:
    cells = demo.cells[(demo.cells.small > 0) & (demo.cells.paris > 0.5 * demo.cells.persons)]
    assert cells.persons.sum() >= 1000
    assert (cells.usual < 0.5 * cells.persons).all()
    assert (cells.small == cells.persons).all()


def test_no_cell_outside_zones_is_near_the_majority(demo: Demonstration) -> None:
    share = demo.cells.paris / demo.cells.persons
    assert not share.between(0.49, 0.5005).any()


# -- what public cells tell ----------------------------------------------------------------------


def test_published_cells_find_the_quarters_to_a_sensible_degree(demo: Demonstration) -> None:
    grid = pd.read_csv(demo.folder / "grid/carreaux_200m_demonstration_2021.csv")
    north_east = grid.idcar_200m.str.extract(r"N(\d+)E(\d+)$").astype(int)
    squares = shapely.box(north_east[1], north_east[0], north_east[1] + 200, north_east[0] + 200)
    legal = demo.quarters.to_crs(3035).union_all()
    inside = shapely.area(shapely.intersection(squares, legal)) >= 20_000
    poor = (grid.men_pauv / grid.men).where(grid.men >= 11, 0)
    ranks = poor.rank()
    n = inside.sum()
    auc = (ranks[inside].sum() - n * (n + 1) / 2) / (n * (~inside).sum())
    assert 0.90 < auc < 0.995
    assert poor[inside].median() > 2.5 * poor[~inside].median()


def test_incomes_are_compressed_by_taxes_and_benefits(demo: Demonstration) -> None:
    homes = demo.households
    units = 1 + 0.5 * (homes.persons - 1 - homes.under_14) + 0.3 * homes.under_14

    def spread(income: pd.Series) -> float:
        low, high = np.quantile(income / units, [0.1, 0.9])
        return float(high / low)

    assert spread(homes.disposable_income) < 0.7 * spread(homes.declared_income)


# -- size, labels, reproducibility ---------------------------------------------------------------


def test_the_city_has_a_plausible_size(demo: Demonstration) -> None:
    city = demo.households[demo.households.department == "75"]
    assert 2_000_000 < city.persons.sum() < 2_200_000
    assert 1_000_000 < len(city) < 1_100_000
    assert 60_000 <= len(demo.addresses) <= 80_000
    others = demo.households[demo.households.department != "75"]
    by_commune = others.groupby("commune", observed=True).persons.sum()
    assert by_commune.between(10_000, 60_000).all()
    assert set(others.department) == {"93", "94"}


def test_household_records_are_coherent(demo: Demonstration) -> None:
    homes = demo.households
    ages = homes.filter(regex=r"^ind_")
    assert homes.household_id.is_unique
    assert (ages.sum(axis=1) == homes.persons).all()
    assert (homes.under_14 < homes.persons).all()
    assert (homes.loc[homes.single_parent, "persons"] >= 2).all()
    assert (homes[["declared_income", "disposable_income"]] >= 0).all().all()
    assert set(homes.address_id) <= set(demo.addresses.id)


def test_every_file_is_listed_and_labelled_as_a_demonstration(demo: Demonstration) -> None:
    manifest = demo.toml("manifest.toml")
    assert manifest["demonstration"] is True
    written = {str(p.relative_to(demo.folder)) for p in demo.folder.rglob("*") if p.is_file()}
    assert {entry["path"] for entry in manifest["file"]} | {"manifest.toml"} == written
    assert set(demo.summary.files) == written
    for entry in manifest["file"]:
        assert entry["demonstration"] is True
        assert entry["producer"] == "Démonstration — données fictives"
        assert {"kind", "title", "vintage"} <= set(entry)
    kinds = {entry["kind"] for entry in manifest["file"]}
    assert kinds >= {
        "grid", "households", "perimeters", "boundaries", "iris", "addresses", "facilities",
        "quarters_list", "territories", "history",
    }  # fmt: skip


def test_two_processes_write_the_same_bytes(demo: Demonstration, tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from importers.demonstration import write_demonstration; "
        "write_demonstration(pathlib.Path(sys.argv[1]), seed=2014)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland"}
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, cwd=ROOT, env=environment
    )
    assert checksums(tmp_path) == checksums(demo.folder)


def checksums(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from importers.demonstration import writing
    from importers.demonstration.errors import DemonstrationError, PromiseBroken

    def refuse(territory: object) -> None:
        raise PromiseBroken("zones", 21, 20)

    monkeypatch.setattr(writing, "draw_territory", lambda seed, tell: tell("streets", 1, 4))
    monkeypatch.setattr(writing, "keep_promises", refuse)
    told: list[tuple[str, int, int | None]] = []
    with pytest.raises(DemonstrationError, match="expected 21, found 20"):
        write_demonstration(tmp_path, progress=lambda *step: told.append(step))
    assert told == [("streets", 1, 4)]
    assert not any(tmp_path.iterdir()), "a broken promise leaves no file behind"
