/** A second map beside the first: another place or another year, under the same legend. */
import type { IControl, Map as MapLibreMap } from "maplibre-gl";
import { ownAddress } from "./api";
import { make } from "./dom";
import { t } from "./i18n";
import { MapLayers, type Loader } from "./map";
import { element } from "./page";
import { readSecond, writeSecond } from "./state";
import type { Store } from "./store";
import type { Drawing } from "./types";

/** Opens a map in an element, as the first one was. */
type Open = (container: HTMLElement) => Promise<MapLibreMap>;

export class TwoMaps implements IControl {
  private readonly button = make("button", { class: "two-maps", attributes: { type: "button" } });
  private readonly together = make("input", { attributes: { type: "checkbox", id: "two-together" } });
  private readonly year = make("select", { attributes: { id: "two-year" } });
  private readonly yearField = make("label", {}, t("two.year"), " ", this.year);
  private readonly firstYear = make("p", { class: "two__year" });
  private readonly bar = make("div", { class: "two" });
  private first: MapLibreMap | undefined;
  second: MapLibreMap | undefined;
  private layers: MapLayers | undefined;
  private drawing: Drawing | null = null;
  private asked = "";

  constructor(
    private readonly store: Store,
    private readonly thematicUrl: string,
    private readonly open: Open,
    private readonly load: Loader,
    private readonly pooled: () => void,
  ) {
    const { place, year } = readSecond();
    this.together.checked = place === null;
    this.asked = year;
    this.name();
    this.button.addEventListener("click", () => void (this.second ? this.close() : this.start(null)));
    this.together.addEventListener("change", () => {
      if (this.first && this.second && this.together.checked) follow(this.first, this.second);
      this.write();
    });
    this.year.addEventListener("change", () => {
      this.asked = this.year.value;
      void this.renew();
    });
    const tied = make("label", {}, this.together, t("two.together"));
    this.bar.append(this.yearField, tied);
    store.subscribe(() => void this.renew());
  }

  onAdd(map: MapLibreMap): HTMLElement {
    this.first = map;
    map.on("move", () => this.tie(map));
    const { place, on } = readSecond();
    if (on) void this.start(place);
    return make("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, this.button);
  }

  onRemove(): void {
    this.button.remove();
  }

  private name(): void {
    const name = t(this.second ? "two.close" : "two.open");
    this.button.setAttribute("aria-label", name);
    this.button.setAttribute("aria-pressed", String(this.second !== undefined));
    this.button.title = name;
  }

  private async start(place: string | null): Promise<void> {
    if (!this.first || this.second) return;
    const view = element("map").parentElement as HTMLElement;
    const container = make("div", { class: "map map--second", attributes: { id: "map-second" } });
    view.classList.add("view--two");
    view.append(container, this.bar, this.firstYear);
    this.first.resize();
    const map = await this.open(container);
    map.getCanvas().setAttribute("aria-label", t("two.title"));
    this.second = map;
    follow(this.first, map);
    const [zoom, latitude, longitude] = (place ?? "").split("/").map(Number);
    if (place && [zoom, latitude, longitude].every((one) => Number.isFinite(one))) {
      map.jumpTo({ zoom: zoom as number, center: [longitude as number, latitude as number] });
    }
    map.on("move", () => this.tie(map));
    map.on("moveend", () => this.write());
    this.layers = new MapLayers(map, this.store, this.load, () => this.drawing);
    this.name();
    Object.assign(window, { observatorySecond: { map } });
    await this.renew();
    this.write();
  }

  private close(): void {
    const view = element("map").parentElement as HTMLElement;
    this.second?.remove();
    this.second = undefined;
    this.layers = undefined;
    this.drawing = null;
    view.classList.remove("view--two");
    for (const part of [element("map-second"), this.bar, this.firstYear]) part.remove();
    this.first?.resize();
    this.name();
    this.write();
    this.button.focus();
  }

  /** The map that moves takes the other along, unless each goes its own way. */
  private tie(moved: MapLibreMap): void {
    const other = moved === this.first ? this.second : this.first;
    if (!other || !this.together.checked || same(moved, other)) return;
    follow(moved, other);
  }

  /** Draws the second map as the store says, its indicator in its own year. */
  private async renew(): Promise<void> {
    if (!this.second) return;
    const { drawing } = this.store;
    const change = drawing?.query.includes("affichage=evolution") ?? false;
    const years = drawing && !change && drawing.years.length > 1 ? drawing.years : [];
    const wanted = years.find((one) => String(one) === this.asked) ?? years[0];
    this.offer(years, wanted);
    this.firstYear.textContent = drawing ? String(drawing.year) : "";
    this.firstYear.hidden = !drawing;
    // Two years share a legend only where its classes are of all years.
    if (years.length > 0 && !drawing?.query.includes("periode=")) {
      this.pooled();
      return;
    }
    this.drawing = await this.inYear(drawing, wanted);
    await this.layers?.sync();
    this.write();
  }

  private offer(years: number[], wanted: number | undefined): void {
    this.yearField.hidden = years.length === 0;
    const options = years.map((year) => {
      const option = make("option", { text: String(year), attributes: { value: String(year) } });
      option.selected = year === wanted;
      return option;
    });
    this.year.replaceChildren(...options);
  }

  private async inYear(drawing: Drawing | null, year: number | undefined): Promise<Drawing | null> {
    if (!drawing || year === undefined || year === drawing.year) return drawing;
    const query = new URLSearchParams(drawing.query);
    query.set("annee", String(year));
    query.set("periode", "toutes");
    if (drawing.generation) query.set("generation", drawing.generation);
    const response = await fetch(ownAddress(`${this.thematicUrl}?${query.toString()}`));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.querySelector("#drawing")?.textContent;
    return found ? (JSON.parse(found) as Drawing) : null;
  }

  private write(): void {
    if (!this.second) {
      writeSecond({ on: false, place: null, year: "" });
      return;
    }
    const { lng, lat } = this.second.getCenter();
    const place = [this.second.getZoom().toFixed(2), lat.toFixed(4), lng.toFixed(4)].join("/");
    const year = this.yearField.hidden ? "" : this.year.value;
    writeSecond({ on: true, place: this.together.checked ? null : place, year });
  }
}

function follow(moved: MapLibreMap, other: MapLibreMap): void {
  other.jumpTo({ center: moved.getCenter(), zoom: moved.getZoom() });
}

function same(one: MapLibreMap, other: MapLibreMap): boolean {
  const [a, b] = [one.getCenter(), other.getCenter()];
  const near = (x: number, y: number): boolean => Math.abs(x - y) < 1e-9;
  return near(a.lng, b.lng) && near(a.lat, b.lat) && near(one.getZoom(), other.getZoom());
}
