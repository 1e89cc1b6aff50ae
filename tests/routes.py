"""Every route of the site, read from its own tables: a new one is walked as soon as it exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def routes_of(urls: str | None = None) -> list[str]:
    """Return the routes of a module of addresses, of the whole site where none is named."""
    return list(_walked(get_resolver(urls).url_patterns))


def _walked(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walked(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield here
