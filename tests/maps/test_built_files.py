"""The committed files are whole, their texts are translated, their licences are told."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from pathlib import Path

import pytest
from django.utils.translation import override

from maps.messages import EXPLORER

ROOM = Path(__file__).parents[2] / "maps"
DIST = ROOM / "static/maps/dist"
FRONTEND = ROOM / "frontend"
CATALOGUE = ROOM / "locale/en/LC_MESSAGES/django.po"


def sums() -> dict[str, str]:
    lines = (DIST / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def test_every_built_file_is_the_one_its_hash_names():
    for name, digest in sums().items():
        assert hashlib.sha256((DIST / name).read_bytes()).hexdigest() == digest, name


def test_no_built_file_is_without_a_hash():
    files = {str(p.relative_to(DIST)) for p in DIST.rglob("*") if p.is_file()}
    assert files == {*sums(), "SHA256SUMS"}


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


def messages() -> dict[str, str]:
    """Return the translations of the catalogue as it is written."""
    entries = re.findall(r"^msgid (\".+\")\nmsgstr (\".*\")$", CATALOGUE.read_text(), re.MULTILINE)
    return {ast.literal_eval(source): ast.literal_eval(text) for source, text in entries}


def test_every_text_has_its_english():
    assert len(messages()) > 60
    assert [source for source, text in messages().items() if not text] == []


def test_the_compiled_catalogue_says_what_the_written_one_says():
    from django.utils.translation import gettext

    with override("en"):
        wrong = [source for source, text in messages().items() if gettext(source) != text]
    assert wrong == []


def test_every_text_of_the_page_is_in_the_catalogue():
    with override("fr"):
        said = {str(text) for text in EXPLORER.values()}
    assert said <= set(messages())


def test_translations_keep_the_places_to_fill():
    for source, text in messages().items():
        assert set(re.findall(r"{\w+}", source)) == set(re.findall(r"{\w+}", text)), source
