"""Which stored figures add up to which: by territory, by scope, by part of a count.

A relation says that a whole holds its parts, which do not overlap; more may be in the whole. The
whole may be several territories: a quarter that straddles lies in both together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from observatory.figures.cuts import Cut
from observatory.figures.known import Node
from observatory.figures.overlaps import Holding
from observatory.models import Level, Scope

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


class Relation(NamedTuple):
    """A whole, or several that do not overlap, and the parts of it that are stored."""

    wholes: tuple[Node, ...]
    parts: tuple[Node, ...]

    @property
    def all(self) -> tuple[Node, ...]:
        """Return the wholes and their parts."""
        return (*self.wholes, *self.parts)


def relations_of(
    nodes: Collection[Node], held: Iterable[Holding], cuts: Mapping[int, Cut]
) -> list[Relation]:
    """Return every whole among ``nodes`` with each set of its parts among them."""
    return [*_by_scope(nodes), *_by_part(nodes, cuts), *_by_place(nodes, held)]


def _by_scope(nodes: Collection[Node]) -> list[Relation]:
    found = []
    for node in nodes:
        for scopes in WITHIN.get(node.scope, ()):
            parts = tuple(p for s in scopes if (p := node._replace(scope=s)) in nodes)
            if parts:
                found.append(Relation((node,), parts))
    return found


def _by_part(nodes: Collection[Node], cuts: Mapping[int, Cut]) -> list[Relation]:
    held: dict[tuple[Node, str], list[Node]] = defaultdict(list)
    for node in nodes:
        if cut := cuts.get(node.indicator):
            held[node._replace(indicator=cut.whole), cut.by].append(node)
    return [Relation((whole,), tuple(sorted(parts))) for (whole, _), parts in held.items()
            if whole in nodes]  # fmt: skip


def _by_place(nodes: Collection[Node], held: Iterable[Holding]) -> list[Relation]:
    at: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        at[node.territory].append(node)
    found = []
    for containers, level, members in held:
        for whole in at.get(containers[0], ()):
            wholes = tuple(whole._replace(territory=place) for place in containers)
            if not all(node in nodes for node in wholes):
                continue
            for scope in _scopes(whole.scope, level):
                wanted = (whole._replace(territory=m, scope=scope) for m in sorted(members))
                parts = tuple(node for node in wanted if node in nodes)
                if parts:
                    found.append(Relation(wholes, parts))
    return found


def _scopes(scope: str, level: str) -> set[str]:
    """Return the scopes of members that a scope of their container holds."""
    same = {scope} if scope != Scope.UNSTATED else set()
    return same | {str(Scope.WHOLE)} if level == Level.QPV and scope in OF_QUARTERS else same
