"""From computed zones to legal quarters: each step dated, signed, tied to the one before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carroyage import grid
from observatory.models import Lineage, Perimeter, Territory
from tests.importers.makers import geojson, qpv_zip, square

pytestmark = pytest.mark.django_db

NORTH, EAST = 2_886_400, 3_761_000
CELLS = [grid.format_ids(NORTH, EAST + step * 200, 200)[0] for step in range(4)]


def _history(path: Path, **changed: object) -> Path:
    values = {
        "first": json.dumps(CELLS[:2]),
        "second": json.dumps(CELLS[2:]),
        "blocks": json.dumps(["I1", "I2"]),
        "code": "QP075019",
        "kind": "trim",
        "anchor": CELLS[2],
    } | changed
    path.write_text(
        f"""
generation = 2015
[[zone]]
label = "Zone A"
anchor = "{CELLS[0]}"
cells = {values["first"]}
[[zone]]
label = "Zone B"
anchor = "{CELLS[2]}"
cells = {values["second"]}
bare_cells = true
[[operation]]
number = 1
kind = "merge"
date = "2014-06-19"
author = "Ville et préfecture"
reason = "Réunies au terme du dialogue."
inputs = ["{CELLS[0]}", "{values["anchor"]}"]
result = "{values["code"]}"
[[operation]]
number = 2
kind = "{values["kind"]}"
date = "2014-06-19"
author = "Ville et préfecture"
reason = "Ramené aux îlots."
inputs = ["{CELLS[0]}", "{CELLS[2]}"]
result = "QP075019"
blocks = {values["blocks"]}
[[operation]]
number = 3
kind = "decree"
date = "2014-12-30"
act = "décret n° 2014-1750"
result = ["QP075019"]
""",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def ground(bring, tmp_path) -> None:
    """The legal quarter and the blocks it is made of."""
    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075019": square()}))
    rows = [{"code": "I1"}, {"code": "I2"}]
    shapes = [square(side=200), square(x=653_200.0, side=200)]
    bring("boundaries", geojson(tmp_path / "ilots.geojson", rows, shapes), level="block")


def test_every_step_is_a_perimeter_with_its_reason(bring, ground, tmp_path):
    bring("history", _history(tmp_path / "h.toml"))
    zones = Perimeter.objects.filter(status="computed").order_by("territory__name")
    assert [z.territory.name for z in zones] == ["Zone A", "Zone B"]
    assert zones[0].facts["cells"] == CELLS[:2]
    assert zones[1].facts["bare_cells"] is True
    steps = Perimeter.objects.filter(status="negotiation").order_by("pk")
    assert [s.facts["kind"] for s in steps] == ["merge", "trim"]
    assert steps[0].reason == "Réunies au terme du dialogue."
    assert {str(s.valid_from) for s in steps} == {"2014-06-19"}
    assert {s.territory.code for s in steps} == {"QP075019"}


def test_the_lineage_goes_from_the_decree_back_to_both_zones(bring, ground, tmp_path):
    bring("history", _history(tmp_path / "h.toml"))
    legal = Perimeter.objects.in_force().get(territory__code="QP075019")
    enacted = legal.ancestors.get()
    assert enacted.kind == "enacted"
    trimmed = enacted.parent.ancestors.get()
    assert trimmed.kind == "trimmed"
    merged = trimmed.parent.ancestors.all()
    assert {line.kind for line in merged} == {"merged"}
    assert {line.parent.territory.name for line in merged} == {"Zone A", "Zone B"}


def test_outlines_are_those_of_the_cells_and_of_the_blocks(bring, ground, tmp_path):
    bring("history", _history(tmp_path / "h.toml"))
    merge = Perimeter.objects.get(facts__kind="merge")
    assert merge.area == pytest.approx(4 * 200 * 200, rel=0.005)
    trim = Perimeter.objects.get(facts__kind="trim")
    assert trim.area == pytest.approx(2 * 200 * 200, rel=1e-3)


def test_nothing_of_it_is_in_force(bring, ground, tmp_path):
    before = Perimeter.objects.in_force().count()
    bring("history", _history(tmp_path / "h.toml"))
    assert Perimeter.objects.in_force().count() == before


def test_told_again_it_takes_its_own_place(bring, ground, tmp_path):
    bring("history", _history(tmp_path / "h.toml"))
    figures = (Perimeter.objects.count(), Lineage.objects.count(), Territory.objects.count())
    bring("history", _history(tmp_path / "h.toml"))
    again = (Perimeter.objects.count(), Lineage.objects.count(), Territory.objects.count())
    assert again == figures


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"blocks": '["I1", "I9"]'}, "column blocks (I9): this block is not loaded"),
        ({"code": "QP075099"}, "column result (QP075099): this quarter is not loaded"),
        ({"anchor": "CRS3035RES200mN0E0"}, "no zone has this anchor"),
        ({"kind": "vote"}, "(vote): unknown kind of step"),
        ({"first": '["Belleville"]'}, "1 cell id(s) cannot be read"),
    ],
)
def test_a_history_that_names_what_is_not_there_is_refused(bring, ground, tmp_path, changed, words):
    from tests.importers.conftest import told

    before = Perimeter.objects.count()
    with told() as said:
        bring("history", _history(tmp_path / "h.toml", **changed))
    assert words in said[0]
    assert Perimeter.objects.count() == before


def test_what_is_no_history_is_told(refused, tmp_path):
    path = tmp_path / "h.toml"
    path.write_text("generation = 'deux mille quinze'\n")
    assert "it is not a history" in refused("history", path)
