"""Whole regions are drawn from sums and simplified outlines that agree with the detail."""

import pytest
from django.db import connection, transaction
from shapely.geometry import Polygon, box

from carroyage.models import MEASURES, Cell
from layers import outlines
from layers.models import Outline, Square
from observatory.models import Level, Perimeter, Run, RunState
from tests.layers.places import commit_now, features, on_earth, place_of, square

SIZES = {4: 64_000, 5: 32_000, 6: 16_000, 7: 8_000, 8: 4_000, 9: 2_000, 10: 1_000}


def drawn(visitor, layer, zoom, longitude=2.35, latitude=48.89):
    place = place_of(longitude, latitude, zoom)
    return place, features(visitor.get(place.url(layer)).content, layer)


@pytest.mark.django_db
class TestCells:
    @pytest.mark.parametrize(("zoom", "size"), SIZES.items())
    def test_squares_grow_as_the_map_shows_more_and_keep_the_total(
        self, visitor, make_grid, zoom, size
    ):
        make_grid(columns=12, rows=9, ind=1.5, men=None, men_pauv=0.0)
        commit_now()
        _, squares = drawn(visitor, "cells", zoom)
        values = [feature["properties"] for feature in squares.values()]
        assert {value["size"] for value in values} == {size}
        assert sum(value["ind"] for value in values) == pytest.approx(108 * 1.5)
        assert sum(value["cells"] for value in values) == 108
        assert all("men" not in value for value in values)  # never given is never zero
        assert all(value["men_pauv"] == 0 for value in values)
        assert all("i_est_200" not in value for value in values)

    def test_what_a_full_tile_leaves_out_is_told_where_attributes_are_described(
        self, visitor, make_grid
    ):
        make_grid(2, 2, **dict.fromkeys(MEASURES, 3.0), i_est_200=0, i_est_1km=0)
        listed = {entry["id"]: entry for entry in visitor.get("/tiles").json()["layers"]}
        absent = {a["name"] for a in listed["cells"]["attributes"] if 11 in a["absent_at"]}
        assert "log_soc" in absent
        _, cells = drawn(visitor, "cells", 11, 2.334, 48.888)
        _, deeper = drawn(visitor, "cells", 12, 2.334, 48.888)
        for key, feature in cells.items():
            assert set(deeper[key]["properties"]) - set(feature["properties"]) == absent - {"cells"}
        fields = visitor.get("/tiles/cells.json").json()["vector_layers"][0]["fields"]
        assert fields["log_soc"].endswith("Absent des tuiles au zoom 11")
        assert "Absent" not in fields["men_pauv"]

    def test_a_square_is_named_and_drawn_where_its_cells_lie(self, visitor, make_grid):
        make_grid(1, 1)
        commit_now()
        place, squares = drawn(visitor, "cells", 10)
        (feature,) = squares.values()
        assert feature["properties"]["id"] == "CRS3035RES1000mN2893000E3760000"
        cell = Polygon(Cell.objects.get().geom_3857.coords[0])
        assert cell.buffer(-2 * place.pixel).within(on_earth(feature, place))

    def test_sums_follow_every_change_of_the_cells(self, make_grid):
        dataset = make_grid(6, 6, ind=2.0)
        total = lambda: sum(Square.objects.filter(size=4000).values_list("ind", flat=True))  # noqa: E731
        commit_now()
        assert total() == 72
        Cell.objects.filter(dataset=dataset, men=40).update(ind=None)
        commit_now()
        assert total() == 60
        Cell.objects.filter(dataset=dataset, men__lt=44).delete()
        commit_now()
        assert total() == 24
        Cell.objects.all().delete()
        commit_now()
        assert not Square.objects.exists()

    def test_sums_of_two_files_stay_apart(self, make_grid, source):
        from observatory.models import Source

        other = Source.objects.create(code="2019", title="2019", producer="INSEE", vintage="2019")
        newer, older = make_grid(2, 2, ind=1.0), make_grid(2, 2, ind=5.0, of=other)
        commit_now()
        sums = {d.pk: d.squares.get(size=64000).ind for d in (newer, older)}
        assert sums == {newer.pk: 4.0, older.pk: 20.0}

    def test_squares_that_lie_together_are_stored_together(self, make_grid):
        make_grid(columns=200, rows=4)
        commit_now()
        with connection.cursor() as cursor:
            cursor.execute("SELECT east, north FROM layers_square WHERE size = 1000 ORDER BY ctid")
            blocks = [(east // 16_000, north // 16_000) for east, north in cursor.fetchall()]
        assert len(set(blocks)) > 2
        assert blocks == sorted(blocks)

    def test_a_dataset_takes_its_squares_with_it(self, make_grid):
        dataset = make_grid()
        commit_now()
        dataset.cells.all().delete()
        dataset.delete()
        commit_now()
        assert not Square.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestCommits:
    def test_cells_and_sums_show_in_the_same_instant(self, visitor, make_grid):
        from django.db import connection

        with transaction.atomic():
            make_grid(3, 3)
            outside = connection.copy()
            with outside.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM layers_square")
                assert cursor.fetchone() == (0,)
            outside.close()
        assert drawn(visitor, "cells", 6)[1]
        assert drawn(visitor, "cells", 13, 2.334, 48.888)[1]

    def test_a_load_that_is_undone_leaves_no_sum(self, make_grid):
        with pytest.raises(RuntimeError), transaction.atomic():
            make_grid(3, 3)
            raise RuntimeError
        assert not Square.objects.exists()


def finished_load():
    Run.objects.create(kind="load boundaries", state=RunState.DONE, version="test")


def wavy(west, south, size, steps=200):
    """A square whose eastern side is a wave of many points."""
    from math import sin

    east = [(west + size + 0.0004 * sin(i), south + size * i / steps) for i in range(steps, -1, -1)]
    return Polygon([(west, south), (west, south + size), *east])


@pytest.mark.django_db
class TestOutlines:
    def test_a_load_leaves_lighter_outlines_for_low_zooms(self, visitor, make_area):
        full = make_area(shape=wavy(2.3, 48.8, 0.1))
        finished_load()
        counts = {o.zoom: o.geom_3857.num_coords for o in Outline.objects.order_by("zoom")}
        assert list(counts) == sorted(counts) == list(outlines.ZOOMS)
        assert sorted(counts.values()) == list(counts.values())
        assert counts[5] < 20 < full.geom.num_coords
        light = visitor.get(place_of(2.35, 48.85, 8).url("qpv")).content
        Outline.objects.all().delete()
        assert len(light) < len(visitor.get(place_of(2.35, 48.85, 8).url("qpv")).content)

    @pytest.mark.parametrize("zoom", [7, 9, 10, 11])
    def test_a_simplified_outline_stays_within_half_a_screen_pixel(self, visitor, make_area, zoom):
        made = make_area(shape=wavy(2.3, 48.8, 0.1))
        finished_load()
        full = Polygon(Perimeter.objects.get(pk=made.pk).geom_3857.coords[0][0])
        place, shown = drawn(visitor, "qpv", zoom, 2.33, 48.85)
        outline = on_earth(shown[made.pk], place)
        reach = place.square.buffer(60 * place.pixel)
        screen_pixel = 8 * place.pixel  # 4096 units on 512 pixels
        assert outline.intersection(reach).within(full.buffer(screen_pixel / 2))
        assert full.intersection(reach).within(outline.buffer(screen_pixel / 2))

    def test_neighbours_keep_their_common_border(self, make_area):
        left = wavy(2.3, 48.8, 0.1)
        right = box(2.35, 48.8, 2.6, 48.9).difference(left)
        make_area(Level.COMMUNE, "1", "A", left, status="reference")
        make_area(Level.COMMUNE, "2", "B", right, status="reference")
        finished_load()
        for zoom in outlines.ZOOMS:
            a, b = (
                Polygon(o.geom_3857.coords[0][0])
                for o in Outline.objects.filter(zoom=zoom).order_by("perimeter_id")
            )
            assert a.intersection(b).area == pytest.approx(0, abs=1e-3)
            assert a.union(b).geom_type == "Polygon"
            assert not a.union(b).interiors

    def test_shapes_that_overlap_are_simplified_all_the_same(self, make_area):
        make_area(code="QP1", shape=wavy(2.3, 48.8, 0.1))
        make_area(code="QP2", shape=wavy(2.32, 48.82, 0.1))
        finished_load()
        assert Outline.objects.count() == 2 * len(outlines.ZOOMS)
        assert all(outline.geom_3857.valid for outline in Outline.objects.all())

    def test_a_redrawn_quarter_is_never_shown_with_its_old_outline(self, visitor, make_area):
        made = make_area(shape=square(2.30, 48.85, 0.02))
        finished_load()
        made.geom = made.geom.__class__(list(_moved(made.geom)), srid=4326)
        made.save()
        place, shown = drawn(visitor, "qpv", 9, 2.35, 48.86)
        full = Polygon(Perimeter.objects.get(pk=made.pk).geom_3857.coords[0][0])
        assert on_earth(shown[made.pk], place).intersects(full)
        assert outlines.refresh() == 1
        assert outlines.refresh() == 0

    def test_a_quarter_without_kept_outlines_is_drawn_in_full(self, visitor, make_area):
        make_area(shape=wavy(2.3, 48.8, 0.1))
        assert drawn(visitor, "qpv", 9, 2.35, 48.85)[1]

    def test_drafts_and_computed_zones_are_not_simplified(self, make_area, make_zones):
        make_area(status="negotiation")
        make_zones([square()])
        finished_load()
        assert not Outline.objects.exists()

    def test_new_outlines_give_a_new_version(self, visitor, make_area):
        make_area(shape=wavy(2.3, 48.8, 0.1))
        before = visitor.get("/tiles/qpv.json").json()["tiles"]
        finished_load()
        assert visitor.get("/tiles/qpv.json").json()["tiles"] != before

    def test_a_failure_to_simplify_does_not_undo_the_load(self, make_area, monkeypatch, caplog):
        make_area()
        monkeypatch.setattr(outlines, "refresh", lambda: 1 / 0)
        finished_load()
        assert Run.objects.get().state == RunState.DONE
        assert "full ones are drawn" in caplog.text


def _moved(geom):
    from django.contrib.gis.geos import Polygon as Geos

    return [Geos([(x + 0.05, y) for x, y in ring]) for (ring,) in geom.coords]
