"""A contract's framework given as a table: a new contract needs this file and no code.

One row a node: key, parent (a key above it), kind, number, label; optional columns: actors
(separated by ;), status, line. A row of kind ``indicator`` hangs on its parent, with optional
indicator_kind, nature, unit, spatial_rule, state, due_label, due_on, target. A target that halves
a gap or converges says to what: reference (the code of a territory that is loaded), reference_rest
(oui: without its quarters), reference_indicator (the code of another indicator). A table of
correspondences has the columns name, left, right (each ``framework:key``) and line.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from importers.dictionary import delivered
from importers.files import local_file
from importers.options import LoadOptions
from importers.referential import Published, contract_of, published
from importers.report import Report
from importers.rows import line_said, put, withdraw
from importers.sheets import each, read_sheet
from importers.sources import source_asked, source_of_file
from importers.trees import Tree, TreeNode, TreeRow, store_tree
from importers.values import is_day
from observatory.history import acting
from observatory.identity import fold
from observatory.models import (
    ActorRole,
    Crosswalk,
    Indicator,
    IndicatorState,
    Kind,
    Level,
    Nature,
    Node,
    NodeKind,
    Run,
    SpatialRule,
    Territory,
)
from observatory.runs import Progress, silent

REQUIRED = ("key", "parent", "kind", "label")
OPTIONAL = (
    "number", "actors", "status", "line", "indicator_kind", "nature", "unit", "spatial_rule",
    "state", "due_label", "due_on", "target", "reference", "reference_rest", "reference_indicator",
)  # fmt: skip
INDICATOR = "indicator"
YES = ("1", "oui", "yes", "true")
WORDS: dict[str, tuple[str, ...]] = {
    "indicator_kind": tuple(Kind.values),
    "nature": tuple(Nature.values),
    "spatial_rule": tuple(SpatialRule.values),
    "state": tuple(IndicatorState.values),
}


def load_framework(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load one framework from its table, whole or not at all.

    Raises
    ------
    FileRefused
        A key stands twice, a parent does not stand above, a kind or word is unknown.
    """
    file = local_file(path)
    report = Report("framework", file.name)
    frame = read_sheet(file, report, REQUIRED).frame
    for name in OPTIONAL:
        if name not in frame:
            frame[name] = ""
    reader = _Reader(report)
    for row in each(frame):
        reader.take(row)
    report.raise_if_refused()
    known = _known(file, options)
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_asked(known, options)
        tree = Tree(
            known.code, known.title, contract_of(known, source), source, reader.nodes,
            reader.rows, known.year_from, known.year_to, known.milestones, known.year_to,
        )  # fmt: skip
        store_tree(tree, report, run)
    report.facts |= {"source": source.code, "framework": known.code, "kinds": reader.kinds}
    progress("rows stored", report.kept, report.kept)
    return report


def _known(file: Path, options: LoadOptions) -> Published:
    for known in published().values():
        if file.name == known.table and not options.source:
            return known
    stem = fold(options.source or file.name.split(".")[0])[:50]
    return Published(
        code=stem,
        title=options.title or stem,
        producer=options.producer or "Fichier local",
        contract=options.contract or f"CV-{stem.upper()}"[:40],
        contract_name=options.title or stem,
        level=options.level or "contract",
    )


class _Reader:
    """Goes through the rows, each of which may only hang on one above it."""

    def __init__(self, report: Report) -> None:
        self.nodes: list[TreeNode] = []
        self.rows: list[TreeRow] = []
        self.kinds: dict[str, int] = {}
        self._report = report
        self._lines: dict[str, int] = {}
        self._nodes: set[str] = set()
        self._first: dict[str, str] = {}

    def take(self, row: Any) -> None:
        """Take one row."""
        if not self._is_sound(row):
            return
        self._lines[row.key] = row.Index
        self.kinds[row.kind] = self.kinds.get(row.kind, 0) + 1
        line = line_said(row)
        if row.kind == INDICATOR:
            self.rows.append(_indicator_row(row, line, self._first.get(row.parent, "")))
            return
        self._nodes.add(row.key)
        actors = [(a.strip(), ActorRole.REFERENT.value) for a in row.actors.split(";") if a.strip()]
        if actors:
            # The first one named answers for the node's indicators: each sheet has one actor.
            self._first[row.key] = actors[0][0]
        self.nodes.append(
            TreeNode(row.key, row.kind, row.label, row.parent, row.number, line, row.status, actors)
        )

    def _is_sound(self, row: Any) -> bool:
        problems = [
            ("key", not row.key or len(row.key) > 60, "a row without key, or with one too long",
             "Give every row a short key of its own."),
            ("key", row.key in self._lines, "the key stands twice", "Keep keys apart."),
            ("label", not row.label, "a row without label", "Say what it is."),
            ("kind", row.kind != INDICATOR and row.kind not in NodeKind.values, "unknown kind",
             f"Kinds: {', '.join([*NodeKind.values, INDICATOR])}."),
            ("parent", bool(row.parent) and row.parent not in self._nodes,
             "no row above has this key", "Put parents before their children."),
            ("parent", row.kind == INDICATOR and not row.parent, "an indicator without parent",
             "Say which node it hangs on."),
            ("due_on", not is_day(row.due_on), "this is not a date", "Write 2019-12-31."),
        ]  # fmt: skip
        for name, words in WORDS.items():
            value = getattr(row, name)
            told = f"Words: {', '.join(words)}."
            problems.append((name, bool(value) and value not in words, "unknown word", told))
        problems += [
            ("reference", bool(row.reference) and _place(row.reference) is None,
             "no loaded territory has this code", "Load it first, or correct the code."),
            ("reference_indicator",
             bool(row.reference_indicator) and not _is_indicator(row.reference_indicator),
             "no indicator has this code", "Load its dictionary first."),
        ]  # fmt: skip
        wrong = [problem for problem in problems if problem[1]]
        for column, _, problem, advice in wrong:
            self._report.refuse(row.Index, column, getattr(row, column), problem, advice)
        return not wrong


def _indicator_row(row: Any, line: int | None, actor: str) -> TreeRow:
    return TreeRow(
        key=row.key,
        node=row.parent,
        label=row.label,
        target=row.target,
        actor=actor,
        line=line,
        kind=row.indicator_kind or "unstated",
        nature=row.nature,
        unit=row.unit,
        spatial_rule=row.spatial_rule or "unstated",
        state=row.state or IndicatorState.VALIDATED,
        due_label=row.due_label,
        due_on=date.fromisoformat(row.due_on) if row.due_on else None,
        reference=_place(row.reference),
        reference_rest=row.reference_rest.lower() in YES,
        reference_indicator=row.reference_indicator,
    )


def _place(code: str) -> Territory | None:
    rows = Territory.objects.filter(code=code).exclude(level=Level.QPV) if code else None
    return None if rows is None else rows.order_by("level").first()


def _is_indicator(code: str) -> bool:
    return code in delivered() or Indicator.objects.filter(code=code).exists()


# -- correspondences -----------------------------------------------------------------------


def load_crosswalk(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load correspondences between the nodes of two frameworks that are loaded.

    Raises
    ------
    FileRefused
        No loaded framework has a node of that key.
    """
    file = local_file(path)
    report = Report("crosswalk", file.name)
    frame = read_sheet(file, report, ("name", "left", "right")).frame
    nodes = {
        f"{code}:{key}": pk
        for pk, code, key in Node.objects.values_list("pk", "framework__code", "key")
    }
    for row in each(frame):
        for side in ("left", "right"):
            if getattr(row, side) not in nodes:
                report.refuse(
                    row.Index, side, getattr(row, side), "no loaded framework has this node",
                    "Load the framework first; write framework:key.",
                )  # fmt: skip
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        kept = {
            put(
                Crosswalk,
                {"name": row.name, "left_id": nodes[row.left], "right_id": nodes[row.right]},
                {
                    "source": source,
                    "source_line": line_said(row),
                },
                report,
            ).pk
            for row in each(frame)
        }
        withdraw(Crosswalk.objects.filter(source=source), kept, report)
    report.facts |= {"source": source.code}
    progress("correspondences stored", report.kept, report.kept)
    return report
