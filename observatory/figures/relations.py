"""Which stored figures add up to which: by territory, by scope, by part of a count.

A relation says that a whole holds its parts, which do not overlap; more may be in the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Q

from observatory.figures.gaps import LARGEST_SLIVER
from observatory.models import Level, Membership, Scope

# Each scope with those inside it that do not overlap.
WITHIN: dict[str, tuple[tuple[str, ...], ...]] = {
    Scope.QPV_QVA: ((Scope.QPV, Scope.QVA),),
    Scope.QPV_QVA_QPOP: ((Scope.QPV_QVA,), (Scope.QPV, Scope.QVA)),
    Scope.PRIORITY: ((Scope.QPV_QVA,), (Scope.QPV, Scope.QVA)),
    Scope.PROXIMITY: ((Scope.QPV,),),
    Scope.WHOLE: (
        (Scope.QPV, Scope.OUTSIDE), (Scope.QPV_QVA,), (Scope.QVA,), (Scope.PRIORITY,),
        (Scope.QPV_QVA_QPOP,), (Scope.PROXIMITY,),
    ),
}  # fmt: skip
# The scopes of a territory that hold the whole of each of its quarters.
OF_QUARTERS = (Scope.WHOLE, Scope.QPV, Scope.QPV_QVA, Scope.QPV_QVA_QPOP, Scope.PRIORITY)


class Node(NamedTuple):
    """Where counts of one year are: an indicator, a territory, a scope; the whole it is part of."""

    indicator: int
    territory: int
    scope: str
    part_of: int | None = None


class Relation(NamedTuple):
    """A whole and the parts of it that are stored."""

    whole: Node
    parts: tuple[Node, ...]

    @property
    def all(self) -> tuple[Node, ...]:
        """Return the whole and its parts."""
        return (self.whole, *self.parts)


# By container, level and generation: the members that lie wholly inside.
Inside = dict[tuple[int, str, int | None], set[int]]


def members_inside() -> Inside:
    """Return the territories that lie wholly in others, one level and generation at once.

    Memberships of all dates count: a reader may set a figure beside that of any year's outline.
    """
    inside = Q(area_share__isnull=True) | Q(area_share__gte=1 - LARGEST_SLIVER)
    found: Inside = defaultdict(set)
    for member, container, level, generation in Membership.objects.filter(inside).values_list(
        "member_id", "container_id", "member__level", "member__generation"
    ):
        found[container, level, generation].add(member)
    return found


def relations_of(nodes: Collection[Node], inside: Inside) -> list[Relation]:
    """Return every whole among ``nodes`` with each set of its parts among them."""
    return [*_by_scope(nodes), *_by_part(nodes), *_by_place(nodes, inside)]


def _by_scope(nodes: Collection[Node]) -> list[Relation]:
    found = []
    for node in nodes:
        for scopes in WITHIN.get(node.scope, ()):
            parts = tuple(p for s in scopes if (p := node._replace(scope=s)) in nodes)
            if parts:
                found.append(Relation(node, parts))
    return found


def _by_part(nodes: Collection[Node]) -> list[Relation]:
    held: dict[Node, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.part_of is not None:
            held[Node(node.part_of, node.territory, node.scope)].append(node)
    return [Relation(whole, tuple(sorted(parts))) for whole, parts in held.items()
            if whole in nodes]  # fmt: skip


def _by_place(nodes: Collection[Node], inside: Inside) -> list[Relation]:
    at: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        at[node.territory].append(node)
    found = []
    for (container, level, _), members in inside.items():
        for whole in at.get(container, ()):
            for scope in _scopes(whole.scope, level):
                wanted = (whole._replace(territory=m, scope=scope) for m in sorted(members))
                parts = tuple(node for node in wanted if node in nodes)
                if parts:
                    found.append(Relation(whole, parts))
    return found


def _scopes(scope: str, level: str) -> set[str]:
    """Return the scopes of members that a scope of their container holds."""
    same = {scope} if scope != Scope.UNSTATED else set()
    return same | {str(Scope.WHOLE)} if level == Level.QPV and scope in OF_QUARTERS else same
