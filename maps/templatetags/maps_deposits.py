"""Counts, shares and figures of deposits, written as the page's language writes them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from importers.deposits.outcomes import Fate
from maps.deposits.words import FATES
from maps.figures import quantity

register = template.Library()
TITLES = {"sex": gettext_lazy("Sexe"), "age": gettext_lazy("Âge"), "period": gettext_lazy("Année")}
VERDICTS = {
    "eligible": gettext_lazy("oui"),
    "not_eligible": gettext_lazy("non"),
    "undetermined": gettext_lazy("indéterminé"),
}


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
    return format_html_join(", ", "{}\u00a0: {}", ((value, counted(rows)) for value, rows in held))


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
def figure_name(name: str) -> str:
    """Write the name of a shared figure: its zone, then the detail if any."""
    parts = [part.partition("=") for part in name.split("|")]
    return ", ".join(_part(key, value) for key, _equal, value in parts)


def _part(key: str, value: str) -> str:
    if key == "total":
        return _("Toutes les lignes")
    if key == "fate":
        return str(FATES[Fate[value.upper()]])
    return f"{TITLES[key]} {value}" if key in TITLES else value
