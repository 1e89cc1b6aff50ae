/** Ways out of the map: its address, a frame for another page, files, addresses for QGIS. */
import { ownAddress } from "./api";
import { make } from "./dom";
import { element } from "./page";
import { t } from "./i18n";
import type { Map as MapLibreMap } from "maplibre-gl";
import type { Store } from "./store";

const FRAME = { width: 800, height: 600 };
/** MapLibre writes the place in the address a moment after a move. */
const WRITTEN_MS = 500;
/** Long enough for the browser to write the file. */
const KEPT_MS = 60_000;

/** Text for an attribute of HTML. */
const quoted = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

function copyButtons(holder: HTMLElement): void {
  const said = element("share-said");
  for (const button of holder.querySelectorAll<HTMLElement>("[data-copy]")) {
    button.addEventListener("click", () => {
      const field = element<HTMLInputElement>(button.dataset["copy"] ?? "");
      field.select();
      const done = (): void => {
        said.textContent = t("share.copied");
      };
      // Where the page may not write to the clipboard the text stays selected.
      const failed = (): void => {
        said.textContent = t("share.selected");
      };
      if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(done, failed);
      else failed();
    });
  }
}

function field(id: string, title: string, address: string): HTMLElement {
  const input = make("input", { attributes: { id, readonly: "", value: address } });
  const label = make("label", { text: title, attributes: { for: id } });
  return make("li", { class: "field" }, label, input);
}

/** The part of the world a map shows: west, south, east, north. */
function inSight(map: MapLibreMap): string {
  const box = map.getBounds();
  const sides = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
  return sides.map((side) => side.toFixed(5)).join(",");
}

/** The addresses of the panel, as the map is now. */
export class SharePanel {
  private map: MapLibreMap | null = null;
  /** The map beside the first, while there is one. */
  second: () => MapLibreMap | undefined = () => undefined;
  /** The zone on the map, where there is one. */
  zone: () => FormData | null = () => null;

  constructor(
    private readonly holder: HTMLElement,
    private readonly store: Store,
  ) {
    copyButtons(holder);
    holder.addEventListener("click", (event) => {
      const link = (event.target as HTMLElement).closest<HTMLAnchorElement>("[data-image]");
      const zone = link && this.zone();
      if (!zone) return;
      event.preventDefault();
      void this.keepImage(link, zone);
    });
    document.addEventListener("observatory:address", () => this.renew());
    store.subscribe(() => this.renew());
    this.renew();
  }

  follow(map: MapLibreMap): void {
    this.map = map;
    map.on("moveend", () => {
      this.renew();
      window.setTimeout(() => this.renew(), WRITTEN_MS);
    });
    window.setTimeout(() => this.renew(), WRITTEN_MS);
    this.renew();
  }

  /** For QGIS: tiles and style of each layer that is on. */
  private tiles(): void {
    const list = element("share-tiles");
    const root = `${location.origin}${list.dataset["tiles"] ?? ""}`;
    const rows = this.store.visible().flatMap((layer) => [
      field(`tiles-${layer.id}`, t("share.tiles", { layer: layer.title }), `${root}/${layer.id}/{z}/{x}/{y}.pbf`),
      field(`style-${layer.id}`, t("share.style", { layer: layer.title }), `${location.origin}${layer.style}`),
    ]);
    list.replaceChildren(...rows);
  }

  private renew(): void {
    const { origin, pathname, search, hash } = location;
    element<HTMLInputElement>("share-link").value = `${origin}${pathname}${search}${hash}`;
    const frame = `${origin}${this.holder.dataset["embed"] ?? ""}${search}${hash}`;
    element<HTMLAnchorElement>("share-preview").href = frame;
    element<HTMLInputElement>("share-embed").value =
      `<iframe src="${quoted(frame)}" width="${FRAME.width}" height="${FRAME.height}" ` +
      `title="${quoted(t("share.frame"))}" loading="lazy"></iframe>`;
    const link = document.getElementById("embed-link") as HTMLAnchorElement | null;
    if (link) link.href = `${link.pathname}${search}${hash}`;
    this.tiles();
    const query = this.picture(search);
    for (const link of this.holder.querySelectorAll<HTMLAnchorElement>("[data-picture]")) {
      link.href = `${link.dataset["picture"] ?? ""}?${query}`;
    }
  }

  /** An image with a zone: the zone goes in the body of the request, no address ever holds it. */
  private async keepImage(link: HTMLAnchorElement, zone: FormData): Promise<void> {
    const said = element("share-said");
    said.textContent = t("share.drawing");
    try {
      const response = await fetch(ownAddress(link.href), { method: "POST", body: zone });
      if (!response.ok) throw new Error(String(response.status));
      const address = URL.createObjectURL(await response.blob());
      make("a", { attributes: { href: address, download: link.dataset["image"] ?? "" } }).click();
      window.setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
      said.textContent = "";
    } catch {
      said.textContent = t("error.image");
    }
  }

  /** The state with the layers that are on and the part of the world on screen. */
  private picture(search: string): string {
    const query = new URLSearchParams(search);
    query.set("couches", this.store.visible().map((layer) => layer.id).join(","));
    if (this.map) query.set("cadre", inSight(this.map));
    const second = this.second();
    if (second) query.set("cadre2", inSight(second));
    return query.toString();
  }
}
