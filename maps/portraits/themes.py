"""The sheet of a theme: its indicators for all quarters of a contract, and what is aimed at.

Themes are those of the contract's référentiel; where it has none, or says nothing of quarters,
those of the dictionary of indicators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import slugify

from maps.comparison.overview import targets_of
from maps.comparison.readings import Cell
from maps.comparison.selection import Selection, indicators_known
from maps.comparison.table import Column, Comparison, compare
from maps.errors import UnknownTerritory
from maps.panel import Person, citations, indicators_by_code
from maps.places import latest_quarters
from maps.portraits.around import frameworks_of
from maps.portraits.keyfigures import Comparisons
from observatory.models import Framework, Level, Node, Right, Territory
from observatory.permissions import may

# So many columns are read across a page of A4 on its side.
COLUMNS = 6
DICTIONARY = "dictionnaire"


@dataclass(frozen=True)
class Theme:
    """A theme: ``framework`` is its référentiel, None for one of the dictionary."""

    key: str
    title: str
    codes: tuple[str, ...]
    framework: Framework | None = None


@dataclass(frozen=True)
class Sheet:
    """What is told of a theme: ``found`` by quarter, ``targets`` (under ``headings``) in all."""

    theme: Theme
    contract: Territory
    found: Comparison
    headings: list[str]
    targets: list[tuple[str, str, list[Cell]]]
    sources: list[dict[str, str]]
    demonstration: bool

    @property
    def pages(self) -> list[tuple[list[Column], list[tuple[Territory, list[Cell]]]]]:
        """Return columns and rows, as many columns at a time as a page is wide."""
        columns = self.found.columns
        parts = [columns[at : at + COLUMNS] for at in range(0, len(columns), COLUMNS)]
        return [(part, [(one, _cells(part, one)) for one in self.found.quarters]) for part in parts]


def _cells(columns: list[Column], quarter: Territory) -> list[Cell]:
    return [column.figure(quarter) for column in columns]


def contract_called(person: Person, code: str) -> Territory:
    """Return the contract of a code. Raises UnknownTerritory."""
    found = Territory.objects.filter(level=Level.CONTRACT, code=code).first()
    if found is None or not may(person, Right.VIEW_PUBLIC, found):
        raise UnknownTerritory(f"No contract has the code {code!r}.")
    return found


def themes_of(person: Person, contract: Territory) -> list[Theme]:
    """Return the themes of a contract: of its référentiels first, then of the dictionary."""
    told = [
        theme
        for framework in frameworks_of(person, [contract])
        for theme in _of_framework(framework)
        if theme.codes
    ]
    by_theme: dict[str, list[str]] = {}
    for one in indicators_known(person, latest_quarters(contract)):
        if one.theme:
            by_theme.setdefault(one.theme, []).append(one.code)
    told += [
        Theme(f"{DICTIONARY}-{slugify(name)}", name[:1].upper() + name[1:], tuple(codes))
        for name, codes in sorted(by_theme.items())
    ]
    return told


def _of_framework(framework: Framework) -> list[Theme]:
    nodes = list(framework.nodes.order_by("order"))
    children: dict[int | None, list[Node]] = {}
    for node in nodes:
        children.setdefault(node.parent_id, []).append(node)
    rows = framework.nodes.order_by("order", "rows__order")
    by_node: dict[int, list[str]] = {}
    for pk, code in rows.values_list("pk", "rows__indicator__code"):
        if code:
            by_node.setdefault(pk, []).append(code)

    def below(node: Node) -> list[str]:
        own = by_node.get(node.pk, [])
        return own + [code for child in children.get(node.pk, []) for code in below(child)]

    return [
        Theme(
            slugify(f"{framework.code}-{node.key}"), node.label,
            tuple(dict.fromkeys(below(node))), framework,
        )
        for node in children.get(None, [])
    ]  # fmt: skip


def sheet_of(person: Person, contract: Territory, theme: Theme) -> Sheet:
    """Return the sheet of a theme, with what the person may see."""
    quarters = latest_quarters(contract)
    indicators = list(indicators_by_code(theme.codes).values())
    found = compare(Comparisons(person), Selection(), quarters, indicators)
    headings, targets, used = _targets(person, theme)
    cited = [tuple(source.items()) for column in found.columns for source in column.sources]
    sources = [dict(told) for told in dict.fromkeys(cited)]
    return Sheet(
        theme, contract, found, headings, targets, [*sources, *citations(used)],
        contract.source.is_demonstration,
    )  # fmt: skip


def _targets(
    person: Person, theme: Theme
) -> tuple[list[str], list[tuple[str, str, list[Cell]]], Sequence[int]]:
    if theme.framework is None:
        return [], [], []
    told = targets_of(person, theme.framework)
    rows = [row for row in told.rows if row[0] in theme.codes]
    return told.headings, rows, [theme.framework.source_id] if rows else []
