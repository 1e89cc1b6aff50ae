"""The evaluation framework of a contract, loaded from its published text."""

from __future__ import annotations

import csv
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from importers import errors
from importers.files import local_file
from importers.options import LoadOptions
from importers.referentialtext import Document, Row, Theme, has_no_indicator, read_document
from importers.report import Report
from importers.sources import Described, source_asked
from importers.text import single_byte_encoding
from importers.trees import Tree, TreeNode, TreeRow, store_tree
from observatory.history import acting
from observatory.identity import fold, identity_of
from observatory.models import ActorRole, Level, NodeKind, Run, Source, Territory
from observatory.runs import Progress, silent

CURATED = Path(__file__).with_name("curated")
HEADER_YEAR = re.compile(r"Objectifs à atteindre en (20\d\d)")


class Published(Described):
    """What is known of a published framework, as ``curated/frameworks.toml`` says."""

    recognised_by: tuple[str, ...] = ()
    contract: str = ""
    contract_name: str = ""
    level: str = "contract"
    year_from: int | None = None
    year_to: int | None = None
    milestones: dict[str, int] = {}
    spatial: str = ""
    table: str = ""


@cache
def published() -> dict[str, Published]:
    """Return the frameworks that are known, by code."""
    told: dict[str, Any] = tomllib.loads((CURATED / "frameworks.toml").read_text(encoding="utf-8"))
    return {code: Published(code=code, **facts) for code, facts in told.items()}


def load_referential(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load one framework from its text, whole or not at all; mended rows are listed by line.

    Raises
    ------
    FileRefused
        A row cannot be read even after repair, or stands under no known sub-objective.
    EmptyFile
        The text holds no table of actions.
    """
    file = local_file(path)
    report = Report("referentiel", file.name)
    text = text_of(file)
    progress("lines read", 0, text.count("\n"))
    document = read_document(text, report)
    report.raise_if_refused()
    if not document.rows:
        raise errors.EmptyFile(file.name, "holds no table of actions and indicators")
    known = _known(text, options, file)
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_asked(known, options)
        horizon = HEADER_YEAR.search(text)
        tree = Tree(
            known.code, known.title, contract_of(known, source), source,
            _nodes(document), _rows(document, known),
            known.year_from, known.year_to, known.milestones, int(horizon[1]) if horizon else None,
        )  # fmt: skip
        store_tree(tree, report, run)
    progress("rows stored", len(document.rows), len(document.rows))
    report.facts |= {"source": source.code, "framework": known.code, **_counts(document)}
    _tell(document, report)
    return report


def text_of(file: Path) -> str:
    """Return a text whole, whatever its encoding."""
    data = file.read_bytes()
    if b"\x00" in data:
        raise errors.NullBytes(file.name, data[: data.index(b"\x00")].count(b"\n") + 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode(single_byte_encoding(data))


def _known(text: str, options: LoadOptions, file: Path) -> Published:
    head = fold(text[:20_000]) + fold(text[-5_000:])
    for known in published().values():
        asked = options.product == known.code
        if asked or (known.recognised_by and all(fold(w) in head for w in known.recognised_by)):
            return known
    stem = fold(options.source or file.name.split(".")[0])[:50]
    return Published(
        code=stem, title=options.title or file.name, producer=options.producer or "Fichier local",
        contract=options.contract or f"CV-{stem.upper()}"[:40],
        contract_name=options.title or stem,
    )  # fmt: skip


def contract_of(known: Published, source: Source) -> Territory:
    """Return the territory a framework is of, made where it is not there."""
    level = known.level or Level.CONTRACT
    identity = identity_of(level, known.contract, known.contract_name)
    found = Territory.objects.filter(identity=identity).first()
    return found or Territory.objects.create(
        level=level, code=known.contract, name=known.contract_name or known.title, source=source
    )


# -- from the document to a tree -----------------------------------------------------------


def _nodes(document: Document) -> list[TreeNode]:
    nodes: list[TreeNode] = []
    for theme in document.themes:
        nodes += _of_theme(theme)
    seen = {node.key for node in nodes}
    for row in document.rows:
        for node in (_heading(row), _action(row)):
            if node.key not in seen:
                seen.add(node.key)
                nodes.append(node)
        _add_actor(nodes, row)
    return nodes


def _of_theme(theme: Theme) -> list[TreeNode]:
    key = f"theme-{fold(theme.name)}"
    partners = [(text, ActorRole.PARTNER.value) for text in _partners(theme)]
    nodes = [TreeNode(key, NodeKind.THEME, theme.label, line=theme.line, actors=partners)]
    for objective in theme.objectives:
        own = f"objective-{objective.line}"
        nodes.append(
            TreeNode(own, NodeKind.OBJECTIVE, objective.label, key, objective.number,
                     objective.line)
        )  # fmt: skip
        nodes += [
            TreeNode(_sub_key(theme.name, label), NodeKind.SUB_OBJECTIVE, label, own, line=line)
            for label, line in objective.subs
        ]
    nodes += [
        TreeNode(f"stake-{line}", NodeKind.STAKE, label, key, line=line)
        for label, line in theme.stakes
    ]
    return nodes


def _partners(theme: Theme) -> list[str]:
    """Cut « Ville de Paris : DASES, DU ; ARS ; CAF » into cells of the usual form."""
    cells = []
    for text, _ in theme.partners:
        for piece in text.rstrip(".").split(";"):
            name, colon, services = piece.strip().partition(" : ")
            cells.append(f"{name} ({services})" if colon else name)
    return [cell for cell in cells if cell]


def _sub_key(theme: str, label: str) -> str:
    return f"sub-{fold(theme)[:10]}-{fold(label)}"[:60]


def _heading(row: Row) -> TreeNode:
    return TreeNode(
        f"heading-{row.heading_line}", NodeKind.HEADING, row.heading,
        _sub_key(row.theme, row.sub_objective), line=row.heading_line,
    )  # fmt: skip


def _action(row: Row) -> TreeNode:
    return TreeNode(
        f"action-{row.action_line}", NodeKind.ACTION, row.action, f"heading-{row.heading_line}",
        line=row.action_line,
    )  # fmt: skip


def _add_actor(nodes: list[TreeNode], row: Row) -> None:
    action = next(n for n in reversed(nodes) if n.key == f"action-{row.action_line}")
    told = (row.actor, ActorRole.REFERENT.value)
    if row.actor and told not in action.actors:
        action.actors.append(told)


def _rows(document: Document, known: Published) -> list[TreeRow]:
    rules = _spatial_rules(known.spatial)
    return [
        TreeRow(
            key=str(row.line),
            node=f"action-{row.action_line}",
            label=row.indicator,
            target=row.target,
            actor=row.actor,
            line=row.line,
            repaired=row.repaired,
            without_indicator=has_no_indicator(row.indicator),
            spatial_rule=rules.get(row.line, "unstated"),
        )
        for row in document.rows
    ]


@cache
def _spatial_rules(name: str) -> dict[int, str]:
    """Return what ties each row to a place, as read by hand, by line of the document."""
    if not name:
        return {}
    with (CURATED / name).open(encoding="utf-8", newline="") as handle:
        return {int(row["line"]): row["rule"] for row in csv.DictReader(handle)}


def _counts(document: Document) -> dict[str, int]:
    return {
        "themes": len(document.themes),
        "objectives": sum(len(theme.objectives) for theme in document.themes),
        "sub_objectives": sum(len(o.subs) for t in document.themes for o in t.objectives),
        "tables": document.tables,
        "headings": len({row.heading_line for row in document.rows}),
        "actions": len({row.action_line for row in document.rows}),
        "actor_pairs": len({(row.action_line, row.actor) for row in document.rows}),
        "spellings": len({row.actor for row in document.rows}),
        "rows": len(document.rows),
        "indicators": sum(not has_no_indicator(row.indicator) for row in document.rows),
    }


def _tell(document: Document, report: Report) -> None:
    for row in document.rows:
        if has_no_indicator(row.indicator):
            report.note(f"Line {row.line}: the document says that there is no indicator.")
        if re.match(r"(augmenter|developper|reduire|diminuer)-", fold(row.indicator)):
            report.note(f"Line {row.line}: an objective stands in the place of an indicator.")
    used = {row.sub_objective for row in document.rows}
    unused = [s for t in document.themes for o in t.objectives for s, _ in o.subs if s not in used]
    if unused:
        report.note(f"Sub-objectives without a table: {'; '.join(unused)}.")
