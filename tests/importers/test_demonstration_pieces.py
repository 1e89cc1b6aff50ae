"""The parts the demonstration is made with: cutting plots, drawing households, meeting medians."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from importers.demonstration import errors, files, incomes, naming, people, promises
from importers.demonstration.addresses import address_ids
from importers.demonstration.city import draw_city, join_blocks
from importers.demonstration.facilities import where_addresses_lie
from importers.demonstration.facts import BY_CODE, QUARTERS, Quarter
from importers.demonstration.fields import SmoothField
from importers.demonstration.ground import Ground
from importers.demonstration.iris import draw_iris
from importers.demonstration.layers import shape_of
from importers.demonstration.network import Network, Plot
from importers.demonstration.perimeters import Blocks
from importers.demonstration.plan import SECTORS
from importers.demonstration.skeleton import Skeleton, ring_angles
from importers.demonstration.subdivide import Tree, halve
from importers.demonstration.territory import Territory, draw_territory
from importers.demonstration.zones import grow_zones

RADII = st.lists(st.floats(150, 400), min_size=4, max_size=9)


def star(radii: list[float]) -> Plot:
    """A plot around the origin: one corner per radius, counter-clockwise."""
    turns = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    xs = [float(r * np.cos(a)) for a, r in zip(turns, radii, strict=True)]
    ys = [float(r * np.sin(a)) for a, r in zip(turns, radii, strict=True)]
    return Plot(xs, ys, [0] * len(xs))


def polygon(plot: Plot) -> shapely.Polygon:
    return shapely.Polygon(list(zip(plot.xs, plot.ys, strict=True)))


def square(x: float, y: float, side: float) -> Plot:
    return Plot([x, x + side, x + side, x], [y, y, y + side, y + side], [0, 1, 2, 3])


# -- plots and streets ---------------------------------------------------------------------------


@given(RADII)
def test_measures_of_a_plot_agree_with_shapely(radii: list[float]) -> None:
    plot = star(radii)
    shape = polygon(plot)
    assert plot.area() == pytest.approx(shape.area, rel=1e-9)
    assert plot.perimeter() == pytest.approx(shape.length, rel=1e-9)
    assert plot.centre() == pytest.approx((shape.centroid.x, shape.centroid.y), abs=1e-3)


@given(RADII, st.integers(0, 2**32))
def test_a_cut_makes_two_plots_that_fill_the_first(radii: list[float], seed: int) -> None:
    plot = star(radii)
    network = Network()
    halves = halve(plot, network, np.random.default_rng(seed))
    assume(halves is not None)
    one, two = map(polygon, halves)
    assert one.area + two.area == pytest.approx(plot.area(), rel=1e-9)
    assert one.intersection(two).area < 1e-6 * plot.area()
    assert len(network.kind) == 1
    assert all(len(half.xs) == len(half.segments) for half in halves)


def test_the_long_side_is_the_one_that_is_cut() -> None:
    plot = Plot([0, 900, 900, 0], [0, 0, 200, 200], [0, 1, 2, 3])
    assert abs(plot.long_axis()[0]) == pytest.approx(1)
    halves = halve(plot, Network(), np.random.default_rng(3))
    assert halves is not None
    assert max(np.ptp(half.xs) for half in halves) < 750


def test_larger_plots_are_cut_by_wider_streets() -> None:
    kinds = []
    for side in (1_000, 500, 250, 150):
        network = Network()
        assert halve(square(0, 0, side), network, np.random.default_rng(1)) is not None
        kinds.append(network.half_widths()[0])
    assert kinds == sorted(kinds, reverse=True)


def test_a_tree_of_plots_numbers_blocks_in_runs() -> None:
    tree = Tree(Network(), np.random.default_rng(5))
    root = tree.cut(square(0, 0, 900), lambda place: 20_000.0, lambda place, area: False)
    assert (root.start, root.end) == (0, len(tree.blocks))
    assert sum(block.area() for block in tree.blocks) == pytest.approx(810_000)
    first, second = root.children
    assert first.end == second.start
    areas = [sum(b.area() for b in tree.blocks[c.start : c.end]) for c in root.children]
    assert areas == pytest.approx([first.area, second.area])


def test_joined_blocks_share_every_corner() -> None:
    tree = Tree(Network(), np.random.default_rng(6))
    tree.cut(square(0, 0, 800), lambda place: 15_000.0, lambda place, area: False)
    shapes, neighbours = join_blocks(tree.blocks)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(640_000, rel=1e-6)
    for a, b in neighbours[:50]:
        assert shapely.intersection(shapes[a], shapes[b]).length > 0


def test_blocks_that_do_not_tile_are_refused() -> None:
    with pytest.raises(errors.BrokenTiling, match="2 blocks were drawn"):
        join_blocks([square(0, 0, 100), square(50, 50, 100)])


def test_sectors_tile_the_rings() -> None:
    skeleton = Skeleton(np.random.default_rng(0))
    shapes = np.array([polygon(skeleton.plot(sector)) for sector in SECTORS], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


@pytest.mark.parametrize("ring", [1, 2, 3, 4, 5])
def test_both_sides_of_a_ring_walk_the_same_corners(ring: int) -> None:
    whole = ring_angles(ring, 0, 360)
    assert whole == sorted(whole)
    parts = ring_angles(ring, 0, 90) + ring_angles(ring, 90, 360)
    assert set(whole) == set(parts)


# -- cells and zones -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> tuple:
    city = draw_city(np.random.default_rng([11, 0]))
    return city, Ground.of(city)


def test_a_points_cell_is_found_by_arithmetic(drawn: tuple) -> None:
    _, ground = drawn
    x = ground.west + np.array([400.0, 599.99, 600.0])
    y = ground.south + np.array([200.0, 399.99, 399.99])
    cells = ground.cells_of(x, y)
    assert cells[0] == cells[1] == cells[2] - 1
    north, east = ground.corner(cells[:1])
    assert (north[0], east[0]) == (ground.south + 200, ground.west + 400)
    assert ground.cell_id(int(cells[0])) == f"CRS3035RES200mN{north[0]}E{east[0]}"


def test_sampled_cells_measure_blocks_well(drawn: tuple) -> None:
    city, ground = drawn
    counted = np.bincount(ground.samples[ground.samples >= 0], minlength=len(city.shapes)) * 625.0
    assert counted.sum() == pytest.approx(shapely.area(city.shapes).sum(), rel=0.01)


def test_zones_are_connected_and_apart(drawn: tuple) -> None:
    city, ground = drawn
    zones = grow_zones(city, ground, np.random.default_rng([11, 1]))
    taken = np.zeros(ground.rows * ground.columns, bool)
    for zone in zones:
        assert len(zone.cells) == zone.plan.cells
        assert not taken[ground.around(list(zone.cells))].any(), zone.plan.name
        left, queue = set(zone.cells), [zone.cells[0]]
        while queue:
            cell = queue.pop()
            if cell in left:
                left.remove(cell)
                queue.extend(ground.beside(cell))
        assert not left
        taken[list(zone.cells)] = True


def test_no_room_is_said() -> None:
    message = str(errors.NoRoomForZone("QP075003", 4, 1))
    assert "QP075003" in message
    assert "another seed" in message


def test_bridges_and_parts_of_blocks(drawn: tuple) -> None:
    city, _ = drawn
    graph = Blocks(city)
    start, far = 100, 160
    everywhere = np.ones(len(city.shapes), bool)
    joined = graph.join({start, far}, everywhere)
    assert len(graph.parts(joined)) == 1
    assert {start, far} <= joined
    nowhere = np.zeros(len(city.shapes), bool)
    assert graph.bridge({start}, {far}, nowhere) == set()
    assert graph.rings({start}, 1, everywhere) == {start} | graph.beside({start})


def test_smooth_fields_are_smooth_and_centred() -> None:
    field = SmoothField.draw(np.random.default_rng(2), (0.0, 0.0), 600.0)
    x = np.linspace(-5_000, 5_000, 400)
    steps = np.abs(np.diff(field.at(x, np.zeros(400))))
    assert steps.max() < 0.3
    assert field.values.std() == pytest.approx(1)


# -- households and incomes ----------------------------------------------------------------------


@given(st.integers(30, 5_000), st.integers(0, 1000), st.sampled_from(sorted(people.SIZES)))
def test_household_sizes_add_up_exactly(persons: int, seed: int, kind: str) -> None:
    sizes = people.draw_sizes_summing(np.random.default_rng(seed), kind, persons)
    assert sizes.sum() == persons
    assert sizes.min() >= 1


@given(st.lists(st.integers(1, 8), min_size=1, max_size=200), st.integers(0, 1000))
def test_ages_agree_with_sizes(sizes: list[int], seed: int) -> None:
    ages = people.draw_ages(np.random.default_rng(seed), np.array(sizes))
    assert (ages.bands.sum(axis=1) == sizes).all()
    assert (ages.under_14 < np.array(sizes)).all()
    assert not ages.single_parent[np.array(sizes) == 1].any()


def test_mean_sizes_are_those_of_the_draw() -> None:
    sizes = people.draw_sizes(np.random.default_rng(0), "poor", 200_000)
    assert sizes.mean() == pytest.approx(people.mean_size("poor"), rel=0.01)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 6)), min_size=1, max_size=60))
def test_weighted_median_splits_the_persons(rows: list[tuple[int, int]]) -> None:
    values, persons = (np.array(c) for c in zip(*rows, strict=True))
    median = incomes.weighted_median(values.astype(float), persons)
    half = persons.sum() / 2
    assert persons[values < median].sum() < half <= persons[values <= median].sum()


def test_consumption_units_follow_the_scale() -> None:
    table = pd.DataFrame({"persons": [1, 2, 4, 3], "under_14": [0, 0, 2, 2]})
    assert incomes.consumption_units(table) == pytest.approx([1.0, 1.5, 2.1, 1.6])


def work_of(income: list[float], cell: list[int], quarter: list[int]) -> incomes.Calibration:
    persons = np.ones(len(income), np.int64)
    return incomes.Calibration(np.array(income), persons, np.array(cell), np.array(quarter))


@given(st.lists(st.floats(0, 60_000), min_size=1, max_size=80), st.integers(0, 99))
@settings(max_examples=60)
def test_a_cell_outside_the_zones_never_has_a_poor_majority(income: list[float], seed: int) -> None:
    cell = np.random.default_rng(seed).integers(0, 4, len(income)).tolist()
    work = work_of(income, cell, [-1] * len(income))
    order = np.argsort(work.income, kind="stable")
    incomes._cap(work, np.array([], np.int64))
    for number in set(cell):
        own = np.array(cell) == number
        assert (work.income[own] < 12_800).sum() < 0.5 * own.sum()
        ranked = [i for i in order if own[i]]
        assert (np.diff(work.income[ranked]) >= -1e-6).all(), "the order is kept"


def test_a_balanced_cell_keeps_the_quarters_own_incomes() -> None:
    income = [5_000.0] * 4 + [6_000.0, 9_000.0, 12_000.0, 15_000.0, 20_000.0, 30_000.0]
    work = work_of(income, [0] * 10, [0] * 4 + [-1] * 6)
    incomes._balance(work, np.arange(10))
    assert (work.income[:4] == 5_000).all()
    assert (work.income < 12_800).sum() < 5


def test_disposable_incomes_rise_with_declared_ones() -> None:
    declared = np.linspace(0, 150_000, 400)
    homes = pd.DataFrame({"single_parent": np.zeros(400, bool)})
    calm = np.zeros(400)
    left = incomes.disposable(declared, homes, np.zeros(400, np.int64), calm, np.zeros(1))
    assert (np.diff(left) > 0).all()
    assert left[0] > 5_000
    assert left[-1] < 0.75 * declared[-1]


def test_an_unreachable_median_is_said() -> None:
    message = str(errors.MedianOutOfReach("QP075003", 11_690, 8_000, 11_000))
    assert "QP075003" in message
    assert "8000 to 11000" in message


# -- promises ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def territory() -> Territory:
    return draw_territory(2014)


def changed(territory: Territory, **columns: np.ndarray) -> Territory:
    return replace(territory, households=territory.households.assign(**columns))


def test_a_finished_territory_keeps_its_promises(territory: Territory) -> None:
    promises.keep_promises(territory)
    assert promises.count_zones(territory, 0.0) == 0


def test_one_person_more_breaks_a_promise(territory: Territory) -> None:
    persons = territory.households["persons"].to_numpy(copy=True)
    persons[np.flatnonzero(territory.quarter == 0)[0]] += 1
    with pytest.raises(errors.PromiseBroken, match="inhabitants of QP075001: expected 1850"):
        promises.keep_promises(changed(territory, persons=persons))


def test_incomes_one_per_cent_higher_break_a_promise(territory: Territory) -> None:
    income = territory.households["declared_income"].to_numpy(np.float64) * 1.01
    with pytest.raises(errors.PromiseBroken, match="median of QP075001: expected 12500"):
        promises.keep_promises(changed(territory, declared_income=income))


def test_a_rich_neighbourhood_made_poor_adds_a_zone(territory: Territory) -> None:
    income = territory.households["declared_income"].to_numpy(np.float64, copy=True)
    rich = (territory.households["commune"] == "75108").to_numpy()
    income[rich] = 1_000
    with pytest.raises(errors.PromiseBroken, match="expected 21, found 22"):
        promises.keep_promises(changed(territory, declared_income=income))


def test_statistical_blocks_follow_the_population(territory: Territory) -> None:
    found = draw_iris(territory)
    assert [iris.code for iris in found] == sorted({iris.code for iris in found})
    covered = sorted((iris.first, iris.last) for iris in found)
    assert covered[0][0] == 0
    assert covered[-1][1] == len(territory.city.shapes)
    assert all(a[1] == b[0] for a, b in pairwise(covered))


def test_decoys_stay_small_and_apart(territory: Territory) -> None:
    ground, cell = territory.ground, territory.cell
    persons = np.bincount(cell, territory.households["persons"], ground.rows * ground.columns)
    assert persons[list(territory.decoys.small_zone)].sum() < 1_000
    assert (persons[list(territory.decoys.lone)] < 1_000).all()
    zones = ground.around([c for zone in territory.zones for c in zone.cells])
    assert not zones[territory.decoys.cells].any()


def test_facilities_are_drawn_where_they_are_said_to_be(territory: Territory) -> None:
    zone = where_addresses_lie(territory)
    assert ((zone == 0) == (territory.doors.quarter >= 0)).all()
    points = shapely.points(territory.addresses[["x", "y"]].to_numpy())
    legal = shapely.union_all([shape_of(territory, q) for q in territory.legal])
    shapely.prepare(legal)
    far = shapely.distance(points[zone == 1], legal)
    assert 0 < far.min() <= far.max() <= 95
    assert not shapely.dwithin(points[zone == 2], legal, 90).any()


# -- names and files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Rue de l'Évangile", "RUE DE L EVANGILE"),
        ("Rue Mercœur", "RUE MERCOEUR"),
        ("Boulevard Saint-Éloi", "BOULEVARD SAINT ELOI"),
        ("L'Haÿe-Blanche", "L HAYE BLANCHE"),
    ],
)
def test_the_posts_spelling_drops_accents(written: str, expected: str) -> None:
    assert naming.ascii_upper(written) == expected


def test_towns_are_written_as_in_ban() -> None:
    assert naming.town_of("75101").name == "Paris 1er Arrondissement"
    assert naming.town_of("75116").postcode == "75016"
    assert naming.town_of("93903").delivery == "PRE L EVEQUE"
    assert naming.ordinal_fr(13) == "13ème"


def test_street_names_are_unique_in_the_city() -> None:
    kinds = ["street", "lane", "avenue", "ring", "river", "main"] * 500
    doors = pd.DataFrame({"street": range(3_000), "insee": ["75111"] * 3_000})
    names = naming.name_streets(kinds, doors, np.random.default_rng(4))
    assert len(set(names)) == 3_000
    assert {n.split(" ")[0] for n in names[4::6]} == {"Quai"}


def test_address_ids_tell_repeated_numbers_apart() -> None:
    table = pd.DataFrame(
        {"insee": ["75113"] * 3, "street": [9, 9, 12], "number": [7, 7, 2],
         "repeat": ["", "b", ""]}
    )  # fmt: skip
    assert address_ids(table).tolist() == [
        "75113_0001_00007", "75113_0001_00007_b", "75113_0002_00002",
    ]  # fmt: skip


def test_arrondissements_are_worded_as_the_producer_does() -> None:
    labels = [Quarter("", "", numbers, 0, 0).commune_label for numbers in ((13,), (18, 19))]
    assert labels == ["Paris 13ème arrondissement", "Paris 18ème et 19ème arrondissements"]
    assert BY_CODE["QP075020"].communes == ("75110", "75111", "75120")
    assert len(BY_CODE) == len(QUARTERS) == 20


def test_toml_is_read_back_as_written() -> None:
    document = {
        "title": 'Une « citation " » et un \\',
        "count": 3,
        "share": 0.5,
        "yes": True,
        "day": date(2014, 6, 19),
        "list": ["é", "b"],
        "table": [{"code": "75101", "blocks": ["ILOT00001"]}, {"code": "75102"}],
    }
    assert tomllib.loads(files.to_toml(document)) == document


def test_geojson_corners_are_rounded_alike(tmp_path: Path) -> None:
    left = shapely.box(3_760_000, 2_889_000, 3_760_300, 2_889_400)
    right = shapely.box(3_760_300, 2_889_000, 3_760_700, 2_889_400)
    moved = files.reproject(np.array([left, right], dtype=object), 4326)
    assert shapely.coverage_is_valid(moved)
    path = tmp_path / "sub" / "two.geojson"
    files.write_geojson(path, [({"nom": "L'Été"}, left), ({"nom": "Œuvre"}, right)])
    assert "L'Été" in path.read_text(encoding="utf-8")


def test_files_do_not_depend_on_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    table = pd.DataFrame({"a": [1, 2], "b": ["x", "é"]})
    written = []
    for moment in (0.0, 2e9):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        for name in ("t.csv.gz", "t.parquet"):
            write = files.write_csv if name.endswith("gz") else files.write_parquet
            write(tmp_path / name, table)
        written.append([(tmp_path / name).read_bytes() for name in ("t.csv.gz", "t.parquet")])
    assert written[0] == written[1]
