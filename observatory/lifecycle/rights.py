"""Who may change a perimeter: whoever may edit it, or every place it lies in."""

from __future__ import annotations

from collections.abc import Iterable

from observatory.errors import NotAllowed
from observatory.models import Level, Perimeter, Right, Territory, User
from observatory.permissions import may

PLACES = (Level.ARRONDISSEMENT, Level.COMMUNE)
SLIVER = 0.01  # a place that holds less than this share of a perimeter has no say


def may_edit(user: User, perimeter: Perimeter) -> bool:
    """Tell whether ``user`` may change a version.

    A computed zone belongs to no contract yet: the right is then asked on every
    arrondissement or commune that holds at least 1 % of it.
    """
    if may(user, Right.EDIT_PERIMETER, perimeter.territory):
        return True
    places = places_of(perimeter)
    return bool(places) and all(may(user, Right.EDIT_PERIMETER, place) for place in places)


def require_edit(user: User | None, perimeters: Iterable[Perimeter]) -> None:
    """Refuse what ``user`` may not change; nobody is asked when no user is named.

    Raises
    ------
    NotAllowed
    """
    if user is None:
        return
    for perimeter in perimeters:
        if not may_edit(user, perimeter):
            raise NotAllowed(
                f"{user} may not change {perimeter.territory}.",
                "Ask an administrator for a role with the right to edit perimeters there.",
            )


def places_of(perimeter: Perimeter) -> list[Territory]:
    """Return the finest places a version lies in: arrondissements, else communes."""
    rows = Territory.objects.raw(
        """
        SELECT t.*, sum(ST_Area(ST_Transform(ST_Intersection(r.geom, p.geom), p.measure_srid))
            / p.area) AS share
        FROM observatory_perimeter p
        JOIN observatory_perimeter r ON r.status = 'reference' AND ST_Intersects(r.geom, p.geom)
        JOIN observatory_territory t ON t.id = r.territory_id AND t.level = ANY(%s)
        WHERE p.id = %s AND r.valid_to IS NULL
        GROUP BY t.id ORDER BY t.code
        """,
        [[str(level) for level in PLACES], perimeter.pk],
    )
    found = [row for row in rows if getattr(row, "share", 0.0) >= SLIVER]
    # A city cut into arrondissements is there twice: its arrondissements speak for it.
    finer = [row for row in found if row.level == Level.ARRONDISSEMENT]
    if not finer:
        return found
    whole = {"751": "75056", "693": "69123", "132": "13055"}
    spoken_for = {whole.get(row.code[:3], "") for row in finer}
    return finer + [r for r in found if r.level == Level.COMMUNE and r.code not in spoken_for]
