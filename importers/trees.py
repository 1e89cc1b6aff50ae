"""A contract's tree, whatever document it comes from, into the database.

Readers (a published text, a table) make a ``Tree``; this stores it. Keys stay the same from one
load to the next, so that sheets, figures and targets stay attached to their rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from importers.actors import organisations_in
from importers.dictionary import ensure_indicators
from importers.report import Report
from importers.rows import put, withdraw
from importers.targettext import Promise, promises
from observatory.identity import fold
from observatory.models import (
    Framework,
    FrameworkRow,
    Indicator,
    IndicatorState,
    Nature,
    Node,
    NodeActor,
    Organisation,
    Run,
    Source,
    Target,
    TargetForm,
    Territory,
)

# Fields that only the document tells: a target somebody adjusted later is another version.
FIRST_VERSION = 1


@dataclass
class TreeNode:
    """One node; ``actors`` are the document's own cells, ``parent`` another node's key."""

    key: str
    kind: str
    label: str
    parent: str = ""
    number: str = ""
    line: int | None = None
    status: str = ""
    actors: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class TreeRow:
    """One indicator row under a node; without an indicator, the label says so."""

    key: str
    node: str
    label: str
    target: str = ""
    actor: str = ""
    line: int | None = None
    repaired: str = ""
    without_indicator: bool = False
    kind: str = "unstated"
    nature: str = ""
    unit: str = ""
    spatial_rule: str = "unstated"
    state: str = IndicatorState.VALIDATED
    due_label: str = ""
    due_on: date | None = None
    reference: Territory | None = None
    reference_rest: bool = False
    reference_indicator: str = ""


@dataclass
class Tree:
    """A whole framework, ready to be stored."""

    code: str
    title: str
    territory: Territory
    source: Source
    nodes: list[TreeNode]
    rows: list[TreeRow]
    year_from: int | None = None
    year_to: int | None = None
    milestones: dict[str, int] = field(default_factory=dict)
    horizon: int | None = None


def store_tree(tree: Tree, report: Report, run: Run | None) -> Framework:
    """Make the stored framework the one of ``tree``. Must run inside a transaction."""
    framework = put(
        Framework,
        {"code": tree.code},
        {
            "title": tree.title,
            "territory": tree.territory,
            "source": tree.source,
            "year_from": tree.year_from,
            "year_to": tree.year_to,
            "milestones": tree.milestones,
        },
    )
    if framework.run_id is None and run is not None:
        Framework.objects.filter(pk=framework.pk).update(run=run)
    nodes = _store_nodes(tree, framework, report)
    actors = _store_actors(tree, nodes, report)
    _store_rows(tree, framework, nodes, actors, report)
    return framework


def _store_nodes(tree: Tree, framework: Framework, report: Report) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for order, told in enumerate(tree.nodes, start=1):
        nodes[told.key] = put(
            Node,
            {"framework": framework, "key": told.key},
            {
                "parent": nodes.get(told.parent),
                "kind": told.kind,
                "number": told.number,
                "order": order,
                "label": told.label[:600],
                "status": told.status,
                "source_line": told.line,
            },
        )
    withdraw(framework.nodes.all(), {node.pk for node in nodes.values()}, report)
    return nodes


def _store_actors(
    tree: Tree, nodes: dict[str, Node], report: Report
) -> dict[tuple[str, str], NodeActor]:
    known: dict[str, list[Organisation]] = {}
    stored: dict[tuple[str, str], NodeActor] = {}
    kept: set[int] = set()
    for told in tree.nodes:
        for order, (written, role) in enumerate(told.actors):
            if written not in known:
                known[written] = organisations_in(written)
            for organisation in known[written]:
                actor = put(
                    NodeActor,
                    {
                        "node": nodes[told.key], "organisation": organisation, "role": role,
                        "written": written[:200],
                    },
                    {"order": order},
                )  # fmt: skip
                kept.add(actor.pk)
                stored.setdefault((told.key, written), actor)
    withdraw(NodeActor.objects.filter(node__in=nodes.values()), kept, report)
    return stored


def _store_rows(
    tree: Tree,
    framework: Framework,
    nodes: dict[str, Node],
    actors: dict[tuple[str, str], NodeActor],
    report: Report,
) -> None:
    kept: set[int] = set()
    for order, told in enumerate(tree.rows, start=1):
        indicator = None if told.without_indicator else _indicator(tree, told)
        row = put(
            FrameworkRow,
            {"node": nodes[told.node], "key": told.key},
            {
                "order": order,
                "actor": actors.get((told.node, told.actor)),
                "indicator": indicator,
                "label": told.label[:600],
                "source_line": told.line,
                "repaired": told.repaired,
            },
            report,
        )
        kept.add(row.pk)
        if indicator is not None:
            _store_targets(tree, told, framework, indicator)
    withdraw(FrameworkRow.objects.filter(node__framework=framework), kept, report)


# -- indicators and targets ----------------------------------------------------------------


def _indicator(tree: Tree, told: TreeRow) -> Indicator:
    nature = told.nature or nature_of(told.label)
    code = f"{tree.code}-{told.key}"
    fields: dict[str, Any] = {
        "label": told.label[:400],
        "kind": told.kind,
        "nature": nature,
        "unit": told.unit or ("%" if nature == Nature.SHARE else ""),
        "spatial_rule": told.spatial_rule,
        "counts_persons": told.spatial_rule.startswith("residence"),
        "level": "contract",
        "due_label": told.due_label,
        "due_on": told.due_on,
        "source": tree.source,
        "source_line": told.line,
    }
    found = Indicator.objects.filter(code=code).first()
    # What people have worked out since is theirs: a reload only brings the document's own words.
    if found is not None and found.state != told.state:
        fields = {name: fields[name] for name in ("label", "source", "source_line")}
    else:
        fields["state"] = told.state
    return put(Indicator, {"code": code}, fields)


NATURES: tuple[tuple[str, str], ...] = (
    (r"^(montant|volume-financier|budget|cout|moyens-financiers|enveloppe)", Nature.AMOUNT),
    (r"^(part|taux|pourcentage|proportion|du-nombre-de-personnes)", Nature.SHARE),
    (r"^(nombre|chiffres?|fre-?quentation|nombres)", Nature.COUNT),
    (r"^(type|nature|raison|motif|suites?|parcours|resolution|analyse|identification|indicateurs)",
     Nature.TEXT),
    (r"(note-|gains|evolution|pouvoir-d-achat)", Nature.INDEX),
)  # fmt: skip


def nature_of(label: str) -> str:
    """Tell what sort of number an indicator's wording asks for; a count if in doubt."""
    key = fold(label)
    return next((nature for rule, nature in NATURES if re.search(rule, key)), Nature.COUNT)


def _store_targets(tree: Tree, told: TreeRow, framework: Framework, indicator: Indicator) -> None:
    """Store the document's own target as the first version; later versions are left alone."""
    kept = set()
    for part, promise in enumerate(promises(told.target), start=1):
        target = put(
            Target,
            {
                "indicator": indicator, "territory": tree.territory, "version": FIRST_VERSION,
                "part": part,
            },
            {
                **_fields(promise, tree.horizon),
                **_reference(promise, told),
                "framework": framework,
                "stated": told.target,
                "source": tree.source,
                "source_line": told.line,
            },
        )  # fmt: skip
        kept.add(target.pk)
    withdraw(indicator.targets.filter(version=FIRST_VERSION, framework=framework), kept)


def _fields(promise: Promise, horizon: int | None) -> dict[str, Any]:
    fields = promise.fields()
    if promise.form != TargetForm.UNSET:
        fields["horizon"] = promise.horizon or horizon
    return fields


def _reference(promise: Promise, told: TreeRow) -> dict[str, Any]:
    """Return what a gap is measured to; a target of another form has no reference."""
    if promise.form not in (TargetForm.HALVE_GAP, TargetForm.CONVERGE):
        return {}
    code = told.reference_indicator
    return {
        "reference": told.reference,
        "reference_rest": told.reference_rest,
        "reference_indicator": ensure_indicators([code])[code] if code else None,
    }
