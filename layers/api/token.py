"""A token for programs, against a name and a password."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.authtoken.views import ObtainAuthToken

from layers.api import documented as words
from layers.openview import as_ours
from layers.problems import problem
from layers.throttling import PerSignIn

TOKEN: dict[str, Any] = {
    "type": "object",
    "required": ["token"],
    "properties": {"token": {"type": "string"}},
}


class Token(ObtainAuthToken):
    """Give the token of whoever signs in; it stands for the person at every API and tile."""

    throttle_classes = (PerSignIn,)

    @extend_schema(
        operation_id="obtainToken",
        summary="A token for programs",
        request=AuthTokenSerializer,
        responses={200: TOKEN, 400: words.PROBLEM, 415: words.PROBLEM, 429: words.PROBLEM},
    )
    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer the token. A wrong name and a wrong password are refused alike."""
        return super().post(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Answer every refusal as a problem document."""
        if isinstance(exc, exceptions.APIException | Http404):
            return problem(self.request, as_ours(exc))
        raise exc

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Leave Django's own responses as they are."""
        if not hasattr(response, "data"):
            return response
        return super().finalize_response(request, response, *args, **kwargs)
