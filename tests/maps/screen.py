"""What a person sees and does on the page, in a real browser."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import ConsoleMessage, Page, Request, TimeoutError

from tests.maps.town import Place

WATCH_POLICY = """
window.refusals = [];
document.addEventListener('securitypolicyviolation',
    (event) => window.refusals.push(event.violatedDirective + ' ' + event.blockedURI));
"""
READY = "#explorer[data-state=ready]"
# Software rendering on a shared machine: slow, but it ends.
PATIENCE_MS = 60_000

Colour = tuple[int, int, int]


class Screen:
    """A page of the site, with everything it asked for and complained of."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(WATCH_POLICY)
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    # -- going somewhere ------------------------------------------------------------------

    def open(self, path: str = "/", *, ready: str = READY) -> Screen:
        """Open an address of the site and wait until what ``ready`` names is there."""
        self.page.goto(self.origin + path)
        if ready == READY:
            self._drawn(f"document.querySelector('{READY}') !== null", "the map is never ready")
            self.settle()
        else:
            self.page.wait_for_selector(ready, state="attached")
        return self

    def settle(self) -> None:
        """Wait until the map has drawn all it was asked to; fail with its state if it never has.

        An evaluated promise would wait for ever: only ``wait_for_function`` has an end.
        """
        self.page.evaluate(
            """() => {
                const { map } = window.observatory;
                window.settled = false;
                map.once('idle', () => { window.settled = true; });
            }"""
        )
        self._drawn("window.settled", "the map never settles")

    def _drawn(self, holds: str, otherwise: str) -> None:
        # Asked again each time: a frame the browser leaves out would never come by itself.
        asks = f"() => {{ window.observatory?.map.triggerRepaint(); return {holds}; }}"
        try:
            self.page.wait_for_function(asks, polling=100)
        except TimeoutError as error:
            raise AssertionError(f"{otherwise}: {self.state_of_the_map()}") from error

    def state_of_the_map(self) -> dict[str, Any]:
        """Return what the map still waits for."""
        return self.page.evaluate(
            """() => {
                const state = document.getElementById('explorer').dataset.state;
                if (!window.observatory) return { state, complaint: 'no map' };
                const { map } = window.observatory;
                const waiting = Object.keys(map.getStyle().sources)
                    .filter((id) => !map.isSourceLoaded(id));
                const gl = map.painter.context.gl;
                return { state, style: map.isStyleLoaded(), tiles: map.areTilesLoaded(), waiting,
                    moving: map.isMoving(), lost: gl.isContextLost() };
            }"""
        )

    # -- looking --------------------------------------------------------------------------

    def text(self, selector: str) -> str:
        """Return the visible text of an element, its special spaces made plain."""
        return plain(self.page.inner_text(selector))

    def texts(self, selector: str) -> list[str]:
        """Return the visible text of every such element."""
        return [plain(text) for text in self.page.locator(selector).all_inner_texts()]

    def shows(self, selector: str) -> bool:
        """Tell whether an element is visible."""
        return self.page.locator(selector).is_visible()

    def point_of(self, where: tuple[float, float]) -> tuple[float, float]:
        """Return the place on screen of a longitude and latitude."""
        x, y = self.page.evaluate(
            """([lon, lat]) => {
                const { map } = window.observatory;
                const at = map.project([lon, lat]);
                const box = map.getContainer().getBoundingClientRect();
                return [box.left + at.x, box.top + at.y];
            }""",
            list(where),
        )
        return x, y

    def patch(self, place: Place, half: int = 3) -> list[Colour]:
        """Return the colours of a small square in the middle of a cell, as drawn on screen."""
        x, y = self.point_of(place.centre)
        clip = {"x": x - half, "y": y - half, "width": 2 * half, "height": 2 * half}
        picture = Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB")
        pixels = picture.load()
        return [pixels[column, row] for row in range(2 * half) for column in range(2 * half)]

    def swatch(self, number: int) -> Colour:
        """Return the colour the legend gives to a class."""
        css = self.page.locator(f"#legend [data-class='{number}'] .swatch").evaluate(
            "(node) => getComputedStyle(node).backgroundColor"
        )
        red, green, blue = (int(part) for part in css[4:-1].split(","))
        return red, green, blue

    # -- doing ----------------------------------------------------------------------------

    def click_on(self, place: Place) -> None:
        """Click the middle of a cell on the map."""
        self.page.mouse.click(*self.point_of(place.centre))

    def toggle(self, layer: str) -> None:
        """Click the box of a layer and wait for the map."""
        self.page.click(f"#layer-{layer}")
        self.settle()

    def choose(self, selector: str, value: str) -> None:
        """Choose an entry of a list and wait for the map."""
        self.page.select_option(selector, value)
        self.settle()

    # -- judging --------------------------------------------------------------------------

    def outside_requests(self) -> list[str]:
        """Return what was asked of any host but our own."""
        own = urlsplit(self.origin).netloc
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
            and urlsplit(url).netloc != own
        ]

    def refusals(self) -> list[Any]:
        """Return what the Content-Security-Policy refused."""
        return self.page.evaluate("window.refusals")


def plain(text: str) -> str:
    """Return a text with no-break and narrow spaces made plain, and runs of them joined."""
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def distance(one: Colour, other: Colour) -> int:
    """Return how far apart two colours are: the largest difference of a channel."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
