"""How a territory is recognised when its name is written differently."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})


def fold(name: str) -> str:
    """Return ``name`` without accents, case, apostrophes or doubled separators, for comparing.

    >>> fold("L'Haÿ-les-Roses") == fold("L’HAY LES ROSES")
    True
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign)).lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")


def identity_of(level: str, code: str, name: str, communes: Iterable[str] = ()) -> str:
    """Return the key of a territory: level and code, or level, communes and folded name."""
    if code:
        return f"{level}:{code}"
    return f"{level}:{'+'.join(sorted(communes))}:{fold(name)}"
