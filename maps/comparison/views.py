"""Pages of the comparison: the table, its charts and files, and what was frozen of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.charts.committee import heat_words
from maps.charts.theme import CONTENT_TYPES
from maps.comparison.asked import Asked, ask
from maps.comparison.charts import chart_called, charts_of, heat_chart, scatter_of, target_charts
from maps.comparison.densities import densities_of
from maps.comparison.files import as_csv, figures_of, reading_csv, rows_of
from maps.comparison.overview import heat_level, pair_of
from maps.comparison.selection import Selection
from maps.comparison.sparks import sparks_of
from maps.comparison.table import Comparison
from maps.downloads import file_answer
from maps.errors import BadChoice
from maps.models import Snapshot, checksum_of
from maps.panel import Person, fictitious, signed_in
from maps.places import QUARTERS
from observatory.models import Territory

CSV = "text/csv; charset=utf-8"


def _selection(request: HttpRequest) -> Selection:
    try:
        return Selection.of(request.GET)
    except BadChoice as error:
        raise Http404(str(error)) from None


@require_safe
@vary_on_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Show the comparison; a quarter added by hand goes into the address."""
    selection, said = _selection(request), ""
    added = request.GET.get("ajouter", "").strip()
    if added:
        try:
            return redirect(f"{request.path}?{selection.with_quarter(added).query()}")
        except BadChoice as error:
            said = str(error)
    asked = ask(request.user, selection)
    found = asked.found
    if asked.whole is not None and asked.not_loaded:
        told = {"asked": asked.not_loaded, "shown": asked.whole.name}
        said = _("« {asked} » n’est pas chargé ici : voici {shown}.").format(**told)
    context = {
        "asked": asked,
        "found": found,
        "selection": selection,
        "query": selection.query(),
        "said": said,
        "demonstration": fictitious(
            [*(one.source_id for one in asked.everyone), *found.panel["source"].tolist()]
        ),
        "headings": _headings(found, selection),
        "rows": _rows(found),
        "charts": [(column, charts_of(asked, column)) for column in found.columns],
        "scatter": scatter_of(asked),
        "heat": _heat(asked),
        "targets": target_charts(asked),
        "densities": densities_of(asked, request.GET.get("equipement", "")),
        "kept": parse_qsl(selection.query()),
        "axes": _axes(asked),
        "hidden": parse_qsl(replace(selection, pair=("", "")).query()),
        "names": _names(selection),
        "may_freeze": request.user.is_authenticated,
        "snapshots": _snapshots(request.user),
    }
    return render(request, "maps/comparison/page.html", context)


def _axes(asked: Asked) -> tuple[str, ...]:
    """Return the codes of the two indicators drawn against each other."""
    return tuple(one.indicator.code for one in pair_of(asked.found, asked.selection) or ())


def _names(selection: Selection) -> list[Territory]:
    """Return the quarters the field of the choice by hand proposes."""
    if not selection.by_hand:
        return []
    held = Territory.objects.filter(level__in=QUARTERS).exclude(code="")
    return list(held.exclude(code__in=selection.quarters).order_by("name", "code"))


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


def _rows(found: Comparison) -> list[tuple[Territory, list[Any]]]:
    """Return each quarter with its figures and, where there are years, its line."""
    sparks = sparks_of(found)
    codes = [column.indicator.code for column in found.columns]
    return [
        (one, [(f, sparks.get((one.pk, c))) for f, c in zip(figures, codes, strict=True)])
        for one, figures in found.rows
    ]


def _heat(asked: Asked) -> dict[str, Any] | None:
    """Return the heat table as the page colours it: a step of 0 to 5 for each value."""
    told = heat_chart(asked)
    if told is None:
        return None
    heat, shown = told
    rows, deviations = [], heat.deviations.to_dict("index")
    for row, (_code, _name, cells) in zip(heat.rows, shown.reading.rows, strict=True):
        steps = [heat_level(one) for one in deviations[row.territory_id].values()]
        rows.append((row.territory, cells[:2], list(zip(cells[2:], steps, strict=True))))
    return {"shown": shown, "year": heat.year, "rows": rows, "words": heat_words()}


# -- files ---------------------------------------------------------------------------------


@require_safe
@vary_on_cookie
def chart(request: HttpRequest, kind: str, name: str, form: str) -> HttpResponse:
    """Answer one chart of the comparison as SVG or PNG, or its rows as CSV."""
    selection = _selection(request)
    only = set() if kind in ("nuage", "typologie", "cibles") else {name, selection.sort}
    shown = chart_called(ask(request.user, selection, only), kind, name)
    if shown is None:
        raise Http404(_("Ce graphique n’a rien à montrer."))
    file = f"{kind}-{name}.{form}"
    if form == "csv":
        return file_answer(reading_csv(shown.reading).encode(), CSV, file)
    return file_answer(shown.draw(form), CONTENT_TYPES[form], file, inline=form == "svg")


@require_safe
@vary_on_cookie
def table_file(request: HttpRequest) -> HttpResponse:
    """Answer the comparison as CSV."""
    rows = rows_of(ask(request.user, _selection(request)).found)
    return file_answer(as_csv(rows).encode(), CSV, "comparaison.csv")


# -- what was frozen -----------------------------------------------------------------------


def _snapshots(person: Person) -> list[Snapshot]:
    held = Snapshot.objects.filter(open_to_all=True)
    maker = signed_in(person)
    if maker is not None:
        held = held | Snapshot.objects.filter(made_by=maker)
    return list(held.distinct()[:20])


@login_required(login_url="maps:login")
@require_POST
def freeze(request: HttpRequest) -> HttpResponse:
    """Keep the comparison as it is now, under a title."""
    selection = _selection(request)
    title = request.POST.get("titre", "").strip()[:160] or _("Comparaison")
    rows = rows_of(ask(request.user, selection).found)
    anybody = rows_of(ask(None, selection).found)
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
        "rows": list(zip(found.content, figures_of(found.content), strict=True)),
        "demonstration": fictitious(quarters.values_list("source_id", flat=True)),
    }
    return render(request, "maps/comparison/snapshot.html", context)
