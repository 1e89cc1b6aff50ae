"""What is drawn can be read: both weights of the font whole, and the map larger than its words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from matplotlib.ft2font import FT2Font

from maps.asked import Choice
from maps.charts.furniture import AxisWords
from maps.charts.theme import FAMILY, Chart, use_own_font
from maps.choice import circle_sizes
from maps.displays import COUNT, Told
from maps.statics import draw_map, draw_thematic
from maps.thematicmap import thematic_map
from observatory.models import Indicator, Nature, Source
from observatory.paths import home
from tests.maps.facts import build_facts
from tests.maps.screen import plain
from tests.maps.town import build_town

LONG = "Un producteur dont le nom est si long qu’il faut plus d’une ligne pour le dire en entier, "


def letters_of(svg: str) -> dict[str, str]:
    """Return the outline of each letter a drawing keeps, by the name it is used under."""
    return dict(re.findall(r'<path id="([^"]+-[0-9a-f]+)" d="([^"]+)"', svg))


def test_bold_words_of_a_drawing_are_bold_and_the_others_are_not():
    with Chart(3, 1) as chart:
        chart.axes.set_axis_off()
        chart.figure.text(0, 0.6, "pauvre", fontweight=400)
        chart.figure.text(0, 0.1, "pauvre", fontweight=600)
        letters = letters_of(chart.save("svg").decode())
    signs = set("pauvre")
    assert len(letters) == 2 * len(signs)
    assert len(set(letters.values())) == 2 * len(signs), "one outline for each letter and weight"


def test_the_font_of_drawings_has_the_space_between_thousands():
    use_own_font()
    cut = sorted((home() / "fonts").glob(f"{FAMILY}[46]00-*.ttf"))
    assert len(cut) == 2
    for file in cut:
        font = FT2Font(str(file))
        assert font.get_char_index(0x202F) == font.get_char_index(0x2009) != 0


@pytest.mark.parametrize(
    ("unit", "marks", "words"),
    [
        ("%", [10.0, 15.0, 20.0], ["10 %", "15 %", "20 %"]),
        ("%", [10.0, 10.2, 10.4], ["10,0 %", "10,2 %", "10,4 %"]),
        ("%", [0.25, 0.5], ["0,25 %", "0,50 %"]),
        ("€", [22_500.0, 23_000.0], ["22 500 €", "23 000 €"]),
        ("", [-1.0, 0.0, 1.0], ["−1", "0", "1"]),
    ],
)
def test_no_two_marks_of_an_axis_are_written_alike(unit, marks, words):
    nature = Nature.SHARE if unit == "%" else Nature.MEAN
    indicator = Indicator(code="x", label="x", unit=unit, nature=nature, decimals=0)
    assert [plain(one) for one in AxisWords(indicator).format_ticks(marks)] == words


def test_no_circle_of_a_legend_is_of_nobody():
    told = Told("", "Personnes", 2021, "", 0, True, (), COUNT)
    assert circle_sizes(7, told) == [(5, "5"), (1.25, "1")]
    finer = replace(told, decimals=1)
    assert [size for size, _words in circle_sizes(7, finer)] == [5, 1.25, 0.3125]


@pytest.mark.django_db
class TestTheMap:
    @pytest.fixture(autouse=True)
    def facts(self) -> None:
        build_town()
        build_facts()

    def width_of_map(self, svg: str) -> float:
        """Return how wide the ground of the map is, in points."""
        ground = re.search(r'<g id="patch_2">\s*<path d="M ([\d.]+) [\d.]+ \nL ([\d.]+) ', svg)
        return abs(float(ground[2]) - float(ground[1]))

    def test_a_long_line_of_sources_leaves_room_for_the_map(self):
        choice = Choice("qpv", indicator="poverty-rate", year=2021)
        before = draw_thematic(thematic_map(None, choice, everyone=True), "", "svg", (4.6, 4.6))
        Source.objects.update(producer=LONG * 2)
        after = draw_thematic(thematic_map(None, choice, everyone=True), "", "svg", (4.6, 4.6))
        widths = [self.width_of_map(one.body.decode()) for one in (before, after)]
        assert widths[1] > 0.6 * widths[0] > 60

    def test_outlines_alone_are_drawn_as_before(self):
        assert draw_map("qpv").body.startswith(b"<?xml")
