/** The legend: what is on the map now, drawn from the same description as the map itself. */
import { make } from "./dom";
import { CELL_SIDE } from "./features";
import { side } from "./format";
import { t } from "./i18n";
import { ALERT, HALO, HIGHLIGHT, LAND } from "./palette";
import { patternSwatch } from "./patterns";
import type { Store } from "./store";
import { THEMATIC } from "./style";
import { legendTitle, symbology, type Outline, type Symbology } from "./symbology";
import { classLabels, type Theme } from "./themes";
import type { Drawing, LayerInfo } from "./types";

const WIDTH = 26;
const HEIGHT = 16;
const SVG = "http://www.w3.org/2000/svg";

function svg(tag: string, attributes: Record<string, string | number>): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/** The outline as the map draws it: casing, colour, dashes and filling. */
function outlineSwatch({ kind, outline }: Symbology, clear = false): HTMLElement {
  const holder = make("span", { class: "swatch", attributes: { "aria-hidden": "true" } });
  if (outline.pattern && !clear) holder.append(patternSwatch(outline.pattern, WIDTH, HEIGHT));
  const drawing = svg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}` });
  const dash = (outline.dash ?? []).map((length) => length * outline.width).join(" ");
  const shape =
    kind === "point"
      ? svg("circle", { cx: WIDTH / 2, cy: HEIGHT / 2, r: 4.5, fill: outline.colour })
      : svg("rect", {
          x: 1.5,
          y: 1.5,
          width: WIDTH - 3,
          height: HEIGHT - 3,
          fill: kind === "land" ? LAND : "none",
          stroke: outline.colour,
          "stroke-width": outline.width,
          ...(dash ? { "stroke-dasharray": dash } : {}),
        });
  drawing.append(shape);
  holder.append(drawing);
  return holder;
}

function classSwatch(colour: string): HTMLElement {
  const node = make("span", { class: "swatch", attributes: { "aria-hidden": "true" } });
  node.dataset["colour"] = colour;
  node.style.backgroundColor = colour;
  return node;
}

function patternKey(name: "few" | "nodata"): HTMLElement {
  const holder = make("span", { class: "swatch", attributes: { "aria-hidden": "true" } });
  holder.append(patternSwatch(name, WIDTH, HEIGHT));
  return make("li", { attributes: { "data-kind": name } }, holder, t(`legend.${name}`));
}

function cellsKey(layer: LayerInfo, theme: Theme, metres: number): HTMLElement {
  const classes = classLabels(theme).map((label, index) =>
    make("li", { attributes: { "data-class": String(index) } },
      classSwatch(theme.colours[index] ?? ""), label),
  );
  const note = metres > CELL_SIDE ? "legend.squares.note" : "legend.cells.note";
  return make(
    "div",
    { class: "legend__layer", attributes: { "data-layer": layer.id } },
    make("h3", { text: theme.title }),
    make("p", { class: "legend__note", text: t(note, { side: side(metres) }) }),
    make("ul", { class: "legend__classes" }, ...classes, patternKey("few"), patternKey("nodata")),
  );
}

/** The swatch of an outlined layer, also shown in the panel; `clear` where nothing fills it. */
export function layerSwatch(layer: LayerInfo, clear = false): HTMLElement | null {
  const drawn = symbology(layer);
  return drawn.kind === "cells" ? null : outlineSwatch(drawn, clear);
}

function outlineKey(layer: LayerInfo, store: Store): HTMLElement {
  const generation = store.generationOf(layer) ?? store.generationsOf(layer).at(-1);
  const key = make("li", {}, layerSwatch(layer, store.drawing !== null), legendTitle(layer));
  key.dataset["layer"] = layer.id;
  if (generation) key.append(` – ${generation}`);
  return key;
}

/** The zone drawn or chosen, as the map draws it. */
const ZONE: Outline = { colour: HIGHLIGHT, width: 2.4, dash: [2, 1], cased: false };

function zoneKey(name: string): HTMLElement {
  const swatch = outlineSwatch({ kind: "outline", outline: ZONE, labelled: false, interactive: false });
  return make("li", { attributes: { "data-layer": "zone" } }, swatch, name);
}

/** How many places a line of the legend stands for. */
function counted(count: number): HTMLElement {
  const attributes = { title: t("legend.count") };
  return make("span", { class: "legend__count", text: String(count), attributes });
}

function drawingKey(drawing: Drawing): HTMLElement {
  const classes = drawing.classes.map(({ colour, words, count }, index) =>
    make("li", { attributes: { "data-class": String(index) } },
      classSwatch(colour), words, counted(count)),
  );
  const absent = drawing.absent.map(({ kind, words, ids }) => {
    const holder = make("span", { class: "swatch", attributes: { "aria-hidden": "true" } });
    holder.append(patternSwatch(kind, WIDTH, HEIGHT));
    return make("li", { attributes: { "data-kind": kind } }, holder, words, counted(ids.length));
  });
  const note = drawing.sizes.length > 0 ? "legend.circles.note" : "legend.places.note";
  return make(
    "div",
    { class: "legend__layer", attributes: { "data-layer": THEMATIC } },
    make("h3", { text: drawing.title }),
    make("p", { class: "legend__note", text: t(note) }),
    make("ul", { class: "legend__classes" }, ...drawing.sizes.map(sizeKey), ...classes, ...absent),
  );
}

/** A circle as large as the map draws it. */
function sizeKey({ diameter, words }: Drawing["sizes"][number]): HTMLElement {
  const side = diameter + 2;
  const look = { fill: ALERT, "fill-opacity": 0.5, stroke: HALO };
  const middle = side / 2;
  const drawing = svg("svg", { width: side, height: side, "aria-hidden": "true" });
  drawing.append(svg("circle", { cx: middle, cy: middle, r: diameter / 2, ...look }));
  const holder = make("span", { class: "legend__circle" });
  holder.append(drawing);
  return make("li", { attributes: { "data-size": String(diameter) } }, holder, words);
}

/** What of the map's place the legend depends on. */
export interface LegendView {
  zoom: number;
  /** Side in metres of the squares the map draws now. */
  cellSide: number;
  /** What the zone drawn over all layers is called; empty where there is none. */
  zone: string;
}

/** Draws the legend again, as the map is now: layers it is too far away to show are said apart. */
export function renderLegend(holder: HTMLElement, store: Store, view: LegendView): void {
  const { zoom } = view;
  const { order } = store;
  const visible = store.visible().sort((one, other) => order.indexOf(other.id) - order.indexOf(one.id));
  const near = visible.filter((layer) => zoom >= layer.minzoom - 0.001);
  const far = visible.filter((layer) => zoom < layer.minzoom - 0.001);
  const outlines = near.filter((layer) => layer.id !== "cells");
  const cells = near.find((layer) => layer.id === "cells");
  const children: HTMLElement[] = [];
  if (store.drawing) children.push(drawingKey(store.drawing));
  const { drawingLayer } = store;
  if (store.drawing && drawingLayer && zoom < drawingLayer.minzoom - 0.001) {
    const text = t("legend.far", { layer: store.drawing.title });
    children.push(make("p", { class: "legend__note", text }));
  }
  if (cells && store.theme) children.push(cellsKey(cells, store.theme, view.cellSide));
  const keys = outlines.map((layer) => outlineKey(layer, store));
  if (view.zone) keys.unshift(zoneKey(view.zone));
  if (keys.length > 0) {
    children.push(make("ul", { class: "legend__outlines" }, ...keys));
  }
  for (const layer of far) {
    const text = t("legend.far", { layer: layer.title });
    children.push(make("p", { class: "legend__note", text }));
  }
  if (children.length === 0) children.push(make("p", { text: t("legend.empty") }));
  holder.replaceChildren(...children);
}
