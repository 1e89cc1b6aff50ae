"""Values written as the page's language writes them."""

from __future__ import annotations

from datetime import date
from numbers import Real

from django import template
from django.utils.translation import gettext as _

from layers.registry import Attribute
from maps.areas import Area
from maps.dates import in_full
from maps.figures import quantity

register = template.Library()
HECTARE = 10_000


@register.simple_tag
def value(area: Area, attribute: Attribute) -> str:
    """Write one value of an area with its unit; nothing is never written as zero."""
    found = area.values.get(attribute.name)
    if found is None or found == "":
        return _("sans donnée")
    if isinstance(found, bool):
        return _("oui") if found else _("non")
    if attribute.kind == "date":
        return in_full(date.fromisoformat(str(found)))
    if isinstance(found, Real) and attribute.decimals is not None:
        return _quantity(float(found), attribute)
    return str(found)


def _quantity(found: float, attribute: Attribute) -> str:
    unit, decimals = str(attribute.unit), attribute.decimals or 0
    if unit == "m²" and attribute.name == "area":
        found, unit, decimals = found / HECTARE, "ha", 1
    # "Households: 322 households" says it twice; people are what a population counts.
    said = unit in str(attribute.label).lower() or attribute.name == "population"
    return quantity(found, "" if said else unit, decimals)
