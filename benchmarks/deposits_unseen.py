"""A second kind of messy list, with faults that the matcher was not made with in view.

Written after the matcher, to be scored, not learnt from: see `docs/method.md` for what it scored
the first time it was read.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.deposits_corruptions import (
    Door,
    Fault,
    Row,
    bare,
    dressed,
    faulty,
    number_of,
    plain_address,
    street_of,
    town,
    typo,
)

PEOPLE = (
    "chez Mme DUPONT",
    "c/o ASSOCIATION L'ENTRAIDE",
    "CHEZ M. MARTIN JEAN",
    "Aux bons soins de",
)
ENDS = (
    "code 12B45", "interphone MARTIN", "3è gauche", "(métro à côté)", "1er ét. porte droite",
    "boîte n° 14", "hébergée", "voir gardien", "- tél. 01 40 00 00 00",
)  # fmt: skip
LEADS = ("domicilié au", "Adresse :", "habite", "au n°", "sis", "siège:")
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV",
         "XV", "XVI", "XVII", "XVIII", "XIX", "XX")  # fmt: skip


def cased(door: Door, r: random.Random, text: str) -> tuple[str, str, str]:
    end, postcode, city = town(door, r)
    return dressed(text, r) + end, postcode, city


def host(door: Door, r: random.Random) -> tuple[str, str, str]:
    return cased(door, r, f"{r.choice(PEOPLE)}{r.choice([' ', ', '])}{plain_address(door, r)}")


def lead(door: Door, r: random.Random) -> tuple[str, str, str]:
    return cased(door, r, f"{r.choice(LEADS)} {plain_address(door, r)}")


def ending(door: Door, r: random.Random) -> tuple[str, str, str]:
    return cased(door, r, f"{plain_address(door, r)} {r.choice(ENDS)}")


def dashes(door: Door, r: random.Random) -> tuple[str, str, str]:
    text = bare(f"{door.number} {door.street} {door.postcode} PARIS").upper()
    return text.replace(" ", r.choice("-_")), "", ""


def lines(door: Door, r: random.Random) -> tuple[str, str, str]:
    """A postal label: broken where the label was too narrow."""
    words = f"{number_of(door, r)} {door.street} {door.postcode} Paris".split()
    place = r.randrange(1, len(words))
    return " ".join(words[:place]) + "\n" + " ".join(words[place:]), "", ""


def town_first(door: Door, r: random.Random) -> tuple[str, str, str]:
    n = door.arrondissement
    where = r.choice([f"{door.postcode} PARIS", f"Paris {ROMAN[n - 1]}e", f"PARIS-{n}"])
    return f"{where}{r.choice([', ', ' - ', ' '])}{dressed(plain_address(door, r), r)}", "", ""


def mojibake(door: Door, r: random.Random) -> tuple[str, str, str]:
    """UTF-8 read as if it were one byte a letter."""
    text = f"{number_of(door, r)} {door.street}"
    return text.encode().decode("latin-1"), door.postcode, "Paris"


def lost_accents(door: Door, r: random.Random) -> tuple[str, str, str]:
    """What an old program could not write became a question mark."""
    text = f"{number_of(door, r)} {door.street}"
    return text.encode("ascii", "replace").decode(), door.postcode, "PARIS"


def no_apostrophe(door: Door, r: random.Random) -> tuple[str, str, str]:
    return cased(door, r, plain_address(door, r).replace("'", r.choice([" ", ""])))


def glued(door: Door, r: random.Random) -> tuple[str, str, str]:
    text = f"{number_of(door, r)}{r.choice([',', ''])}{door.street} {door.postcode}PARIS"
    return bare(text), "", ""


def zeros(door: Door, r: random.Random) -> tuple[str, str, str]:
    return cased(door, r, f"{int(door.number):04d}{door.suffix} {street_of(door, r)}")


def two_typos(door: Door, r: random.Random) -> tuple[str, str, str]:
    words = [typo(w, r) if len(w) > 5 else w for w in door.street.split()[:4]]
    rest = door.street.split()[4:]
    return cased(door, r, f"{number_of(door, r)} {' '.join([*words, *rest])}")


def long_range(door: Door, r: random.Random) -> tuple[str, str, str]:
    first = number_of(door, r)
    last = int(door.number) + 2 * r.randint(1, 5)
    form = r.choice(
        ["{a}bis/{b}", "{a}, {c} et {b}", "du {a} au {b}", "{a}-{c}-{b}", "n° {a} à {b}"]
    )
    text = form.format(a=first if "bis" not in form else door.number, b=last + 2, c=last)
    return cased(door, r, f"{text} {street_of(door, r)}")


def corner(door: Door, r: random.Random) -> tuple[str, str, str]:
    """A house at a corner, with the other street's name after it."""
    other = r.choice(["rue de Rivoli", "avenue de Clichy", "bd Voltaire", "rue Ordener"])
    return cased(door, r, f"{plain_address(door, r)}, angle {other}")


def initials(door: Door, r: random.Random) -> tuple[str, str, str]:
    kind, *words = door.street.split()
    if len(words) >= 2 and words[0][0].isupper() and len(words[0]) > 2:
        words[0] = words[0][0] + r.choice([".", ""])
    return cased(door, r, f"{number_of(door, r)} {kind} {' '.join(words)}")


def number_spelt_after(door: Door, r: random.Random) -> tuple[str, str, str]:
    return cased(
        door, r, f"{street_of(door, r)}{r.choice([' au ', ' numéro ', ' - '])}{door.number}"
    )


def town_twice(door: Door, r: random.Random) -> tuple[str, str, str]:
    n = door.arrondissement
    cell = f"{plain_address(door, r)} {door.postcode} PARIS {n:02d}"
    return dressed(cell, r), door.postcode, f"PARIS {n}E ARRONDISSEMENT"


def plain(door: Door, r: random.Random) -> tuple[str, str, str]:
    return cased(door, r, plain_address(door, r))


FAULTS: dict[Fault, float] = {
    plain: 0.40, host: 0.05, lead: 0.03, ending: 0.08, dashes: 0.02, lines: 0.04,
    town_first: 0.04, mojibake: 0.03, lost_accents: 0.03, no_apostrophe: 0.04, glued: 0.02,
    zeros: 0.03, two_typos: 0.03, long_range: 0.05, corner: 0.03, initials: 0.03,
    number_spelt_after: 0.02, town_twice: 0.03,
}  # fmt: skip


def unseen_list(doors: list[Door], count: int, seed: int) -> Iterator[Row]:
    """Give a list whose faults the matcher was not made with."""
    return faulty(doors, FAULTS, count, seed)
