"""Failures answered as problem documents (RFC 9457)."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request

from layers.errors import BadParameter, LayersError, MethodRefused, NotReady, UnknownPage

log = logging.getLogger(__name__)

View = Callable[..., HttpResponse]
CONTENT_TYPE = "application/problem+json"
# What no other address matches; Django's own "path" stops at the end of a line.
REST = r"(?P<rest>[\s\S]*)$"


def problem(request: HttpRequest | Request, error: LayersError) -> HttpResponse:
    """Return the answer that tells ``error``: what is wrong, where, and what to do."""
    body = {
        "type": "about:blank",
        "title": str(error.title),
        "status": int(error.status),
        "detail": " ".join(text for text in (str(error), error.advice) if text),
        "instance": request.path,
    }
    response = JsonResponse(body, status=int(error.status), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if error.status == 401:  # RFC 9110 asks for it: how a program may say who it is
        response.headers["WWW-Authenticate"] = 'Token realm="api"'
    after = error.retry_after or (5 if error.status == 503 else None)
    if after:
        response.headers["Retry-After"] = str(after)
    return response


def answering_problems(view: View) -> View:
    """Make a view answer the package's errors as problem documents."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Exception as error:
            told = told_of(request, error)
            if told is None:
                raise
            return told

    return answer


def told_of(request: HttpRequest | Request, error: Exception) -> HttpResponse | None:
    """Return the answer that tells a refusal, None where ``error`` is a fault of ours."""
    refused = _refused(error)
    return None if refused is None else problem(request, refused)


def _refused(error: Exception) -> LayersError | None:
    if isinstance(error, LayersError):
        return error
    if isinstance(error, OperationalError):
        log.error("The database does not answer: %s", str(error).split("\n", maxsplit=1)[0])
        return NotReady("The database does not answer.", "Ask again in a moment.")
    if isinstance(error, TooManyFieldsSent):
        return BadParameter(
            f"At most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} parameters are read."
        )
    return None


def read_only(view: View) -> View:
    """Make a view answer GET and HEAD alone, and every refusal as a problem document."""
    answering = answering_problems(view)

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return answering(request, *args, **kwargs)
        refused = problem(request, MethodRefused("This address is only read.", "Use GET or HEAD."))
        refused.headers["Allow"] = "GET, HEAD"
        return refused

    return csrf_exempt(answer)  # nothing is written here: a refusal need not be a page


@csrf_exempt
@answering_problems
def no_such_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer an address of the map server that means nothing.

    One that only lacks its last slash is sent there.
    """
    if request.method in ("GET", "HEAD") and not rest.endswith("/") and _means(f"{request.path}/"):
        query = request.META.get("QUERY_STRING", "")
        there = f"{request.path}/" + (f"?{query}" if query else "")
        return HttpResponsePermanentRedirect(there)
    raise UnknownPage(
        str(_("Rien n’est servi à cette adresse.")),
        str(
            _(
                "Les couches sont à /tiles, leurs tuiles à /tiles/{couche}/{z}/{x}/{y}.pbf, "
                "l’API à /api/ et les API OGC à /ogc/."
            )
        ),
    )


def _means(path: str) -> bool:
    try:
        return resolve(path).func is not no_such_address
    except Resolver404:
        return False
