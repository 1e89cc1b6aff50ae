"""Each printed figure that is worked out again stands, as printed, on its line of the real text."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.real_data
CURATED = Path(__file__).parents[2] / "importers/curated"
TEXTS = {
    "etat-2015": "livret-et-bilan-etat-paris-2015.txt",
    "grand-orly-2019": "protocole-grand-orly-seine-bievre.txt",
    "paris-2015": "contrat-de-ville-paris-2015.txt",
    "paris-2019": "referentiel-paris-2019.txt",
}
# Said in words, or as a whole of which the document prints the parts alone.
NOT_IN_FIGURES = {"vvv-cible", "sc-lignes", "plus-de-moitie", "npnru-choisy"}
SPREAD = 2  # lines: a row of a linearised table is broken over several
NUMBER = re.compile(r"\d[\d .,]*")


def statements(document: str) -> list[dict[str, str]]:
    with (CURATED / f"{document}-enonces.csv").open(encoding="utf-8", newline="") as handle:
        return [row for row in csv.DictReader(handle) if row["line"]]


def figures_in(text: str) -> set[float]:
    """Return every number a text may be read to print: « 111 871 », « 6.664 », « 76,2 »."""
    found: set[float] = set()
    for told in NUMBER.findall(text.replace("\u202f", " ").replace("\xa0", " ")):
        bare = told.strip(" .,")
        ways = {bare.replace(" ", ""), bare.replace(" ", "").replace(".", ""), *bare.split()}
        for way in ways:
            try:
                found.add(float(way.replace(",", ".")))
            except ValueError:
                continue
    return found


@pytest.fixture
def seeds(real_data: Path) -> Path:
    folder = real_data.parent / "seeds"
    if not folder.is_dir():
        pytest.skip("the documents' texts are not there")
    return folder


@pytest.mark.parametrize("document", sorted(TEXTS))
def test_what_is_said_to_be_printed_is_printed_there(document: str, seeds: Path) -> None:
    lines = (seeds / TEXTS[document]).read_text(encoding="utf-8").split("\n")
    rows = statements(document)
    absent = set()
    for row in rows:
        place = int(row["line"]) - 1
        around = "\n".join(lines[max(0, place - SPREAD) : place + SPREAD + 1]).split("\n")
        told = set().union(*map(figures_in, around))
        printed = float(row["printed"])
        if not told & {printed, printed / 1_000_000, printed * 1_000_000}:
            absent.add(row["key"])
    assert rows
    assert absent <= NOT_IN_FIGURES


@pytest.mark.parametrize(
    ("document", "line", "words"),
    [
        ("grand-orly-2019", 1524, "Plus de la moitié"),
        ("grand-orly-2019", 1524, "44"),
        ("paris-2015", 1589, "1430"),
        ("paris-2019", 502, "31"),
    ],
)
def test_what_is_wrong_is_the_document_s_own_words(
    document: str, line: int, words: str, seeds: Path
) -> None:
    lines = (seeds / TEXTS[document]).read_text(encoding="utf-8").split("\n")
    around = " ".join(lines[line - 2 : line + 1])
    assert words.lower() in re.sub(r"(?<=\d) (?=\d)", "", around.lower())


def test_every_document_with_errors_is_read(seeds: Path) -> None:
    known = {path.name.removesuffix("-enonces.csv") for path in CURATED.glob("*-enonces.csv")}
    assert known == set(TEXTS)
