/** What lies under a point of the map, finest first. */
import type { Map as MapLibreMap, MapGeoJSONFeature, PointLike } from "maplibre-gl";
import { number, side } from "./format";
import { t } from "./i18n";
import type { Store } from "./store";
import { FAR, THEMATIC } from "./style";
import type { LayerInfo, Values } from "./types";

export interface Hit {
  layer: LayerInfo;
  /** Where it is drawn from: an indicator has outlines of its own. */
  source: string;
  id: string | number | undefined;
  values: Values;
}

/** From the finest to the widest; what the list does not know comes first. */
const FINEST_FIRST = ["cells", "qpv", "zones", "qva", "iris", "arrondissements", "communes"];
/** The grid's own side, in metres, where a feature does not say it. */
export const CELL_SIDE = 200;
const PARTS = new Set(["classed", "few", "nodata", "fill"]);

const fineness = (hit: Hit): number => FINEST_FIRST.indexOf(hit.layer.id);

/** The squares of the cells have a source of their own. */
const layerOf = (source: string): string => (source === FAR ? "cells" : source);

/** A layer out of its zooms may still be found by a question: its tiles leave a little later. */
function isDrawn(map: MapLibreMap, id: string): boolean {
  const layer = map.getLayer(id);
  const zoom = map.getZoom();
  return layer !== undefined && zoom >= (layer.minzoom ?? 0) && zoom < (layer.maxzoom ?? Infinity);
}

function queried(map: MapLibreMap, store: Store): string[] {
  const visible = new Set(store.visible().map((layer) => layer.id));
  if (store.drawing) visible.add(THEMATIC);
  return map.getLayersOrder().filter((id) => {
    const cut = id.lastIndexOf("-");
    const own = visible.has(layerOf(id.slice(0, cut))) && PARTS.has(id.slice(cut + 1));
    return own && isDrawn(map, id);
  });
}

/** Every feature of the visible layers at a screen point, each once. */
export function hitsAt(map: MapLibreMap, store: Store, point: PointLike): Hit[] {
  const hits = new Map<string, Hit>();
  for (const feature of map.queryRenderedFeatures(point, { layers: queried(map, store) })) {
    const own = feature.source === THEMATIC ? (store.drawing?.layer ?? "") : layerOf(feature.source);
    const layer = store.layer(own);
    const key = `${own}/${String(feature.id ?? JSON.stringify(feature.properties))}`;
    if (!layer || hits.has(key)) continue;
    hits.set(key, { layer, source: feature.source, id: feature.id, values: feature.properties as Values });
  }
  return [...hits.values()].sort((one, other) => fineness(one) - fineness(other));
}

/** What the indicator on the map says of a hit; nothing where it tells of other places. */
export function toldOf(store: Store, hit: Hit): string | undefined {
  const { drawing } = store;
  return drawing?.layer === hit.layer.id ? drawing.values[String(hit.id)] : undefined;
}

/** Side in metres of a cell, or of the larger square that stands for cells from far away. */
export function cellSide(values: Values): number {
  const size = values["size"];
  return typeof size === "number" ? size : CELL_SIDE;
}

/** A feature drawn in these layers: looked for in the middle first, because a whole screen of cells
 * takes a tenth of a second to read. */
function nearest(map: MapLibreMap, layers: string[]): MapGeoJSONFeature | undefined {
  const { clientWidth, clientHeight } = map.getContainer();
  const [x, y] = [clientWidth / 2, clientHeight / 2];
  for (const reach of [2, 40]) {
    const box: [PointLike, PointLike] = [[x - reach, y - reach], [x + reach, y + reach]];
    const [found] = map.queryRenderedFeatures(box, { layers });
    if (found) return found;
  }
  return map.queryRenderedFeatures({ layers })[0];
}

/** The sides already seen: asking what is drawn reads every cell on screen, which takes time. */
const sides = new Map<string, number>();

/** Side of the squares the map draws now: from far away the server sums cells. It is kept where
 * the map is `settled`: before, tiles of another zoom may stand in for those on their way. */
export function drawnSide(map: MapLibreMap, { theme }: Store, settled: boolean): number {
  const far = theme !== null && theme.absent.length > 0;
  const key = `${Math.floor(map.getZoom())}/${String(far)}`;
  const known = sides.get(key);
  if (known !== undefined) return known;
  const sources = ["cells", FAR];
  const ids = sources.flatMap((source) => ["classed", "few", "nodata"].map((part) => `${source}-${part}`));
  const layers = ids.filter((id) => isDrawn(map, id));
  if (layers.length === 0) return CELL_SIDE;
  const feature = nearest(map, layers);
  if (!feature) return CELL_SIDE;
  const found = cellSide(feature.properties as Values);
  if (settled) sides.set(key, found);
  return found;
}

/** What a cell is called: a cell of the grid, or a sum of cells. */
export function cellName(values: Values): string {
  const cells = values["cells"];
  const metres = side(cellSide(values));
  return typeof cells === "number"
    ? t("card.square", { side: metres, cells: number(cells) })
    : t("card.cell", { side: metres });
}

/** The name of a hit, as a card's heading says it. */
export function hitName(hit: Hit): string {
  if (hit.layer.id === "cells") return cellName(hit.values);
  const { name, code, id } = hit.values;
  return String(name || code || id || hit.id || hit.layer.title);
}
