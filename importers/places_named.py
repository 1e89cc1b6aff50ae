"""Finding or making the territories that a table of engagements names."""

from __future__ import annotations

from observatory.identity import identity_of
from observatory.models import Level, Membership, Source, Territory


def territory_named(
    level: str, code: str, name: str, source: Source, communes: list[str] | None = None
) -> Territory:
    """Return a territory by its identity, made where it is not there yet.

    A place without a code is known by its communes and name, for names repeat.
    """
    codes = sorted(communes or [])
    found = Territory.objects.filter(identity=identity_of(level, code, name, codes)).first()
    return found or Territory.objects.create(
        level=level, code=code, name=name or code, commune_codes=codes, source=source
    )


def belongs(member: Territory, container: Territory, source: Source) -> None:
    """Note that a territory belongs to another; an existing membership is left as it is."""
    if not Membership.objects.filter(member=member, container=container).exists():
        Membership.objects.create(member=member, container=container, source=source)


def pieces(text: str) -> list[str]:
    """Cut a cell that names several things: « Arcueil; Gentilly »."""
    return [piece.strip() for piece in text.split(";") if piece.strip()]


def is_level(text: str) -> bool:
    """Tell whether a word is a level of territory."""
    return text in Level.values
