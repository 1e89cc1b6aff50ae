"""Pages of the sheets of themes: the list of a contract's themes, one sheet, its PDF."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.comparison.selection import wholes
from maps.downloads import file_answer
from maps.errors import UnknownTerritory
from maps.pace import at_a_measured_pace
from maps.portraits.printing import pdf_of_sheet
from maps.portraits.themes import Sheet, contract_called, sheet_of, themes_of
from observatory.models import Level, Right, Territory
from observatory.permissions import may


@require_safe
@vary_on_cookie
def index(request: HttpRequest) -> HttpResponse:
    """List the themes of a contract, the one with most quarters by default."""
    known = wholes() if may(request.user, Right.VIEW_PUBLIC) else []
    contracts = [one for one in known if one.level == Level.CONTRACT]
    asked = request.GET.get("contrat", "")
    chosen = next((one for one in contracts if one.code == asked), next(iter(contracts), None))
    context = {
        "contracts": contracts,
        "contract": chosen,
        "themes": themes_of(request.user, chosen) if chosen else [],
        "demonstration": chosen is not None and chosen.source.is_demonstration,
    }
    return render(request, "maps/portraits/themes.html", context)


def _sheet(request: HttpRequest, contract: str, theme: str) -> Sheet:
    try:
        found: Territory = contract_called(request.user, contract)
    except UnknownTerritory as error:
        raise Http404(str(error)) from None
    for one in themes_of(request.user, found):
        if one.key == theme:
            return sheet_of(request.user, found, one)
    raise Http404(_("Ce contrat n’a pas de thème à cette adresse."))


@require_safe
@vary_on_cookie
def page(request: HttpRequest, contract: str, theme: str) -> HttpResponse:
    """Show the sheet of a theme."""
    sheet = _sheet(request, contract, theme)
    return render(request, "maps/portraits/theme.html", {"sheet": sheet})


@require_safe
@vary_on_cookie
@at_a_measured_pace
def printed(request: HttpRequest, contract: str, theme: str) -> HttpResponse:
    """Answer the sheet of a theme as a PDF."""
    sheet = _sheet(request, contract, theme)
    name = f"theme-{contract}-{theme}-{get_language()}.pdf"
    return file_answer(pdf_of_sheet(sheet), "application/pdf", name)
