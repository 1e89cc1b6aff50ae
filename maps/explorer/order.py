"""In which order layers lie on one another, as on the page (maps/frontend/src/order.ts)."""

from __future__ import annotations

from collections.abc import Iterable

# What is coloured, cells or an indicator, has one place: there is one such thing at a time.
COLOURED = "cells"
# From the ground up; layers the list does not know lie above all of them.
USUAL = (
    COLOURED, "communes", "arrondissements", "iris", "admin_quarters", "cucs", "qva", "qpv",
    "zones",
)  # fmt: skip


def in_order(ids: Iterable[str], named: str) -> list[str]:
    """Return layers from the ground up, and the place of what is coloured among them.

    ``named`` are layers from the top down, with commas: they are changed among themselves, the
    others stay where they usually lie.
    """
    usual = sorted({COLOURED, *ids}, key=lambda one: USUAL.index(one) if one in USUAL else 99)
    wanted = [one for one in dict.fromkeys(named.split(",")) if one in usual]
    given = iter(reversed(wanted))
    return [next(given) if one in wanted else one for one in usual]
