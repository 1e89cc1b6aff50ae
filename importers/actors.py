"""From what a document writes in its column of actors to organisations.

« Ville de Paris (DFPE, DASES), ARS » names three: each direction of the city answers for its
own sheets. Spellings met are kept with the organisation.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from observatory.identity import fold
from observatory.models import Organisation
from observatory.organisations import organisation_called

FILE = Path(__file__).with_name("curated") / "organisations.csv"
# A name with its services in brackets, or names up to the next such one.
PIECE = re.compile(r"(?P<body>[^(),;]+?) ?\((?P<parts>[^)]*)\)|(?P<alone>[^(),;]+)")


def names_in(written: str) -> list[str]:
    """Return the organisations a cell names, in order, each once.

    >>> names_in("Ville de Paris (DASCO/DFPE), ARS")
    ['Ville de Paris – DASCO', 'Ville de Paris – DFPE', 'ARS Île-de-France']
    """
    found: list[str] = []
    for told in PIECE.finditer(written):
        if told["parts"]:
            found += [f"{_proper(told['body'])} – {part}" for part in _split(told["parts"])]
        elif told["alone"].strip():
            found.append(_proper(told["alone"]))
    return list(dict.fromkeys(found))


def _split(text: str) -> list[str]:
    """Cut « DDCT / DFPE »; « DDCT - SPV » and « DAE – SEII » are one service each."""
    parts = [re.sub(r"\s*[-–]\s*", "-", part.strip()) for part in re.split(r"[,/]", text)]
    return [_proper(part) for part in parts if part]


def _proper(written: str) -> str:
    name = " ".join(written.split())
    return _known().get(fold(name), name)


@cache
def _known() -> dict[str, str]:
    with FILE.open(encoding="utf-8", newline="") as handle:
        return {fold(row["written"]): row["name"] for row in csv.DictReader(handle)}


def organisations_in(written: str) -> list[Organisation]:
    """Return the stored organisations a cell names; a cell that names one gives its spelling."""
    names = names_in(written)
    found = [organisation_called(name) for name in names]
    if len(found) == 1 and fold(written) != fold(found[0].name):
        organisation_called(written, found[0].name)
    return found
