"""Opening whatever comes: what a file is, judged by its content, and its safe unpacking.

Only existing local files are ever opened, so that no reader below can be talked into the
network by a name.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from importers import errors

LARGEST_UNPACKED = 8 << 30
LARGEST_MEMBER_COUNT = 2_000
# Text and coordinates never pack better than this; a bomb does.
HIGHEST_RATIO = 120
RATIO_MATTERS_FROM = 20 << 20

DATA_PARTS = {".csv", ".txt", ".parquet", ".gpkg", ".geojson", ".json"}
SHAPE_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}


class Kind(StrEnum):
    """What a file is, by its content."""

    CSV = "csv"
    GZIP = "gz"
    ZIP = "zip"
    PARQUET = "parquet"
    GEOPACKAGE = "gpkg"
    GEOJSON = "geojson"
    SHAPEFILE = "shp"


WORDS = {
    Kind.CSV: "a text table",
    Kind.GZIP: "a gzip archive",
    Kind.ZIP: "a zip archive",
    Kind.PARQUET: "a Parquet file",
    Kind.GEOPACKAGE: "a GeoPackage",
    Kind.GEOJSON: "a GeoJSON document",
    Kind.SHAPEFILE: "a shapefile",
}
EXTENSIONS = {
    Kind.CSV: (".csv", ".txt", ".tsv"),
    Kind.GZIP: (".gz",),
    Kind.ZIP: (".zip",),
    Kind.PARQUET: (".parquet",),
    Kind.GEOPACKAGE: (".gpkg",),
    Kind.GEOJSON: (".geojson", ".json"),
    Kind.SHAPEFILE: (".shp",),
}
SAVE_AS_CSV = "Open it in a spreadsheet and save it as CSV UTF-8."
FOREIGN = {
    b"%PDF": ("a PDF document", "Ask the producer for the table or layer itself."),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "Unpack it first (7z x), then load what it holds."),
    b"Rar!": ("a RAR archive", "Unpack it first, then load what it holds."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", SAVE_AS_CSV),
    b"version https://git-lfs": (
        "a Git LFS pointer, which stands for a file stored elsewhere",
        "Fetch the file itself (git lfs pull).",
    ),
}


@dataclass(frozen=True)
class Opened:
    """A file ready to be read.

    ``name`` is what the person gave, for messages; ``data`` holds the data files of one kind
    (several shapefiles of one zip); ``ignored`` names what a zip holds besides.
    """

    name: str
    kind: Kind
    data: tuple[Path, ...]
    gzipped: bool = False
    ignored: tuple[str, ...] = ()

    def stream(self) -> BinaryIO:
        """Open the (only) data file for reading bytes, unpacking gzip on the way."""
        if self.gzipped:
            return cast(BinaryIO, gzip.open(self.data[0], "rb"))
        return self.data[0].open("rb")


def local_file(path: Path | str) -> Path:
    """Return the path of an existing, readable, non-empty local file, or say what is wrong."""
    path = Path(path)
    try:
        if path.is_dir():
            raise errors.FolderGiven(path)
        if not path.is_file():
            raise errors.FileMissing(path)
        with path.open("rb") as handle:
            if not handle.read(1):
                raise errors.EmptyFile(path.name)
    except PermissionError:
        raise errors.NotAllowedToRead(path) from None
    return path


def kind_of(path: Path, name: str = "") -> Kind:
    """Tell what a file is from its first bytes.

    Raises
    ------
    WebPageGiven, WrongContent, WrongExtension, TruncatedArchive, UnreadableFile
    """
    name = name or path.name
    with path.open("rb") as handle:
        head = handle.read(4096)
    _refuse_foreign(head, name)
    kind = _by_signature(path, head, name) or _by_text(head, name)
    _refuse_misnamed(kind, name)
    return kind


def _refuse_foreign(head: bytes, name: str) -> None:
    for signature, (found, advice) in FOREIGN.items():
        if head.startswith(signature):
            raise errors.WrongContent(name, found, advice)


def _by_signature(path: Path, head: bytes, name: str) -> Kind | None:
    if head.startswith(b"PK"):
        return _zip_kind(path, name)
    if head.startswith(b"\x1f\x8b"):
        return Kind.GZIP
    if head.startswith(b"PAR1"):
        return Kind.PARQUET
    if head.startswith(b"SQLite format 3\x00"):
        return Kind.GEOPACKAGE
    if head.startswith(b"\x00\x00\x27\x0a"):
        return Kind.SHAPEFILE
    return None


def _zip_kind(path: Path, name: str) -> Kind:
    if not zipfile.is_zipfile(path):
        raise errors.TruncatedArchive(name, "zip")
    with zipfile.ZipFile(path) as archive:
        if "[Content_Types].xml" in archive.namelist():
            raise errors.WrongContent(name, "an Excel workbook or office document", SAVE_AS_CSV)
    return Kind.ZIP


def _by_text(head: bytes, name: str) -> Kind:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise errors.WebPageGiven(name, "a web page (HTML)")
    if start.startswith(b"<"):
        raise errors.WebPageGiven(name, "an XML document")
    if start.startswith((b"{", b"[")):
        return Kind.GEOJSON
    if not start:
        raise errors.EmptyFile(name, "holds nothing but blanks")
    return Kind.CSV


def _refuse_misnamed(kind: Kind, name: str) -> None:
    extension = Path(name).suffix.lower()
    known = {end for ends in EXTENSIONS.values() for end in ends}
    if extension not in known or extension in EXTENSIONS[kind]:
        return
    if kind is Kind.CSV and extension == ".gz":
        raise errors.TruncatedArchive(name, "gz")
    if kind is Kind.CSV and extension not in EXTENSIONS[Kind.CSV]:
        raise errors.UnreadableFile(name, f"its content is not {_word_of(extension)}")
    raise errors.WrongExtension(name, WORDS[kind], EXTENSIONS[kind][0])


def _word_of(extension: str) -> str:
    return next(WORDS[kind] for kind, ends in EXTENSIONS.items() if extension in ends)


@contextmanager
def opened(path: Path | str) -> Iterator[Opened]:
    """Open a file of any known kind; a zip is unpacked into a folder that goes afterwards."""
    path = local_file(path)
    kind = kind_of(path)
    if kind is Kind.ZIP:
        folder = Path(tempfile.mkdtemp(prefix="observatory-load-"))
        try:
            yield _unpacked(path, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    elif kind is Kind.GZIP:
        yield _gunzipped(path)
    else:
        if kind is Kind.SHAPEFILE:
            _refuse_incomplete(path)
        yield Opened(path.name, kind, (path,))


def _gunzipped(path: Path) -> Opened:
    opened_file = Opened(path.name, Kind.CSV, (path,), gzipped=True)
    try:
        with opened_file.stream() as stream:
            head = stream.read(4096)
    except (EOFError, OSError):
        raise errors.TruncatedArchive(path.name, "gz") from None
    if not head:
        raise errors.EmptyFile(path.name)
    _refuse_foreign(head, path.name)
    if _by_text(head, path.name) is not Kind.CSV:
        raise errors.WrongContent(
            path.name, "a gzip archive of something else than a table", "Unpack it (gunzip) first."
        )
    return opened_file


def _unpacked(path: Path, folder: Path) -> Opened:
    try:
        with zipfile.ZipFile(path) as archive:
            refuse_unsafe(archive, path.name)
            wanted, ignored = _sorted_members(archive)
            for member in wanted:
                archive.extract(member, folder)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise errors.TruncatedArchive(path.name, "zip") from error
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    data, kind = _main_files(path.name, found, ignored)
    return Opened(path.name, kind, data, ignored=tuple(ignored))


def refuse_unsafe(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse an archive that would write outside its folder or swell. Raises UnsafeArchive."""
    members = archive.infolist()
    if len(members) > LARGEST_MEMBER_COUNT:
        raise errors.UnsafeArchive(name, f"it holds {len(members)} files")
    for member in members:
        parts = member.filename.replace("\\", "/").split("/")
        if member.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            raise errors.UnsafeArchive(name, "it holds a path that leaves its own folder")
        if member.flag_bits & 1:
            raise errors.UnsafeArchive(name, "it is protected by a password")
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > RATIO_MATTERS_FROM and ratio > HIGHEST_RATIO:
            raise errors.UnsafeArchive(name, f"a part swells {ratio:.0f} times (a zip bomb)")
    total = sum(member.file_size for member in members)
    if total > LARGEST_UNPACKED:
        raise errors.UnsafeArchive(name, f"it would unpack to {total >> 30} GB (a zip bomb)")


def _sorted_members(archive: zipfile.ZipFile) -> tuple[list[zipfile.ZipInfo], list[str]]:
    wanted, ignored = [], []
    for member in archive.infolist():
        if member.is_dir() or member.filename.startswith("__MACOSX/"):
            continue
        suffix = Path(member.filename).suffix.lower()
        if suffix in DATA_PARTS | SHAPE_PARTS:
            wanted.append(member)
        else:
            ignored.append(member.filename)
    return wanted, ignored


def _main_files(name: str, found: list[Path], ignored: list[str]) -> tuple[tuple[Path, ...], Kind]:
    shapes = tuple(file for file in found if file.suffix.lower() == ".shp")
    tables = tuple(file for file in found if file.suffix.lower() in DATA_PARTS)
    if shapes:
        for shape in shapes:
            _refuse_incomplete(shape)
        return shapes, Kind.SHAPEFILE
    if len(tables) == 1:
        return tables, kind_of(tables[0])
    held = [file.name for file in found] + ignored
    raise errors.NothingToLoad(name, held)


def _refuse_incomplete(shape: Path) -> None:
    there = {file.suffix.lower() for file in shape.parent.glob(f"{shape.stem}.*")}
    for part in (".dbf", ".shx"):
        if part not in there:
            raise errors.MissingPart(shape.stem, part)
