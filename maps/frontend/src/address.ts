/** One address on the map: its text goes by POST, and is in no address, log or history. */
import type { GeoJSONSource, Map as MapLibreMap } from "maplibre-gl";
import { make } from "./dom";
import { t } from "./i18n";
import { ALERT } from "./palette";
import { closeSheets } from "./sheets";
import { calm } from "./view";

interface Found {
  label: string;
  point: [number, number];
  zones: string[];
  doubt: string;
}

const SOURCE = "address";
const NEAR = 15;

export class AddressSearch {
  private map: MapLibreMap | null = null;
  private readonly answer = make("div", { attributes: { "aria-live": "polite" } });

  constructor(private readonly form: HTMLFormElement) {
    form.after(this.answer);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.ask();
    });
  }

  follow(map: MapLibreMap): void {
    this.map = map;
    map.addSource(SOURCE, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    map.addLayer({
      id: "address-point",
      type: "circle",
      source: SOURCE,
      paint: { "circle-radius": 8, "circle-color": ALERT, "circle-stroke-color": "#ffffff", "circle-stroke-width": 3 },
    });
  }

  private say(...children: HTMLElement[]): void {
    this.answer.replaceChildren(...children);
  }

  private async ask(): Promise<void> {
    let told: Found & { said?: string };
    try {
      const response = await fetch(this.form.action, { method: "POST", body: new FormData(this.form) });
      told = (await response.json()) as Found & { said?: string };
    } catch {
      told = { said: t("error.address") } as Found & { said: string };
    }
    if (told.said) this.say(make("p", { class: "error", text: told.said, attributes: { role: "alert" } }));
    else this.show(told);
  }

  private show({ label, point, zones, doubt }: Found): void {
    const list = make("ul", { class: "note" }, ...zones.map((text) => make("li", { text })));
    this.say(make("p", {}, make("strong", { text: label })), list, make("p", { class: "note", text: doubt }));
    const geometry = { type: "Point" as const, coordinates: point };
    this.map?.getSource<GeoJSONSource>(SOURCE)?.setData({ type: "Feature", properties: {}, geometry });
    this.map?.moveLayer("address-point");
    this.map?.easeTo({ center: point, zoom: Math.max(this.map.getZoom(), NEAR), animate: !calm() });
    closeSheets();
  }
}
