"""What a partner hands over is readable with its own key only, and never again without it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.deposits.errors import Damaged, KeyDestroyed
from importers.deposits.vault import CHUNK, Vault, key_folder, spool_folder


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def vault() -> Vault:
    return Vault.make(uuid4())


def test_what_is_sealed_opens_again_and_shows_nothing_of_itself(vault):
    sealed = vault.seal(b"12 rue des Essais", "row 3")
    assert b"Essais" not in sealed
    assert vault.open(sealed, "row 3") == b"12 rue des Essais"


def test_a_piece_does_not_open_in_another_place_or_with_another_key(vault):
    sealed = vault.seal(b"secret", "row 3")
    with pytest.raises(Damaged):
        vault.open(sealed, "row 4")
    with pytest.raises(Damaged):
        Vault.make(uuid4()).open(sealed, "row 3")


def test_an_altered_piece_does_not_open(vault):
    sealed = bytearray(vault.seal(b"secret", "row 3"))
    sealed[-1] ^= 1
    with pytest.raises(Damaged):
        vault.open(bytes(sealed), "row 3")


def test_two_seals_of_one_text_differ(vault):
    assert vault.seal(b"same", "row") != vault.seal(b"same", "row")


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_a_file_of_any_size_comes_back_whole(vault, size):
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    vault.write_file([content[: size // 3], content[size // 3 :]])
    assert b"".join(vault.read_file()) == content


@given(st.lists(st.binary(max_size=50), max_size=10))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_it_does_not_matter_in_which_pieces_a_file_arrives(own_home, chunks):
    vault = Vault.make(uuid4())
    vault.write_file(chunks)
    assert b"".join(vault.read_file()) == b"".join(chunks)


def test_a_file_that_was_cut_at_a_block_is_noticed(vault):
    vault.write_file([b"x" * (2 * CHUNK + 5)])
    file = next(spool_folder().glob("*.sealed"))
    file.write_bytes(file.read_bytes()[: 12 + CHUNK + 16])
    with pytest.raises(Damaged):
        b"".join(vault.read_file())


def test_blocks_cannot_change_places(vault):
    vault.write_file([b"a" * CHUNK + b"b" * CHUNK + b"c"])
    file = next(spool_folder().glob("*.sealed"))
    content, size = file.read_bytes(), 12 + CHUNK + 16
    file.write_bytes(content[size : 2 * size] + content[:size] + content[2 * size :])
    with pytest.raises(Damaged):
        b"".join(vault.read_file())


def test_no_plain_text_stands_on_disk(vault, own_home):
    vault.write_file([b"NOM-0001;12 rue des Essais\n" * 1000])
    for file in own_home.rglob("*"):
        if file.is_file():
            assert b"NOM-0001" not in file.read_bytes()
            assert file.stat().st_mode & 0o077 == 0
    assert key_folder().stat().st_mode & 0o077 == 0


def test_an_arrival_that_breaks_off_leaves_nothing(vault):
    def breaking():
        yield b"x" * 10
        raise ConnectionError

    with pytest.raises(ConnectionError):
        vault.write_file(breaking())
    assert list(spool_folder().iterdir()) == []


def test_without_its_key_nothing_opens_any_more(vault):
    sealed = vault.seal(b"secret", "row 3")
    vault.write_file([b"content"])
    vault.destroy()
    vault.destroy()
    assert not vault.exists
    assert list(key_folder().iterdir()) == list(spool_folder().iterdir()) == []
    with pytest.raises(KeyDestroyed):
        vault.open(sealed, "row 3")
