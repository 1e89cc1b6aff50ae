"""Saved maps: declared once, opened for any territory, and what is missing is said."""

from __future__ import annotations

import csv
import io
from datetime import date

import numpy as np
import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from PIL import Image

from maps.charts.savedmap import DRAWERS, draw_saved
from maps.charts.theme import Chart
from maps.errors import BadTemplate
from maps.savedmaps.declared import LOOKS, map_templates, read_templates
from maps.savedmaps.filled import FilledMap, fill, openings
from observatory.models import Facility, Level, Membership, Source, Status, Territory
from tests.factories import a_perimeter, a_source, a_territory
from tests.maps.facts import public_source, quarter_point
from tests.maps.screen import plain
from tests.maps.town import EAST, NORTH, PLACES, SIZE, outline

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]
GOOD = """
[essai]
title = { fr = "Essai", en = "Trial" }
purpose = { fr = "Pour voir", en = "To see" }
opened_for = ["contract"]
frame = "itself"
[[essai.layers]]
level = "qpv"
look = "outline"
"""


def territory(level: str, code: str) -> Territory:
    return Territory.objects.get(level=level, code=code)


def an_ept() -> Territory:
    """Put the city and its contract into an EPT."""
    ept = a_territory(Level.EPT, "EPT1", "Plaine d’essai", source=public_source())
    city, contract = territory("commune", "75056"), territory("contract", "CV1")
    for whole in (ept, contract):
        Membership.objects.create(member=city, container=whole, source=a_source())
    return ept


def filled(key: str, level: str = "contract", code: str = "CV1"):
    return fill(None, map_templates()[key], territory(level, code))


def legend_drawn(monkeypatch, found: FilledMap) -> list[str]:
    """Return the words of the legend of a map, once it is drawn."""
    said: list[str] = []
    save = Chart.save

    def listening(chart: Chart, form: str) -> bytes:
        said.extend(plain(text.get_text()) for text in chart.figure.legends[0].texts)
        return save(chart, form)

    monkeypatch.setattr(Chart, "save", listening)
    draw_saved(found, "svg", date(2026, 3, 1))
    return said


class TestDeclarations:
    def test_the_four_maps_of_the_contracts_are_there_in_both_languages(self):
        found = map_templates()
        assert list(found) == [
            "contrats-ept", "renouvellement-urbain", "quartiers-ept", "petite-enfance",
        ]  # fmt: skip
        for one in found.values():
            assert set(one.titles) == set(one.purposes) == {"fr", "en"}
            assert all(layer.load for layer in one.layers), "what to load is said of each layer"

    def test_a_new_map_needs_a_declaration_and_nothing_else(self):
        assert read_templates(GOOD)["essai"].title == "Essai"

    def test_every_look_can_be_drawn(self):
        assert set(DRAWERS) == set(LOOKS)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (('look = "outline"', 'look = "rose"'), "no layer looks like 'rose'"),
            (('level = "qpv"', 'level = "lune"'), "no level is called 'lune'"),
            (('level = "qpv"', 'level = ""'), "neither a level nor a category"),
            ((', en = "Trial"', ""), "lacks or does not know"),
            (('look = "outline"', 'look = "classes"\ncells = "rien"'), "is called 'rien'"),
            (('look = "outline"', 'look = "outline"\ncolour = "red"'), "lacks or does not know"),
        ],
    )
    def test_a_wrong_one_is_refused_with_its_reason(self, change, said):
        with pytest.raises(BadTemplate, match=said):
            read_templates(GOOD.replace(*change))


class TestContractsOverTheEpt:
    def test_opened_for_a_contract_it_shows_the_ept_around_it(self):
        an_ept()
        found = filled("contrats-ept")
        assert found.place.code == "EPT1"
        names = {one.layer.level: list(one.frame["name"]) for one in found.layers}
        assert names["contract"] == ["Contrat d’essai"]
        assert names["commune"] == ["Paris"]
        assert found.is_drawn

    def test_a_contract_without_outline_is_drawn_as_its_communes(self):
        an_ept()
        contract = filled("contrats-ept").layers[1].frame.geometry.iloc[0]
        city = filled("contrats-ept").layers[0].frame.geometry.iloc[0]
        assert contract.symmetric_difference(city).area == pytest.approx(0, abs=1)


class TestRenewal:
    def test_without_a_project_it_says_what_to_load_and_draws_nothing(self, client):
        page = client.get("/modeles/renouvellement-urbain/?dans=contract:CV1").content.decode()
        assert "Il manque, pour dessiner la carte" in page
        assert "--level npnru" in page
        assert "<img" not in page.partition("<main")[2]
        picture = client.get("/modeles/renouvellement-urbain.svg?dans=contract:CV1")
        assert picture.status_code == 404

    def test_a_project_is_found_by_its_shape_and_one_elsewhere_is_not(self):
        for code, shape in (("R1", outline(PLACES["b"])), ("R2", None)):
            project = a_territory(Level.NPNRU, code, f"Projet {code}", source=public_source())
            a_perimeter(project, shape, status=Status.REFERENCE)
        found = filled("renouvellement-urbain", "commune", "75056")
        assert list(found.layers[1].frame["code"]) == ["R1"]
        assert found.is_drawn


class TestEarlyChildhood:
    def test_the_share_is_a_sum_of_cells_over_a_sum_of_cells(self):
        from carroyage.models import Cell

        Cell.objects.update(ind_0_3=50.0)
        layer = filled("petite-enfance").layers[1]
        told = {row.code: plain(str(row.figure)) for row in layer.frame.itertuples()}
        # 50 children among the 500 persons of the one cell of each quarter.
        assert told == {"QN075901": "10,0 %", "QN075902": "10,0 %"}

    @pytest.mark.parametrize(
        ("children", "said"),
        [
            ((57.1, 57.12), ["11,4 %"]),
            ((57.1, 57.4), ["moins de 11,5 %", "11,5 % et plus"]),
        ],
    )
    def test_the_legend_has_the_decimals_of_the_list_beside(self, monkeypatch, children, said):
        from carroyage.models import Cell

        for place, many in zip("be", children, strict=True):
            east = EAST + PLACES[place].column * SIZE
            Cell.objects.filter(east=east, north=NORTH).update(ind_0_3=many)
        told = legend_drawn(monkeypatch, filled("petite-enfance"))
        assert [one for one in told if "%" in one] == said

    def test_without_the_children_of_the_cells_it_is_not_drawn(self):
        found = filled("petite-enfance")
        assert not found.is_drawn
        assert [one.layer.cells for one in found.missing] == ["infants", ""]

    def test_open_nurseries_inside_are_points_and_closed_ones_are_not(self):
        quarter = territory("qpv", "QN075901")
        for key, state in (("n1", "open"), ("n2", "closed")):
            Facility.objects.create(
                source=public_source(), key=key, name=f"Crèche {key}", category="nursery",
                state=state, geom=quarter_point(quarter),
            )  # fmt: skip
        layer = filled("petite-enfance", "commune", "75056").layers[2]
        assert list(layer.frame["name"]) == ["Crèche n1"]

    def test_facilities_shared_between_partners_are_not_drawn_for_anybody(self):
        Facility.objects.create(
            source=a_source("prive"), key="n3", name="Crèche", category="nursery",
            geom=quarter_point(territory("qpv", "QN075901")),
        )  # fmt: skip
        assert filled("petite-enfance", "commune", "75056").layers[2].is_missing


class TestOpenedWithoutBeingTold:
    def a_small_contract(self) -> Territory:
        """Return a contract that comes first by its name and holds one quarter alone."""
        small = a_territory(Level.CONTRACT, "CV0", "Abrégé", source=public_source())
        quarter = territory("qpv", "QN075901")
        Membership.objects.create(member=quarter, container=small, source=a_source())
        return small

    def test_the_map_opens_for_the_contract_with_most_quarters(self, client):
        small = self.a_small_contract()
        assert openings(map_templates()["petite-enfance"])[0] == small
        page = client.get("/modeles/petite-enfance/").content.decode()
        assert 'value="contract:CV1" selected' in page

    def test_one_small_quarter_is_still_drawn_on_the_commune_it_lies_in(self):
        self.a_small_contract()
        city = territory("commune", "75056").perimeters.get()
        west, south, _east, _north = city.geom.extent
        wide = Polygon.from_bbox((west - 0.2, south - 0.2, west + 0.4, south + 0.4))
        city.geom = MultiPolygon(wide, srid=4326)
        city.save()
        found = filled("petite-enfance", "contract", "CV0")
        city.refresh_from_db()
        quarter = territory("qpv", "QN075901").perimeters.get()
        assert quarter.area < 0.01 * city.area
        assert list(found.layers[0].frame["name"]) == ["Paris"]

    def test_each_outline_stands_in_the_order_of_the_names_beside_it(self):
        frame = filled("quartiers-ept").layers[2].frame
        for row in frame.itertuples():
            kept = territory("qpv", row.code).perimeters.get()
            assert row.geometry.area == pytest.approx(kept.area, rel=0.01)
            assert row.name == kept.territory.name


class TestPages:
    def test_the_list_says_what_each_opens_for_and_needs(self, client):
        page = plain(client.get("/modeles/").content.decode())
        assert "Territoire prioritaire pour la petite enfance" in page
        assert "carreaux de 200 m" in page

    @pytest.mark.parametrize(
        ("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
    )
    def test_a_map_is_taken_away_as(self, client, form, start):
        answer = client.get(f"/modeles/quartiers-ept.{form}?dans=contract:CV1")
        assert answer.content.startswith(start)

    def test_its_file_holds_what_is_on_it(self, client):
        answer = client.get("/modeles/quartiers-ept.csv?dans=contract:CV1")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert {row["name"] for row in rows} == {"L’Écluse et alentours", "Haut-Coteau"}

    def test_title_place_and_day_are_on_the_picture(self, monkeypatch):
        said: list[str] = []
        save = Chart.save

        def listening(chart: Chart, form: str) -> bytes:
            said.extend(text.get_text() for text in chart.axes.texts)
            said.append(chart.axes.get_title(loc="left"))
            return save(chart, form)

        monkeypatch.setattr(Chart, "save", listening)
        draw_saved(filled("quartiers-ept"), "svg", date(2026, 3, 1))
        assert "Les quartiers de l’établissement public territorial\nContrat d’essai" in said
        assert any("1er mars 2026" in plain(text) and "Source :" in text for text in said)

    @pytest.mark.parametrize("path", ["inconnue/", "quartiers-ept/?dans=qpv:QN075901"])
    def test_what_does_not_exist_is_not_found(self, client, path):
        assert client.get(f"/modeles/{path}").status_code == 404

    def test_where_nothing_is_loaded_the_page_says_so(self, client):
        Territory.objects.filter(level__in=("contract", "ept", "commune")).update(code="")
        assert (
            "Aucun territoire n’est chargé"
            in client.get("/modeles/quartiers-ept/").content.decode()
        )

    def test_english_has_its_own_title(self, client):
        client.cookies["django_language"] = "en"
        assert (
            "The quarters of the territorial establishment"
            in client.get("/modeles/").content.decode()
        )


class TestThePicture:
    """A wide territory leaves no white band above or below it, a high one fills the sheet."""

    INCH = 200  # pixels

    def drawn(self, *place: str) -> Image.Image:
        body = draw_saved(filled("quartiers-ept", *place), "png", date(2024, 5, 2))
        return Image.open(io.BytesIO(body)).convert("L")

    def white_rows(self, picture: Image.Image) -> int:
        """Return the longest run of rows without anything on them."""
        blank = (np.asarray(picture) > 250).all(axis=1)
        return max(len(run) for run in "".join(" x"[int(row)] for row in blank).split(" "))

    def test_a_wide_territory_leaves_no_white_band(self):
        picture = self.drawn()
        assert picture.height < 0.8 * picture.width
        assert self.white_rows(picture) < self.INCH / 2

    def test_its_map_is_as_wide_as_names_at_its_edges_let_it_be(self):
        picture = np.asarray(self.drawn())
        ground = (picture[picture.shape[0] // 2] < 250).nonzero()[0]
        assert ground.max() - ground.min() > 0.85 * picture.shape[1]

    def test_long_names_of_sources_leave_the_map_its_room(self):
        Source.objects.update(title="Périmètres des quartiers et des communes de la région " * 3)
        picture = np.asarray(self.drawn("commune", "75056"))
        ground = (picture[picture.shape[0] // 3] < 250).nonzero()[0]
        assert ground.max() - ground.min() > 0.5 * picture.shape[1]

    def test_a_high_territory_keeps_the_usual_sheet(self):
        city = territory("commune", "75056").perimeters.get()
        west, south, _east, north = city.geom.extent
        city.geom = MultiPolygon(
            Polygon.from_bbox((west, south, west + 0.01, north + 0.05)), srid=4326
        )
        city.save()
        assert self.drawn("commune", "75056").size == (1440, 1400)


def test_the_first_opening_is_of_the_first_level_named() -> None:
    an_ept()
    found = openings(map_templates()["contrats-ept"])
    assert [one.level for one in found] == ["ept", "contract"]
