"""Pages of the comparison: the table, its charts and files, and what was frozen of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.charts.compare import CHARTS, DRAWERS, draw_scatter, pair
from maps.charts.theme import CONTENT_TYPES
from maps.comparison.files import as_csv, rows_of
from maps.comparison.selection import (
    MOST_INDICATORS,
    MOST_QUARTERS,
    Selection,
    indicators_known,
    quarters_of,
    wholes,
)  # fmt: skip
from maps.comparison.table import Comparison, compare, ranks
from maps.downloads import file_answer
from maps.errors import BadChoice
from maps.models import Snapshot, checksum_of
from maps.panel import Person, fictitious, signed_in
from maps.places import QUARTERS
from maps.portraits.around import promises_of
from observatory.models import Right, Territory
from observatory.permissions import may

LEAST_LINES, USUAL_COLUMNS = 2, 3


def _compared(person: Person, selection: Selection) -> tuple[Comparison, dict[str, Any]]:
    """Return the comparison an address asks for, and the choices around it."""
    known = wholes() if may(person, Right.VIEW_PUBLIC) else []
    everyone = quarters_of(selection, known) if may(person, Right.VIEW_PUBLIC) else []
    chosen = [one for one in everyone if one.code in selection.quarters] or everyone
    chosen = chosen[:MOST_QUARTERS]
    indicators = indicators_known(person, everyone)
    wanted = [one for one in indicators if one.code in selection.indicators]
    wanted = wanted[:MOST_INDICATORS] or indicators[:USUAL_COLUMNS]
    found = compare(person, selection, chosen, wanted)
    years = sorted(set(found.panel["year"]), reverse=True)
    return found, {
        "wholes": known,
        "whole": next(
            (w for w in known if f"{w.level}:{w.code}" == selection.within), next(iter(known), None)
        ),
        "everyone": everyone,
        "indicators": indicators,
        "chosen": {one.code for one in wanted},
        "years": years,
    }


def _selection(request: HttpRequest) -> Selection:
    try:
        return Selection.of(request.GET)
    except BadChoice as error:
        raise Http404(str(error)) from None


@require_safe
@vary_on_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Show the comparison."""
    selection = _selection(request)
    found, around = _compared(request.user, selection)
    context = around | {
        "found": found,
        "selection": selection,
        "query": selection.query(),
        "demonstration": fictitious(
            [*(one.source_id for one in around["everyone"]), *found.panel["source"].tolist()]
        ),
        "headings": _headings(found, selection),
        "charts": _charts(found),
        "scatter": _scatter(found),
        "promises": promises_of(request.user, [around["whole"]] if around["whole"] else []),
        "may_freeze": request.user.is_authenticated,
        "snapshots": _snapshots(request.user),
    }
    return render(request, "maps/comparison/page.html", context)


def _headings(found: Comparison, selection: Selection) -> list[dict[str, Any]]:
    """Return the headings that sort: names from A, figures from the highest."""
    told: list[dict[str, Any]] = [{"key": "nom", "label": _("Quartier"), "year": ""}]
    told += [
        {"key": one.indicator.code, "label": one.indicator.label, "year": one.year}
        for one in found.columns
    ]
    for one in told:
        active = one["key"] == selection.sort
        down = not selection.down if active else one["key"] != "nom"
        one["query"] = selection.query(sort=one["key"], down=down)
        one["order"] = ("descending" if selection.down else "ascending") if active else ""
    return told


def _charts(found: Comparison) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Return, by column, the charts there is something to draw for."""
    told = []
    for column in found.columns:
        kinds = [("points", CHARTS["points"])]
        if found.series(column.indicator.code).shape[1] >= LEAST_LINES:
            kinds.append(("courbes", CHARTS["courbes"]))
        if len(ranks(found, column.indicator.code)) >= LEAST_LINES:
            kinds.append(("rangs", CHARTS["rangs"]))
        told.append((column, kinds))
    return told


def _scatter(found: Comparison) -> Any:
    """Return the first two columns where at least two quarters have both values."""
    if len(found.columns) < 2:
        return None
    columns = (found.columns[0], found.columns[1])
    return columns if len(pair(found, columns)) >= LEAST_LINES else None


@require_safe
@vary_on_cookie
def chart(request: HttpRequest, kind: str, indicator: str, form: str) -> HttpResponse:
    """Answer one chart of the comparison as SVG or PNG."""
    found, _around = _compared(request.user, _selection(request))
    body = _drawn(found, kind, indicator, form)
    if body is None:
        raise Http404(_("Ce graphique n’a rien à montrer."))
    return file_answer(
        body, CONTENT_TYPES[form], f"{kind}-{indicator}.{form}", inline=form == "svg"
    )


def _drawn(found: Comparison, kind: str, indicator: str, form: str) -> bytes | None:
    scatter = _scatter(found)
    if kind == "nuage":
        return draw_scatter(found, scatter, form) if scatter else None
    for column, kinds in _charts(found):
        if column.indicator.code == indicator and kind in dict(kinds):
            return DRAWERS[kind](found, column, form)
    return None


@require_safe
@vary_on_cookie
def table_file(request: HttpRequest) -> HttpResponse:
    """Answer the comparison as CSV."""
    found, _around = _compared(request.user, _selection(request))
    return file_answer(
        as_csv(rows_of(found)).encode(), "text/csv; charset=utf-8", "comparaison.csv"
    )


# -- what was frozen -----------------------------------------------------------------------


def _snapshots(person: Any) -> list[Snapshot]:
    held = Snapshot.objects.filter(open_to_all=True)
    if person.is_authenticated:
        held = held | Snapshot.objects.filter(made_by=person)
    return list(held.distinct()[:20])


@login_required(login_url="maps:login")
@require_POST
def freeze(request: HttpRequest) -> HttpResponse:
    """Keep the comparison as it is now, under a title."""
    selection = _selection(request)
    title = request.POST.get("titre", "").strip()[:160] or _("Comparaison")
    rows = rows_of(_compared(request.user, selection)[0])
    anybody = rows_of(_compared(None, selection)[0])
    made = Snapshot.objects.create(
        title=title,
        query=selection.query(),
        content=rows,
        checksum=checksum_of(rows),
        open_to_all=rows == anybody,
        made_by=signed_in(request.user),
    )
    return redirect(reverse("maps:snapshot", args=[made.mark]))


@require_safe
@vary_on_cookie
def snapshot(request: HttpRequest, mark: UUID) -> HttpResponse:
    """Show what was frozen, as it stood."""
    found = Snapshot.objects.filter(mark=mark).select_related("made_by").first()
    if found is None or not (found.open_to_all or found.made_by == request.user):
        raise Http404(_("Aucune comparaison figée n’a cette adresse."))
    codes = {row["code"] for row in found.content} - {""}
    quarters = Territory.objects.filter(level__in=QUARTERS, code__in=codes)
    context = {
        "snapshot": found,
        "demonstration": fictitious(quarters.values_list("source_id", flat=True)),
    }
    return render(request, "maps/comparison/snapshot.html", context)
