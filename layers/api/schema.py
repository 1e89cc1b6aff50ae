"""The description of the API (OpenAPI 3.0), under the media type that its readers ask for."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from layers.openview import as_ours
from layers.problems import problem

# With the version: GDAL refuses a description that does not say it.
OPENAPI = f"{OpenApiJsonRenderer.media_type};version=3.0"


class Schema(SpectacularJSONAPIView):
    """The description, as OpenAPI or as plain JSON where that is asked for."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Answer every refusal as a problem document."""
        if isinstance(exc, exceptions.APIException | Http404):
            return problem(self.request, as_ours(exc))
        raise exc

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Say which version of OpenAPI it is."""
        if not hasattr(response, "data"):  # a refusal, worded already
            return response
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if answer.accepted_media_type.startswith(OpenApiJsonRenderer.media_type):
            answer.content_type = OPENAPI
        return answer
