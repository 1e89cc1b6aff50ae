"""What tests of imports share: a folder of their own, and the proof that nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from carroyage.models import Cell, CellIncome, GridDataset
from importers.errors import ImporterError
from importers.loads import Loaded, load
from importers.matching import Matcher
from importers.options import LoadOptions
from observatory.models import (
    Address,
    Alias,
    Lineage,
    Membership,
    Perimeter,
    Run,
    RunState,
    Source,
    Territory,
)
from tests.importers.matching_town import the_town

STORED = (
    Address, Alias, Cell, CellIncome, GridDataset, Lineage, Membership, Perimeter, Source,
    Territory,
)  # fmt: skip


def stored_rows() -> dict[str, int]:
    """Rows of everything a load may write, but for the record of runs."""
    return {model.__name__: model.objects.count() for model in STORED}


@pytest.fixture
def nothing_stored(db: None) -> Callable[[], None]:
    """A check that the database holds what it held when the test began."""
    before = stored_rows()

    def check() -> None:
        assert stored_rows() == before

    return check


@pytest.fixture
def bring(db: None) -> Callable[..., Loaded]:
    """Load a file with options given as keywords."""

    def run(kind: str, path: Path, **options: object) -> Loaded:
        return load(kind, path, LoadOptions(**options))

    return run


@pytest.fixture
def bring_text(db: None, tmp_path: Path) -> Callable[..., Loaded]:
    """Load a table given as text; its file has the name given, in a folder of the test's own."""

    def run(kind: str, text: str, name: str = "table.csv", **options: object) -> Loaded:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return load(kind, file, LoadOptions(**options))

    return run


@pytest.fixture
def refused(bring: Callable[..., Loaded], nothing_stored: Callable[[], None]) -> Callable[..., str]:
    """Load a file that must be refused; gives what the person reads, and checks the rest."""

    def run(kind: str, path: Path, **options: object) -> str:
        with told() as words:
            bring(kind, path, **options)
        nothing_stored()
        last = Run.objects.first()
        if last is not None:
            assert last.state == RunState.REFUSED
        return words[0]

    return run


@pytest.fixture(scope="module")
def town() -> Matcher:
    """The small town whose streets lists confuse."""
    return the_town()


@contextmanager
def told() -> Iterator[list[str]]:
    words: list[str] = []
    with pytest.raises(ImporterError) as caught:
        yield words
    assert caught.value.advice, "a refusal must say what to do"
    words.append(f"{caught.value}\n{caught.value.advice}")
