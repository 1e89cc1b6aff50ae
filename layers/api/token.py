"""A token for programs, against a name and a password."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.authtoken.views import ObtainAuthToken

from layers.api import documented as words
from layers.openview import InOurWords
from layers.throttling import PerSignIn

TOKEN: dict[str, Any] = {
    "type": "object",
    "required": ["token"],
    "properties": {"token": {"type": "string"}},
}


class Token(InOurWords, ObtainAuthToken):
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
