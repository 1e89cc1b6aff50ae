"""The classes of quarters and the targets of a contract, beside the comparison."""

from __future__ import annotations

import re

import pytest

from maps.comparison.asked import ask
from maps.comparison.charts import heat_chart, target_charts
from maps.comparison.overview import heat_level
from maps.comparison.selection import Selection
from observatory.models import (
    Indicator,
    Nature,
    Polarity,
    Target,
    TargetForm,
    Territory,
    Typology,
)
from tests.factories import a_source
from tests.maps.comparison_readings import a_typology, asked, cells
from tests.maps.facts import an_indicator, observe, public_source
from tests.observatory.figures_makers import a_framework

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]


@pytest.fixture
def typology() -> Typology:
    return a_typology()


class TestTypology:
    def test_the_most_precarious_class_comes_first_with_its_values(self, typology):
        told = heat_chart(asked())[1].reading
        assert [name for _code, name, _cells in told.rows] == [
            "L’Écluse et alentours", "Haut-Coteau",
        ]  # fmt: skip
        assert cells(told)["L’Écluse et alentours"] == ["1", "88 %", "42,0 %", "13 500 €"]

    def test_a_class_is_said_to_open_no_right(self, typology):
        assert "n’ouvre aucun droit" in heat_chart(asked())[1].reading.sentences[0]

    def test_its_colours_follow_the_better_way_of_each_indicator(self, typology, client):
        # Poorer and with less income: worse in both, whatever way the figures go.
        page = client.get("/comparer/?dans=contract:CV1").content.decode()
        row = page.partition('class="heat-table"')[2].partition("L’Écluse")[2].partition("</tr>")[0]
        assert re.findall(r"heat--(\d)", row) == ["4", "4"]

    @pytest.mark.parametrize(("deviation", "step"), [(-3.0, 1), (-1.5, 2), (0.49, 3), (1.5, 5)])
    def test_a_step_holds_its_lower_edge(self, deviation, step):
        assert heat_level(deviation) == step

    def test_the_quarters_of_a_class_can_be_compared(self, typology):
        found = ask(None, Selection(within="classe:2", indicators=("poverty-rate",)))
        assert [one.code for one in found.found.quarters] == ["QN075902"]

    def test_a_typology_of_figures_kept_from_a_person_is_not_shown(self, typology):
        poverty = Indicator.objects.get(code="poverty-rate")
        observe(
            poverty, Territory.objects.get(code="QP075901"), 2021, 9.0, source=a_source("prive")
        )
        assert heat_chart(asked()) is None
        assert ask(None, Selection(within="classe:1")).found.quarters == []


class TestTargets:
    @pytest.fixture
    def framework(self):
        contract = Territory.objects.get(code="CV1")
        made = a_framework("cadre-cv1", contract)
        made.source = public_source()
        made.save()
        nothing = an_indicator("nothing", "Places ouvertes", Nature.COUNT, polarity=Polarity.HIGHER)
        poverty = Indicator.objects.get(code="poverty-rate")
        observe(poverty, contract, 2021, 25.0)
        for indicator, value in ((poverty, 30.0), (nothing, 12.0)):
            node = made.nodes.create(
                kind="theme", key=indicator.code, order=1, label=indicator.label
            )
            node.rows.create(indicator=indicator, key="1", label=indicator.label, order=1)
            Target.objects.create(
                indicator=indicator, territory=contract, framework=made, value=value,
                form=TargetForm.ABSOLUTE, bound="ceiling", horizon=2030,
                stated=f"au plus {value:g}", source=made.source,
            )  # fmt: skip
        return made

    def test_reached_and_without_data_are_told_apart(self, framework):
        (told,) = target_charts(asked())
        assert cells(told.reading)["Taux de pauvreté"][:3] == ["atteinte", "au plus 30", "25,0 %"]
        assert cells(told.reading)["Places ouvertes"][0] == "sans donnée"

    def test_they_are_drawn_and_taken_away(self, framework, client):
        for form, start in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("csv", b"code,")):
            answer = client.get(f"/comparer/cibles/cadre-cv1.{form}?dans=contract:CV1")
            assert answer.content.startswith(start)

    def test_a_class_or_a_choice_by_hand_has_no_targets(self, framework):
        found = ask(None, Selection(within="main", quarters=("QN075901",)))
        assert target_charts(found) == []


class TestPictures:
    @pytest.mark.parametrize("form", ["svg", "png"])
    @pytest.mark.parametrize("kind", ["ecarts", "typologie"])
    def test_it_is_drawn_as(self, client, typology, kind, form):
        name = "ensemble" if kind == "typologie" else "poverty-rate"
        answer = client.get(f"/comparer/{kind}/{name}.{form}?dans=contract:CV1")
        assert answer.content.startswith({"svg": b"<?xml", "png": b"\x89PNG"}[form])
