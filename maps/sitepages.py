"""Views of the pages that belong to the site as a whole: glossary and living style page."""

from __future__ import annotations

import re
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from maps.glossary import entries

TOKENS = Path(__file__).parent / "static/maps/css/tokens.css"


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    """Show the words of the field and what they mean."""
    return render(request, "maps/glossary.html", {"entries": entries()})


def colours() -> list[tuple[str, str]]:
    """Return the name and value of each colour token, as the style sheet declares them."""
    return re.findall(r"(--[a-z-]+): (#[0-9a-f]{6});", TOKENS.read_text())


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """Show every token and component, as the pages use them."""
    return render(request, "maps/style.html", {"colours": colours()})
