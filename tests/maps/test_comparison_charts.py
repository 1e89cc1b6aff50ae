"""Charts of the comparison: what each says in words, in its table and in its file."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.test import Client

from maps.charts.theme import Chart
from maps.comparison.asked import Asked, ask
from maps.comparison.charts import chart_called, charts_of, heat_chart, target_charts
from maps.comparison.overview import heat_level
from maps.comparison.selection import Selection
from maps.comparison.sparks import sparks_of
from observatory.models import (
    Indicator,
    Level,
    Membership,
    Nature,
    Polarity,
    SeriesBreak,
    Standing,
    Target,
    TargetForm,
    Territory,
    Typology,
)
from observatory.models.reviews import TypologyClass
from tests.factories import a_source, a_territory
from tests.maps.facts import a_share, an_indicator, observe, public_source
from tests.maps.screen import plain
from tests.observatory.figures_makers import a_framework

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]
FEW = ("poverty-rate", "median-income", "helped")


def quarter(code: str) -> Territory:
    return Territory.objects.get(code=code)


def asked(indicators: tuple[str, ...] = ("poverty-rate",), **more) -> Asked:
    return ask(None, Selection(within="contract:CV1", indicators=indicators, **more))


def reading(kind: str, code: str = "poverty-rate", **more):
    shown = chart_called(asked((code,), **more), kind, code)
    return None if shown is None else shown.reading


def said(kind: str, code: str = "poverty-rate", **more) -> str:
    return plain(" ".join(reading(kind, code, **more).sentences))


def cells(told) -> dict[str, list[str]]:
    return {name: [plain(str(cell)) for cell in row] for _code, name, row in told.rows}


def with_nation(share: float = 14.0) -> Territory:
    country = a_territory(Level.COUNTRY, "FR", "France entière", source=public_source())
    poverty = Indicator.objects.get(code="poverty-rate")
    for year in (2019, 2021):
        a_share(poverty, country, year, share, 100)
    return country


class TestValuesAndReferences:
    def test_the_range_and_the_references_are_told(self):
        told = said("points", year=2021)
        assert "De 30,0 % (Haut-Coteau) à 42,0 % (L’Écluse et alentours)." in told
        assert "2 quartiers sur 2 sont au-dessus de : Paris hors quartiers (16,0 %)." in told
        assert "1 quartier sur 2 est au-dessus de : ensemble des quartiers (36,0 %)." in told

    def test_the_nation_is_a_reference_where_it_is_loaded(self):
        with_nation()
        marks = {one.key: plain(str(one.value)) for one in asked().found.columns[0].marks}
        assert marks == {"reste": "16,0 %", "quartiers": "36,0 %", "pays": "14,0 %"}

    def test_without_the_nation_the_page_says_that_it_is_not_loaded(self):
        nation = asked().found.columns[0].marks[2]
        assert nation.value.value is None
        assert nation.reason == "la série de référence n’est pas chargée"

    def test_quarters_of_two_cities_have_no_rest_of_a_city(self):
        other = a_territory(Level.COMMUNE, "93901", "Ailleurs", source=public_source())
        Membership.objects.filter(member=quarter("QN075902"), container__level="commune").update(
            container=other
        )
        rest = asked().found.columns[0].marks[0]
        assert rest.value.value is None
        assert "plusieurs communes" in rest.reason

    def test_a_withheld_value_and_a_missing_one_are_counted_apart(self):
        third = a_territory(Level.QPV, "QN075903", "Tiers", generation=2024, source=a_source())
        Membership.objects.create(
            member=third, container=Territory.objects.get(code="CV1"), source=a_source()
        )
        from tests.factories import a_perimeter

        a_perimeter(third)
        told = reading("points", "helped")
        assert cells(told)["L’Écluse et alentours"] == ["retenu"]
        assert cells(told)["Tiers"] == ["sans donnée"]
        assert cells(told)["Haut-Coteau"] == ["0"]
        assert "1 valeur retenue, 1 quartier sans donnée." in told.sentences

    def test_a_count_has_no_reference(self):
        assert asked(("helped",)).found.columns[0].marks == []


class TestYears:
    def test_the_largest_rise_is_told_and_no_fall_where_there_is_none(self):
        told = said("courbes")
        assert "De 2019 à 2021, la plus forte hausse : L’Écluse et alentours (+2,0 pts)" in told
        assert "baisse" not in told

    def test_no_change_is_told_across_a_break(self):
        assert said("courbes", "median-income") == (
            "Rupture de série : aucune évolution ne la franchit."
        )

    def test_the_table_beside_the_lines_has_every_year(self):
        told = reading("courbes")
        assert told.headings == ["2019", "2020", "2021"]
        assert cells(told)["L’Écluse et alentours"] == ["40,0 %", "38,0 %", "42,0 %"]


class TestGapOverTime:
    def test_the_gap_to_the_rest_of_the_city_year_by_year(self):
        # 2019: 40 % against (2 000 - 400 - 300) / 8 000 = 16.25 %; 2021: 42 against 16.
        told = reading("ecarts")
        assert cells(told)["L’Écluse et alentours"] == ["+23,8 pts", "+21,5 pts", "+26,0 pts"]
        assert "Écart à : Paris hors quartiers." in told.sentences

    def test_where_it_widens_and_where_it_narrows(self):
        # Haut-Coteau stays at 30 % while the rest goes from 16.25 to 16: it widens too.
        assert "se creuse dans 2 quartiers et se réduit dans 0" in said("ecarts")

    def test_all_quarters_can_be_the_reference(self):
        told = reading("ecarts", reference="quartiers")
        assert cells(told)["L’Écluse et alentours"][2] == "+6,0 pts"
        assert cells(told)["Haut-Coteau"][2] == "−6,0 pts"

    def test_a_year_without_the_nation_is_without_data_never_zero(self):
        with_nation()
        told = reading("ecarts", reference="pays")
        assert cells(told)["Haut-Coteau"] == ["+16,0 pts", "sans donnée", "+16,0 pts"]

    def test_without_its_reference_there_is_no_chart(self):
        assert reading("ecarts", reference="pays") is None

    def test_a_count_has_no_gap(self):
        helped = Indicator.objects.get(code="helped")
        for year in (2019, 2020):
            observe(helped, quarter("QN075902"), year, 40)
        assert reading("courbes", "helped") is not None
        assert reading("ecarts", "helped") is None

    def test_no_gap_is_told_where_a_quarter_elsewhere_is_hidden(self):
        third = a_territory(Level.QPV, "QN075909", "Caché", generation=2024)
        poverty = Indicator.objects.get(code="poverty-rate")
        for year in (2019, 2020, 2021):
            observe(poverty, third, year, 50.0, source=a_source("prive"))
        assert reading("ecarts") is None


class TestRanks:
    def test_who_moved_and_how_far(self):
        poverty = Indicator.objects.get(code="poverty-rate")
        poverty.observations.filter(territory=quarter("QN075902"), year=2021).update(
            value=50.0, numerator=500
        )
        told = reading("rangs")
        assert cells(told)["Haut-Coteau"] == ["1", "2", "+1"]
        assert "Le plus grand mouvement : " in told.sentences[-1]

    def test_no_change_of_rank_is_told_across_a_break(self):
        poverty = Indicator.objects.get(code="poverty-rate")
        SeriesBreak.objects.create(indicator=poverty, year=2021, reason="nouvelle enquête")
        assert reading("rangs") is None


class TestScatter:
    def test_the_two_indicators_asked_for_are_drawn(self):
        shown = chart_called(asked(FEW, pair=("helped", "poverty-rate")), "nuage", "ensemble")
        assert shown is None, "one of the two quarters is withheld: one dot is no scatter"
        shown = chart_called(asked(FEW, pair=("median-income", "poverty-rate")), "nuage", "x")
        assert [heading.partition(",")[0] for heading in shown.reading.headings] == [
            "Revenu médian", "Taux de pauvreté",
        ]  # fmt: skip

    def test_two_quarters_say_nothing_of_a_link(self):
        shown = chart_called(asked(FEW), "nuage", "ensemble")
        assert "Trop peu de quartiers" in shown.reading.sentences[1]

    def test_a_link_is_told_with_its_measure_and_a_warning(self):
        contract = Territory.objects.get(code="CV1")
        poverty = Indicator.objects.get(code="poverty-rate")
        income = Indicator.objects.get(code="median-income")
        from tests.factories import a_perimeter

        for step in range(8):
            one = a_territory(Level.QPV, f"QN07590{step + 3}", f"Q{step}", generation=2024)
            a_perimeter(one)
            Membership.objects.create(member=one, container=contract, source=a_source())
            a_share(poverty, one, 2021, 100 + 20 * step, 1_000)
            observe(income, one, 2021, 20_000 - 500 * step)
        shown = chart_called(asked(FEW, year=2021), "nuage", "ensemble")
        told = plain(shown.reading.sentences[1])
        assert told.startswith("Quand l’un monte, l’autre descend (corrélation des rangs : −1,00)")
        assert "cause" in told


@pytest.fixture
def typology() -> Typology:
    codes = ["poverty-rate", "median-income"]
    made = Typology.objects.create(
        name="Deux classes, 2021",
        parameters={"indicators": codes, "year": 2021, "count": 2},
        facts={"sources": [{"producer": "Insee", "title": "Tableau d’essai", "vintage": "2021"}]},
    )
    for code, number in (("QN075901", 1), ("QN075902", 2)):
        TypologyClass.objects.create(
            typology=made, territory=quarter(code), number=number, score=2.0 - number,
            stability=0.875, difficulties=1, known=2,
        )  # fmt: skip
    return made


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


class TestByHand:
    def test_a_quarter_is_added_by_its_name_whatever_its_accents(self, client):
        answer = client.get("/comparer/?dans=main&ajouter=l’ecluse et alentours")
        assert answer.status_code == 302
        assert "quartier=QN075901" in answer["Location"]

    def test_what_the_list_beside_the_field_writes_is_understood(self):
        found = Selection(within="main").with_quarter("QN075902 – Haut-Coteau")
        assert found.quarters == ("QN075902",)

    def test_a_name_that_is_nobody_s_is_said(self, client):
        page = client.get("/comparer/?dans=main&ajouter=Nulle part").content.decode()
        assert "Aucun quartier ne s’appelle « Nulle part »" in page

    def test_a_name_of_two_quarters_asks_for_the_code(self, client):
        a_territory(Level.QPV, "QN075904", "Haut-Coteau", generation=2024)
        page = client.get("/comparer/?dans=main&ajouter=Haut-Coteau").content.decode()
        assert "donnez le code de l’un" in page

    def test_quarters_of_different_wholes_stand_side_by_side(self):
        Membership.objects.filter(container__code="CV1", member__code="QN075902").delete()
        found = ask(None, Selection(within="main", quarters=("QN075901", "QN075902")))
        assert [one.code for one in found.found.quarters] == ["QN075902", "QN075901"]


class TestLinesOfTheTable:
    def test_they_share_one_scale_and_say_their_ends(self):
        found = asked().found
        lines = sparks_of(found)
        high = lines[quarter("QN075901").pk, "poverty-rate"]
        low = lines[quarter("QN075902").pk, "poverty-rate"]
        assert plain(high.words) == "de 40,0 % en 2019 à 42,0 % en 2021"
        assert float(high.y) < float(low.y), "the higher value is drawn higher"
        assert low.path == "M3.0 17.0L32.0 17.0L61.0 17.0", "30 % all along is a flat line"

    def test_the_pen_is_lifted_at_a_break(self):
        lines = sparks_of(asked(("median-income",)).found)
        assert lines[quarter("QN075901").pk, "median-income"].path.count("M") == 2

    def test_one_year_makes_no_line(self):
        lines = sparks_of(asked(("median-income",)).found)
        assert (quarter("QN075902").pk, "median-income") not in lines


class TestFiles:
    def test_a_chart_s_file_holds_the_rows_that_are_read_beside_it(self, client):
        answer = client.get("/comparer/ecarts/poverty-rate.csv?dans=contract:CV1")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        last = {row["name"]: row for row in rows if row["heading"] == "2021"}
        assert float(last["L’Écluse et alentours"]["value"]) == pytest.approx(26.0)
        assert last["Haut-Coteau"]["unit"] == "pts"
        assert all("Tableau d’essai" in row["source"] for row in rows)

    def test_withheld_and_missing_are_told_apart_in_it(self, client):
        answer = client.get("/comparer/points/helped.csv?dans=contract:CV1&indicateur=helped")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        told = {row["name"]: (row["value"], row["standing"]) for row in rows}
        assert told["L’Écluse et alentours"] == ("", Standing.WITHHELD)
        assert told["Haut-Coteau"][0] == "0.0"

    def test_each_chart_names_its_sources_on_the_page(self, client):
        page = client.get("/comparer/?dans=contract:CV1").content.decode()
        assert page.count("Source : Insee, Tableau d’essai") >= 3

    @pytest.mark.parametrize("form", ["svg", "png"])
    @pytest.mark.parametrize("kind", ["ecarts", "typologie"])
    def test_it_is_drawn_as(self, client, typology, kind, form):
        name = "ensemble" if kind == "typologie" else "poverty-rate"
        answer = client.get(f"/comparer/{kind}/{name}.{form}?dans=contract:CV1")
        assert answer.content.startswith({"svg": b"<?xml", "png": b"\x89PNG"}[form])

    def test_a_quarter_without_any_figure_still_has_its_line_in_the_dots(self, monkeypatch):
        from tests.factories import a_perimeter

        third = a_territory(Level.QPV, "QN075903", "Tiers", generation=2024)
        a_perimeter(third)
        Membership.objects.create(
            member=third, container=Territory.objects.get(code="CV1"), source=a_source()
        )
        found = asked()
        labels: list[str] = []
        save = Chart.save

        def listening(chart: Chart, form: str) -> bytes:
            labels.extend(text.get_text() for text in chart.axes.get_yticklabels())
            labels.extend(text.get_text() for text in chart.axes.texts)
            return save(chart, form)

        monkeypatch.setattr(Chart, "save", listening)
        charts_of(found, found.found.columns[0])[0].draw("svg")
        assert "Tiers" in labels
        assert "sans donnée" in labels


def test_a_reference_that_is_none_is_not_found(client: Client) -> None:
    assert client.get("/comparer/?dans=contract:CV1&ecart=lune").status_code == 404


def test_the_whole_choice_is_in_the_address() -> None:
    from django.http import QueryDict

    selection = Selection(
        within="main", quarters=("A", "B"), indicators=("x",), reference="pays", pair=("x", "y")
    )
    assert Selection.of(QueryDict(selection.query())) == selection
