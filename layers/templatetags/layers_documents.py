"""Show a JSON document as a page, with links that can be followed and tables of features."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("layers/value.html")
def document(value: Any) -> dict[str, Any]:
    """Show any JSON value; an object with an address becomes a link."""
    if isinstance(value, dict) and "href" in value and "{" not in str(value["href"]):
        words = value.get("title") or value.get("rel") or value["href"]
        pairs = [("href", value["href"]), ("rel", words), ("type", value.get("type", ""))]
        return {"is_map": True, "pairs": pairs}
    if isinstance(value, dict):
        return {"is_map": True, "pairs": list(value.items())}
    if isinstance(value, list | tuple):
        return {"is_list": True, "value": value}
    is_link = isinstance(value, str) and value.startswith(("http://", "https://"))
    return {"value": "" if value is None else value, "is_link": is_link and "{" not in value}


@register.inclusion_tag("layers/feature_table.html")
def feature_table(body: dict[str, Any]) -> dict[str, Any]:
    """Show features as a table of their attributes."""
    features = body["features"]
    names = list(features[0]["properties"]) if features else []
    rows = [(f["id"], [f["properties"][name] for name in names]) for f in features]
    return {"body": body, "names": names, "rows": rows}
