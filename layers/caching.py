"""Validators and lifetimes: what a browser, a reverse proxy or a CDN may keep, and how long."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.request import Request

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
FOR_ONE_PERSON = "private, no-cache"
GZIP = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q\s*=\s*([0-9.]*)\s*)?(?=,|$)", re.I | re.A)


def etag_of(version: str, public: bool, compressed: bool = False) -> str:
    """Return the strong validator of one representation made from one data version."""
    return f'"{version}{"" if public else "p"}{"z" if compressed else ""}"'


def lifetime(request: HttpRequest | Request, version: str, public: bool) -> str:
    """Return Cache-Control: for ever only where the address names the version it got."""
    if not public:
        return FOR_ONE_PERSON
    return FOREVER if request.GET.get("v") == version else ASK_AGAIN


def unchanged(request: HttpRequest | Request, etag: str, cache_control: str) -> HttpResponse | None:
    """Return the 304 (or 412) the request's conditions call for, None to answer in full."""
    response = get_conditional_response(request, etag=etag)
    if response is not None:
        response.headers["ETag"] = etag
        # A failed condition is one request's own: no cache may hand it to another.
        response.headers["Cache-Control"] = (
            cache_control if response.status_code == 304 else "no-store"
        )
    return response


@lru_cache(maxsize=64)
def takes_gzip(accepted: str) -> bool:
    """Tell whether Accept-Encoding names gzip without refusing it (``gzip;q=0``)."""
    found = GZIP.search(accepted)
    return found is not None and (found[1] is None or found[1].strip("0.") != "")


def unmet(environ: Mapping[str, Any], etag: str) -> str | None:
    """Return the status the conditions of a request call for, None to answer it in full.

    The short form, for the tile gate, of what Django does for every other answer: tags alone,
    If-Match before If-None-Match (RFC 9110, 13.2.2). Tiles exist always, so ``*`` matches them.
    """
    wanted = environ.get("HTTP_IF_MATCH")
    if wanted is not None and not {"*", etag} & set(parse_etags(wanted)):
        return "412 Precondition Failed"
    held = environ.get("HTTP_IF_NONE_MATCH")
    if held is not None and {"*", etag} & {tag.removeprefix("W/") for tag in parse_etags(held)}:
        return "304 Not Modified"
    return None


def json_answer(request: HttpRequest | Request, body: dict[str, Any]) -> HttpResponse:
    """Return JSON that must be asked for again each time, with an ETag made of its text.

    Labels follow the language chosen on the site, and lists follow the person's rights.
    """
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    response = unchanged(request, etag, FOR_ONE_PERSON)
    if response is None:
        response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = FOR_ONE_PERSON
    patch_vary_headers(response, ["Cookie"])
    return response
