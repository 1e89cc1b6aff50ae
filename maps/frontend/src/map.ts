/** The MapLibre map, kept in step with the store. */
import type {
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibreMap,
  MapOptions,
  VectorTileSource,
} from "maplibre-gl";
import { ownAddress, tileSource } from "./api";
import { t } from "./i18n";
import { COLOURED } from "./order";
import { PATTERNS, PIXEL_RATIO } from "./patterns";
import { ThematicLayer } from "./thematiclayer";
import type { Store } from "./store";
import {
  cellPaint,
  emptyStyle,
  FAR,
  farLayers,
  FONT_FAMILY,
  GROUND_LAYER,
  labelLayer,
  rank,
  sourceId,
  styleId,
  styleLayers,
  THEMATIC,
} from "./style";
import { symbology } from "./symbology";
import type { Area, Drawing, LayerInfo } from "./types";
import { calm, clearance, firstBounds } from "./view";

/** The name of the map's place in the address: #carte=zoom/latitude/longitude. */
const HASH = "carte";

export type MapLibre = typeof import("maplibre-gl");

function controlTexts(): Record<string, string> {
  return {
    "NavigationControl.ZoomIn": t("map.zoom-in"),
    "NavigationControl.ZoomOut": t("map.zoom-out"),
    "NavigationControl.ResetBearing": t("map.north"),
    "Map.Title": t("map.title"),
  };
}

/** Style layers are drawn up to here. */
const DEEPEST = 24;

/** From here on the grid is fine enough to tell the parts of a city apart. */
const READABLE_ZOOM = 10.02;

/** On a small screen the whole territory may lie just beyond the first readable zoom: then the map
 * opens at that zoom, because cells are what people come for. */
function comeNear(map: MapLibreMap, store: Store): void {
  const missing = READABLE_ZOOM - map.getZoom();
  if (store.isOn("cells") && missing > 0 && missing < 1.5) map.jumpTo({ zoom: READABLE_ZOOM });
}

/** `second`: a map beside the first, whose place is not the address's own. */
export async function createMap(
  maplibre: MapLibre,
  container: HTMLElement,
  store: Store,
  workerUrl: string,
  second = false,
): Promise<MapLibreMap> {
  maplibre.setWorkerUrl(ownAddress(workerUrl));
  // Names are drawn with the page's font; without this the first ones would take another.
  await document.fonts.load(`16px ${FONT_FAMILY}`).catch(() => undefined);
  const bounds = firstBounds(store);
  const options: MapOptions = {
    container,
    style: emptyStyle(),
    ...(second ? {} : { hash: HASH }),
    locale: controlTexts(),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 19,
    minZoom: 4,
    fadeDuration: calm() ? 0 : 120,
    ...(bounds ? { bounds, fitBoundsOptions: { padding: clearance(container) } } : {}),
  };
  // The map writes its own place in the address at once: ask before it exists.
  const placed = location.hash.includes(`${HASH}=`);
  const map = new maplibre.Map(options);
  if (!placed) comeNear(map, store);
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  // At the bottom the first control added is the lowest.
  map.addControl(new maplibre.ScaleControl({ maxWidth: 110, unit: "metric" }), "bottom-right");
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-right");
  await new Promise((ready) => map.once("style.load", ready));
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    map.addImage(name, pattern(), { pixelRatio: PIXEL_RATIO });
  }
  return map;
}

export type Loader = (layer: LayerInfo) => Promise<Area[]>;

/** Puts layers on the map when they are first wanted, and shows or hides them afterwards. */
export class MapLayers {
  private readonly added = new Set<string>();
  /** The whole, and the generation, each layer was last narrowed to. */
  private readonly kept = new Map<string, string>();
  /** Where each style layer lies as the order is now (see style.ts). */
  private readonly ranks = new Map<string, () => number>();
  private order: string[];
  /** The generation each layer's tiles and names were last asked for. */
  private readonly generations = new Map<string, string | null>();

  private readonly thematic: ThematicLayer;

  constructor(
    private readonly map: MapLibreMap,
    private readonly store: Store,
    private readonly areas: Loader,
    /** What is drawn of an indicator: the store's, or the same one in another year. */
    drawn: () => Drawing | null = () => store.drawing,
  ) {
    this.order = store.order;
    const coloured = store.layer(COLOURED) ?? ({ id: COLOURED, geometry: "polygon" } as LayerInfo);
    this.thematic = new ThematicLayer(map, store, drawn, (part, spec) => this.place(coloured, part, spec));
  }

  /** Brings the map to what the store says; resolves when every wanted layer is there. */
  async sync(): Promise<void> {
    this.paintCells();
    this.thematic.sync();
    for (const layer of this.store.layers) {
      if (this.store.isOn(layer.id)) this.ensure(layer);
      this.show(layer);
    }
    this.reorder();
    this.clearInside();
    this.fade();
    await Promise.all(this.store.visible().map((layer) => this.narrow(layer)));
  }

  /** Colours let what lies below through, as much as the reader chose. */
  private fade(): void {
    for (const source of ["cells", FAR, THEMATIC]) {
      for (const part of ["classed", "few", "nodata"]) {
        const id = styleId(source, part);
        if (this.map.getLayer(id)) this.map.setPaintProperty(id, "fill-opacity", this.store.opacity / 100);
      }
    }
  }

  /** An outline's hatching would lie over the colour of a class. */
  private clearInside(): void {
    for (const layer of this.store.visible()) {
      const id = styleId(layer.id, "fill");
      if (!symbology(layer).outline.pattern || !this.map.getLayer(id)) continue;
      this.map.setPaintProperty(id, "fill-opacity", this.store.drawing ? 0 : 1);
    }
  }

  /** Puts a layer on the map, or asks for the tiles of the generation that is now wanted. */
  private ensure(layer: LayerInfo): void {
    if (this.added.has(layer.id)) {
      this.renew(layer);
      return;
    }
    this.added.add(layer.id);
    this.add(layer);
  }

  private add(layer: LayerInfo): void {
    const generation = this.store.generationOf(layer);
    this.generations.set(layer.id, generation);
    const tiles = tileSource(layer, generation);
    this.map.addSource(sourceId(layer.id), tiles);
    for (const spec of styleLayers(layer, this.store.theme)) {
      this.place(layer, spec.id.slice(layer.id.length + 1), spec);
    }
    const first = this.gap()[0];
    if (layer.id === "cells" && first !== undefined && this.store.theme) {
      this.map.addSource(FAR, { ...tiles, maxzoom: first - 1 });
      for (const spec of farLayers(layer, this.store.theme)) {
        this.place(layer, spec.id.slice(layer.id.length + 1), spec);
      }
      this.paintCells();
    }
    if (symbology(layer).labelled) {
      const data = { type: "FeatureCollection" as const, features: [] };
      this.map.addSource(styleId(layer.id, "names"), { type: "geojson", data });
      this.place(layer, "names", labelLayer(layer));
      this.nameWhenNear(layer);
    }
  }

  /** Names are asked for where the map is near enough to write them. */
  private nameWhenNear(layer: LayerInfo): void {
    const far = (): boolean => this.map.getZoom() < (labelLayer(layer).minzoom ?? 0);
    const look = (): void => {
      if (far()) return;
      this.map.off("zoom", look);
      void this.name(layer);
    };
    if (far()) this.map.on("zoom", look);
    else look();
  }

  /** Asks for other tiles and names where another generation is wanted. */
  private renew(layer: LayerInfo): void {
    const generation = this.store.generationOf(layer);
    const source = this.map.getSource<VectorTileSource>(sourceId(layer.id));
    if (!source || this.generations.get(layer.id) === generation) return;
    this.generations.set(layer.id, generation);
    source.setTiles(tileSource(layer, generation).tiles);
    void this.name(layer);
  }

  /** Keeps the quarters of the whole that was chosen: outlines and names. */
  private async narrow(layer: LayerInfo): Promise<void> {
    const within = this.store.withinOf(layer);
    const wanted = `${within ?? ""}/${this.store.generationOf(layer) ?? ""}`;
    if ((this.kept.get(layer.id) ?? "/") === wanted) return;
    this.kept.set(layer.id, wanted);
    const ids = within === null ? null : (await this.areas(layer).catch(() => [])).map(({ id }) => id);
    if (this.kept.get(layer.id) !== wanted) return;
    const start = styleId(layer.id, "");
    for (const id of this.map.getLayersOrder()) {
      if (!id.startsWith(start) || id === styleId(layer.id, "names")) continue;
      this.map.setFilter(id, ids === null ? null : ["in", ["id"], ["literal", ids]]);
    }
    await this.name(layer);
  }

  /** Writes the names of a layer's areas, each once; a map without names still serves. */
  private async name(layer: LayerInfo): Promise<void> {
    const source = this.map.getSource<GeoJSONSource>(styleId(layer.id, "names"));
    const areas = source ? await this.areas(layer).catch(() => []) : [];
    const features = areas.map((area) => ({
      type: "Feature" as const,
      geometry: { type: "Point" as const, coordinates: area.point },
      properties: { name: area.name },
    }));
    source?.setData({ type: "FeatureCollection", features });
  }

  /** Adds a style layer below the first one that must lie above it. */
  private place(layer: LayerInfo, part: string, spec: LayerSpecification): void {
    const own = (): number => rank(layer, part, this.store.order.indexOf(layer.id));
    const above = this.map.getLayersOrder().find((id) => (this.ranks.get(id)?.() ?? -1) > own());
    this.ranks.set(spec.id, own);
    this.map.addLayer(spec, above);
  }

  /** Lays everything as the reader ordered it; what is drawn over the layers stays over them. */
  private reorder(): void {
    if (this.order === this.store.order) return;
    this.order = this.store.order;
    const height = (id: string): number => this.ranks.get(id)?.() ?? (id === GROUND_LAYER ? -1 : Infinity);
    const ids = this.map.getLayersOrder().map((id) => ({ id, height: height(id) }));
    // Infinity less itself is no number: equal heights are told apart beforehand.
    ids.sort((one, other) => (one.height === other.height ? 0 : one.height - other.height));
    for (const { id } of ids) this.map.moveLayer(id);
  }

  private show(layer: LayerInfo): void {
    const visibility = this.store.isOn(layer.id) ? "visible" : "none";
    const start = styleId(layer.id, "");
    for (const id of this.map.getLayersOrder()) {
      if (!id.startsWith(start)) continue;
      const unused = id.startsWith(styleId(FAR, "")) && !this.store.theme?.absent.length;
      this.map.setLayoutProperty(id, "visibility", unused ? "none" : visibility);
    }
  }

  /** Zooms at which tiles leave the columns of some theme out, shallowest first. */
  private gap(): number[] {
    return this.store.themes.flatMap(({ absent }) => absent).sort((one, other) => one - other);
  }

  /** Colours the cells by the theme; where their tiles leave it out, the squares before them. */
  private paintCells(): void {
    const { theme } = this.store;
    if (!theme || !this.map.getLayer(styleId("cells", "classed"))) return;
    const { colour, filters } = cellPaint(theme);
    const near = theme.absent.length > 0 ? Math.max(...theme.absent) + 1 : 0;
    for (const source of ["cells", FAR]) {
      if (!this.map.getLayer(styleId(source, "classed"))) continue;
      this.map.setPaintProperty(styleId(source, "classed"), "fill-color", colour);
      for (const [part, filter] of filters) {
        const id = styleId(source, part);
        this.map.setFilter(id, filter);
        if (source === FAR) this.map.setLayerZoomRange(id, 0, near);
        else this.map.setLayerZoomRange(id, near, DEEPEST);
      }
    }
  }
}
