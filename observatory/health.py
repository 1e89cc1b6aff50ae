"""The addresses that tell a supervisor the site answers, and how it fares."""

import os
from secrets import compare_digest

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from observatory.models import Right
from observatory.permissions import may
from observatory.settings import OPTIONS

NEARBY = ("127.0.0.1", "::1", "")  # the last one: a Unix socket


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as soon as the process serves requests; no database is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the counters of all server processes, to those who look after the site only."""
    if not _looks_after_the_site(request):
        return HttpResponse("Nothing is served here.\n", status=404, content_type="text/plain")
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """Return what gathers the files of all processes, where the server keeps such files."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def _looks_after_the_site(request: HttpRequest) -> bool:
    """Tell a program on this machine, the bearer of the token, or an administrator."""
    sent = request.headers.get("Authorization", "")
    if OPTIONS.metrics_token and compare_digest(sent, f"Bearer {OPTIONS.metrics_token}"):
        return True
    # A reverse proxy on this machine is near too, but says for whom it asks.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if request.META.get("REMOTE_ADDR", "") in NEARBY and not forwarded:
        return True
    return may(request.user, Right.ADMINISTER)


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
]
