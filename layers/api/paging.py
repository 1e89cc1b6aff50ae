"""Pages of rows: how many, from where, and the links between them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from rest_framework.request import Request

from layers.errors import BadParameter, NoSuchPage
from layers.features import Page
from layers.selection import (
    FARTHEST,
    USUAL_FEATURES,
    Selection,
    page_size,
    single,
    whole,
)

# What changes in an address to turn the page; None takes a parameter away.
Turn = dict[str, int | None]


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
    forth: Turn | None = {"offset": offset + limit} if offset + limit < count else None
    return _told(request, forth, _back(limit, offset))


def layer_links(request: Request, selection: Selection, page: Page) -> dict[str, str | None]:
    """Return the addresses of the next and the previous page of a layer, None at either end.

    By id a page is found at once however far; in another order rows must be counted.
    """
    limit = selection.limit or 0
    forth: Turn | None = None
    if page.following is not None and selection.order:
        forth = {"offset": selection.offset + limit}
    elif page.following is not None:
        forth = {"after": page.following, "offset": None}
    back = _back(limit, selection.offset)
    if not back and len(page.before) > limit:
        back = {"after": page.before[-1]}
    elif not back and page.before:
        back = {"after": None, "limit": len(page.before)}
    return _told(request, forth, back)


def _back(limit: int, offset: int) -> Turn | None:
    """Return the turn to exactly what comes before: a shorter page where that is less than one."""
    if offset >= limit:
        return {"offset": offset - limit}
    return {"offset": None, "limit": offset} if offset else None


def _told(request: Request, forth: Turn | None, back: Turn | None) -> dict[str, str | None]:
    def at(turn: Turn) -> str:
        given = [(n, t) for n, texts in request.GET.lists() for t in texts if n not in turn]
        told = [(name, str(number)) for name, number in turn.items() if number is not None]
        return f"{request.build_absolute_uri(request.path)}?{urlencode([*given, *told])}"

    return {"next": at(forth) if forth else None, "previous": at(back) if back else None}
