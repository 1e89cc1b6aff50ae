/** MapLibre style layers made from the symbology. */
import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  StyleSpecification,
} from "maplibre-gl";
import { GROUND, HALO, HIGHLIGHT, LABEL, LAND } from "./palette";
import { symbology, type Outline } from "./symbology";
import { colourExpression, kindFilter, type CellKind, type Theme } from "./themes";
import type { LayerInfo } from "./types";

/** The page's own font (see explorer.css); MapLibre draws names with it, no glyph file needed. */
export const FONT_FAMILY = "Observatoire";
const FONT_STRONG = `${FONT_FAMILY} Semibold`;

/** Id of the source, of the tile layer inside it, and the start of its style layers' ids. */
export const sourceId = (layer: string): string => layer;
/** The source of the indicator's outlines, and the start of its layers' ids. */
export const THEMATIC = "thematic";
export const styleId = (layer: string, part: string): string => `${layer}-${part}`;

/** Where a style layer lies: land, then layers in their order, then highlights, then names. */
export function rank(layer: LayerInfo, part: string, place: number): number {
  const floors: Record<string, number> = { names: 300, lit: 200 };
  const ground = symbology(layer).kind === "land" && part === "fill";
  return (ground ? 0 : (floors[part] ?? 100)) + place;
}

export const GROUND_LAYER = "ground";

export function emptyStyle(): StyleSpecification {
  return {
    version: 8,
    sources: {},
    layers: [{ id: GROUND_LAYER, type: "background", paint: { "background-color": GROUND } }],
  };
}

/** One value for the features under the pointer or chosen, another for the rest. */
const lit = (yes: number, no: number): ExpressionSpecification => [
  "case",
  ["boolean", ["feature-state", "lit"], false],
  yes,
  no,
];

function base(layer: LayerInfo, part: string): object {
  return { id: styleId(layer.id, part), source: sourceId(layer.id), "source-layer": layer.id };
}

function highlight(layer: LayerInfo, width: number): LayerSpecification {
  return {
    ...base(layer, "lit"),
    type: "line",
    layout: { "line-join": "round" },
    paint: { "line-color": HIGHLIGHT, "line-width": lit(width, 0) },
  } as LayerSpecification;
}

/** The source of the squares that stand for cells where their tiles leave columns out. */
export const FAR = "cells-far";

/** Classes and patterns of one source of cells; its name begins their ids. */
function cellFills(layer: LayerInfo, theme: Theme, source: string): LayerSpecification[] {
  const on = { type: "fill", source, "source-layer": layer.id };
  const one = (part: CellKind, paint: object): LayerSpecification =>
    ({ ...on, id: styleId(source, part), filter: kindFilter(theme, part), paint }) as LayerSpecification;
  const colours = { "fill-color": colourExpression(theme), "fill-antialias": false };
  const patterns = (["nodata", "few"] as const).map((part) => one(part, { "fill-pattern": part }));
  return [...patterns, one("classed", colours)];
}

/** Where the finest tiles leave columns of a theme out, the squares before them are drawn on. */
export function farLayers(layer: LayerInfo, theme: Theme): LayerSpecification[] {
  return cellFills(layer, theme, FAR);
}

function cellLayers(layer: LayerInfo, theme: Theme): LayerSpecification[] {
  const grid = {
    ...base(layer, "grid"),
    type: "line",
    minzoom: 12.5,
    paint: { "line-color": LAND, "line-width": 0.6, "line-opacity": 0.55 },
  } as LayerSpecification;
  return [...cellFills(layer, theme, sourceId(layer.id)), grid, highlight(layer, 3)];
}

/** What changes on the cells when the theme changes. */
export function cellPaint(theme: Theme): {
  colour: ExpressionSpecification;
  filters: [CellKind, FilterSpecification][];
} {
  const kinds: CellKind[] = ["classed", "few", "nodata"];
  return {
    colour: colourExpression(theme),
    filters: kinds.map((kind) => [kind, kindFilter(theme, kind)]),
  };
}

/** Lines grow a little as one comes closer. */
const growing = (width: number, more = 0): unknown => [
  "interpolate",
  ["linear"],
  ["zoom"],
  10,
  width * 0.6 + more,
  15,
  width * 1.5 + more,
];

function outlineLayers(layer: LayerInfo, outline: Outline): LayerSpecification[] {
  const line = (part: string, paint: object): LayerSpecification =>
    ({
      ...base(layer, part),
      type: "line",
      layout: { "line-join": "round", "line-cap": outline.dash ? "butt" : "round" },
      paint,
    }) as LayerSpecification;
  const casing = line("casing", {
    "line-color": HALO,
    "line-opacity": 0.85,
    "line-width": growing(outline.width, 2),
  });
  const main = line("line", {
    "line-color": outline.colour,
    "line-width": growing(outline.width),
    ...(outline.dash ? { "line-dasharray": outline.dash } : {}),
  });
  return [...(outline.cased ? [casing] : []), main];
}

function fill(layer: LayerInfo, paint: object): LayerSpecification {
  return { ...base(layer, "fill"), type: "fill", paint } as LayerSpecification;
}

function pointLayers(layer: LayerInfo, outline: Outline): LayerSpecification[] {
  const paint = {
    "circle-color": outline.colour,
    "circle-radius": lit(7, 4.5),
    "circle-stroke-color": HALO,
    "circle-stroke-width": 1.2,
  };
  return [{ ...base(layer, "fill"), type: "circle", paint } as LayerSpecification];
}

/** Everything drawn for one layer, from the bottom up (names aside: see `labelLayer`). */
export function styleLayers(layer: LayerInfo, theme: Theme | null): LayerSpecification[] {
  const { kind, outline } = symbology(layer);
  if (kind === "cells") return theme ? cellLayers(layer, theme) : [];
  if (kind === "point") return pointLayers(layer, outline);
  if (kind === "line") return [...outlineLayers(layer, outline), highlight(layer, 4)];
  const inside = outline.pattern
    ? { "fill-pattern": outline.pattern }
    : { "fill-color": kind === "land" ? LAND : "rgba(255, 255, 255, 0)" };
  return [
    fill(layer, { ...inside, "fill-antialias": false }),
    ...outlineLayers(layer, outline),
    highlight(layer, outline.width + 2),
  ];
}

/** Names stand on one point per area: names taken from tiles would repeat at every tile edge. */
export function labelLayer(layer: LayerInfo): LayerSpecification {
  const { outline, kind } = symbology(layer);
  const land = kind === "land";
  return {
    id: styleId(layer.id, "names"),
    type: "symbol",
    source: styleId(layer.id, "names"),
    minzoom: land ? 10 : 12.2,
    layout: {
      "text-field": ["get", "name"],
      "text-font": [land ? FONT_FAMILY : FONT_STRONG],
      "text-size": ["interpolate", ["linear"], ["zoom"], 10, land ? 11 : 12, 15, land ? 15 : 16],
      "text-max-width": 8,
      "text-padding": 6,
      "text-variable-anchor": ["center", "top", "bottom"],
    },
    paint: {
      "text-color": land ? LABEL : outline.colour,
      "text-halo-color": HALO,
      "text-halo-width": 1.8,
      "text-opacity": land ? 0.85 : 1,
    },
  };
}
