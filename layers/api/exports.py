"""Layers as files, with the same filters as their features."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from layers import crs as systems
from layers.access import one_as_seen_by
from layers.api import documented as words
from layers.errors import BadParameter, Busy, UnknownPage
from layers.exports.files import FORMATS, Format
from layers.openview import OpenView
from layers.registry import REGISTRY
from layers.selection import Dialect, Selection, read

DIALECT = Dialect(crs=systems.by_number, order="ordering", fields="fields", ignored=frozenset())
# A file holds all that is selected, with its shapes; silence would pass off a part for what it is.
OF_PAGES = ("limit", "offset", "after", "skipGeometry")
# Each holds a connection and a share of the disk for as long as it lasts.
AT_ONCE = 2
PIECE = 1 << 18
_slots = threading.BoundedSemaphore(AT_ONCE)


class Export(OpenView):
    """One layer as a file."""

    @extend_schema(
        operation_id="exportLayer",
        summary="A layer as a file",
        description="geojson, csv (a zip with its metadata), xlsx, gpkg or parquet.",
        parameters=[*words.PLACE, words.ORDERING, words.FIELDS, words.CRS],
        responses={(200, form.media_type): bytes for form in FORMATS.values()} | words.REFUSALS,
    )
    def get(self, request: Request, name: str, extension: str) -> HttpResponse:
        """Answer the file; nothing of it is kept afterwards."""
        if extension not in FORMATS:
            raise UnknownPage(f"Files are made as {', '.join(FORMATS)}, not {extension[:20]!r}.")
        layer = REGISTRY.get(name)
        for given in OF_PAGES:
            if given in request.GET:
                raise BadParameter(
                    f"'{given}' is not a parameter of files: they hold all that is selected.",
                    "Narrow it with bbox or a filter, or ask for pages.",
                )
        selection = read(layer, request.GET, DIALECT).unpaged()
        selection = replace(selection, layer=one_as_seen_by(request, layer))
        form = FORMATS[extension]
        response = StreamingHttpResponse(_pieces(form, selection), content_type=form.media_type)
        file_name = form.name_for(selection)
        response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
        response.headers["Cache-Control"] = "private, no-store"
        return response  # type: ignore[return-value]


def _pieces(form: Format, selection: Selection) -> Iterator[bytes]:
    """Return the pieces of the file; what can be refused is refused before the first one."""
    work = _of_a_file(form, selection) if form.write else _of_a_stream(form, selection)
    first = next(work, b"")

    def all_pieces() -> Iterator[bytes]:
        yield first
        yield from work

    return all_pieces()


def _of_a_file(form: Format, selection: Selection) -> Iterator[bytes]:
    assert form.write is not None  # noqa: S101 - the caller chose
    with tempfile.TemporaryDirectory(prefix="observatory-export-") as folder:
        path = Path(folder) / form.name_for(selection)
        with _slot():
            form.write(selection, path)
        with path.open("rb") as handle:
            while piece := handle.read(PIECE):
                yield piece


def _of_a_stream(form: Format, selection: Selection) -> Iterator[bytes]:
    assert form.stream is not None  # noqa: S101
    with _slot():
        yield from form.stream(selection)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(blocking=False):
        raise Busy("Too many files are being made at this moment.", "Ask again in a minute.")
    try:
        yield
    finally:
        _slots.release()
