"""The published framework of Paris becomes a tree in which every row keeps its line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from pytest_django import DjangoDbBlocker

from importers.loads import Loaded, load
from observatory.models import (
    Change,
    Framework,
    FrameworkRow,
    Indicator,
    Node,
    NodeActor,
    NodeKind,
    Organisation,
    Target,
    TargetForm,
)

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]


@pytest.fixture(scope="module")
def text(real_data: Path) -> Path:
    return real_data.parent / "seeds" / "referentiel-paris-2019.txt"


@pytest.fixture(scope="module")
def loaded(
    text: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Loaded]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield load("referentiel", text)
        transaction.set_rollback(True)


@pytest.fixture
def rows(loaded: Loaded) -> dict[int, FrameworkRow]:
    found = FrameworkRow.objects.select_related("node", "indicator", "actor__organisation")
    return {row.source_line or 0: row for row in found}


def branch(node: Node) -> list[str]:
    """Labels from the theme down to the node."""
    return [*(branch(node.parent) if node.parent else []), node.label]


def targets(line: int) -> list[Target]:
    return list(Target.objects.filter(indicator__code=f"paris-2019-{line}").order_by("part"))


def test_the_published_counts_are_all_found(loaded: Loaded) -> None:
    facts = loaded.report.facts
    names = ("themes", "objectives", "sub_objectives", "tables", "headings", "actions", "rows")
    assert [facts[name] for name in names] == [3, 9, 25, 60, 59, 165, 392]
    assert (facts["actor_pairs"], facts["indicators"]) == (170, 391)
    kinds = Counter(
        Node.objects.filter(framework__code="paris-2019").values_list("kind", flat=True)
    )
    assert kinds == {
        NodeKind.THEME: 3, NodeKind.OBJECTIVE: 9, NodeKind.SUB_OBJECTIVE: 25,
        NodeKind.HEADING: 59, NodeKind.ACTION: 165, NodeKind.STAKE: 9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("theme", "actions", "rows_"),
    [("Grandir", 61, 130), ("Travailler", 52, 136), ("Habiter", 52, 126)],
)
def test_each_theme_has_its_own_share(
    rows: dict[int, FrameworkRow], theme: str, actions: int, rows_: int
) -> None:
    own = [row for row in rows.values() if branch(row.node)[0].startswith(theme)]
    assert (len({row.node_id for row in own}), len(own)) == (actions, rows_)


def test_the_command_ends_with_one_json_object(text: Path, db: None) -> None:
    out = StringIO()
    call_command("referentiel", "load", str(text), "--json", stdout=out)
    told = json.loads(out.getvalue().strip().splitlines()[-1])
    wanted = {"themes": 3, "objectives": 9, "sub_objectives": 25, "actions": 165, "rows": 392}
    assert {name: told[name] for name in wanted} == wanted


def test_the_shifted_rows_are_mended_and_listed_by_line(
    loaded: Loaded, rows: dict[int, FrameworkRow]
) -> None:
    mended = {repair.row: repair.problem for repair in loaded.report.repaired}
    assert mended == {
        296: "the table's title is repeated after a page break",
        403: "the cells are shifted left by 2",
        521: "the cells are shifted left by 1",
        800: "no target is written",
    }
    assert rows[403].label == "Nombre de sorties positives"
    assert rows[403].node == rows[402].node
    assert rows[521].label == "Nombre d'embauches + 6 mois"
    assert rows[521].actor == rows[517].actor


def test_a_sub_objective_without_a_heading_still_hangs_on_its_objective(
    rows: dict[int, FrameworkRow],
) -> None:
    theme, objective, sub, *_ = branch(rows[754].node)
    assert theme.startswith("Habiter")
    assert objective == "Faire des espaces collectifs des espaces communs"
    assert sub.startswith("Favoriser les usages positifs")
    own = [r for r in rows.values() if branch(r.node)[1] == objective]
    assert len({branch(r.node)[2] for r in own}) == 3


def test_a_continued_row_keeps_its_action_and_takes_its_own_actor(
    rows: dict[int, FrameworkRow],
) -> None:
    same_action = [rows[line] for line in (409, 410, 411)]
    assert len({row.node_id for row in same_action}) == 1
    assert [str(row.actor) for row in same_action] == [
        "DDCS", "CAF de Paris", "Mission Locale de Paris",
    ]  # fmt: skip


def test_spellings_of_one_actor_lead_to_one_organisation(loaded: Loaded) -> None:
    written = {actor.written for actor in NodeActor.objects.filter(role="referent")}
    assert {"Baillleurs", "Bailleurs"} <= written
    landlords = NodeActor.objects.filter(written__in=["Baillleurs", "Bailleurs"])
    assert {actor.organisation.name for actor in landlords} == {"Bailleurs sociaux"}
    schools = NodeActor.objects.filter(
        written__in=["Ville de Paris (Dasco)", "Ville de Paris (DASCO)"]
    )
    assert {actor.organisation.name for actor in schools} == {"Ville de Paris – DASCO"}
    referents = Organisation.objects.filter(nodes__role="referent").distinct()
    assert loaded.report.facts["spellings"] == 56
    assert referents.count() == 41


def test_each_direction_named_together_answers_for_the_action(
    rows: dict[int, FrameworkRow],
) -> None:
    names = {a.organisation.name for a in rows[232 + 1].node.actors.all()}
    assert names == {"Ville de Paris – DFPE", "Ville de Paris – DASES"}


def test_only_a_quarter_of_the_rows_has_a_figure_to_reach(rows: dict[int, FrameworkRow]) -> None:
    forms = {line: {t.form for t in row.indicator.targets.all()} if row.indicator else {"none"}
             for line, row in rows.items()}  # fmt: skip
    unset = [line for line, found in forms.items() if found == {TargetForm.UNSET}]
    worded = [
        line for line, found in forms.items()
        if found <= {TargetForm.DIRECTION, TargetForm.DELIVERABLE, "none"}
    ]  # fmt: skip
    assert (len(unset), len(worded), 392 - len(unset) - len(worded)) == (256, 30, 106)


@pytest.mark.parametrize(
    ("line", "form", "value", "bound", "horizon"),
    [
        (205, TargetForm.ABSOLUTE, 11, "exact", 2020),
        (212, TargetForm.SHARE, 30, "floor", 2020),
        (216, TargetForm.NONE_LEFT, 0, "exact", 2020),
        (290, TargetForm.RELATIVE, 10, "exact", 2020),
        (513, TargetForm.SHARE, 10, "exact", 2015),
        (538, TargetForm.ABSOLUTE, 40, "ceiling", 2020),
        (626, TargetForm.ALL, None, "floor", 2020),
        (754, TargetForm.PER_UNIT, 3, "exact", 2020),
        (782, TargetForm.RELATIVE, 75, "exact", 2020),
        (652, TargetForm.SHARE, 10, "floor", 2020),
    ],
)
def test_what_a_target_promises(
    loaded: Loaded, line: int, form: str, value: float | None, bound: str, horizon: int
) -> None:
    (target,) = targets(line)
    assert (target.form, target.value, target.bound, target.horizon) == (
        form,
        value,
        bound,
        horizon,
    )


def test_a_growth_and_the_number_it_leads_to_are_two_parts_of_one_target(loaded: Loaded) -> None:
    assert [(t.form, t.value) for t in targets(244)] == [("absolute", 4088), ("relative", 10)]
    assert [(t.form, t.value) for t in targets(291)] == [("absolute", 8), ("relative", 35)]


def test_an_indicator_that_counts_may_have_a_target_that_is_a_share(loaded: Loaded) -> None:
    (target,) = targets(409)
    assert target.indicator.nature == "count"
    assert (target.form, target.value, target.unit) == (TargetForm.SHARE, 25, "%")


def test_a_target_keeps_the_scope_it_is_worded_with(loaded: Loaded) -> None:
    assert targets(514)[0].scope == "qpv_qva_qpop"
    assert targets(529)[0].scope == "qpv_qva"


def test_an_observed_figure_hidden_in_the_target_is_a_baseline_and_no_target(
    loaded: Loaded,
) -> None:
    (target,) = targets(308)
    assert (target.value, target.baseline, target.baseline_year) == (700, 583, 2017)
    (unset,) = targets(502)
    assert (unset.form, unset.value, unset.baseline) == (TargetForm.UNSET, None, 351)


def test_the_row_that_says_it_has_no_indicator_has_none(rows: dict[int, FrameworkRow]) -> None:
    assert rows[714].indicator is None
    assert sum(row.indicator is None for row in rows.values()) == 1


def test_every_indicator_is_tied_to_space_or_said_not_to_be(loaded: Loaded) -> None:
    rules = Counter(
        Indicator.objects.filter(code__startswith="paris-2019-").values_list(
            "spatial_rule", flat=True
        )
    )
    assert rules == {
        "residence": 78, "residence_unstated": 58, "impossible": 5, "located": 94,
        "located_unstated": 21, "money": 10, "network": 24, "catchment": 2, "map": 2, "none": 97,
    }  # fmt: skip


def test_the_milestones_are_a_view_over_the_years(loaded: Loaded) -> None:
    framework = Framework.objects.get(code="paris-2019")
    assert framework.milestones == {"start": 2015, "mid": 2018, "end": 2022}
    assert framework.territory.name == "Contrat de ville de Paris"


def test_loading_again_changes_nothing(loaded: Loaded, text: Path) -> None:
    before = Change.objects.count()
    again = load("referentiel", text).report
    assert (again.unchanged, again.added, again.changed, again.withdrawn) == (392, 0, 0, 0)
    assert Change.objects.count() == before


def test_an_adjusted_target_survives_a_reload(loaded: Loaded, text: Path) -> None:
    first = targets(409)[0]
    Target.objects.create(
        indicator=first.indicator, territory=first.territory, version=2, part=1,
        form=TargetForm.SHARE, value=20, unit="%", source=first.source, reason="COPIL",
    )  # fmt: skip
    load("referentiel", text)
    assert [(t.version, t.value) for t in first.indicator.targets.order_by("version")] == [
        (1, 25), (2, 20),
    ]  # fmt: skip
