"""How a text table is written: encoding, separator, number of lines.

The whole file is read once, in blocks, so that a stray byte on the last line is found before
anything is stored.
"""

from __future__ import annotations

import codecs
import csv
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from importers import errors
from importers.files import HIGHEST_RATIO, RATIO_MATTERS_FROM, Opened

BLOCK = 1 << 20
SEPARATORS = (";", ",", "\t", "|")
# Signs a French text is expected to hold; other ones betray a wrong single-byte encoding.
EXPECTED = set("éèêëàâçùûîïôœÉÈÊÀÂÎÔÇŒ’«»–°€\u00a0")
SINGLE_BYTE = ("cp1252", "mac_roman", "cp850")


@dataclass(frozen=True)
class TextFormat:
    """Encoding (Python's name), separator, header and number of line ends of a text table."""

    encoding: str
    separator: str
    header: tuple[str, ...]
    lines: int


@dataclass
class _Scan:
    lines: int = 0
    utf8: bool = True
    ascii_only: bool = True


def text_format(file: Opened) -> TextFormat:
    """Find out how a text table is written.

    Raises
    ------
    EmptyFile, NullBytes, MixedEncodings, UnreadableText, TruncatedArchive, UnsafeArchive,
    DuplicateColumns
    """
    with file.stream() as stream:
        head = stream.read(4)
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    scan = _scanned(file, wide)
    encoding = "utf-16" if wide else _encoding(file, scan)
    first = _first_lines(file, encoding)
    separator = _separator(first)
    header = tuple(name.strip() for name in next(csv.reader(first, delimiter=separator)))
    _refuse_duplicates(file.name, header)
    return TextFormat(encoding, separator, header, scan.lines)


def _blocks(file: Opened) -> Iterator[bytes]:
    """Give the file's bytes; a gzip that stops early or swells beyond reason is refused."""
    seen, packed = 0, file.data[0].stat().st_size
    try:
        with file.stream() as stream:
            while block := stream.read(BLOCK):
                seen += len(block)
                if file.gzipped and seen > max(RATIO_MATTERS_FROM, packed * HIGHEST_RATIO):
                    raise errors.UnsafeArchive(file.name, "it swells without end (a gzip bomb)")
                yield block
    except (EOFError, zlib.error, OSError):
        raise errors.TruncatedArchive(file.name, "gz") from None


def _scanned(file: Opened, wide: bool) -> _Scan:
    scan = _Scan()
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")()
    for block in _blocks(file):
        if not wide and b"\x00" in block:
            before = block[: block.index(b"\x00")].count(b"\n")
            raise errors.NullBytes(file.name, scan.lines + before + 1)
        scan.ascii_only = scan.ascii_only and block.isascii()
        if scan.utf8:
            try:
                signs = decoder.decode(block)
            except UnicodeDecodeError:
                scan.utf8 = False
                if wide:
                    raise errors.UnreadableText(file.name, "UTF-16", scan.lines + 1) from None
            else:
                # UTF-16 writes most letters with a null byte; only the sign itself is no text.
                if wide and "\x00" in signs:
                    before = signs[: signs.index("\x00")].count("\n")
                    raise errors.NullBytes(file.name, scan.lines + before + 1)
        scan.lines += block.count(b"\n")
    try:
        decoder.decode(b"", final=scan.utf8)
    except UnicodeDecodeError:  # the file stops in the middle of a sign
        scan.utf8 = False
        if wide:
            raise errors.UnreadableText(file.name, "UTF-16", scan.lines + 1) from None
    return scan


def _encoding(file: Opened, scan: _Scan) -> str:
    if scan.utf8:
        return "utf-8-sig"
    _refuse_mixture(file)
    sample = b"".join(line for line in _lines(file) if not line.isascii())[: 1 << 18]
    return single_byte_encoding(sample)


def single_byte_encoding(sample: bytes) -> str:
    """Tell which single-byte encoding gives the most plausible French; cp1252 if in doubt."""
    return max(SINGLE_BYTE, key=lambda name: _plausibility(sample, name))


def _plausibility(sample: bytes, encoding: str) -> float:
    text = sample.decode(encoding, errors="replace")
    likely = total = 0
    for before, sign in zip(f" {text}", text, strict=False):
        if ord(sign) > 127:
            total += 1
            # A capital right behind a small letter is no French word.
            likely += sign in EXPECTED and not (sign.isupper() and before.islower())
    return likely / max(total, 1)


def _lines(file: Opened) -> Iterator[bytes]:
    kept = b""
    for block in _blocks(file):
        *whole, kept = (kept + block).split(b"\n")
        yield from whole
    if kept:
        yield kept


def _refuse_mixture(file: Opened) -> None:
    """Refuse a file where some lines are valid UTF-8 with accents and others are not."""
    seen: dict[bool, list[int]] = {True: [], False: []}
    for number, line in enumerate(_lines(file), start=1):
        if not line.isascii():
            seen[_is_utf8(line)].append(number)
    if seen[True] and seen[False]:
        main = len(seen[True]) >= len(seen[False])
        raise errors.MixedEncodings(file.name, seen[not main][0], "UTF-8" if main else "cp1252")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _first_lines(file: Opened, encoding: str, count: int = 20) -> list[str]:
    with file.stream() as stream:
        text = _decoded_head(stream, encoding)
    lines = [line for line in io.StringIO(text, newline=None) if line.strip()]
    if not lines:
        raise errors.EmptyFile(file.name, "holds nothing but blanks")
    if text.lstrip("\ufeff\r\n \t")[:1] and not text.split("\n", 1)[0].strip("\ufeff\r \t"):
        raise errors.UnreadableFile(file.name, "its first line is blank, not a header")
    return lines[:count]


def _decoded_head(stream: BinaryIO, encoding: str) -> str:
    decoder: Callable[..., str] = codecs.getincrementaldecoder(encoding)(errors="replace").decode
    return decoder(stream.read(1 << 18))


def _separator(lines: list[str]) -> str:
    """Return the sign that cuts the header into most columns, and the next lines alike."""

    def merit(sign: str) -> tuple[int, int]:
        rows = [row for row in csv.reader(lines, delimiter=sign) if row]
        width = len(rows[0])
        return (width if width > 1 else 0, sum(len(row) == width for row in rows))

    return max(SEPARATORS, key=merit)


def _refuse_duplicates(name: str, header: tuple[str, ...]) -> None:
    named = [column for column in header if column]
    twice = [column for column in named if named.count(column) > 1]
    if twice:
        raise errors.DuplicateColumns(name, twice)
