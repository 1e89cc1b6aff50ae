"""Counts, shares and figures of deposits, written as the page's language writes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import template
from django.template import Context
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from importers.deposits.outcomes import Fate
from maps.deposits.words import FATES
from maps.figures import quantity
from observatory.models import Scheme, Territory

register = template.Library()
TITLES = {"sex": gettext_lazy("Sexe"), "age": gettext_lazy("Âge"), "period": gettext_lazy("Année")}
VERDICTS = {
    "eligible": gettext_lazy("oui"),
    "not_eligible": gettext_lazy("non"),
    "undetermined": gettext_lazy("indéterminé"),
}


@register.simple_tag(takes_context=True)
def scheme_name(context: Context, code: str) -> str:
    """Return the name of a scheme; its code where the register does not hold it."""
    kept = context.render_context
    if "schemes" not in kept:
        kept["schemes"] = dict(Scheme.objects.values_list("code", "name"))
    return str(kept["schemes"].get(code) or code)


@register.filter
def counted(rows: int) -> str:
    """Write a count of rows."""
    return number_format(rows, 0, force_grouping=True)


@register.simple_tag
def count(rows: int) -> str:
    """Write a count of rows."""
    return counted(rows)


@register.filter
def percented(share: float | None) -> str:
    """Write a share (0 to 1) as a percentage of one decimal; nothing to divide by is said."""
    if share is None:
        return _("sans donnée")
    return quantity(100 * share, "%", 1)


@register.simple_tag
def percent(share: float | None) -> str:
    """Write a share (0 to 1) as a percentage of one decimal."""
    return percented(share)


@register.simple_tag
def detail_title(name: str) -> str:
    """Write the name of a detail of a zone."""
    return str(TITLES[name])


@register.simple_tag
def detail(zone: dict[str, Any], name: str) -> SafeString:
    """Write the rows of a zone by value of one detail."""
    held = zone["details"][name].items()
    told = ((value, _(" : "), counted(rows)) for value, rows in held)
    return format_html_join(", ", "{}{}{}", told)


@register.simple_tag
def verdict(word: str) -> str:
    """Write whether a structure belongs to a quarter's daily life."""
    return str(VERDICTS[word])


@register.simple_tag
def gated(value: dict[str, Any]) -> SafeString:
    """Write a figure that passed the gate; a withheld one says so."""
    if value["value"] is None:
        return format_html('<span class="absent absent--withheld">{}</span>', _("retenu"))
    return format_html("{}", counted(value["value"]))


@register.simple_tag
def names_of_zones(schemes: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the names of the territories that shared figures are of, by « qpv=QP075001 »."""
    told = {name.partition("|")[0] for scheme in schemes for name in scheme["figures"]}
    held = Territory.objects.filter(code__in={zone.partition("=")[2] for zone in told})
    return {f"{one.level}={one.code}": one.name for one in held if one.name}


@register.filter
def whole_figures(figures: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the figures of whole zones."""
    return [(name, value) for name, value in figures.items() if "|" not in name]


@register.filter
def detailed_figures(figures: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the figures by sex, age and year."""
    return [(name, value) for name, value in figures.items() if "|" in name]


@register.filter
def day_of(text: str) -> date:
    """Read the day of a shared figure, as its interface writes it."""
    return date.fromisoformat(text)


@register.simple_tag
def figure_name(name: str, zones: dict[str, str]) -> str:
    """Write the name of a shared figure: its zone, by name where it has one, then the detail."""
    zone, *details = name.split("|")
    parts = [zones.get(zone) or _part(*zone.split("=", 1))]
    return ", ".join([*parts, *(_part(*one.split("=", 1)) for one in details)])


def _part(key: str, value: str = "") -> str:
    if key == "total":
        return _("Toutes les lignes")
    if key == "fate":
        return str(FATES[Fate[value.upper()]])
    return f"{TITLES[key]} {value}" if key in TITLES else value
