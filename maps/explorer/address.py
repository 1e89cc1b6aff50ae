"""One address on the map, for whoever may look one up: found, shown, and never kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from importers.deposits import lookup, service
from importers.deposits.errors import MayNotDeposit
from importers.deposits.forms import LookupForm
from maps.deposits.access import for_depositors
from maps.panel import Person, signed_in


def may_look_up(person: Person) -> bool:
    """Tell whether the page offers to look an address up."""
    user = signed_in(person)
    if user is None:
        return False
    try:
        service.check_may_deposit(user)
    except MayNotDeposit:
        return False
    return True


@require_POST
@for_depositors
def address(request: HttpRequest) -> HttpResponse:
    """Answer where an address is. Its text comes by POST alone: no log and no history holds it."""
    form = LookupForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"said": _("Écrivez une adresse.")}, status=400)
    asked = form.cleaned_data
    day = asked["on"] or timezone.localdate()
    answer = lookup.look_up(asked["address"], day, asked["postcode"], asked["city"])
    if answer.found is None:
        said = _(
            "Cette adresse n’a pas été reconnue. Écrivez le numéro, la voie et le code postal."
        )
        return JsonResponse({"said": said}, status=404)
    zones = [f"{zone.title}{_(' : ')}{zone.name}" for zone in answer.zones]
    doubt = _("Cette adresse n’est pas sûre : vérifiez sur la carte avant de conclure.")
    return JsonResponse(
        {
            "label": answer.found.label,
            "point": [answer.found.lon, answer.found.lat],
            "zones": zones or [_("Dans aucun périmètre.")],
            "doubt": "" if answer.sure else doubt,
        }
    )
