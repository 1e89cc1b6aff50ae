"""Failures answered as problem documents (RFC 9457)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.request import Request

from layers.errors import LayersError, UnknownPage

View = Callable[..., HttpResponse]
CONTENT_TYPE = "application/problem+json"


def problem(request: HttpRequest | Request, error: LayersError) -> HttpResponse:
    """Return the answer that tells ``error``: what is wrong, where, and what to do."""
    body = {
        "type": "about:blank",
        "title": error.title,
        "status": int(error.status),
        "detail": " ".join(text for text in (str(error), error.advice) if text),
        "instance": request.path,
    }
    response = JsonResponse(body, status=int(error.status), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if error.status == 503:
        response.headers["Retry-After"] = "5"
    return response


def answering_problems(view: View) -> View:
    """Make a view answer the package's errors as problem documents."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except LayersError as error:
            return problem(request, error)

    return answer


@answering_problems
def no_such_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer an address of the map server that means nothing."""
    raise UnknownPage(
        "Nothing is served here.",
        "Tiles are at /tiles/{layer}/{z}/{x}/{y}.pbf, the list of layers at /tiles.",
    )
