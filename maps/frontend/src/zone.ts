/** Counting in a shape: drawn on the map by pointer or keyboard, pasted, or one that has a name. */
import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import { ownAddress } from "./api";
import { make } from "./dom";
import { t } from "./i18n";
import { HIGHLIGHT } from "./palette";
import type { Pointer } from "./pointer";
import { element } from "./page";
import { closeSheets, openSide } from "./sheets";
import { calm, clearance } from "./view";
import { DECIMALS, LONGEST, readZone, writeZone, zoneShape, zoneText, zoneWkt, type Place, type Shape } from "./zoneaddress";

type Data = Parameters<GeoJSONSource["setData"]>[0];
interface Geometry {
  type: "Polygon" | "MultiPolygon";
  coordinates: unknown;
}

const SOURCE = "zone";
const LAYERS = ["zone-inside", "zone-line", "zone-corners"];
const FEWEST = 3;

const empty = (): Data => ({ type: "FeatureCollection", features: [] });

const feature = (geometry: object): Data => ({ type: "Feature", properties: {}, geometry }) as Data;

/** The drawing so far: its corners, the line between them, and its inside once there is one. */
function sketch(corners: Place[]): Data {
  const ring = [...corners, ...corners.slice(0, 1)];
  const features = corners.map((at) => feature({ type: "Point", coordinates: at }));
  if (corners.length > 1) features.push(feature({ type: "LineString", coordinates: ring }));
  if (corners.length >= FEWEST) features.push(feature({ type: "Polygon", coordinates: [ring] }));
  return { type: "FeatureCollection", features } as Data;
}

const whole = (corners: Place[]): Shape => [[[...corners, ...corners.slice(0, 1)]]];
/** What is shared is what was drawn: corners are where the address can say they are. */
const rounded = (at: Place): Place => at.map((side) => Number(side.toFixed(DECIMALS))) as Place;

function inSight(map: MapLibreMap, [west, south, east, north]: [number, number, number, number]): boolean {
  const seen = map.getBounds();
  const across = west < seen.getEast() && east > seen.getWest();
  return across && south < seen.getNorth() && north > seen.getSouth();
}

export class ZonePanel {
  private opened = false;
  private map: MapLibreMap | null = null;
  private pointer: Pointer | null = null;
  private corners: Place[] = [];
  private drawing = false;
  /** What is on the map, as the form names it; null where nothing is. */
  private shown: Record<string, string> | null = null;
  /** What the legend calls the zone on the map; empty where there is none. */
  named = "";

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
    void this.restore();
  }

  open(): void {
    if (this.opened) return;
    this.opened = true;
    void this.ask(null);
  }

  /** The form of what is on the map, to be sent in the body of a request; null without a zone. */
  form(): FormData | null {
    const token = this.field<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value;
    if (!this.shown || !token) return null;
    const form = new FormData();
    for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, ...this.shown })) form.set(name, value);
    return form;
  }

  /** Brings back the zone of the address: at once on the map, then its figures beside it. */
  private async restore(): Promise<void> {
    const told = readZone();
    if (!told) return;
    const shape = told.includes(":") ? null : zoneShape(told);
    if (shape) this.show(feature({ type: "MultiPolygon", coordinates: shape }), t("legend.zone"));
    if (document.body.classList.contains("explorer-page--embedded")) return;
    this.opened = true;
    openSide("zone");
    await this.ask(null);
    const [named, text] = [this.field<HTMLSelectElement>("#territoire"), this.field<HTMLTextAreaElement>("#zone")];
    if (!named || !text) return;
    if (shape) {
      text.value = zoneWkt(shape);
      this.shown = { zone: text.value };
    } else named.value = told;
    // A name that is not in the list leaves it without a choice.
    if (shape || named.selectedIndex > 0) await this.ask(new FormData(text.form as HTMLFormElement), true);
    else this.say(t("zone.unread"));
  }

  /** Writes a shape in the address, or says that it is too long for one. */
  private keep(text: string): void {
    const long = text.length > LONGEST;
    writeZone(long ? "" : text);
    const warning = element("share-zone");
    warning.hidden = !long;
    if (long) this.say(warning.textContent ?? "");
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
    this.shown = null;
    this.keep("");
    this.field("#zone-result")?.replaceChildren();
  }

  private add(at: Place): void {
    this.corners.push(rounded(at));
    this.show(sketch(this.corners), t("legend.zone"));
    this.say(t("zone.corners", { count: this.corners.length }));
    const text = this.field<HTMLTextAreaElement>("#zone");
    if (!text || this.corners.length < FEWEST) return;
    text.value = zoneWkt(whole(this.corners));
    this.shown = { zone: text.value };
    this.keep(zoneText(whole(this.corners)));
  }

  private show(shape: Data, name = ""): void {
    // Layers put on the map later would lie over it.
    for (const id of LAYERS) if (this.map?.getLayer(id)) this.map.moveLayer(id);
    this.map?.getSource<GeoJSONSource>(SOURCE)?.setData(shape);
    this.named = name;
    document.dispatchEvent(new CustomEvent("observatory:zone"));
  }

  /** The panel as it is at first, or with what was counted in the shape of a form. */
  private async ask(form: FormData | null, restored = false): Promise<void> {
    this.holder.setAttribute("aria-busy", "true");
    try {
      const init = form ? { method: "POST", body: form } : {};
      const response = await fetch(ownAddress(this.address), init);
      if (!response.ok) throw new Error(String(response.status));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      this.holder.replaceChildren(...page.body.childNodes);
      this.offer();
      this.result(form?.get("territoire"), restored);
    } catch {
      this.opened = form !== null;
      this.holder.prepend(make("p", { class: "error", text: t("error.zone"), attributes: { role: "alert" } }));
    }
    this.holder.removeAttribute("aria-busy");
  }

  /** Shows on the map what was counted in, and keeps it in the address. */
  private result(named: unknown, restored: boolean): void {
    const text = this.field("#zone-shape")?.textContent;
    if (!text) return;
    this.field("#zone-result")?.scrollIntoView({ block: "start" });
    const { type, coordinates } = JSON.parse(text) as Geometry;
    const name = named ? this.field("#zone-result caption")?.textContent : "";
    this.show(feature({ type, coordinates }), name || t("legend.zone"));
    const shape = (type === "Polygon" ? [coordinates] : coordinates) as Shape;
    this.shown = named ? { territoire: String(named) } : { zone: text };
    this.keep(named ? String(named) : zoneText(shape));
    if (this.corners.length > 0 || !this.map) return;
    const places = shape.flat(Infinity) as unknown as number[];
    const across = places.filter((_side, place) => place % 2 === 0);
    const along = places.filter((_side, place) => place % 2 === 1);
    const box: [number, number, number, number] = [
      Math.min(...across), Math.min(...along), Math.max(...across), Math.max(...along),
    ];
    // A link says where the map is: it stays there if the zone can be seen.
    if (restored && inSight(this.map, box)) return;
    this.map.fitBounds(box, { padding: clearance(this.map.getContainer()), maxZoom: 15, animate: !calm() });
  }
}
