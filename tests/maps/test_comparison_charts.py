"""Charts of the comparison: what each says in words, in its table and in its file."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maps.charts.theme import Chart
from maps.comparison.charts import chart_called, charts_of
from maps.comparison.sparks import sparks_of
from observatory.models import Indicator, Level, Membership, SeriesBreak, Standing
from tests.factories import a_source, a_territory
from tests.maps.comparison_readings import (
    another_quarter,
    asked,
    cells,
    quarter,
    reading,
    said,
    with_nation,
)
from tests.maps.facts import a_share, observe, public_source
from tests.maps.screen import plain

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]
FEW = ("poverty-rate", "median-income", "helped")


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
        another_quarter()
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
        poverty = Indicator.objects.get(code="poverty-rate")
        income = Indicator.objects.get(code="median-income")
        for step in range(8):
            one = another_quarter(f"QN07590{step + 3}", f"Q{step}")
            a_share(poverty, one, 2021, 100 + 20 * step, 1_000)
            observe(income, one, 2021, 20_000 - 500 * step)
        shown = chart_called(asked(FEW, year=2021), "nuage", "ensemble")
        told = plain(shown.reading.sentences[1])
        assert told.startswith("Quand l’un monte, l’autre descend (corrélation des rangs : −1,00)")
        assert "cause" in told


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

    def test_a_quarter_without_any_figure_still_has_its_line_in_the_dots(self, monkeypatch):
        another_quarter()
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


class TestOneChartAlone:
    def test_it_says_what_it_says_among_the_others(self):
        found = asked()
        shown = charts_of(found, found.found.columns[0])
        assert [one.kind for one in shown] == ["points", "courbes", "ecarts", "rangs"]
        for one in shown:
            alone = chart_called(asked(), one.kind, one.name)
            assert alone is not None
            assert alone.reading == one.reading

    @pytest.mark.parametrize("kind", ["points", "courbes", "rangs"])
    def test_no_gap_is_worked_out_for_a_chart_without_gaps(self, kind):
        found = asked()
        with CaptureQueriesContext(connection) as all_of_them:
            charts_of(found, found.found.columns[0])
        found = asked()
        with CaptureQueriesContext(connection) as alone:
            chart_called(found, kind, "poverty-rate")
        assert len(alone) < len(all_of_them) / 2

    def test_an_address_of_no_chart_draws_nothing(self):
        assert chart_called(asked(), "autre", "poverty-rate") is None
        assert chart_called(asked(), "points", "rien") is None
