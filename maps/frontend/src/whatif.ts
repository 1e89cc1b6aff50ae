/** The line that moves: each place of the slider asks the server for its zones. */
import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import { fetchLayers, ownAddress, tileSource } from "./api";
import type { LayerInfo } from "./types";
import { make } from "./dom";
import type { MapLibre } from "./map";
import { element } from "./page";
import { BORDER_SOFT, LAND, QPV, ZONES } from "./palette";
import { emptyStyle } from "./style";
import { calm } from "./view";

interface Trial {
  zones: Parameters<GeoJSONSource["setData"]>[0];
  lines: string[];
  rows: { number: number; persons: string }[];
  written: string;
}

const form = element<HTMLFormElement>("whatif");
const slider = element<HTMLInputElement>("seuil");
let asked: AbortController | undefined;
let map: MapLibreMap | undefined;

const query = (): string =>
  new URLSearchParams(new FormData(form) as unknown as Record<string, string>).toString();

/** Only the last place asked for is shown: earlier answers are dropped on the way. */
async function trial(): Promise<Trial> {
  asked?.abort();
  asked = new AbortController();
  const address = ownAddress(`${form.dataset["address"] ?? ""}?${query()}`);
  const response = await fetch(address, { signal: asked.signal });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as Trial;
}

function show({ zones, lines, rows, written }: Trial): void {
  element("written").textContent = written;
  element("results").replaceChildren(...lines.map((text) => make("li", { text })));
  const cells = rows.map((row) =>
    make(
      "tr",
      {},
      make("th", { text: String(row.number), attributes: { scope: "row" } }),
      make("td", { class: "numeric", text: row.persons }),
    ),
  );
  element("rows").replaceChildren(...cells);
  map?.getSource<GeoJSONSource>("trial")?.setData(zones);
}

async function move(): Promise<void> {
  form.dataset["state"] = "moving";
  try {
    show(await trial());
    history.replaceState(history.state, "", `${location.pathname}?${query()}`);
    form.dataset["state"] = "ready";
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) {
      form.dataset["state"] = "failed";
    }
  }
}

/** The ground: land, legal quarters, and the source the zones are drawn from. */
function ground(to: MapLibreMap, layers: LayerInfo[]): void {
  for (const [id, colour, width] of [["communes", BORDER_SOFT, 1], ["qpv", QPV, 2]] as const) {
    const layer = layers.find((one) => one.id === id && one.count > 0);
    if (!layer) continue;
    to.addSource(id, tileSource(layer, null));
    const from = { source: id, "source-layer": id };
    if (id === "communes") to.addLayer({ id: "land", type: "fill", ...from, paint: { "fill-color": LAND } });
    to.addLayer({ id, type: "line", ...from, paint: { "line-color": colour, "line-width": width } });
  }
}

async function openMap(): Promise<MapLibreMap> {
  const maplibre = (await import(ownAddress(form.dataset["maplibre"] ?? ""))) as MapLibre;
  maplibre.setWorkerUrl(ownAddress(form.dataset["worker"] ?? ""));
  const layers = await fetchLayers(form.dataset["tiles"] ?? "");
  const cells = layers.find((one) => one.id === "cells");
  const opened = new maplibre.Map({
    container: "map",
    style: emptyStyle(),
    attributionControl: false,
    dragRotate: false,
    fadeDuration: calm() ? 0 : 120,
    ...(cells?.bounds ? { bounds: cells.bounds, fitBoundsOptions: { padding: 16 } } : {}),
  });
  opened.addControl(new maplibre.ScaleControl({ unit: "metric" }), "bottom-right");
  await new Promise((ready) => opened.once("style.load", ready));
  ground(opened, layers);
  opened.addSource("trial", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  opened.addLayer({ id: "trial-fill", type: "fill", source: "trial", paint: { "fill-color": ZONES, "fill-opacity": 0.22 } });
  opened.addLayer({
    id: "trial-line", type: "line", source: "trial",
    paint: { "line-color": ZONES, "line-width": 2.2, "line-dasharray": [2.6, 1.3] },
  });
  return opened;
}

slider.addEventListener("input", () => void move());
form.addEventListener("submit", (event) => event.preventDefault());
try {
  map = await openMap();
  Object.assign(window, { observatory: { map } });
} catch (error) {
  console.warn(error);
}
await move();
