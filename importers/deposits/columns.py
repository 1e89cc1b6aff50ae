"""What each column of a partner's file is: by its name, and by what its first cells look like.

Columns that tell who a person is (names, birth dates, telephones, e-mails, social security
numbers) are recognised so that they are announced and never read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from importers.matching.words import TYPE_OF, fold


class Role(StrEnum):
    """What a column may be used for."""

    ADDRESS = "address"
    NUMBER = "number"
    STREET = "street"
    POSTCODE = "postcode"
    CITY = "city"
    X = "x"
    Y = "y"
    DATE = "date"
    REFERENCE = "reference"
    SEX = "sex"
    AGE = "age"
    STRUCTURE = "structure"


class Private(StrEnum):
    """Why a column is not stored."""

    NAME = "name"
    BIRTH = "birth_date"
    PHONE = "telephone"
    EMAIL = "email"
    SOCIAL = "social_security_number"
    UNNEEDED = "unneeded"


MOST_SAMPLES = 200
ENOUGH = 0.6

_NAMES: dict[Role, str] = {
    Role.ADDRESS: r"ADRESSE.*|ADR\d?|ADRESSE\d?|DOMICILE|LIEU|LIBELLE_VOIE_COMPLET",
    Role.NUMBER: r"NUMERO|NUM|NO|NUM_VOIE|NUMERO_VOIE|N_VOIE",
    Role.STREET: r"VOIE|RUE|LIBELLE_VOIE|NOM_VOIE|TYPE_ET_VOIE",
    Role.POSTCODE: r"CP|CODE_?POSTAL|CODEPOSTAL|CPOSTAL|POSTCODE",
    Role.CITY: r"VILLE|COMMUNE|LOCALITE|CITY",
    Role.X: r"X|LON|LONG|LONGITUDE|LNG|COORD_?X|X_.*",
    Role.Y: r"Y|LAT|LATITUDE|COORD_?Y|Y_.*",
    Role.DATE: r"DATE|DATE_.*|JOUR|DT_.*",
    Role.REFERENCE: r"REF|REFERENCE|ID|IDENTIFIANT|DOSSIER|NUM_DOSSIER|NO_DOSSIER|MATRICULE",
    Role.SEX: r"SEXE|GENRE|SEX",
    Role.AGE: r"AGE|TRANCHE_?D?_?AGE|CLASSE_AGE|AGE_.*",
    Role.STRUCTURE: r"STRUCTURE|ETABLISSEMENT|ASSOCIATION|ANTENNE|SITE",
}
_PRIVATE_NAMES: dict[Private, str] = {
    Private.BIRTH: r".*NAISS.*|DDN|DATE_?NAIS.*|NE_LE",
    Private.NAME: r"NOM|PRENOMS?|NOM_.*(PERSONNE|FAMILLE|USAGE|NAISSANCE|BENEFICIAIRE)|"
    r"NOM_PRENOM|PATRONYME|CIVILITE|BENEFICIAIRE",
    Private.PHONE: r"TEL.*|PORTABLE|MOBILE|PHONE|GSM",
    Private.EMAIL: r"E?_?MAIL.*|COURRIEL|ADRESSE_?(E_?)?MAIL|MEL",
    Private.SOCIAL: r"NIR|NUM_?SECU.*|SECU.*|NSS|NO_SS",
}
_PRIVATE_CELLS: dict[Private, re.Pattern[str]] = {
    Private.EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),
    Private.PHONE: re.compile(r"(?:\+33|0033|0)\s?[1-9](?:[\s.-]?\d{2}){4}"),
    Private.SOCIAL: re.compile(r"[12]\s?\d{2}\s?\d{2}\s?\d[\dAB]\s?\d{3}\s?\d{3}(?:\s?\d{2})?"),
    Private.NAME: re.compile(r"NOM-\d+|(?:M\.?|MME|MLLE|MR)\s+[A-Z][\w'-]+.*", re.IGNORECASE),
}
_POSTCODE = re.compile(r"\d{2}\s?\d{3}")
_DATE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d{2}-\d{2}.*")
_SEX = {"F", "H", "M", "FEMME", "HOMME", "FEMININ", "MASCULIN", "1", "2"}


@dataclass
class Recognised:
    """The column proposed for each role, and the columns that will not be stored."""

    roles: dict[Role, str] = field(default_factory=dict)
    private: dict[str, Private] = field(default_factory=dict)

    @property
    def used(self) -> list[str]:
        """Return the names of the columns that will be read."""
        return list(dict.fromkeys(self.roles.values()))

    @property
    def can_locate(self) -> bool:
        """Tell whether there is an address or a pair of coordinates."""
        pair = Role.X in self.roles and Role.Y in self.roles
        return pair or Role.ADDRESS in self.roles or Role.STREET in self.roles


def recognise_columns(samples: Mapping[str, Sequence[str]]) -> Recognised:
    """Propose a role for each column from its name and its first cells.

    ``samples`` holds the first cells of each column as text. A column that looks private is
    never proposed for a role, whatever its name.
    """
    found = Recognised()
    for name, cells in samples.items():
        kind = _private(name, cells)
        if kind is not None:
            found.private[name] = kind
    open_columns = [name for name in samples if name not in found.private]
    for role in Role:
        named = [name for name in open_columns if _bears(name, _NAMES[role])]
        chosen = next((n for n in named if n not in found.used and _fits(role, samples[n])), None)
        if chosen is not None:
            found.roles[role] = chosen
    _find_addresses(found, open_columns, samples)
    for name in open_columns:
        if name not in found.used:
            found.private[name] = Private.UNNEEDED
    return found


def _bears(name: str, pattern: str) -> bool:
    plain = re.sub(r"[^A-Z0-9]+", "_", fold(name)).strip("_")
    return re.fullmatch(pattern, plain) is not None


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells[:MOST_SAMPLES] if cell and cell.strip()]


def _private(name: str, cells: Sequence[str]) -> Private | None:
    for kind, pattern in _PRIVATE_NAMES.items():
        if _bears(name, pattern):
            return kind
    filled = _filled(cells)
    for kind, cell in _PRIVATE_CELLS.items():
        if filled and sum(bool(cell.fullmatch(text)) for text in filled) >= ENOUGH * len(filled):
            return kind
    return None


def _fits(role: Role, cells: Sequence[str]) -> bool:
    """Tell whether the cells can be what the column's name says."""
    filled = _filled(cells)
    if not filled:
        return False
    if role in (Role.X, Role.Y):
        return _share(filled, _is_number) >= ENOUGH
    if role is Role.POSTCODE:
        return _share(filled, lambda text: bool(_POSTCODE.fullmatch(text))) >= ENOUGH
    if role is Role.SEX:
        return _share(filled, lambda text: fold(text) in _SEX) >= ENOUGH
    if role is Role.DATE:
        return _share(filled, lambda t: bool(_DATE.fullmatch(t)) or _is_number(t)) >= ENOUGH
    return True


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(test(cell) for cell in cells) / len(cells)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text.replace("\u00a0", "")) is not None


def _find_addresses(
    found: Recognised, columns: Sequence[str], samples: Mapping[str, Sequence[str]]
) -> None:
    """Take the column whose cells look most like addresses, where no name told one."""
    if found.can_locate:
        return
    free = [name for name in columns if name not in found.used]
    likeness = {name: _share(_filled(samples[name]) or [""], _looks_like_address) for name in free}
    best = max(likeness, key=lambda name: likeness[name], default=None)
    if best is not None and likeness[best] >= ENOUGH:
        found.roles[Role.ADDRESS] = best


def _looks_like_address(text: str) -> bool:
    words = re.findall(r"[A-Z]+|\d+", fold(text))
    return any(word in TYPE_OF for word in words) and any(word.isdigit() for word in words)
