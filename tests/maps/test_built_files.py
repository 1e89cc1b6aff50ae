"""The committed files are whole, their texts are translated, their licences are told."""

from __future__ import annotations

import ast
import gettext
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import gettext as django_gettext
from django.utils.translation import override
from django.utils.translation.template import templatize

from importers.models import DepositState
from maps.messages import EXPLORER
from observatory.paths import PROJECT

ROOM = PROJECT / "maps"
DIST = ROOM / "static/maps/dist"
FRONTEND = ROOM / "frontend"
ENGLISH = "locale/en/LC_MESSAGES/django.po"
CATALOGUE = ROOM / ENGLISH
# Rooms whose texts a page shows.
ROOMS = ["maps", "importers", "layers"]


def sums() -> dict[str, str]:
    lines = (DIST / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_every_built_file_is_the_one_its_hash_names():
    for name, digest in sums().items():
        assert hashlib.sha256((DIST / name).read_bytes()).hexdigest() == digest, name


def test_no_built_file_is_without_a_hash():
    files = {str(p.relative_to(DIST)) for p in DIST.rglob("*") if p.is_file()}
    assert files == {*sums(), "SHA256SUMS"}


@pytest.mark.parametrize("bundle", ["site", "explorer"])
def test_a_bundle_of_style_sheets_holds_all_it_names(bundle: str):
    named = re.findall(r'@import "([^"]+)"', (FRONTEND / "src" / f"{bundle}.css").read_text())
    built = (DIST / f"{bundle}.css").read_text()
    assert len(named) > 4
    for sheet in named:
        selectors = re.findall(r"^\.[\w-]+", (FRONTEND / "src" / sheet).read_text(), re.MULTILINE)
        assert [one for one in selectors if one not in built] == [], sheet


def test_the_lock_file_names_no_registry():
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    assert lock["packages"]
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        if name and not package.get("link"):
            assert package["integrity"].startswith("sha512-"), name


def test_dependencies_are_pinned_exactly():
    package = json.loads((FRONTEND / "package.json").read_text())
    for version in {**package["dependencies"], **package["devDependencies"]}.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


@pytest.mark.parametrize("name", ["maplibre-gl", "earcut", "pbf", "murmurhash-js", "source-sans-3"])
def test_the_licence_of_what_is_bundled_is_told(name):
    assert name in (DIST / "THIRD-PARTY-LICENCES.txt").read_text()


def used_keys() -> set[str]:
    """Return the keys of texts the scripts ask for, those made from parts written in full."""
    source = "\n".join(path.read_text() for path in (FRONTEND / "src").glob("*.ts"))
    keys = set(re.findall(r"\bt\(\s*\"([^\"]+)\"", source))
    for pair in re.findall(r"\? \"([a-z]+\.[a-z.]+)\" : \"([a-z]+\.[a-z.]+)\"", source):
        keys |= set(pair)
    keys |= set(re.findall(r"\"((?:cautions|card)\.[a-z.]+)\"", source))
    keys |= {
        f"{key}.{form}"
        for key in re.findall(r"counted\(\"([^\"]+)\"", source)
        for form in ("one", "other")
    }
    keys |= {f"legend.{kind}" for kind in re.findall(r"patternKey\(\"(\w+)\"\)", source)}
    return keys


def test_the_scripts_and_the_page_agree_on_the_texts():
    assert used_keys() == set(EXPLORER)


def messages(catalogue: Path = CATALOGUE) -> dict[str, str]:
    """Return the translations of a catalogue as it is written."""
    entries = re.findall(r"^msgid (\".+\")\nmsgstr (\".*\")$", catalogue.read_text(), re.MULTILINE)
    return {ast.literal_eval(source): ast.literal_eval(text) for source, text in entries}


class Nothing(gettext.NullTranslations):
    """Tells a text without translation by an empty one, where gettext gives the source back."""

    def gettext(self, message: str) -> str:
        return ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return ""


def compiled(room: str) -> gettext.NullTranslations:
    """Return the English of a room as the site reads it."""
    with (PROJECT / room / ENGLISH).with_suffix(".mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    catalogue.add_fallback(Nothing())
    return catalogue


def texts_of_code(source: str) -> Iterator[tuple[str, ...]]:
    """Yield the texts a module gives to gettext under any name: one, or singular and plural."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: 2 if alias.name.startswith("n") else 1
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if "gettext" in alias.name
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            given = node.args[: names[node.func.id]]
            said = tuple(one.value for one in given if isinstance(one, ast.Constant))
            if len(said) == len(given):
                yield said


def texts_of_template(source: str) -> Iterator[tuple[str, ...]]:
    """Yield the texts of a template, as Django's own gathering finds them."""
    quoted = r"""(u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*")"""
    found = re.findall(rf"\b(?:n?gettext|_)\({quoted}(?:,\s*{quoted})?", templatize(source))
    for texts in found:
        yield tuple(ast.literal_eval(text) for text in texts if text)


def used_texts(room: str) -> dict[tuple[str, ...], str]:
    """Return every text of a room's pages and modules, with the file that says it."""
    readers = {".py": texts_of_code, ".html": texts_of_template}
    return {
        text: str(path.relative_to(PROJECT))
        for path in sorted((PROJECT / room).rglob("*"))
        if path.suffix in readers and not {"frontend", "static", "migrations"} & set(path.parts)
        for text in readers[path.suffix](path.read_text())
    }


@pytest.mark.parametrize(("room", "least"), [("maps", 400), ("importers", 30)])
def test_every_text_of_pages_forms_and_states_has_its_english(room, least):
    english, used = compiled(room), used_texts(room)
    assert len(used) > least
    without = {
        text: where
        for text, where in used.items()
        if not (english.gettext(*text) if len(text) == 1 else english.ngettext(*text, 1))
    }
    assert without == {}


def test_the_pages_of_deposits_are_among_the_texts():
    said = used_texts("maps")
    assert said[("Abandonner ce dépôt",)].startswith("maps/templates/maps/deposits/")
    assert said[("plusieurs voies possibles",)] == "maps/deposits/words.py"
    assert ("Une ligne est",) in used_texts("importers")


@pytest.mark.parametrize("room", ROOMS)
def test_no_translation_is_left_as_a_guess(room):
    assert "fuzzy" not in (PROJECT / room / ENGLISH).read_text()


def test_a_text_said_in_two_rooms_has_one_english():
    pages, forms = messages(), messages(PROJECT / "importers" / ENGLISH)
    shared = set(pages) & set(forms)
    assert "Fichier" in shared
    assert {text: pages[text] for text in shared} == {text: forms[text] for text in shared}


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_has_its_english(room):
    written = messages(PROJECT / room / ENGLISH)
    assert len(written) > 30
    assert [source for source, text in written.items() if not text] == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_compiled_catalogue_says_what_the_written_one_says(room):
    english = compiled(room)
    written = messages(PROJECT / room / ENGLISH)
    assert [source for source, text in written.items() if english.gettext(source) != text] == []


def test_the_site_says_what_the_catalogues_say():
    with override("en"):
        assert str(DepositState.PURGED.label) == "Purged"
        assert django_gettext("Déposer un fichier") == "Deposit a file"
    with override("fr"):
        assert str(DepositState.PURGED.label) == "Purgé"


def test_every_text_of_the_page_is_in_the_catalogue():
    with override("fr"):
        said = {str(text) for text in EXPLORER.values()}
    assert said <= set(messages())


@pytest.mark.parametrize("room", ["maps", "importers"])
def test_translations_keep_the_places_to_fill(room):
    places = re.compile(r"{\w+}|%\(\w+\)s|%s")
    for source, text in messages(PROJECT / room / ENGLISH).items():
        assert set(places.findall(source)) == set(places.findall(text)), source
