"""A real browser on a live site with a small town in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.maps.facts import build_facts
from tests.maps.screen import Screen
from tests.maps.town import build_town

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
ARGUMENTS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--force-color-profile=srgb",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return one browser for the whole session; skip where the machine has none."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine: install it, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django takes for an async caller.
        before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def town(transactional_db: None) -> None:
    """Store the small town as demonstration data."""
    build_town()


@pytest.fixture
def facts(db: None) -> None:
    """Store the town with its figures, for pages asked without a browser."""
    build_town()
    build_facts()


@pytest.fixture
def new_screen(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Screen]]:
    """Return a maker of screens; each must end without complaint and without a request outside.

    Tests that provoke trouble on purpose say so with ``troubled=True``.
    """
    made: list[tuple[Screen, bool]] = []

    def make(
        width: int = 1100, height: int = 760, *, troubled: bool = False, **options: Any
    ) -> Screen:
        # Moves without animation: the map settles at once, and it is asked for by real people.
        options = {"reduced_motion": "reduce"} | options
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        screen = Screen(context.new_page(), live_server.url)
        made.append((screen, troubled))
        return screen

    yield make
    for screen, troubled in made:
        outside, complaints = screen.outside_requests(), screen.complaints
        screen.page.context.close()
        assert outside == []
        assert troubled or complaints == []


@pytest.fixture
def screen(town: None, new_screen: Callable[..., Screen]) -> Screen:
    """Return a desktop screen on the site with the town."""
    return new_screen()
