"""The GeoTIFFs over HTTP, whole or in ranges, as GDAL and browsers read them from afar."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from layers.access import as_seen_by
from layers.caching import etag_of, lifetime, unchanged
from layers.declarations import VINTAGE
from layers.parameters import integer, read_all
from layers.problems import read_only
from layers.rasters.publish import Cells, cells_of, write
from layers.registry import REGISTRY
from layers.version import version_of
from observatory.paths import home

GEOTIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
EPSG = integer("epsg", 1024, 32767, "System of the grid: 3035 in metropolitan France.")
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
PIECE = 1 << 18
FOLDER = "rasters"


@read_only
def cells(request: HttpRequest, variable: str) -> HttpResponse:
    """Answer one variable of the cells as a cloud-optimised GeoTIFF."""
    given = [(name, texts) for name, texts in request.GET.lists() if name != "v"]
    values = read_all((VINTAGE, EPSG), given)
    layers, public = as_seen_by(request, [REGISTRY.get("cells")])
    vintage = values["vintage"]
    wanted = cells_of(variable, str(vintage) if vintage else None, int(str(values["epsg"] or 3035)))
    version = version_of(layers)
    etag, lasting = etag_of(version, public), lifetime(request, version, public)
    response = unchanged(request, etag, lasting)
    if response is None:
        response = _part(request, _kept(wanted, version), etag)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = lasting
        response.headers["Content-Disposition"] = f'inline; filename="cells-{variable}.tif"'
        if public:
            response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _kept(wanted: Cells, version: str) -> Path:
    """Return the file of this version, made at first ask, by one process while others wait."""
    folder = home() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / version / f"{wanted.dataset.pk}-{wanted.epsg}-{wanted.variable}.tif"
    if target.exists():
        return target
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not target.exists():
            for old in folder.glob("*/"):
                if old.name != version:
                    shutil.rmtree(old, ignore_errors=True)
            target.parent.mkdir(exist_ok=True)
            made = target.with_suffix(".part")
            write(wanted, made)
            made.replace(target)
    return target


def _part(request: HttpRequest, path: Path, etag: str) -> HttpResponse:
    """Return the whole file, or the range asked for (RFC 9110; one range, as GDAL asks)."""
    size = path.stat().st_size
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if request.headers.get("If-Range", etag) != etag or (asked and _is_no_range(*asked.groups())):
        asked = None  # what is no range is not looked at (RFC 9110, 14.1.1 and 14.2)
    first, last = 0, size - 1
    if asked:
        start, end = asked.groups()
        first = int(start) if start else max(0, size - int(end))
        last = min(int(end), size - 1) if start and end else size - 1
        if first > last:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = StreamingHttpResponse(_pieces(path, first, last), content_type=GEOTIFF)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(last - first + 1)
    if asked:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response  # type: ignore[return-value]


def _is_no_range(start: str, end: str) -> bool:
    return (not start and not end) or bool(start and end and int(end) < int(start))


def _pieces(path: Path, first: int, last: int) -> Iterator[bytes]:
    with path.open("rb") as handle:
        handle.seek(first)
        left = last - first + 1
        while left > 0 and (piece := handle.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
