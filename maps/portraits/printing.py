"""Portraits and sheets of themes on paper, laid out by WeasyPrint; nothing is fetched outside."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import timezone

from carroyage.models import GridDataset
from maps.charts.locator import draw_locator
from maps.charts.theme import CONTENT_TYPES
from maps.charts.trend import draw_trend
from maps.portraits.portrait import Portrait
from maps.portraits.themes import Sheet

STATIC = Path(__file__).parents[1] / "static/maps"
# It tells every step it takes, at the level of plain news.
logging.getLogger("weasyprint.progress").setLevel(logging.ERROR)
SHEETS = ("css/tokens.css", "css/print.css")


def _inlined(drawing: bytes, form: str) -> str:
    return f"data:{CONTENT_TYPES[form]};base64," + base64.b64encode(drawing).decode()


def pdf_of(portrait: Portrait, dataset: GridDataset | None) -> bytes:
    """Return the portrait as a PDF, in the language in force."""
    map_ = ""
    if portrait.outline is not None:
        map_ = _inlined(draw_locator(portrait.territory, portrait.outline, dataset, "png"), "png")
    charts = [(one, _inlined(draw_trend(one, "svg", 4.4, 1.75), "svg")) for one in portrait.series]
    context = {"portrait": portrait, "map": map_, "charts": charts, "day": timezone.localdate()}
    return laid_out(render_to_string("maps/portraits/print.html", context))


def pdf_of_sheet(sheet: Sheet) -> bytes:
    """Return the sheet of a theme as a PDF on its side, in the language in force."""
    context = {"sheet": sheet, "day": timezone.localdate()}
    return laid_out(render_to_string("maps/portraits/theme-print.html", context), "css/wide.css")


def laid_out(page: str, *more: str) -> bytes:
    """Return a page of HTML as a tagged PDF; ``more`` are further style sheets of ours."""
    # Read where a page is printed: no other page of the site waits for it.
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fonts = FontConfiguration()
    base = (STATIC / "css").as_uri() + "/"
    # Our own style sheets and font, and drawings written into the page: nothing from a network.
    fetcher = URLFetcher(allowed_protocols=("file", "data"), fail_on_errors=True)
    sheets = [
        CSS(filename=STATIC / name, font_config=fonts, url_fetcher=fetcher)
        for name in (*SHEETS, *more)
    ]
    document = HTML(string=page, base_url=base, url_fetcher=fetcher)
    return document.write_pdf(stylesheets=sheets, font_config=fonts, pdf_variant="pdf/ua-1")
