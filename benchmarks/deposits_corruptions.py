"""Lists of addresses as partners write them, made from the address reference by known faults.

Every row keeps the true point, so that a matcher can be scored. Each fault is one function of
(door, random) → (cell, postcode, city); FAULTS gives their share of a messy list. A list is
made of one seed, and never looked at while the matcher is changed: change it on other seeds.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    "Rue": ["RUE", "rue", "R", "r.", "Rue"],
    "Avenue": ["AV", "av.", "AVE", "Avenue", "AVENUE"],
    "Boulevard": ["BD", "BLD", "Bd.", "BVD", "BOUL", "boulevard", "BLVD"],
    "Place": ["PL", "pl.", "PLACE", "Place"],
    "Square": ["SQ", "SQUARE", "Sq."],
    "Villa": ["VLA", "VILLA", "Villa"],
    "Passage": ["PASS", "PSG", "passage", "PAS"],
    "Impasse": ["IMP", "IMPASSE", "imp."],
    "Allée": ["ALL", "ALLEE", "allee"],
    "Quai": ["QUAI", "QU", "Quai"],
    "Cité": ["CITE", "cité"],
    "Route": ["RTE", "ROUTE"],
    "Cours": ["CRS", "COURS"],
    "Chemin": ["CHE", "CHEM", "CHEMIN"],
    "Hameau": ["HAM", "HAMEAU"],
}
TITLES = {"Saint": "ST", "Sainte": "STE", "Faubourg": "FBG", "Général": "GAL", "Maréchal": "MAL",
          "Docteur": "DR", "Professeur": "PR", "Commandant": "CDT", "Colonel": "COL",
          "Capitaine": "CPT", "Porte": "PTE", "Président": "PDT", "Grande": "GDE"}  # fmt: skip
SUFFIXES = {"b": ["bis", "BIS", "B", " Bis", "b"], "t": ["ter", "TER", "T"],
            "q": ["quater", "QUATER", "Q"]}  # fmt: skip
PROGRAMMES = ["Résidence du Parc", "Programme Les Terrasses", "FOYER BON ACCUEIL", "Tour Horizon",
              "RES. LES ACACIAS", "Opération 2014-03", "Les Jardins d'Alice", "CHRS LE REFUGE",
              "Résidence sociale", "MAISON RELAIS", "Immeuble Le Méridien"]  # fmt: skip
UNITS = ["LOT {n}", "Lot {n}.{m}", "BAT {c}", "Bât. {c}{n}", "ESC {n}", "APT {n}{n}", "Appt {n}",
         "BAT {c} ESC {n}", "LOT {c}{n}", "{n}ème étage", "BLOC {c}", "porte {n}"]  # fmt: skip
ZACS = [
    "ZAC PAJOL",
    "ZAC Clichy-Batignolles",
    "ILOT BINET",
    "ZAC PARIS RIVE GAUCHE",
    "Îlot Fontarabie",
]
NEXT = {1: 2, 2: 9, 3: 10, 4: 11, 5: 13, 6: 14, 7: 15, 8: 17, 9: 18, 10: 19, 11: 20, 12: 20,
        13: 14, 14: 15, 15: 16, 16: 17, 17: 18, 18: 19, 19: 20, 20: 11}  # fmt: skip


@dataclass(frozen=True)
class Door:
    """One door of the reference: the truth of a row."""

    number: str
    suffix: str
    street: str
    postcode: str
    lon: float
    lat: float
    others: tuple[str, ...] = ()

    @property
    def arrondissement(self) -> int:
        return int(self.postcode[-2:])


@dataclass(frozen=True)
class Row:
    """One row of a messy list: what is written, and the door that was meant."""

    cell: str
    postcode: str
    city: str
    fault: str
    door: Door


Fault = Callable[[Door, random.Random], "tuple[str, str, str]"]


def doors_of(path: Path) -> list[Door]:
    """Read the doors of a BAN file, leaving out rows whose street name is itself a fault."""
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        rows = [r for r in csv.DictReader(handle, delimiter=";") if r["numero"]]
    numbers: dict[str, list[str]] = defaultdict(list)
    for r in rows:
        numbers[r["nom_voie"]].append(r["numero"])
    return [
        Door(r["numero"], r["rep"], r["nom_voie"], r["code_postal"], float(r["lon"]),
             float(r["lat"]), tuple(numbers[r["nom_voie"]]))
        for r in rows
        if not re.match(r"\d+[A-Z]", r["nom_voie"]) and r["rep"] in ("", "b", "t", "q")
    ]  # fmt: skip


# -- pieces --------------------------------------------------------------------------------


def bare(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text)
    return "".join(c for c in spread if not unicodedata.combining(c))


def number_of(door: Door, r: random.Random) -> str:
    if not door.suffix:
        return door.number
    glue = r.choice(["", " "])
    return door.number + glue + r.choice(SUFFIXES[door.suffix]).strip()


def street_of(door: Door, r: random.Random, short: float = 0.5) -> str:
    kind, _, rest = door.street.partition(" ")
    if kind in TYPES and r.random() < short:
        kind = r.choice(TYPES[kind])
    words = [TITLES[w] if w in TITLES and r.random() < short else w for w in rest.split()]
    return f"{kind} {' '.join(words)}".strip()


def dressed(text: str, r: random.Random) -> str:
    style = r.random()
    if style < 0.4:
        return bare(text).upper()
    if style < 0.5:
        return bare(text).lower()
    return bare(text) if style < 0.65 else text


def town(door: Door, r: random.Random) -> tuple[str, str, str]:
    """Return where postcode and city stand: (end of the cell, postcode column, city column)."""
    way = r.random()
    n = door.arrondissement
    if way < 0.35:
        return f" {door.postcode} PARIS", "", ""
    if way < 0.65:
        return "", door.postcode, "PARIS"
    if way < 0.72:
        return f" - {door.postcode[:2]} {door.postcode[2:]} Paris", "", ""
    if way < 0.80:
        return f", PARIS {n}" + r.choice(["", "e", "EME", "ème arrondissement"]), "", ""
    if way < 0.86:
        return f" {r.choice(['75980', '75675', door.postcode])} PARIS CEDEX {n:02d}", "", ""
    if way < 0.95:
        return "", door.postcode, f"PARIS {n:02d}"
    return "", "", ""


def plain(door: Door, r: random.Random) -> tuple[str, str, str]:
    end, postcode, city = town(door, r)
    comma = r.choice([" ", " ", ", "])
    return dressed(f"{number_of(door, r)}{comma}{street_of(door, r)}", r) + end, postcode, city


def _with(door: Door, r: random.Random, text: str) -> tuple[str, str, str]:
    end, postcode, city = town(door, r)
    return dressed(text, r) + end, postcode, city


# -- faults --------------------------------------------------------------------------------


def ranged(door: Door, r: random.Random) -> tuple[str, str, str]:
    """16-20 rue…, 3 à 11 rue…: the first number is the door."""
    last = int(door.number) + 2 * r.randint(1, 4)
    link = r.choice(["-", "/", " à ", " - ", " A ", " au "])
    if r.random() < 0.3:
        link, last = r.choice(["-", "/", ",", " et "]), int(door.number) + 2
    return _with(door, r, f"{number_of(door, r)}{link}{last} {street_of(door, r)}")


def several(door: Door, r: random.Random) -> tuple[str, str, str]:
    """Several addresses of one programme: here two numbers of the street, far names apart."""
    near = [n for n in door.others if 0 < abs(int(n) - int(door.number)) <= 8]
    other = r.choice(near) if near else door.number
    link = r.choice([" / ", " - ", " ", " et ", "; ", "\n", " + "])
    street = street_of(door, r)
    return _with(door, r, f"{number_of(door, r)} {street}{link}{other} {street_of(door, r)}")


def programme(door: Door, r: random.Random) -> tuple[str, str, str]:
    link = r.choice([" ", " - ", ", ", " : "])
    name = r.choice(PROGRAMMES)
    return _with(door, r, f"{name}{link}{number_of(door, r)} {street_of(door, r)}")


def unit(door: Door, r: random.Random) -> tuple[str, str, str]:
    code = r.choice(UNITS).format(n=r.randint(1, 9), m=r.randint(1, 4), c=r.choice("ABCDEF"))
    address = f"{number_of(door, r)} {street_of(door, r)}"
    text = f"{code} {address}" if r.random() < 0.5 else f"{address} {code}"
    return _with(door, r, text)


def zac(door: Door, r: random.Random) -> tuple[str, str, str]:
    place = f"{r.choice(ZACS)} lot {r.choice('ABCD')}{r.randint(1, 9)}"
    return _with(door, r, f"{place}{r.choice([' - ', ', '])}{plain_address(door, r)}")


def plain_address(door: Door, r: random.Random) -> str:
    return f"{number_of(door, r)} {street_of(door, r)}"


def no_type(door: Door, r: random.Random) -> tuple[str, str, str]:
    rest = door.street.partition(" ")[2] or door.street
    return _with(door, r, f"{number_of(door, r)} {rest}")


def bad_type(door: Door, r: random.Random) -> tuple[str, str, str]:
    kind, _, rest = door.street.partition(" ")
    return _with(door, r, f"{number_of(door, r)} {typo(kind, r)} {rest}")


def typo(word: str, r: random.Random) -> str:
    if len(word) < 4:
        return word
    place = r.randrange(1, len(word) - 1)
    kind = r.random()
    if kind < 0.3:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind < 0.6:
        return word[:place] + word[place + 1 :]
    if kind < 0.8:
        return word[:place] + word[place] + word[place:]
    return word[:place] + r.choice("aeiourstnl") + word[place + 1 :]


def misspelt(door: Door, r: random.Random) -> tuple[str, str, str]:
    kind, _, rest = street_of(door, r, 0.3).partition(" ")
    words = rest.split()
    longest = max(range(len(words)), key=lambda i: len(words[i])) if words else 0
    if words:
        words[longest] = typo(words[longest], r)
    return _with(door, r, f"{number_of(door, r)} {kind} {' '.join(words)}")


def no_first_name(door: Door, r: random.Random) -> tuple[str, str, str]:
    kind, *words = door.street.split()
    kept = words[-1:] if len(words) == 2 and words[0][0].isupper() else words
    return _with(door, r, f"{number_of(door, r)} {kind} {' '.join(kept)}")


def no_small_words(door: Door, r: random.Random) -> tuple[str, str, str]:
    kept = [w for w in door.street.split() if w not in ("de", "du", "des", "la", "le", "les")]
    return _with(door, r, f"{number_of(door, r)} {' '.join(kept)}")


def next_postcode(door: Door, r: random.Random) -> tuple[str, str, str]:
    wrong = f"750{NEXT[door.arrondissement]:02d}"
    cell = dressed(plain_address(door, r), r)
    return (f"{cell} {wrong} PARIS", "", "") if r.random() < 0.5 else (cell, wrong, "PARIS")


def no_postcode(door: Door, r: random.Random) -> tuple[str, str, str]:
    return dressed(plain_address(door, r), r) + r.choice(["", " PARIS", ", Paris"]), "", ""


def number_last(door: Door, r: random.Random) -> tuple[str, str, str]:
    link = r.choice([", ", " n°", " ", " N "])
    return _with(door, r, f"{street_of(door, r)}{link}{number_of(door, r)}")


def company(door: Door, r: random.Random) -> tuple[str, str, str]:
    box = r.choice(["BP 12", "CS 70021", "TSA 10001", "BP12345"])
    n = door.arrondissement
    cell = f"{dressed(plain_address(door, r), r)} {box} 75{r.randint(600, 999)} PARIS CEDEX {n:02d}"
    return cell, "", ""


def no_number(door: Door, r: random.Random) -> tuple[str, str, str]:
    return _with(door, r, street_of(door, r))


def only_place(door: Door, r: random.Random) -> tuple[str, str, str]:
    """Neither number nor way: nothing but a programme."""
    return _with(door, r, f"{r.choice(ZACS)} {r.choice(PROGRAMMES)}")


# Shares of a messy list; the rest is plain.
FAULTS: dict[Fault, float] = {
    plain: 0.40, ranged: 0.11, several: 0.06, programme: 0.06, unit: 0.07, zac: 0.03,
    no_type: 0.015, bad_type: 0.03, misspelt: 0.05, no_first_name: 0.02, no_small_words: 0.04,
    next_postcode: 0.03, no_postcode: 0.03, number_last: 0.02, company: 0.02, no_number: 0.008,
    only_place: 0.007,
}  # fmt: skip


def faulty(doors: list[Door], shares: dict[Fault, float], count: int, seed: int) -> Iterator[Row]:
    """Give ``count`` rows with faults in their shares, the same for the same seed."""
    r = random.Random(seed)
    for door in r.choices(doors, k=count):
        fault = r.choices(list(shares), list(shares.values()))[0]
        cell, postcode, city = fault(door, r)
        yield Row(cell, postcode, city, fault.__name__, door)


def messy_list(doors: list[Door], count: int, seed: int) -> Iterator[Row]:
    """Give a list as partners keep them."""
    return faulty(doors, FAULTS, count, seed)
