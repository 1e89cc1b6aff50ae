"""The cells take the colour of any variable of the grid; legend, card and file say the same."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import numpy as np
import pypdf
import pytest
from django.test import Client
from PIL import Image

from carroyage.columns import BREAKDOWNS, PUBLISHED
from carroyage.models import MEASURES, Cell
from maps.explorer.themes import HECTARES, SIDE, THEMES, theme_called
from tests.maps import town
from tests.maps.screen import distance, plain
from tests.maps.site import grave_faults
from tests.maps.town import PLACES, Place

OWNERS = {"a": 10, "b": 40, "c": 60, "d": 80, "e": 100, "f": 160}  # households of 200
WEST, SOUTH = Place(-1, -1).centre
EAST, NORTH = Place(7, 5).centre
FRAME = f"{WEST},{SOUTH},{EAST},{NORTH}"


def let_them_own() -> None:
    """Give every cell of the town its owners: 5, 20, 30, 40, 50 and 80 %."""
    for name, owners in OWNERS.items():
        east = town.EAST + PLACES[name].column * town.SIZE
        Cell.objects.filter(north=town.NORTH, east=east).update(men_prop=owners)


class TestTheThemes:
    def test_none_is_a_count_alone(self):
        """Shaded, a count would tell how large the squares are."""
        assert all(theme.denominator for theme in THEMES)
        assert all(theme.denominator not in theme.numerator for theme in THEMES)

    def test_they_are_made_of_the_columns_insee_publishes(self):
        for theme in THEMES:
            assert set(theme.columns) <= {*MEASURES, SIDE}, theme.id

    def test_almost_every_published_column_colours_the_cells(self):
        used = {name for theme in THEMES for name in theme.columns}
        unused = set(PUBLISHED) - used
        # What is left: dates and ages between those shown, houses (the rest of the flats).
        assert unused == {
            "men_mais", "log_45_70", "log_70_90", "log_inc", "ind_40_54", "ind_55_64", "ind_inc",
        }  # fmt: skip
        assert len(BREAKDOWNS) == 3

    @pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
    def test_each_has_a_colour_and_words_for_every_class(self, theme):
        assert list(theme.breaks) == sorted(set(theme.breaks))
        assert len(theme.colours) == len(theme.words()) == len(theme.breaks) + 1
        assert len(set(theme.words())) == len(theme.words())

    def test_ids_and_titles_are_told_apart(self):
        for names in ([theme.id for theme in THEMES], [str(theme.title) for theme in THEMES]):
            assert len(set(names)) == len(names)

    def test_a_class_holds_its_lower_bound(self):
        theme = theme_called("proprietaires")
        told = theme.classes({"men_prop": np.array([19.9, 20.0]), "men": np.array([200.0, 200.0])})
        assert told.tolist() == [0, 1]

    def test_ages_are_added_up_and_a_missing_one_is_no_data(self):
        theme = theme_called("65-plus")
        numbers = {
            "ind_65_79": np.array([10.0, 10.0]), "ind_80p": np.array([4.0, np.nan]),
            "ind": np.array([100.0, 100.0]), "men": np.array([50.0, 50.0]),
        }  # fmt: skip
        assert theme.classes(numbers).tolist() == [1, -1]

    def test_density_is_by_hectare_of_the_cell_s_own_side(self):
        """500 persons: 125 a hectare on 200 m, 5 on 1 km."""
        theme = theme_called("densite")
        assert theme.denominator == HECTARES
        numbers = {"ind": np.array([500.0, 500.0]), "size": np.array([200.0, 1_000.0]),
                   "men": np.array([200.0, 200.0])}  # fmt: skip
        assert theme.classes(numbers).tolist() == [1, 0]

    def test_few_households_are_apart_in_every_theme(self):
        for theme in THEMES:
            numbers = dict.fromkeys(theme.columns, np.array([5.0])) | {"men": np.array([5.0])}
            assert theme.classes(numbers).tolist() == [-2], theme.id

    def test_an_unknown_name_gives_the_first_one(self):
        assert theme_called("nowhere").id == "pauvrete"


@pytest.mark.django_db
class TestTheFile:
    def test_it_has_the_variable_s_legend(self, client: Client, facts):
        query = urlencode({"couches": "cells", "cadre": FRAME, "theme": "taille"})
        body = client.get(f"/carte/image.pdf?{query}").content
        told = plain(
            " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
        )
        assert "Personnes par ménage, par carreau de 200 m" in told
        assert "moins de 1,7 pers." in told
        assert "2,6 pers. et plus" in told

    def test_its_cells_have_the_class_of_their_value(self, client: Client, facts):
        let_them_own()
        query = urlencode({"couches": "cells", "cadre": FRAME, "theme": "proprietaires"})
        picture = Image.open(io.BytesIO(client.get(f"/carte/image.png?{query}").content))
        drawn = {
            colour for count, colour in picture.convert("RGB").getcolors(1_000_000) if count > 300
        }
        # 5, 20, 30, 40, 50 and 80 %: one cell in each class.
        for colour in theme_called("proprietaires").colours:
            assert tuple(bytes.fromhex(colour[1:])) in drawn


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestOnTheMap:
    def test_each_cell_has_the_colour_its_value_has_in_the_legend(self, screen):
        let_them_own()
        screen.open("/?couches=cells,arrondissements&theme=proprietaires")
        assert screen.text("#legend h3") == "Part de ménages propriétaires"
        for number, name in enumerate(OWNERS):
            worst = max(distance(one, screen.swatch(number)) for one in screen.patch(PLACES[name]))
            assert worst <= 2, name

    def test_where_fine_tiles_leave_it_out_squares_are_drawn_and_said(self, screen):
        let_them_own()
        longitude, latitude = PLACES["c"].centre
        screen.open(f"/?couches=cells&theme=proprietaires#carte=11.5/{latitude}/{longitude}")
        assert "par carré de 1 km" in screen.text("#legend")
        kinds = screen.page.evaluate(
            """() => {
                const { map } = window.observatory;
                const ids = map.getLayersOrder().filter((id) => id.startsWith('cells-'));
                return map.queryRenderedFeatures({ layers: ids })
                    .map(({ layer, properties }) => [layer.id, properties.size]);
            }"""
        )
        assert kinds
        assert {tuple(one) for one in kinds if "grid" not in one[0] and "lit" not in one[0]} == {
            ("cells-far-classed", 1000)
        }
        screen.click_on(PLACES["c"])
        assert screen.text("#card h2").startswith("Carré de 1 km")
        screen.page.click("#card .close")
        screen.page.evaluate(
            "(center) => observatory.map.jumpTo({ zoom: 14, center })", [longitude, latitude]
        )
        screen.settle()
        assert "Par carreau de 200 m" in screen.text("#legend")
        screen.click_on(PLACES["c"])
        assert screen.text("#card h2") == "Carreau de 200 m"
        assert "30,0 %" in screen.text("#card .figure")

    def test_the_list_names_every_variable_in_groups(self, screen):
        screen.open("/?couches=cells,arrondissements")
        groups = screen.page.eval_on_selector_all(
            "#theme optgroup", "(all) => all.map((one) => [one.label, one.children.length])"
        )
        assert [name for name, _ in groups] == ["Revenus", "Ménages", "Logements", "Âges"]
        assert sum(count for _, count in groups) == len(THEMES)
        screen.choose("#theme", "densite")
        # 500 persons on four hectares.
        worst = max(distance(one, screen.swatch(1)) for one in screen.patch(PLACES["a"]))
        assert worst <= 2
        screen.click_on(PLACES["a"])
        assert "125 hab./ha" in screen.text("#card .figure")
        assert len(screen.texts("#card .figures .figure")) == 3, "the card keeps to the main ones"

    @pytest.mark.parametrize("width", [360, 1440])
    def test_it_is_accessible_and_fits(self, town, new_screen, width):
        screen = new_screen(width, 800).open("/?theme=densite")
        if width == 360:
            screen.page.click("[data-sheet=side]")
        assert grave_faults(screen.page) == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
