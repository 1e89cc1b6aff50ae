"""Which territories lie inside others, alone or inside several of them taken together.

A quarter that straddles two arrondissements lies in neither, and wholly in both together; a
quarter drawn anew in 2024 may lie inside those of 2015, or hold them. A layer is one level and
generation, whose territories do not overlap; unions of a layer's territories are grown along
those of another layer that lie across them, as the gate does for tables of records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from django.db import connection

from observatory.disclosure.differencing import MOST_ZONES, unions
from observatory.figures.gaps import LARGEST_SLIVER
from observatory.models import Level, Membership, Territory
from observatory.models.perimeters import IN_FORCE

# Levels whose overlaps no membership tells: outlines are laid over each other.
DRAWN = (
    Level.QPV, Level.QVA, Level.CUCS, Level.ZUS, Level.ZSP, Level.NPNRU, Level.IRIS,
    Level.ADMIN_QUARTER,
)  # fmt: skip
# Shares are of each one's own area, measured in the projected system of the first.
OVERLAPS = """
SELECT one.territory_id, other.territory_id,
    max(common.area / one.area), max(common.area / other.area)
FROM observatory_perimeter one
JOIN observatory_territory a ON a.id = one.territory_id
JOIN observatory_perimeter other ON other.geom && one.geom
    AND other.territory_id > one.territory_id
JOIN observatory_territory b ON b.id = other.territory_id
    AND (b.level, b.generation) IS DISTINCT FROM (a.level, a.generation)
CROSS JOIN LATERAL (SELECT ST_Area(ST_Transform(
    ST_Intersection(one.geom, other.geom), one.measure_srid)) AS area OFFSET 0) common
WHERE one.territory_id = ANY(%(places)s) AND other.territory_id = ANY(%(places)s)
    AND a.level = ANY(%(levels)s) AND b.level = ANY(%(levels)s)
    AND one.status = ANY(%(statuses)s) AND other.status = ANY(%(statuses)s)
    AND common.area > 0
GROUP BY 1, 2
"""

Layer = tuple[str, int | None]
# By layer of the members and of their containers: each member's share in each container.
Shares = dict[tuple[Layer, Layer], dict[int, dict[int, float]]]


class Holding(NamedTuple):
    """Territories of one layer, and those of another that lie wholly inside them together."""

    containers: tuple[int, ...]
    level: str
    members: frozenset[int]


def holdings(places: Collection[int]) -> list[Holding]:
    """Return what lies in what among some territories (ids), and in what together.

    Outlines and memberships of all dates count: a reader may set a figure beside that of any
    year's outline. At most three containers are taken together.
    """
    shares: Shares = defaultdict(lambda: defaultdict(dict))
    for member, container, share, layer, over in [*_memberships(places), *_overlaps(places)]:
        held = shares[layer, over][member]
        held[container] = max(share, held.get(container, 0.0))
    return [
        Holding(containers, layer[0], members)
        for (layer, _), told in shares.items()
        for containers, members in _held(told)
    ]


def _held(shares: dict[int, dict[int, float]]) -> Iterator[tuple[tuple[int, ...], frozenset[int]]]:
    """Give containers of one layer with the members of another that lie inside them."""
    within: dict[int, list[tuple[int, frozenset[int]]]] = defaultdict(list)
    spans: set[frozenset[int]] = set()
    for member, told in shares.items():
        for span in _spans(told):
            spans.add(span)
            within[min(span)].append((member, span))
    for union in unions(spans, MOST_ZONES):
        near = (found for container in union for found in within[container])
        yield tuple(sorted(union)), frozenset(member for member, span in near if span <= union)


def _spans(shares: dict[int, float]) -> list[frozenset[int]]:
    """Return the smallest sets of containers that hold the whole of a member, slivers apart."""
    alone = [frozenset([place]) for place, share in shares.items() if share >= 1 - LARGEST_SLIVER]
    if alone:
        return alone
    pieces = {place: share for place, share in shares.items() if share > LARGEST_SLIVER}
    whole = sum(pieces.values()) >= 1 - LARGEST_SLIVER and len(pieces) <= MOST_ZONES
    return [frozenset(pieces)] if whole else []


Told = Iterator[tuple[int, int, float, Layer, Layer]]


def _memberships(places: Collection[int]) -> Told:
    found = Membership.objects.filter(member__in=places, container__in=places).values_list(
        "member_id", "container_id", "area_share",
        "member__level", "member__generation", "container__level", "container__generation",
    )  # fmt: skip
    for member, container, share, level, generation, over, over_generation in found:
        whole = 1.0 if share is None else share
        yield member, container, whole, (level, generation), (over, over_generation)


def _overlaps(places: Collection[int]) -> Told:
    """Give both shares of each pair of drawn territories of two layers that overlap."""
    layers = _layers(places)
    if len(set(layers.values())) < 2:
        return
    told: dict[str, Any] = {
        "places": list(layers),
        "levels": list(DRAWN),
        "statuses": list(IN_FORCE),
    }
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS, told)
        for one, other, of_one, of_other in cursor.fetchall():
            yield one, other, of_one, layers[one], layers[other]
            yield other, one, of_other, layers[other], layers[one]


def _layers(places: Collection[int]) -> dict[int, Layer]:
    found = Territory.objects.filter(pk__in=places, level__in=DRAWN)
    return {pk: (level, made) for pk, level, made in found.values_list("pk", "level", "generation")}
