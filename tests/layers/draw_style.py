"""Draw a style in a real browser and tell, as JSON, what came of it; a program of its own.

    python draw_style.py ADDRESS_OF_THE_SITE PATH_OF_THE_STYLE CHROMIUM PICTURE

Apart from the tests' own process, whose thread could not hold a second browser loop.
"""

import json
import sys

from playwright.sync_api import sync_playwright

DRAW = """async (style) => {
  const maplibregl = await import('/static/maps/dist/maplibre-gl.js');
  document.body.innerHTML = '<div id="map" style="width:600px;height:400px"></div>';
  maplibregl.setWorkerUrl('/static/maps/dist/maplibre-gl-worker.js');
  const errors = [];
  const map = new maplibregl.Map({container: 'map', style, center: [2.355, 48.885], zoom: 13,
    preserveDrawingBuffer: true, fadeDuration: 0});
  map.on('error', (event) => errors.push(String(event.error && event.error.message)));
  map.on('styleimagemissing', (event) => errors.push('no image ' + event.id));
  await Promise.race([
    new Promise((done) => map.once('idle', done)),
    new Promise((done) => setTimeout(done, 20000)),
  ]);
  const seen = map.queryRenderedFeatures().map((feature) => feature.layer.id);
  return {errors, loaded: map.loaded(), drawn: [...new Set(seen)].sort()};
}"""


def main(site: str, path: str, chromium: str, picture: str) -> None:
    arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    arguments += ["--disable-sync", "--no-first-run", "--use-angle=swiftshader"]
    arguments += ["--enable-unsafe-swiftshader"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 620, "height": 420}, bypass_csp=True)
        asked: list[list[object]] = []
        page.on("response", lambda answer: asked.append([answer.url, answer.status]))
        page.goto(site + "/readyz")
        told = page.evaluate(DRAW, site + path)
        page.screenshot(path=picture)
        browser.close()
    print(json.dumps({**told, "asked": asked}))


if __name__ == "__main__":
    main(*sys.argv[1:])
