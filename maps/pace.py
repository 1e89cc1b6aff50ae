"""Maps and sheets are drawn for one caller at a measured pace, so that all are answered."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from layers.throttling import PerDrawing, seconds_to_wait

View = Callable[..., HttpResponse]


def at_a_measured_pace(view: View) -> View:
    """Count each drawing of a caller; past the rate, say when to ask again (429)."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        seconds = seconds_to_wait(request, PerDrawing())
        if not seconds:
            return view(request, *args, **kwargs)
        refused = render(request, "429.html", {"seconds": seconds}, status=429)
        refused.headers["Retry-After"] = str(seconds)
        refused.headers["Cache-Control"] = "no-store"
        return refused

    return answer
