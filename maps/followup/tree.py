"""The tree of a framework: targets, rates told and worked out again, what documents print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.figures import Figure
from maps.followup.access import contract_called, contracts_of, frameworks_of, reviews_of
from maps.followup.rates import Line, lines_of
from maps.followup.words import KINDS, PROGRESS, VERDICTS, reason
from maps.panel import Person, fictitious, signed_in
from observatory.figures.sheets import readable_sheets
from observatory.figures.statements import Checked, Verdict, check
from observatory.figures.targets import Stand, stands
from observatory.figures.visible import Reader, visible
from observatory.models import Framework, FrameworkRow, Indicator, Node, NodeKind, Statement, Target

# A tree of few indicators is shown with every branch open.
FEW = 40


@dataclass(frozen=True)
class Aim:
    """One target of an indicator and where it stands."""

    target: Target
    stand: Stand
    value: Figure

    @property
    def word(self) -> Any:
        """Return where it stands, in words."""
        return PROGRESS[self.stand.progress]

    @property
    def why(self) -> Any:
        """Return why that cannot be told, if so."""
        return reason(self.stand.reason) if self.stand.reason else ""


@dataclass
class Branch:
    """One node with what hangs on it; ``count`` is the indicators below it."""

    node: Node
    children: list[Branch] = field(default_factory=list)
    rows: list[tuple[FrameworkRow, list[Aim], list[Line]]] = field(default_factory=list)
    sheets: list[Any] = field(default_factory=list)

    @property
    def kind(self) -> Any:
        """Return what sort of node it is, in words."""
        return KINDS[NodeKind(self.node.kind)]

    @property
    def count(self) -> int:
        """Return how many indicators hang below."""
        return len(self.rows) + sum(child.count for child in self.children)

    @property
    def actors(self) -> list[str]:
        """Return who answers for it, each once."""
        return list(dict.fromkeys(actor.organisation.name for actor in self.node.actors.all()))


def figure_with_unit(indicator: Indicator, value: float | None) -> Figure:
    """Return a value as its own indicator writes it, with the unit spelt out."""
    decimals = indicator.decimals or (0 if value is None or float(value).is_integer() else 1)
    return Figure(value, indicator.unit, decimals)


def branches(framework: Framework, person: Person, year: int) -> list[Branch]:
    """Return the roots of a framework's tree, as a person may see it."""
    reader = Reader(signed_in(person))
    nodes = framework.nodes.prefetch_related("actors__organisation").order_by("order")
    found = {node.pk: Branch(node) for node in nodes}
    aims: dict[int, list[Aim]] = defaultdict(list)
    for target, stand in stands(framework, year, reader):
        value = figure_with_unit(target.indicator, stand.value)
        aims[target.indicator_id].append(Aim(target, stand, value))
    sheets = readable_sheets(reader.person).filter(node__framework=framework).order_by("-year")
    lines: dict[int | None, list[Line]] = defaultdict(list)
    for line in lines_of(sheets):
        lines[line.result.indicator_id].append(line)
    for sheet in sheets:
        found[sheet.node_id].sheets.append(sheet)  # type: ignore[index]
    rows = FrameworkRow.objects.filter(node__framework=framework).select_related("indicator")
    for row in rows.order_by("order"):
        own = lines[row.indicator_id] if row.indicator_id else []
        told = aims[row.indicator_id] if row.indicator_id else []
        found[row.node_id].rows.append((row, told, own))
    return list(_hung(found))


def _hung(found: dict[int, Branch]) -> Iterator[Branch]:
    """Hang each branch on its parent; give those that hang on none."""
    for branch in found.values():
        parent = branch.node.parent_id
        if parent in found:
            found[parent].children.append(branch)
        else:
            yield branch


@require_safe
@vary_on_cookie
def home(request: HttpRequest) -> HttpResponse:
    """Show the contracts that may be followed, each with its frameworks, sheets and reviews."""
    contracts = contracts_of(request.user)
    frameworks, reviews = list(frameworks_of(request.user)), list(reviews_of(request.user))
    sheets = readable_sheets(signed_in(request.user)).filter(territory__in=contracts)
    years = sheets.values_list("territory", "year").order_by("-year").distinct()
    told = [
        {
            "contract": one,
            "frameworks": [f for f in frameworks if f.territory_id == one.pk],
            "reviews": [r for r in reviews if r.territory_id == one.pk],
            "years": list(dict.fromkeys(year for place, year in years if place == one.pk)),
        }
        for one in contracts
    ]
    context = {
        "contracts": told,
        "statements": visible(Statement.objects.all(), signed_in(request.user)).exists(),
        "demonstration": fictitious(f.source_id for f in frameworks),
    }
    return render(request, "maps/followup/home.html", context)


@require_safe
@vary_on_cookie
def page(request: HttpRequest, code: str, framework: str) -> HttpResponse:
    """Show one framework as a tree."""
    contract = contract_called(request.user, code)
    found = frameworks_of(request.user).filter(territory=contract, code=framework).first()
    if found is None:
        raise Http404(_("Aucun référentiel de ce code n’est ouvert à ce compte."))
    year = date.today().year
    roots = branches(found, request.user, year)
    context = {
        "contract": contract,
        "framework": found,
        "roots": roots,
        "count": (count := sum(root.count for root in roots)),
        "open": 9 if count <= FEW else 2,
        "year": year,
        "source": found.source.citation(),
        "demonstration": fictitious([found.source_id]),
    }
    return render(request, "maps/followup/tree.html", context)


@require_safe
@vary_on_cookie
def errors(request: HttpRequest) -> HttpResponse:
    """Show what documents print beside what their own parts give."""
    rows = visible(Statement.objects.all(), signed_in(request.user)).select_related("source")
    checked = [check(one) for one in rows]
    everything = request.GET.get("tout") == "1"
    wrong = [one for one in checked if one.verdict in (Verdict.DISAGREES, Verdict.TRUNCATED)]
    context = {
        "rows": [_told(one) for one in (checked if everything else wrong)],
        "everything": everything,
        "wrong": len(wrong),
        "total": len(checked),
        "demonstration": fictitious(one.statement.source_id for one in checked),
    }
    return render(request, "maps/followup/errors.html", context)


def _told(one: Checked) -> dict[str, Any]:
    statement = one.statement
    decimals = statement.decimals
    computed = None if one.computed is None else float(one.computed)
    if computed is not None and one.verdict != Verdict.AGREES:
        decimals = max(decimals, 0 if computed.is_integer() else 1)
    return {
        "statement": statement,
        "printed": Figure(statement.printed, statement.unit, statement.decimals),
        "computed": Figure(computed, statement.unit, decimals),
        "verdict": str(one.verdict),
        "word": VERDICTS[str(one.verdict)],
        "source": statement.source.citation(),
    }
