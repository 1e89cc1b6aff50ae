"""How soon the explorer's first map is there, beside a bare MapLibre page with the same tiles.

The bare page is made of the explorer's own style, read from it beforehand, at the same place: it
has the same library, sources, layers and letters, and nothing else. Both are opened in turn in
the same browser, each time with nothing kept, and timed from the start of the navigation to the
first moment the map is idle with all of it drawn. Then the script time of what people do.

python -m benchmarks.pages_first_map http://localhost:8000 [path]
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROUNDS = 5
SIZE: Any = {"width": 1440, "height": 900}
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
READY = "#explorer[data-state=ready]"
WATCH = """
new MutationObserver(() => {
    const page = document.querySelector("#explorer[data-state=ready]");
    if (page && !window.firstMap) window.firstMap = performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
BARE = """<!doctype html><html lang="fr"><head><meta charset="utf-8">
<link rel="stylesheet" href="CSS"><link rel="stylesheet" href="TOKENS">
<link rel="modulepreload" href="LIBRARY"></head>
<body><div id="map" style="position:fixed;left:344px;top:70px;right:0;bottom:40px"></div>
<script type="module">
import * as maplibre from "LIBRARY";
maplibre.setWorkerUrl("WORKER");
const map = new maplibre.Map({
    container: "map", style: STYLE, center: CENTER, zoom: ZOOM,
    attributionControl: false, fadeDuration: 0,
});
map.on("styleimagemissing", ({ id }) => {
    map.addImage(id, { width: 1, height: 1, data: new Uint8Array(4) });
});
map.once("idle", () => { window.firstMap = performance.now(); });
</script></body></html>"""
DOES = {
    "colours the cells by another theme": "document.querySelector('#theme').value ="
    " 'niveau-de-vie'; document.querySelector('#theme').dispatchEvent(new Event('change',"
    " { bubbles: true }))",
    "puts a layer away": "document.querySelector('#layer-zones').click()",
    "opens the list of quarters": "document.querySelector('#tab-areas').click()",
    "chooses an indicator": "document.querySelector('#tab-thematic').click()",
}


def opened(context: BrowserContext, address: str) -> tuple[Page, float]:
    """Open a page; return it with the milliseconds until its first map."""
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.goto(address)
    page.wait_for_function("() => window.firstMap", polling=50)
    return page, float(page.evaluate("window.firstMap"))


def fresh(browser: Browser) -> BrowserContext:
    """Return a visitor nobody has seen before."""
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.add_init_script(WATCH)
    return context


def bare_page(browser: Browser, address: str) -> str:
    """Return the bare page that draws what the explorer draws."""
    context = fresh(browser)
    page, _ = opened(context, address)
    told = page.evaluate(
        """() => {
            const { map } = window.observatory;
            const root = document.querySelector("#explorer").dataset;
            const sheets = [...document.querySelectorAll("link[rel=stylesheet]")];
            const sheet = (name) => sheets.find((one) => one.href.includes(name)).href;
            return { style: map.getStyle(), center: map.getCenter().toArray(),
                zoom: map.getZoom(), library: root.maplibre, worker: root.worker,
                css: sheet("maplibre-gl"), tokens: sheet("site") };
        }"""
    )
    context.close()
    words = {
        "CSS": told["css"], "TOKENS": told["tokens"], "LIBRARY": told["library"],
        "WORKER": told["worker"], "STYLE": json.dumps(told["style"]),
        "CENTER": json.dumps(told["center"]), "ZOOM": json.dumps(told["zoom"]),
    }  # fmt: skip
    text = BARE
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def one_round(browser: Browser, origin: str, path: str, bare: str) -> tuple[float, float]:
    """Return the milliseconds of the bare page and of the explorer."""
    context = fresh(browser)
    where = f"{origin}/__bare"
    context.route(where, lambda route: route.fulfill(body=bare, content_type="text/html"))
    _, without = opened(context, where)
    context.close()
    context = fresh(browser)
    _, whole = opened(context, origin + path)
    context.close()
    return without, whole


def script_times(browser: Browser, address: str) -> dict[str, float]:
    """Return the milliseconds of script that each thing people do takes on the page's thread."""
    context = fresh(browser)
    page, _ = opened(context, address)
    watch = context.new_cdp_session(page)
    watch.send("Performance.enable")

    def spent() -> float:
        metrics = watch.send("Performance.getMetrics")["metrics"]
        return 1_000 * next(one["value"] for one in metrics if one["name"] == "ScriptDuration")

    found = {}
    for what, script in DOES.items():
        before = spent()
        page.evaluate(script)
        page.wait_for_timeout(1_500)
        found[what] = spent() - before
    context.close()
    return found


def main() -> None:
    origin = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
    path = sys.argv[2] if len(sys.argv) > 2 else "/"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        bare = bare_page(browser, origin + path)
        rounds = []
        for number in range(ROUNDS):
            rounds.append(one_round(browser, origin, path, bare))
            without, whole = rounds[-1]
            print(f"round {number + 1}: bare {without:7.0f} ms   explorer {whole:7.0f} ms")
        without, whole = (statistics.median(side) for side in zip(*rounds, strict=True))
        print(f"median:  bare {without:7.0f} ms   explorer {whole:7.0f} ms")
        print(f"the explorer takes {whole / without:.2f} times as long (1.3 is asked for)")
        for what, milliseconds in script_times(browser, origin + path).items():
            print(f"script: {what:36} {milliseconds:6.1f} ms")
        browser.close()


if __name__ == "__main__":
    main()
