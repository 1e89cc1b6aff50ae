/** The card of a chosen point: values with units, their source, and how to read them. */
import { outsideLink, make } from "./dom";
import { CELL_SIDE, cellSide, hitName, toldOf, type Hit } from "./features";
import { formatValue } from "./format";
import { t } from "./i18n";
import { citation } from "./sources";
import type { Store } from "./store";
import { cellKind, classOf, themeValue, written, type Theme } from "./themes";
import type { Attribute, LayerInfo, Values } from "./types";

/** The columns said first for a cell; the others wait behind "all values". */
const MAIN_CELL_COLUMNS = ["ind", "men", "men_pauv"];
/** Already said by the heading. */
const SAID = new Set(["name", "id"]);
const SAID_OF_CELLS = new Set(["id", "size", "cells"]);

function rows(attributes: Attribute[], values: Values): HTMLElement {
  const list = make("dl", { class: "values" });
  for (const attribute of attributes) {
    const value = values[attribute.name];
    // A missing figure is said; a date or a text that does not exist is nothing to say.
    const figure = attribute.type === "number" || attribute.type === "integer";
    if (!figure && (value === null || value === undefined || value === "")) continue;
    const term = make("dt", { text: attribute.label });
    if (attribute.description) term.title = attribute.description;
    const shown = formatValue(value, attribute);
    list.append(make("div", {}, term, make("dd", { text: shown })));
  }
  return list;
}

function sourceLine(layer: LayerInfo): HTMLElement {
  const line = make("p", { class: "source" }, `${t("card.source")} `, citation(layer));
  const address = layer.sources[0]?.url;
  if (address && layer.sources.length === 1) line.append(" ", outsideLink(address, t("card.source.link")));
  if (layer.demonstration) line.append(make("strong", { class: "tag", text: t("demo.short") }));
  return line;
}

/** The theme's value, large, with the colour it has on the map. */
function keyFigure(theme: Theme, values: Values): HTMLElement {
  const value = themeValue(theme, values);
  const kind = cellKind(theme, values);
  const figure = make("p", { class: "figure" });
  const dot = make("span", { class: "figure__class", attributes: { "aria-hidden": "true" } });
  if (value !== null && kind === "classed") {
    dot.style.backgroundColor = theme.colours[classOf(theme, value)] ?? "";
    figure.append(dot);
  }
  figure.append(
    make("strong", { text: value === null ? t("value.none") : written(theme, value) }),
    make("span", { text: theme.short }),
  );
  return figure;
}

/** The one warning that matters most for this cell. */
function warning(theme: Theme, values: Values): string {
  if (cellKind(theme, values) === "few") return t("card.few");
  if (values["i_est_200"] === 1) return t("card.imputed");
  if (cellSide(values) > CELL_SIDE) return t("cautions.census");
  return t("cautions.single");
}

function cellBody(hit: Hit, themes: Theme[], theme: Theme): HTMLElement[] {
  const shown = hit.layer.attributes.filter((attribute) => !SAID_OF_CELLS.has(attribute.name));
  const main = shown.filter((attribute) => MAIN_CELL_COLUMNS.includes(attribute.name));
  const rest = shown.filter((attribute) => !MAIN_CELL_COLUMNS.includes(attribute.name));
  const others = themes.filter((other) => other.main && other !== theme);
  const figures = others.map((other) => keyFigure(other, hit.values));
  const all = make("details", {}, make("summary", { text: t("card.all") }), rows(rest, hit.values));
  return [
    keyFigure(theme, hit.values),
    make("p", { class: "note", text: warning(theme, hit.values) }),
    make("div", { class: "figures" }, ...figures),
    rows(main, hit.values),
    ...(rest.length > 0 ? [all] : []),
  ];
}

/** What the indicator on the map says of this place, first. */
function thematicFigure(hit: Hit, store: Store): HTMLElement[] {
  const told = toldOf(store, hit);
  const { drawing } = store;
  if (told === undefined || !drawing) return [];
  const dot = make("span", { class: "figure__class", attributes: { "aria-hidden": "true" } });
  const own = drawing.classes.find((one) => one.ids.includes(Number(hit.id)));
  if (own) dot.style.backgroundColor = own.colour;
  const value = make("strong", { text: told });
  const figure = make("p", { class: "figure" }, own ? dot : null, value, make("span", { text: drawing.title }));
  return [figure, make("p", { class: "source", text: drawing.source })];
}

function body(hit: Hit, store: Store): HTMLElement[] {
  const cell = hit.layer.id === "cells" && store.theme;
  const parts = cell
    ? cellBody(hit, store.themes, cell)
    : [rows(hit.layer.attributes.filter((one) => !SAID.has(one.name)), hit.values)];
  return [...thematicFigure(hit, store), ...parts, sourceLine(hit.layer)];
}

/** The finest feature, said in full below the card's heading. */
function firstSection(hit: Hit, store: Store): HTMLElement {
  const section = make("section", { class: "card__section" }, ...body(hit, store));
  section.dataset["layer"] = hit.layer.id;
  return section;
}

/** What else lies at the same point, one line each until it is opened. */
function furtherSection(hit: Hit, store: Store): HTMLElement {
  const heading = make(
    "summary",
    {},
    make("span", { class: "card__kind", text: hit.layer.title }),
    " ",
    make("span", { class: "card__name", text: hitName(hit) }),
  );
  const details = make("details", { class: "card__section" }, heading, ...body(hit, store));
  details.dataset["layer"] = hit.layer.id;
  return details;
}

export class Card {
  private before: HTMLElement | null = null;

  constructor(
    private readonly holder: HTMLElement,
    private readonly store: Store,
    private readonly closed: () => void,
  ) {
    holder.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  show(hits: Hit[]): void {
    if (hits.length === 0) {
      this.close();
      return;
    }
    if (this.holder.hidden) this.before = document.activeElement as HTMLElement | null;
    const [first, ...others] = hits as [Hit, ...Hit[]];
    const heading = make("h2", { text: hitName(first), attributes: { tabindex: "-1" } });
    const close = make("button", {
      class: "close",
      text: "×",
      attributes: { type: "button", "aria-label": t("card.close"), title: t("card.close") },
    });
    close.addEventListener("click", () => this.close());
    const kind = first.layer.id === "cells" ? String(first.values["id"] ?? "") : first.layer.title;
    this.holder.replaceChildren(
      make("header", {}, make("div", {}, heading, make("p", { class: "card__kind", text: kind })), close),
      firstSection(first, this.store),
      ...(others.length > 0 ? [make("h3", { text: t("card.other") })] : []),
      ...others.map((hit) => furtherSection(hit, this.store)),
    );
    this.holder.hidden = false;
    this.holder.scrollTop = 0;
    heading.focus({ preventScroll: true });
  }

  close(): void {
    if (this.holder.hidden) return;
    const inside = this.holder.contains(document.activeElement);
    this.holder.hidden = true;
    this.holder.replaceChildren();
    if (inside) this.before?.focus();
    this.closed();
  }
}
