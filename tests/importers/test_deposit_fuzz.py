"""Files that are wrong in every way: refused in words or handled, never half stored, never hung."""

from __future__ import annotations

import io
import json
import random
import signal
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import openpyxl
import pytest
from django.db import transaction

from importers.deposits import results, service
from importers.deposits.errors import TooLarge
from importers.deposits.opening import MOST_BYTES
from importers.deposits.store import Store
from importers.deposits.vault import key_folder, spool_folder
from importers.errors import ImporterError
from importers.models import Deposit, DepositState
from tests.importers.deposit_makers import DAY, a_list, deposited

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]

SECONDS = 30
SAMPLE, ALL = 150, 10_000


class Hung(BaseException):
    """Work that does not end; no clause of the project catches it."""


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Interrupt what hangs, wherever it is."""

    def stop(number, frame):
        raise Hung(f"still at work after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def try_file(partner, content: bytes, name: str) -> str:
    """Deposit and count a file; return how it ended, after checking that nothing is left over."""
    deposit = None
    with no_longer_than(SECONDS):
        try:
            with transaction.atomic():
                deposit = deposited(partner, content, name)
            service.carry_out(deposit)
        except ImporterError as refused:
            assert str(refused), "a refusal says what is wrong"
    if deposit is None or deposit.state != DepositState.DONE:
        assert list(key_folder().iterdir()) == list(spool_folder().iterdir()) == []
        assert deposit is None or Store(deposit).read_counts() == {}
        ended = "refused" if deposit is None else "refused while counting"
    else:
        result = results.exact_result(deposit)
        assert sum(result["fates"].values()) == result["in_qpv"]["total"]
        ended = "counted"
    Deposit.objects.all().delete()
    for folder in (key_folder(), spool_folder()):
        for file in folder.iterdir():
            file.unlink()
    return ended


# -- wrong on purpose ----------------------------------------------------------------------


def a_workbook(rows: list[list], **sheets: list[list]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for title, more in sheets.items():
        sheet = book.create_sheet(title)
        for row in more:
            sheet.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def changed_workbook(name: str, content: bytes) -> bytes:
    """A workbook with one part replaced or added."""
    target = io.BytesIO()
    whole = io.BytesIO(a_workbook([["lon", "lat"], [2.351, 48.851]]))
    deflated = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(target, "w", deflated) as copy:
        for part in source.namelist():
            if part != name:
                copy.writestr(part, source.read(part))
        copy.writestr(name, content)
    return target.getvalue()


def geojson(*features: dict | None) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


POINT = {"type": "Feature", "properties": {"ref": "R1"},
         "geometry": {"type": "Point", "coordinates": [2.351, 48.851]}}  # fmt: skip
HEAD = b"ref;lon;lat\n"
ROW = b"R1;2.351;48.851\n"

SHEET = "xl/worksheets/sheet1.xml"
WIDE = b";".join(b"c%d" % n for n in range(10_000))
REFUSED = {
    "zip bomb in a workbook": (changed_workbook(SHEET, b" " * (300 << 20)), "a.xlsx"),
    "mixed encodings": (HEAD + "é;2.3;48.8\n".encode() + b"\xe9;2.351;48.851\n", "a.csv"),
    "macros": (changed_workbook("xl/vbaProject.bin", b"\xd0\xcf"), "a.xlsx"),
    "workbook without rows": (a_workbook([]), "a.xlsx"),
    "workbook cut in two": (a_workbook([["lon", "lat"], [2.3, 48.8]])[:2_000], "a.xlsx"),
    "workbook with a broken sheet": (changed_workbook(SHEET, b"<a><b>"), "a.xlsx"),
    "10 000 columns": (WIDE + b"\n" + b";" * 9_999, "a.csv"),
    "10 000 columns in a workbook": (a_workbook([[f"c{n}" for n in range(10_000)], [1]]), "a.xlsx"),
    "a cell of 20 MB": (b'lon;lat\n"' + b"a" * (20 << 20) + b'";1\n', "a.csv"),
    "a quote never closed": (b'ref;lon;lat\n"' + ROW * 20_000, "a.csv"),
    "nothing to locate": (b"a;b\n1;2\n", "a.csv"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), "a.csv"),
    "a picture called a workbook": (b"\x89PNG\r\n\x1a\n" + bytes(200), "a.xlsx"),
    "a workbook called a table of another kind": (b"PK\x03\x04" + bytes(99), "a.csv"),
    "UTF-16 without a mark": ("ref;lon;lat\nR1;2.3;48.8\n".encode("utf-16-le"), "a.csv"),
    "UTF-16 with a null sign": ("ref;lon;lat\nR\x001;2.3;48.8\n".encode("utf-16"), "a.csv"),
    "GeoJSON without features": (geojson(), "a.geojson"),
    "GeoJSON of another world": (b'{"type": "Topology"}', "a.geojson"),
}  # fmt: skip
COUNTED = {
    "formulas": (HEAD + b"=cmd|' /C calc'!A0;2.351;48.851\n@SUM(1);2.351;48.851\n", "a.csv", 2),
    "null bytes in a value": (HEAD + b"R\x001;2.351;48.851\n" + ROW, "a.csv", None),
    "two header rows": (HEAD + b"(code);(degres);(degres)\n" + 3 * ROW, "a.csv", 4),
    "dates as numbers": (b"date;lon;lat\n42370;2.351;48.851\n", "a.csv", 1),
    "two columns of one name": (b"lon;lat;lat\n2.351;48.851;x\n", "a.csv", None),
    "a mark at the start": (b"\xef\xbb\xbf" + HEAD + ROW, "a.csv", 1),
    "a path as a name": (HEAD + ROW, "../../etc/cron.d/a.csv", 1),
    "an empty first sheet": (a_workbook([], liste=[["lon", "lat"], [2.351, 48.851]]), "a.xlsx", 1),
    "text for numbers": (HEAD + b"R1;abc;def\n" + 3 * ROW, "a.csv", 4),
    "endless numbers": (HEAD + b"R1;1e999;nan\n" + 3 * ROW, "a.csv", 4),
    "a feature without a place": (geojson(POINT, {**POINT, "geometry": None}), "a.geojson", 2),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_a_list_of_people_is_refused(partner, case):
    content, name = REFUSED[case]
    assert try_file(partner, content, name).startswith("refused")


@pytest.mark.parametrize("case", COUNTED)
def test_what_is_only_odd_is_counted_or_refused_whole(partner, case):
    content, name, rows = COUNTED[case]
    if rows is None:
        assert try_file(partner, content, name)
        return
    deposit = service.carry_out(deposited(partner, content, name))
    assert results.exact_result(deposit)["in_qpv"]["total"] == rows


def test_merged_cells_and_dates_of_a_workbook_are_read(partner):
    book = openpyxl.Workbook()
    for row in (["Liste", None, None], ["date", "lon", "lat"], [DAY, 2.351, 48.851]):
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    held = io.BytesIO()
    book.save(held)
    deposit = service.carry_out(deposited(partner, held.getvalue(), "a.xlsx"))
    assert results.exact_result(deposit)["fates"]["qpv"] == 1


@pytest.mark.torture
def test_a_cell_of_a_gigabyte_is_refused_while_it_comes_in_and_never_held(partner):
    """The whole gigabyte is offered; it is refused at the limit, one piece in memory at a time."""
    piece, sent = b"a" * (1 << 20), 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        yield b'lon;lat\n"'
        for _ in range(1_024):
            sent += 1
            yield piece

    ask = service.Ask("essai", DAY, DAY)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            service.receive(chunks(), "a.csv", ask, partner.organisation, partner)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == (MOST_BYTES >> 20)
    assert most < 16 << 20
    assert list(key_folder().iterdir()) == list(spool_folder().iterdir()) == []


# -- wrong by chance -----------------------------------------------------------------------


def seeds() -> list[tuple[bytes, str]]:
    table = a_list(6, 6, 2)
    rows = [line.split(";") for line in table.splitlines()]
    return [
        (table.encode(), "a.csv"),
        (table.replace(";", ",").encode("utf-16"), "a.csv"),
        (a_workbook(rows), "a.xlsx"),
        (geojson(POINT, POINT, POINT), "a.geojson"),
    ]


ODD = (
    b"\x00", b"\xff\xfe", b'"', b";", b"\r", b"\n\n", b"=1+1", b"\xe9", b"PK\x03\x04",
    b"9" * 400, b"{", b"</", "\u202e".encode(), b"\x1a",
)  # fmt: skip


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Flip, cut, repeat, insert or swap a few pieces of a file."""
    held = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(held) + 1)
        end = min(len(held), place + chance.randint(1, 60))
        match chance.randrange(5):
            case 0 if place < len(held):
                held[place] = chance.randrange(256)
            case 1:
                del held[place:end]
            case 2:
                held[place:place] = held[place:end] * chance.randint(1, 50)
            case 3:
                held[place:place] = chance.choice(ODD)
            case _:
                held = held[end:] + held[:end]
    return bytes(held)


ENDS = {"refused", "refused while counting", "counted"}


def run_fuzzer(partner, count: int, seed: int) -> Counter[str]:
    chance, ended = random.Random(seed), Counter[str]()
    bases = seeds()
    names = ("a.csv", "a.xlsx", "a.geojson", "a.gpkg", "a.txt", "a", "a.csv.gz", "é;rm -rf.csv")
    for number in range(count):
        content, name = bases[number % len(bases)]
        if chance.random() < 0.15:
            name = chance.choice(names)
        ended[try_file(partner, mutated(content, chance), name)] += 1
    return ended


def test_mutated_files_are_refused_or_counted_whole(partner):
    ended = run_fuzzer(partner, SAMPLE, seed=1)
    assert set(ended) <= ENDS
    assert min(ended["refused"], ended["counted"]) > SAMPLE // 20


@pytest.mark.torture
def test_ten_thousand_mutated_files(partner, capsys):
    """Ends with the fuzzer's report."""
    ended = run_fuzzer(partner, ALL, seed=2)
    with capsys.disabled():
        print(f"\n{ALL} mutated files:", ", ".join(f"{n} {how}" for how, n in ended.items()))
    assert sum(ended.values()) == ALL
    assert set(ended) <= ENDS
