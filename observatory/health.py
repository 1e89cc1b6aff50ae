"""The address that tells a supervisor the site answers."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as soon as the process serves requests; no database is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [path("", healthz, name="healthz")]
