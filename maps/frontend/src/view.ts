/** Where the map looks: the whole territory, one area, or a little aside of the card. */
import type { IControl, Map as MapLibreMap, PaddingOptions } from "maplibre-gl";
import { make } from "./dom";
import { t } from "./i18n";
import type { ScreenPoint } from "./pointer";
import type { Store } from "./store";
import type { Area, Bounds } from "./types";

const MARGIN = 40;

export const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The extent shown first: the arrondissements', else that of the first layer that has one. */
export function firstBounds(store: Store): Bounds | null {
  const named = store.layer("arrondissements")?.bounds;
  return named ?? store.layers.find((layer) => layer.bounds)?.bounds ?? null;
}

/** The legend stands over the left of a wide map: what is shown first keeps clear of it. */
export function clearance(container: HTMLElement): Required<PaddingOptions> {
  const left = container.clientWidth > 620 ? 300 : 20;
  return { top: 24, right: 24, bottom: 40, left };
}

/** Goes to an area, kept clear of the legend and of its own card. */
export function showArea(map: MapLibreMap, area: Area): void {
  const container = map.getContainer();
  const { left } = clearance(container);
  const wide = container.clientWidth > 900;
  const padding = { top: 60, right: wide ? 390 : 40, bottom: 60, left: wide ? left : 40 };
  map.fitBounds(area.bounds, { padding, maxZoom: 15.5, animate: !calm() });
}

/** Moves the map aside where the card would lie over the very point it tells of. */
export function reveal(map: MapLibreMap, card: HTMLElement, [x, y]: ScreenPoint): void {
  if (card.hidden) return;
  const frame = map.getContainer().getBoundingClientRect();
  const over = card.getBoundingClientRect();
  const [left, top] = [over.left - frame.left, over.top - frame.top];
  const beside = x < left - MARGIN || y > over.bottom - frame.top + MARGIN || y < top - MARGIN;
  if (beside) return;
  const below = over.width > frame.width * 0.9;
  const by: [number, number] = below ? [0, y - top / 2] : [x - left + 2 * MARGIN, 0];
  map.panBy(by, { animate: !calm() });
}

/** A button that brings the whole territory back. */
export class TerritoryControl implements IControl {
  private holder: HTMLElement | undefined;

  constructor(private readonly store: Store) {}

  onAdd(map: MapLibreMap): HTMLElement {
    const name = t("map.whole");
    const attributes = { type: "button", "aria-label": name, title: name };
    const button = make("button", { class: "whole", attributes });
    button.addEventListener("click", () => {
      const bounds = firstBounds(this.store);
      const padding = clearance(map.getContainer());
      if (bounds) map.fitBounds(bounds, { padding, animate: !calm() });
    });
    this.holder = make("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, button);
    return this.holder;
  }

  onRemove(): void {
    this.holder?.remove();
  }
}
