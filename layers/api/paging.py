"""Pages of rows: how many, from where, and the links between them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from rest_framework.request import Request

from layers.errors import BadParameter, NoSuchPage
from layers.selection import (
    FARTHEST,
    USUAL_FEATURES,
    Selection,
    page_size,
    single,
    whole,
)


def take_page(given: dict[str, list[str]]) -> tuple[int, int]:
    """Take ``limit`` and ``offset`` out of ``given``. Raises BadParameter."""
    limit, offset = USUAL_FEATURES, 0
    if "limit" in given:
        limit = page_size(single("limit", given.pop("limit")))
    if "offset" in given:
        offset = whole("offset", single("offset", given.pop("offset")), 0, FARTHEST)
    return limit, offset


def take_order(
    given: dict[str, list[str]], allowed: dict[str, str], usual: tuple[str, ...]
) -> list[str]:
    """Take ``ordering`` out of ``given``, as names of columns; always a total order."""
    if "ordering" not in given:
        return [*usual, "pk"]
    words = single("ordering", given.pop("ordering")).split(",")
    found = []
    for word in words:
        name = word.removeprefix("-")
        if name not in allowed:
            raise BadParameter(f"'ordering' may name: {', '.join(allowed)}; not {name[:40]!r}.")
        found.append(("-" if word.startswith("-") else "") + allowed[name])
    return [*found, "pk"]


def page(rows: QuerySet, limit: int, offset: int) -> tuple[list[Any], int]:
    """Return one page and the number of all rows. Raises NoSuchPage past the end."""
    count = rows.count()
    if offset and offset >= count:
        raise NoSuchPage(f"There are {count} rows; the page starts after the last one.")
    return list(rows[offset : offset + limit]), count


def links(request: Request, limit: int, offset: int, count: int) -> dict[str, str | None]:
    """Return the addresses of the next and the previous page, None at either end."""
    given = [(n, t) for n, texts in request.GET.lists() for t in texts if n != "offset"]

    def at(start: int) -> str:
        query = urlencode([*given, ("offset", str(start))])
        return f"{request.build_absolute_uri(request.path)}?{query}"

    following = at(offset + limit) if offset + limit < count else None
    return {"next": following, "previous": at(max(0, offset - limit)) if offset else None}


def following(request: Request, selection: Selection, last: int) -> str:
    """Return the address of the next page of a layer.

    By id it is found at once however far; in another order rows must be counted.
    """
    aside = ("after", "offset")
    given = [(n, t) for n, texts in request.GET.lists() for t in texts if n not in aside]
    turn = (
        ("offset", str(selection.offset + (selection.limit or 0)))
        if selection.order
        else ("after", str(last))
    )
    return f"{request.build_absolute_uri(request.path)}?{urlencode([*given, turn])}"
