"""The description of the API (OpenAPI 3.0), under the media type that its readers ask for."""

from __future__ import annotations

from typing import Any

from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from layers.openview import InOurWords

# With the version: GDAL refuses a description that does not say it.
OPENAPI = f"{OpenApiJsonRenderer.media_type};version=3.0"


class Schema(InOurWords, SpectacularJSONAPIView):
    """The description, as OpenAPI or as plain JSON where that is asked for."""

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
