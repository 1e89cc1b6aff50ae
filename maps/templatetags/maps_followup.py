"""Fields of a follow-up sheet's form: what is kept, or what was just posted and refused."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.formats import number_format

from maps.followup.rates import Line
from maps.followup.words import FIELDS

register = template.Library()


@register.inclusion_tag("maps/followup/field.html")
def number_field(line: Line, name: str, posted: Any) -> dict[str, Any]:
    """Show the field of one number of a line; it keeps every decimal that is stored."""
    value = getattr(line.result, name)
    if value is not None and value == int(value):
        value = int(value)  # 377 is shown as it was typed, not as 377,0
    text = "" if value is None else number_format(value, force_grouping=False)
    return _field(line, name, text, posted) | {"kind": "decimal"}


@register.inclusion_tag("maps/followup/field.html")
def text_field(line: Line, name: str, posted: Any) -> dict[str, Any]:
    """Show the field of a short text of a line."""
    return _field(line, name, getattr(line.result, name), posted) | {"kind": "text"}


def _field(line: Line, name: str, text: str, posted: Any) -> dict[str, Any]:
    key = f"{name}-{line.result.order}"
    value = posted.get(key, text) if posted else text
    return {"key": key, "name": name, "label": FIELDS[name], "value": value}


@register.simple_tag
def posted_text(posted: Any, name: str, text: str) -> str:
    """Return a text as it was just posted, or as it is kept."""
    return str(posted.get(name, text)) if posted else text
