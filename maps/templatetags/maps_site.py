"""What every page carries: the ways to the others, words explained, lists of style sheets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from maps import dates
from maps.figures import Figure
from maps.glossary import meaning_of
from maps.levels import level_name

register = template.Library()

# The pages of the header, in order; a page below one of them marks it as the current one.
PAGES = (
    ("maps:explorer", _("Carte")),
    ("maps:thematic", _("Indicateurs")),
    ("maps:whatif", _("Et si ?")),
    ("maps:comparison", _("Comparer")),
    ("maps:portraits", _("Portraits")),
    ("maps:areas", _("Liste des quartiers")),
    ("maps:followup", _("Engagements")),
    ("maps:deposits", _("Bénéficiaires")),
    ("maps:glossary", _("Glossaire")),
    ("maps:home", _("Accueil")),
)


@register.inclusion_tag("maps/parts/navigation.html", takes_context=True)
def navigation(context: Context) -> dict[str, Any]:
    """Show the ways to the main pages; outside a request (an error page) none is current."""
    request = context.get("request")
    here = request.path if request is not None else ""
    return {"pages": [_entry(name, title, here) for name, title in PAGES]}


def _entry(name: str, title: Any, here: str) -> dict[str, Any]:
    address = reverse(name)
    below = address != reverse("maps:explorer") and here.startswith(address)
    return {"address": address, "title": title, "current": here == address or below}


@register.inclusion_tag("maps/parts/term.html", takes_context=True)
def term(context: Context, key: str, text: str = "") -> dict[str, Any]:
    """Write a word of the field with its meaning at a hover, a focus or a touch.

    ``text`` is the word as the sentence needs it; the glossary's own by default. Raises KeyError
    for a word the glossary does not hold: a page never promises a meaning it has not.
    """
    word, meaning = meaning_of(key)
    count = (context.render_context.get("terms") or 0) + 1
    context.render_context["terms"] = count
    return {
        "address": f"{reverse('maps:glossary')}#{key}",
        "id": f"term-{key}-{count}",
        "text": text or word,
        "meaning": meaning,
    }


@register.filter
def in_full(day: datetime | date | None) -> str:
    """Write a day, or the day of a moment as clocks show it here, in full."""
    return dates.in_full(localtime(day) if isinstance(day, datetime) else day)


register.filter("level_name", level_name)


@register.filter
def words(text: str) -> list[str]:
    """Return the words of a text, for a loop over constants of a template."""
    return text.split()


@register.filter
def stylesheet(name: str, folder: str = "") -> str:
    """Return the path of one of our style sheets among the static files."""
    return f"maps/css/{folder}/{name}.css" if folder else f"maps/css/{name}.css"


@register.simple_tag
def figure(found: Figure) -> SafeString:
    """Write a figure; an absent one is told by words and by form, never by colour alone."""
    if found.value is not None:
        return format_html("{}", str(found))
    kind = " absent--withheld" if found.is_withheld else ""
    return format_html('<span class="absent{}">{}</span>', kind, str(found))


@register.simple_tag
def cell_of(found: Figure | str) -> SafeString:
    """Write a cell of a table: a figure, or words."""
    return format_html("{}", found) if isinstance(found, str) else figure(found)


EXAMPLES = {
    "value": Figure(12.5, "%", 1),
    "missing": Figure(None),
    "withheld": Figure(None, standing="withheld"),
}


@register.simple_tag
def figure_example(kind: str) -> SafeString:
    """Write a made-up figure of a kind, for the page of components."""
    return figure(EXAMPLES[kind])
