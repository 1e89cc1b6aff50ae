"""The atlas of a contract and the static maps of a report, from the command line and a notebook."""

from __future__ import annotations

import io
import json

import pypdf
import pytest
from django.core.management import call_command
from PIL import Image

from maps.errors import BadChoice
from maps.statics import draw_map
from tests.maps.screen import plain

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]


def run(*words: str) -> dict:
    out = io.StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        call_command(*words)
    assert stopped.value.code == 1
    return capsys.readouterr().err


class TestAtlas:
    def test_every_quarter_of_a_contract_has_its_file(self, tmp_path):
        told = run("portraits", "--contract", "CV1", "--out", str(tmp_path / "atlas"))
        assert told["portraits"] == ["QN075901.pdf", "QN075902.pdf"]
        for name in told["portraits"]:
            assert len(pypdf.PdfReader(tmp_path / "atlas" / name).pages) == 2

    def test_english_on_request(self, tmp_path):
        run("portraits", "--quarters", "QN075901", "--out", str(tmp_path), "--language", "en")
        text = pypdf.PdfReader(tmp_path / "QN075901.pdf").pages[0].extract_text()
        assert "From the 200 m cells" in text

    def test_an_unknown_contract_is_refused(self, tmp_path, capsys):
        assert "No contract has the code 'XX'" in refused(
            capsys, "portraits", "--contract", "XX", "--out", str(tmp_path)
        )

    def test_an_unknown_quarter_is_named(self, tmp_path, capsys):
        said = refused(capsys, "portraits", "--quarters", "QP0", "--out", str(tmp_path))
        assert "QP0" in said

    def test_a_place_without_quarters_says_what_to_do(self, tmp_path, capsys):
        from observatory.models import Membership

        Membership.objects.all().delete()
        said = refused(capsys, "portraits", "--contract", "CV1", "--out", str(tmp_path))
        assert "has no quarter" in said
        assert "Load memberships" in said


class TestStaticMap:
    def test_the_legend_says_the_classes_and_the_table_their_members(self):
        drawn = draw_map("qpv", "poverty-rate", 2021, count=2)
        assert [plain(words) for words in drawn.legend] == ["moins de 42,0 %", "42,0 % et plus"]
        table = drawn.table.set_index("code")
        assert table.loc["QN075901", "class"] == 1
        assert table.loc["QN075902", "class"] == 0

    def test_the_year_with_most_values_is_taken_by_itself(self):
        drawn = draw_map("qpv", "median-income")
        assert drawn.table["value"].notna().all()

    def test_breaks_by_hand_are_kept_as_given(self):
        drawn = draw_map("qpv", "poverty-rate", 2021, method="manuelles", breaks=[35, 40])
        assert [plain(words) for words in drawn.legend] == [
            "moins de 35,0 %", "35,0 à 40,0 %", "40,0 % et plus",
        ]  # fmt: skip

    @pytest.mark.parametrize("form", ["png", "svg", "pdf"])
    def test_it_is_written_in_the_form_of_its_name(self, tmp_path, form):
        file = tmp_path / f"carte.{form}"
        told = run("map", "qpv", "poverty-rate", "--year", "2021", "--out", str(file))
        assert told["territories"] == 2
        start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form]
        assert file.read_bytes().startswith(start)

    def test_the_colours_of_the_classes_are_on_the_picture(self):
        drawn = draw_map("qpv", "poverty-rate", 2021, count=2, form="png")
        picture = Image.open(io.BytesIO(drawn.body)).convert("RGB")
        colours = {colour for _, colour in picture.getcolors(1_000_000)}
        assert {(0xF8, 0xEC, 0xC9), (0x6D, 0x22, 0x50)} <= colours

    def test_a_withheld_value_is_apart_from_a_missing_one(self):
        drawn = draw_map("qpv", "helped", 2021)
        assert set(drawn.table["standing"]) == {"withheld", "declared"}

    def test_outlines_alone_need_no_indicator(self):
        drawn = draw_map("arrondissement")
        assert drawn.legend == []
        assert drawn._repr_svg_().startswith("<?xml")

    @pytest.mark.parametrize(
        ("level", "code", "year"),
        [("nulle", "", None), ("qpv", "inconnu", None), ("qpv", "poverty-rate", 1999)],
    )
    def test_nothing_to_draw_is_said(self, level, code, year):
        with pytest.raises(BadChoice):
            draw_map(level, code, year)

    def test_a_file_of_unknown_form_is_refused(self, tmp_path, capsys):
        said = refused(capsys, "map", "qpv", "--out", str(tmp_path / "carte.gif"))
        assert "svg, png, pdf" in said
