/** Hover, click and keyboard on the map: lights features up and says which were chosen. */
import type { Map as MapLibreMap, MapMouseEvent } from "maplibre-gl";
import { hitName, hitsAt, type Hit, toldOf } from "./features";
import { make } from "./dom";
import { t } from "./i18n";
import type { Store } from "./store";
import { cellKind, themeValue, written } from "./themes";
import type { Area, LayerInfo } from "./types";

export type ScreenPoint = [x: number, y: number];
type Lit = { source: string; sourceLayer: string; id: string | number } | null;

const sameLit = (one: Lit, other: Lit): boolean =>
  one?.id === other?.id && one?.source === other?.source;

export class Pointer {
  private hovered: Lit = null;
  private picked: Lit = null;
  private pending = 0;
  private readonly tip = make("div", { class: "tip", attributes: { "aria-hidden": "true" } });

  /** Whoever draws takes the points that would otherwise be read. */
  taken: ((at: [number, number]) => void) | null = null;

  constructor(
    private readonly map: MapLibreMap,
    private readonly store: Store,
    private readonly choose: (hits: Hit[], at: ScreenPoint) => void,
  ) {
    this.tip.hidden = true;
    map.getContainer().append(this.tip);
    // A finger does not hover: its touch would leave the tip behind.
    if (matchMedia("(hover: hover)").matches) map.on("mousemove", (event) => this.hover(event));
    map.on("mouseout", () => this.leave());
    map.on("movestart", () => this.leave());
    map.on("click", ({ point }) => this.pick([point.x, point.y]));
    const canvas = map.getCanvas();
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.pickCentre();
    });
  }

  /** Reads the point under the crosshair, for those who have no pointer. */
  pickCentre(): void {
    const { clientWidth, clientHeight } = this.map.getContainer();
    this.pick([clientWidth / 2, clientHeight / 2]);
  }

  /** Lights up an area chosen elsewhere, in the list. */
  pickArea(layer: LayerInfo, area: Area): void {
    this.picked = this.light(this.picked, { layer, source: layer.id, id: area.id, values: area.values });
  }

  /** Forgets the chosen feature. */
  clear(): void {
    this.picked = this.light(this.picked, null);
  }

  private hover(event: MapMouseEvent): void {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.follow(event.point.x, event.point.y);
    });
  }

  private follow(x: number, y: number): void {
    const hits = hitsAt(this.map, this.store, [x, y]);
    this.hovered = this.light(this.hovered, hits[0] ?? null, this.picked);
    this.map.getCanvas().style.cursor = hits.length > 0 ? "pointer" : "";
    this.tip.hidden = hits.length === 0;
    if (hits.length === 0) return;
    this.tip.replaceChildren(...hits.map((hit) => this.line(hit)));
    const { clientWidth, clientHeight } = this.map.getContainer();
    const left = x + 14 + this.tip.offsetWidth > clientWidth ? x - 14 - this.tip.offsetWidth : x + 14;
    const top = Math.min(y + 14, clientHeight - this.tip.offsetHeight - 4);
    this.tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  }

  private line(hit: Hit): HTMLElement {
    const { theme } = this.store;
    if (hit.layer.id !== "cells" || !theme) {
      return make("p", {}, make("span", { class: "tip__kind", text: hit.layer.title }), " ", hitName(hit), toldOf(this.store, hit) ? ` : ${toldOf(this.store, hit) ?? ""}` : "");
    }
    const value = themeValue(theme, hit.values);
    const shown = value === null ? t("value.none") : written(theme, value);
    const few = cellKind(theme, hit.values) === "few" ? ` (${t("legend.few.short")})` : "";
    return make("p", {}, make("strong", { text: shown }), ` ${theme.short}${few}`);
  }

  private leave(): void {
    this.tip.hidden = true;
    this.hovered = this.light(this.hovered, null, this.picked);
  }

  private pick(point: ScreenPoint): void {
    if (this.taken) {
      const { lng, lat } = this.map.unproject(point);
      this.taken([lng, lat]);
      return;
    }
    const hits = hitsAt(this.map, this.store, point);
    // The card says more than the tip, and may lie over it.
    cancelAnimationFrame(this.pending);
    this.pending = 0;
    this.tip.hidden = true;
    this.picked = this.light(this.picked, hits[0] ?? null);
    this.choose(hits, point);
  }

  /** Moves the light from one feature to another; the chosen one keeps its own. */
  private light(before: Lit, hit: Hit | null, keep: Lit = null): Lit {
    const after: Lit =
      hit?.id === undefined
        ? null
        : { source: hit.source, sourceLayer: hit.layer.id, id: hit.id };
    if (sameLit(before, after)) return before;
    if (before && !sameLit(before, keep)) this.map.setFeatureState(before, { lit: false });
    if (after) this.map.setFeatureState(after, { lit: true });
    return after;
  }
}
