"""Recognising an organisation however its name is written."""

from __future__ import annotations

from observatory.identity import fold
from observatory.models import Organisation


def organisation_called(written: str, name: str = "") -> Organisation:
    """Return the organisation known under this spelling, made at first use.

    ``name`` is its proper name where the spelling is another one; the spelling is then kept.
    Spellings compare without accents, case or punctuation.
    """
    proper = " ".join((name or written).split())[:200]
    spelling = " ".join(written.split())[:200]
    found = _known(proper) or _known(spelling)
    if found is None:
        spellings = [spelling] if spelling != proper else []
        return Organisation.objects.create(name=proper, spellings=spellings)
    if spelling != found.name and spelling not in found.spellings:
        found.spellings = [*found.spellings, spelling]
        found.save(update_fields=["spellings"])
    return found


def _known(written: str) -> Organisation | None:
    exact = Organisation.objects.filter(name=written).first()
    if exact is not None:
        return exact
    key = fold(written)
    for organisation in Organisation.objects.all():
        if key in {fold(organisation.name), *map(fold, organisation.spellings)}:
            return organisation
    return None
