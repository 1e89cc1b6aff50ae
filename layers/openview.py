"""What the REST API and the OGC APIs have in common: who asks, which form, how failures answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from layers.caching import json_answer
from layers.credentials import unidentified
from layers.errors import (
    BadBody,
    Forbidden,
    LayersError,
    MethodRefused,
    NotAcceptable,
    TooManyCalls,
    UnknownPage,
    UnsupportedBody,
)
from layers.problems import problem, told_of

GEOJSON = "application/geo+json"
JSON = "application/json"
HTML = "text/html"


class FirstRenderer(BaseContentNegotiation):
    """The form follows ``f`` or Accept in the views themselves, which also know HTML."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the first parser."""
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        """Return the first renderer."""
        first = next(iter(renderers))
        return first, first.media_type


class ElseTheFirst(DefaultContentNegotiation):
    """Where no renderer has the form that Accept asks for, the first one answers all the same."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        """Return the renderer asked for, or the first one."""
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except exceptions.NotAcceptable:
            return renderers[0], renderers[0].media_type


class InOurWords(APIView):
    """A view of the framework whose refusals are problem documents."""

    content_negotiation_class: type[BaseContentNegotiation] = ElseTheFirst

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Answer every refusal as a problem document."""
        if isinstance(exc, exceptions.APIException | Http404):
            exc = as_ours(exc)
        told = told_of(self.request, exc)
        if told is None:
            raise exc
        return told

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Leave Django's own responses as they are."""
        if hasattr(response, "accepted_renderer") or not hasattr(response, "data"):
            return response
        return super().finalize_response(request, response, *args, **kwargs)


class OpenView(InOurWords):
    """A view of the open APIs. Rights are asked layer by layer, never by a class of users."""

    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = FirstRenderer
    http_method_names = ["get", "head", "options"]


def as_ours(error: Exception) -> LayersError:
    """Return what the framework refuses as one of our own errors, in our words."""
    if isinstance(error, exceptions.MethodNotAllowed):
        return MethodRefused("This address is only read.", "Use GET or HEAD.")
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        return unidentified(error)
    if isinstance(error, exceptions.NotFound | Http404):
        return UnknownPage(str(_("Rien n’est servi à cette adresse.")))
    if isinstance(error, exceptions.UnsupportedMediaType):
        return UnsupportedBody("Send a form or JSON.")
    if isinstance(error, exceptions.ValidationError | exceptions.ParseError):
        return BadBody("What was sent is not what this address takes.")
    if isinstance(error, exceptions.PermissionDenied):
        return Forbidden("This needs a right that you do not hold here.")
    if isinstance(error, exceptions.Throttled):
        return TooManyCalls(max(1, math.ceil(getattr(error, "wait", None) or 1)))
    raise error


def refusal(error: Exception, context: dict[str, Any]) -> HttpResponse | Response | None:
    """Answer what views of other rooms refuse: too many calls in our words, the rest in theirs.

    Named in the settings of the framework.
    """
    if isinstance(error, exceptions.Throttled):
        return problem(context["request"], as_ours(error))
    return exception_handler(error, context)


def wanted_form(request: HttpRequest | Request, allowed: Mapping[str, str]) -> str:
    """Return the media type asked for by ``f``, or by Accept, or the first one allowed.

    ``allowed`` gives the media type of each value of ``f``. Raises NotAcceptable.
    """
    asked = request.GET.get("f")
    if asked is not None:
        if asked not in allowed:
            raise NotAcceptable(f"'f={asked[:40]}' is not one of: {', '.join(allowed)}.")
        return allowed[asked]
    forms = list(allowed.values())
    accepted = request.headers.get("Accept", "*/*")
    best = [form for form in forms if form in accepted]
    # Browsers name HTML before anything else; programs name JSON or nothing.
    if HTML in best and accepted.find(HTML) <= min(accepted.find(form) for form in best):
        return HTML
    return next((form for form in best if form != HTML), forms[0])


def answer_json(request: Any, body: dict[str, Any], form: str = JSON) -> HttpResponse:
    """Return JSON with a validator, to be asked for again each time."""
    response = json_answer(request, body)
    if isinstance(response, JsonResponse):
        response.headers["Content-Type"] = form
    return response
