"""What a committee sees on the drawings of the comparison: marks, lines, names, what is missing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.utils import translation
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from maps.charts.committee import HEAT
from maps.charts.theme import ACCENT, ALERT, INK, SOFT, Chart
from maps.comparison.charts import chart_called
from observatory.models import Indicator
from observatory.models.reviews import TypologyClass
from tests.maps.comparison_readings import a_typology, another_quarter, asked, quarter, with_nation
from tests.maps.facts import a_share, observe
from tests.maps.screen import plain

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]
FEW = ("median-income", "poverty-rate")
Drawn = Callable[..., Axes]


@pytest.fixture
def drawn(monkeypatch) -> Drawn:
    """Return what draws a chart and gives its axes as they were saved."""
    seen: list[Axes] = []
    save = Chart.save

    def listening(chart: Chart, form: str) -> bytes:
        seen.append(chart.axes)
        return save(chart, form)

    monkeypatch.setattr(Chart, "save", listening)

    def draw(kind: str, code: str = "poverty-rate", name: str = "", **more) -> Axes:
        shown = chart_called(asked((code,) if not name else FEW, **more), kind, name or code)
        assert shown is not None
        shown.draw("svg")
        return seen[-1]

    return draw


def poverty() -> Indicator:
    return Indicator.objects.get(code="poverty-rate")


def words_on(axes: Axes) -> list[str]:
    return [plain(text.get_text()) for text in axes.texts]


def legend_of(axes: Axes) -> list[str]:
    return [plain(label) for label in axes.get_legend_handles_labels()[1]]


class TestDots:
    @pytest.mark.parametrize(
        ("language", "said"), [("fr", "quartiers : 36,0 %"), ("en", "quarters: 36.0%")]
    )
    def test_the_legend_writes_references_as_the_language_does(self, drawn, language, said):
        with translation.override(language):
            assert any(label.endswith(said) for label in legend_of(drawn("points", year=2021)))

    def test_each_quarter_has_its_dot_at_its_value(self, drawn):
        axes = drawn("points", year=2021)
        dots = [line.get_xydata()[0] for line in axes.lines if line.get_marker() == "o"]
        names = [plain(label.get_text()) for label in axes.get_yticklabels()]
        at = dict(zip(axes.get_yticks(), names, strict=True))
        assert {at[y]: x for x, y in dots} == {
            "L’Écluse et alentours": 42.0, "Haut-Coteau": 30.0,
        }  # fmt: skip

    def test_a_withheld_value_is_a_word_and_no_dot(self, drawn):
        axes = drawn("points", "helped", year=2021)
        assert words_on(axes) == ["retenu"]
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [list(line.get_xdata()) for line in dots] == [[0.0]], "a true zero has its dot"

    def test_no_line_strikes_the_word_of_an_absence_through(self, drawn):
        axes = drawn("points", "helped")
        (word,) = axes.texts
        ground = word.get_bbox_patch()
        assert ground is not None and to_hex(ground.get_facecolor()) == "#ffffff"
        assert word.get_zorder() > max(line.get_zorder() for line in axes.lines)

    def test_each_reference_is_named_with_its_value_and_dashed_apart(self, drawn):
        with_nation()
        axes = drawn("points", year=2021)
        assert legend_of(axes) == [
            "Paris hors quartiers : 16,0 %", "ensemble des quartiers : 36,0 %",
            "France entière : 14,0 %",
        ]  # fmt: skip
        lines = [line for line in axes.lines if line.get_marker() != "o"]
        assert len({line.get_linestyle() for line in lines}) == len(lines) == 3
        assert len({to_hex(line.get_color()) for line in lines}) == 3


class TestLines:
    def test_no_line_crosses_a_break_and_its_year_is_marked(self, drawn):
        observe(Indicator.objects.get(code="median-income"), quarter("QN075901"), 2020, 13_000)
        axes = drawn("courbes", "median-income")
        (mark,) = [line for line in axes.lines if list(line.get_xdata()) == [2019.5, 2019.5]]
        assert mark.get_linestyle() == ":"
        (own,) = [line for line in axes.lines if 13_000 in line.get_ydata()]
        assert list(own.get_xdata()) == [2019.0, 2019.5, 2020.0, 2021.0]
        assert np.isnan(own.get_ydata()[1])

    def test_beyond_eight_quarters_the_widest_changes_keep_name_and_colour(self, drawn):
        for step in range(8):
            one = another_quarter(f"QN07591{step}", f"Q{step}")
            for year, more in ((2019, 0), (2021, 10 * (step + 3))):
                a_share(poverty(), one, year, 300 + more, 1_000)
        axes = drawn("courbes")
        assert len(legend_of(axes)) == 8
        assert "Haut-Coteau" not in legend_of(axes), "it has not moved at all"
        assert legend_of(axes)[0] == "Q7"
        assert len(axes.lines) == 10, "the others are drawn all the same"

    def test_a_gap_is_measured_from_a_line_at_zero_that_has_the_reference_s_name(self, drawn):
        axes = drawn("ecarts")
        zero = axes.lines[0]
        assert set(zero.get_ydata()) == {0}
        assert to_hex(zero.get_color()) == INK
        assert legend_of(axes)[0] == "Paris hors quartiers"


class TestRanks:
    def test_who_rises_who_falls_and_who_stays_are_told_apart(self, drawn):
        third = another_quarter()
        for year in (2019, 2020, 2021):
            a_share(poverty(), third, year, 100, 1_000)
        poverty().observations.filter(territory=quarter("QN075902"), year=2021).update(
            value=50.0, numerator=500
        )
        axes = drawn("rangs")
        colours = {
            word: to_hex(line.get_color())
            for word, line in zip(words_on(axes), axes.lines, strict=True)
        }
        assert colours == {
            "1. Tiers": SOFT, "2. L’Écluse et alentours": ACCENT, "3. Haut-Coteau": ALERT,
        }  # fmt: skip

    def test_the_first_rank_is_on_top(self, drawn):
        axes = drawn("rangs")
        bottom, top = axes.get_ylim()
        assert bottom > top


class TestScatter:
    def test_only_quarters_known_in_both_have_a_dot(self, drawn):
        a_share(poverty(), another_quarter(), 2021, 200, 1_000)
        axes = drawn("nuage", name="ensemble", year=2021, pair=FEW)
        (dots,) = axes.lines
        assert sorted(map(tuple, dots.get_xydata())) == [(13_500.0, 42.0), (15_000.0, 30.0)]

    def test_no_name_is_written_over_another(self, drawn):
        income = Indicator.objects.get(code="median-income")
        for step in range(6):
            one = another_quarter(f"QN07592{step}", f"Q{step}")
            a_share(poverty(), one, 2021, 420 + step / 100, 1_000)
            observe(income, one, 2021, 13_500 + step / 100)
        axes = drawn("nuage", name="ensemble", year=2021, pair=FEW)
        assert len(axes.lines[0].get_xdata()) == 8
        assert len(words_on(axes)) == 2


class TestHeat:
    def test_a_quarter_without_figures_comes_last_hatched_and_without_a_number(self, drawn):
        TypologyClass.objects.create(
            typology=a_typology(), territory=another_quarter(), difficulties=0, known=0
        )
        axes = drawn("typologie", name="ensemble")
        assert [one.get_y() for one in axes.patches if one.get_hatch()] == [1.5, 1.5]
        assert words_on(axes) == ["42,0 %", "13 500 €", "30,0 %", "15 000 €"]
        labels = [plain(label.get_text()) for label in axes.get_yticklabels()]
        assert labels[-1].startswith("Tiers")
        assert labels[-1].endswith("sans classe")

    def test_the_colour_says_better_or_worse_than_the_middle(self, drawn):
        a_typology()
        axes = drawn("typologie", name="ensemble")
        # Poorer and with less income, then better off in both.
        steps = [HEAT.index(to_hex(one.get_facecolor())) + 1 for one in axes.patches]
        assert steps == [4, 4, 2, 2]


def test_the_same_figures_give_the_same_file_byte_for_byte():
    shown = chart_called(asked(), "courbes", "poverty-rate")
    again = chart_called(asked(), "courbes", "poverty-rate")
    assert shown.draw("svg") == again.draw("svg")
