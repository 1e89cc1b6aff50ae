"""A partner fills in the template: good rows are stored as written, bad ones named and refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from importers.errors import FileRefused, MissingColumns, UnknownProduct
from importers.loads import Loaded, load
from importers.options import LoadOptions
from importers.template import write_template
from observatory.history import history_of
from observatory.models import Alias, Change, Indicator, Level, Observation, Standing, Territory
from tests.factories import a_perimeter, a_territory
from tests.observatory.figures_makers import an_indicator

pytestmark = pytest.mark.django_db

HEADER = "indicateur;territoire;annee;valeur;numerateur;denominateur;statut;champ;contour;note\n"
Load = Callable[..., Loaded]


@pytest.fixture
def quarter() -> Territory:
    found = a_territory(Level.QPV, "QP075001", "Goutte d’Or")
    a_perimeter(found, since=date(2015, 1, 1), until=date(2024, 1, 1))
    return found


@pytest.fixture
def loading(tmp_path: Path, quarter: Territory) -> Load:
    an_indicator("eleves", "count")
    an_indicator("reussite", "share", decimals=1)
    an_indicator("medecins", "rate", per=1000, decimals=2)
    an_indicator("avis", "text")

    def _load(*rows: str, header: str = HEADER, **options: str) -> Loaded:
        file = tmp_path / "partenaire.csv"
        file.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
        return load("indicators", file, LoadOptions(**options))

    return _load


def figure(code: str) -> Observation:
    return Observation.objects.get(indicator__code=code)


def problems(refused: pytest.ExceptionInfo[FileRefused]) -> list[tuple[int, str]]:
    return [(row.row, row.problem) for row in refused.value.details.refused]


def test_a_count_is_stored_with_its_line_its_source_and_its_run(loading: Load) -> None:
    done = loading("eleves;QP075001;2018;1 204;;;;;;", title="Rentrée 2018", producer="Académie")
    found = figure("eleves")
    assert (found.value, found.standing, found.row) == (1204, Standing.DECLARED, 2)
    assert (found.source.title, found.source.producer) == ("Rentrée 2018", "Académie")
    assert found.run == done.run


def test_a_blank_value_is_not_available_and_never_zero(loading: Load) -> None:
    loading("eleves;QP075001;2018;;;;;;;", "reussite;QP075001;2018;ns;;;;;;")
    assert (figure("eleves").value, figure("eleves").standing) == (None, "not_available")
    assert (figure("reussite").value, figure("reussite").standing) == (None, "withheld")


def test_zero_stays_zero(loading: Load) -> None:
    loading("eleves;QP075001;2018;0;;;;;;")
    assert figure("eleves").value == 0


def test_a_share_is_worked_out_from_its_two_counts(loading: Load) -> None:
    loading("reussite;QP075001;2018;;341;2467;;;;")
    found = figure("reussite")
    assert found.value == pytest.approx(13.82, abs=0.005)
    assert (found.numerator, found.denominator, found.standing) == (341, 2467, "computed")


def test_a_rate_is_for_as_many_inhabitants_as_its_indicator_says(loading: Load) -> None:
    loading("medecins;QP075001;2018;;30;12970;;;;")
    assert figure("medecins").value == pytest.approx(2.313, abs=0.001)


def test_a_percent_sign_may_follow_a_share(loading: Load) -> None:
    loading("reussite;QP075001;2018;13,8 %;;;;;;")
    assert figure("reussite").value == 13.8


def test_words_are_kept_for_a_qualitative_indicator_and_take_no_part_in_sums(loading: Load) -> None:
    loading("avis;QP075001;2018;Ateliers en pied d’immeuble;;;;;;")
    assert (figure("avis").text, figure("avis").value) == ("Ateliers en pied d’immeuble", None)


def test_scope_and_standing_may_be_written_as_the_pages_show_them(loading: Load) -> None:
    loading("eleves;QP075001;2018;120;;;Estimé;QPV et QVA;;")
    assert (figure("eleves").scope, figure("eleves").standing) == ("qpv_qva", "estimated")


def test_a_quarter_may_be_called_by_its_name_or_an_alias(loading: Load, quarter: Territory) -> None:
    Alias.objects.create(territory=quarter, name="La Goutte d'Or")
    loading("eleves;GOUTTE D'OR;2018;1;;;;;;", "reussite;la goutte d’or;2018;1;;;;;;")
    assert {o.territory for o in Observation.objects.all()} == {quarter}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("reussite;QP075001;2018;113;;;;;;", "outside the range of its indicator"),
        ("reussite;QP075001;2018;-1;;;;;;", "outside the range of its indicator"),
        ("eleves;QP075001;2018;-12;;;;;;", "outside the range of its indicator"),
        ("eleves;QP075001;2018;45 %;;;;;;", "a percentage where none belongs"),
        ("eleves;QP075001;2018;0,45;;;;;;", "a count that is not whole"),
        ("eleves;QP075001;2018;environ 100;;;;;;", "this is not a number"),
        ("eleves;QP075001;18;100;;;;;;", "not a year"),
        ("eleves;QP075001;2018;100;;;Deviné;;;", "unknown standing"),
        ("eleves;QP075001;2018;100;;;;Quartiers;;", "unknown scope"),
        ("eleves;QP075001;2018;100;;;Retenu (secret);;;", "a value said to be withheld"),
        ("eleves;QP075001;2018;;;;Déclaré;;;", "a standing that needs a value"),
        ("reussite;QP075001;2018;;5;0;;;;", "a denominator of zero or less"),
        ("reussite;QP075001;2018;;12;10;;;;", "a part larger than the whole"),
        ("reussite;QP075001;2018;40;31;100;;;;", "value, numerator and denominator disagree"),
        ("inconnu;QP075001;2018;1;;;;;;", "no indicator has this code"),
        ("eleves;QP075999;2018;1;;;;;;", "no territory has this code or name"),
        ("eleves;QP075001;2025;1;;;;;;", "the territory did not exist that year"),
        ("eleves;QP075001;2012;1;;;;;;", "the territory did not exist that year"),
        ("eleves;QP075001;2018;1;;;;;le 3 mai;", "this is not a date"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row_and_nothing_is_stored(
    loading: Load, row: str, problem: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        loading("eleves;QP075001;2017;5;;;;;;", row)
    (found,) = [words for line, words in problems(refused) if words.startswith(problem)]
    assert found
    assert all(line == 3 for line, _ in problems(refused))
    assert all(refusal.advice for refusal in refused.value.details.refused)
    assert not Observation.objects.exists()


def test_the_same_figure_twice_is_refused_naming_the_first(loading: Load) -> None:
    with pytest.raises(FileRefused) as refused:
        loading("eleves;QP075001;2018;1;;;;;;", "eleves;QP075001;2018;2;;;;;;")
    assert problems(refused) == [(3, "the figure already stands in line 2")]


def test_one_year_over_two_scopes_is_no_repetition(loading: Load) -> None:
    loading("eleves;QP075001;2018;1;;;;QPV;;", "eleves;QP075001;2018;2;;;;QPV et QVA;;")
    assert Observation.objects.count() == 2


def test_earlier_figures_worked_out_in_later_outlines_say_so(loading: Load) -> None:
    loading("eleves;QP075001;2012;1;;;;;2015-01-01;")
    assert figure("eleves").outline_on == date(2015, 1, 1)


def test_a_name_that_two_places_bear_must_be_made_plain(loading: Load) -> None:
    for code in ("94022", "94078"):
        a_territory(Level.QVA, f"V{code}", "Centre-Ville", commune_codes=[code])
    with pytest.raises(FileRefused) as refused:
        loading("eleves;Centre-Ville;2018;1;;;;;;")
    assert problems(refused) == [(2, "2 territories answer to this")]


def test_loading_twice_changes_nothing(loading: Load) -> None:
    rows = ("eleves;QP075001;2018;1;;;;;;", "reussite;QP075001;2018;;3;9;;;;")
    loading(*rows)
    again = loading(*rows).report
    assert (again.unchanged, again.added, again.changed, again.withdrawn) == (2, 0, 0, 0)
    assert not Change.objects.filter(table="observatory_observation").exists()


def test_a_newer_file_replaces_the_older_one_and_its_trace_stays(loading: Load) -> None:
    loading("eleves;QP075001;2018;1;;;;;;", "eleves;QP075001;2019;2;;;;;;")
    done = loading("eleves;QP075001;2018;3;;;;;;")
    assert (done.report.changed, done.report.withdrawn) == (1, 1)
    change = history_of(figure("eleves")).get()
    assert change.before is not None
    assert (change.before["value"], change.run_id) == (1, done.run.pk)


def test_two_sources_may_disagree_side_by_side(loading: Load) -> None:
    loading("eleves;QP075001;2018;25;;;;;;", source="caf")
    loading("eleves;QP075001;2018;15;;;;;;", source="ville")
    values = Observation.objects.order_by("value").values_list("value", "source__code")
    assert list(values) == [(15, "ville"), (25, "caf")]


def test_a_table_of_another_kind_says_what_the_template_is(loading: Load) -> None:
    with pytest.raises(UnknownProduct) as refused:
        loading("1;2", header="a;b\n")
    assert "whose columns are indicator, level, territory" in refused.value.advice


def test_a_workbook_with_a_title_above_its_header_is_read(
    tmp_path: Path, quarter: Territory
) -> None:
    an_indicator("eleves", "count")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Rentrée scolaire"])
    sheet.append([])
    sheet.append(["indicateur", "territoire", "annee", "valeur"])
    sheet.append(["eleves", "QP075001", 2018, 1204.0])
    file = tmp_path / "rentree.xlsx"
    book.save(file)
    load("indicators", file)
    assert (figure("eleves").value, figure("eleves").row) == (1204, 4)


@pytest.mark.parametrize("name", ["modele.xlsx", "modele.csv"])
def test_the_written_template_is_recognised_once_filled_in(
    tmp_path: Path, quarter: Territory, name: str
) -> None:
    an_indicator("eleves", "count")
    file = tmp_path / name
    write_template(file)
    if name.endswith("xlsx"):
        book = openpyxl.load_workbook(file)
        sheet = book["Valeurs"]
        sheet.append(["eleves", "QPV", "QP075001", 2018, "", "", 12])
        book.save(file)
    else:
        with file.open("a", encoding="utf-8") as handle:
            handle.write("eleves;qpv;QP075001;2018;;;12\r\n".replace(";12", ";12" + ";" * 8))
    load("indicators", file)
    assert figure("eleves").value == 12


def test_a_workbook_without_the_template_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["nom", "prénom"])
    book.active.append(["NOM-0001", "x"])
    file = tmp_path / "liste.xlsx"
    book.save(file)
    with pytest.raises((UnknownProduct, MissingColumns)):
        load("indicators", file)


def test_an_indicator_of_the_delivered_dictionary_is_known_at_once(loading: Load) -> None:
    loading("poverty-rate;QP075001;2018;41,2;;;;;;")
    assert Indicator.objects.get(code="poverty-rate").unit == "%"
