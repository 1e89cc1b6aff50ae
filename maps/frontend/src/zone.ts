/** Counting in a shape: drawn on the map by pointer or keyboard, pasted, or one that has a name. */
import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import { ownAddress } from "./api";
import { make } from "./dom";
import { t } from "./i18n";
import { HIGHLIGHT } from "./palette";
import type { Pointer } from "./pointer";
import { closeSheets } from "./sheets";
import { calm, clearance } from "./view";

type Place = [longitude: number, latitude: number];
type Shape = Parameters<GeoJSONSource["setData"]>[0];

const SOURCE = "zone";
const LAYERS = ["zone-inside", "zone-line", "zone-corners"];
const FEWEST = 3;
const DECIMALS = 6;

const empty = (): Shape => ({ type: "FeatureCollection", features: [] });

/** The drawing so far: its corners, the line between them, and its inside once there is one. */
function sketch(corners: Place[]): Shape {
  const ring = [...corners, ...corners.slice(0, 1)];
  const feature = (geometry: object): object => ({ type: "Feature", properties: {}, geometry });
  const features = corners.map((at) => feature({ type: "Point", coordinates: at }));
  if (corners.length > 1) features.push(feature({ type: "LineString", coordinates: ring }));
  if (corners.length >= FEWEST) features.push(feature({ type: "Polygon", coordinates: [ring] }));
  return { type: "FeatureCollection", features } as Shape;
}

function written(corners: Place[]): string {
  const ring = [...corners, ...corners.slice(0, 1)];
  const places = ring.map((at) => at.map((side) => side.toFixed(DECIMALS)).join(" "));
  return `POLYGON((${places.join(", ")}))`;
}

export class ZonePanel {
  private opened = false;
  private map: MapLibreMap | null = null;
  private pointer: Pointer | null = null;
  private corners: Place[] = [];
  private drawing = false;

  constructor(
    private readonly holder: HTMLElement,
    private readonly address: string,
  ) {
    holder.addEventListener("submit", (event) => {
      event.preventDefault();
      this.stop();
      void this.ask(new FormData(event.target as HTMLFormElement));
    });
    holder.addEventListener("click", (event) => {
      const target = event.target as HTMLElement;
      if (target.closest("[data-draw]")) this.toggle();
      if (target.closest("[data-erase]")) this.erase();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.drawing) this.stop();
    });
  }

  /** With a map, shapes can be drawn on it. */
  follow(map: MapLibreMap, pointer: Pointer): void {
    this.map = map;
    this.pointer = pointer;
    map.addSource(SOURCE, { type: "geojson", data: empty() });
    const paint = { "line-color": HIGHLIGHT, "line-width": 2.4, "line-dasharray": [2, 1] };
    map.addLayer({ id: "zone-inside", type: "fill", source: SOURCE, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": HIGHLIGHT, "fill-opacity": 0.08 } });
    map.addLayer({ id: "zone-line", type: "line", source: SOURCE, paint });
    map.addLayer({
      id: "zone-corners", type: "circle", source: SOURCE, filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 5, "circle-color": "#ffffff", "circle-stroke-color": HIGHLIGHT, "circle-stroke-width": 2 },
    });
    this.offer();
  }

  open(): void {
    if (this.opened) return;
    this.opened = true;
    void this.ask(null);
  }

  private field<T extends HTMLElement>(selector: string): T | null {
    return this.holder.querySelector<T>(selector);
  }

  private offer(): void {
    const buttons = this.field("#zone-drawing");
    if (buttons) buttons.hidden = this.map === null;
  }

  private say(text: string): void {
    const said = this.field("#zone-said");
    if (said) said.textContent = text;
  }

  private toggle(): void {
    if (this.drawing) this.stop();
    else this.start();
  }

  private start(): void {
    this.erase();
    this.drawing = true;
    this.field("[data-draw]")?.setAttribute("aria-pressed", "true");
    const named = this.field<HTMLSelectElement>("#territoire");
    if (named) named.value = "";
    this.say(t("zone.drawing"));
    if (this.pointer) this.pointer.taken = (at) => this.add(at);
    closeSheets();
    this.map?.getCanvas().focus();
  }

  private stop(): void {
    this.drawing = false;
    this.field("[data-draw]")?.setAttribute("aria-pressed", "false");
    if (this.pointer) this.pointer.taken = null;
    this.say("");
  }

  private erase(): void {
    this.stop();
    this.corners = [];
    this.show(empty());
    const text = this.field<HTMLTextAreaElement>("#zone");
    if (text) text.value = "";
    this.field("#zone-result")?.replaceChildren();
  }

  private add(at: Place): void {
    this.corners.push(at);
    this.show(sketch(this.corners));
    this.say(t("zone.corners", { count: this.corners.length }));
    const text = this.field<HTMLTextAreaElement>("#zone");
    if (text && this.corners.length >= FEWEST) text.value = written(this.corners);
  }

  private show(shape: Shape): void {
    // Layers put on the map later would lie over it.
    for (const id of LAYERS) if (this.map?.getLayer(id)) this.map.moveLayer(id);
    this.map?.getSource<GeoJSONSource>(SOURCE)?.setData(shape);
  }

  /** The panel as it is at first, or with what was counted in the shape of a form. */
  private async ask(form: FormData | null): Promise<void> {
    this.holder.setAttribute("aria-busy", "true");
    try {
      const init = form ? { method: "POST", body: form } : {};
      const response = await fetch(ownAddress(this.address), init);
      if (!response.ok) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      this.holder.replaceChildren(...page.body.childNodes);
      this.offer();
      this.result();
    } catch {
      this.opened = form !== null;
      this.holder.prepend(make("p", { class: "error", text: t("error.zone"), attributes: { role: "alert" } }));
    }
    this.holder.removeAttribute("aria-busy");
  }

  /** Shows on the map what was counted in. */
  private result(): void {
    const text = this.field("#zone-shape")?.textContent;
    if (!text) return;
    this.field("#zone-result")?.scrollIntoView({ block: "start" });
    const shape = JSON.parse(text) as { coordinates: unknown[] };
    this.show({ type: "Feature", properties: {}, geometry: shape } as unknown as Shape);
    if (this.corners.length > 0 || !this.map) return;
    const places = (shape.coordinates.flat(Infinity) as number[]);
    const across = places.filter((_side, place) => place % 2 === 0);
    const along = places.filter((_side, place) => place % 2 === 1);
    const box: [number, number, number, number] = [
      Math.min(...across), Math.min(...along), Math.max(...across), Math.max(...along),
    ];
    this.map.fitBounds(box, { padding: clearance(this.map.getContainer()), maxZoom: 15, animate: !calm() });
  }
}
