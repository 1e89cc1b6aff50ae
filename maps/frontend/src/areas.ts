/** The list of quarters: a text way to what the map shows, with search and sort. */
import { make } from "./dom";
import { collator, formatValue, number, searchable } from "./format";
import { counted, t } from "./i18n";
import { readJson } from "./page";
import type { Store } from "./store";
import type { Area, Attribute, LayerInfo } from "./types";

type Sort = { column: string; down: boolean };

/** Layers whose areas have names: those a list makes sense for. */
export function listedLayers(store: Store): LayerInfo[] {
  const named = (layer: LayerInfo): boolean =>
    layer.geometry === "polygon" && layer.attributes.some((one) => one.name === "name");
  return store.layers.filter(named);
}

const FIGURES = ["population", "ind", "area"];

/** The one figure shown beside the name: inhabitants where anyone gives them, else the size. */
function figureOf(layer: LayerInfo, areas: Area[]): Attribute | undefined {
  const given = FIGURES.find((name) => areas.some((area) => typeof area.values[name] === "number"));
  return layer.attributes.find((one) => one.name === given);
}

function sorted(areas: Area[], { column, down }: Sort): Area[] {
  const compare = collator().compare;
  const order = (one: Area, other: Area): number => {
    if (column === "name") return compare(one.name, other.name) || compare(one.code, other.code);
    // Areas without the figure stay at the end, whichever the direction.
    const [a, b] = [one.values[column], other.values[column]];
    if (typeof a !== "number" || typeof b !== "number") {
      return Number(typeof a !== "number") - Number(typeof b !== "number");
    }
    return down ? b - a : a - b;
  };
  const result = areas.toSorted(order);
  return column === "name" && down ? result.reverse() : result;
}

/** The column's heading already says what is counted; a size needs its unit. */
const beside = (figure: Attribute): Attribute =>
  figure.name === "area" ? figure : { ...figure, unit: "" };

export class AreaList {
  private layer: LayerInfo | undefined;
  private areas: Area[] = [];
  private loaded = false;
  private generation: string | null = null;
  private within: string | null = null;
  private sort: Sort = { column: "name", down: false };
  private readonly search = make("input", {
    attributes: { type: "search", id: "area-search", autocomplete: "off" },
  });
  private readonly body = make("div", { class: "areas__body" });

  constructor(
    holder: HTMLElement,
    private readonly store: Store,
    private readonly load: (layer: LayerInfo) => Promise<Area[]>,
    private readonly choose: (layer: LayerInfo, area: Area) => void,
  ) {
    const layers = listedLayers(store);
    this.search.addEventListener("input", () => this.draw());
    const wanted = make("label", { text: t("areas.search"), attributes: { for: "area-search" } });
    holder.replaceChildren(
      this.picker(layers),
      ...this.wholes(),
      make("div", { class: "field" }, wanted, this.search),
      this.body,
    );
    store.subscribe(() => this.renew());
    if (layers.length === 0) this.say(t("areas.none"));
  }

  /** Reads the first list, unless one was read already. */
  read(): void {
    const layers = listedLayers(this.store);
    const first = layers.find((layer) => layer.id === "qpv") ?? layers[0];
    if (first && !this.layer) void this.open(first);
  }

  private picker(layers: LayerInfo[]): HTMLElement {
    const select = make("select", { attributes: { id: "area-layer" } });
    for (const layer of layers) {
      const option = make("option", { text: layer.title, attributes: { value: layer.id } });
      option.selected = layer.id === "qpv";
      select.append(option);
    }
    select.addEventListener("change", () => {
      const layer = this.store.layer(select.value);
      if (layer) void this.open(layer);
    });
    const text = make("label", { text: t("areas.layer"), attributes: { for: "area-layer" } });
    return make("div", { class: "field" }, text, select);
  }

  /** A contract, a commune or an arrondissement whose quarters alone are listed and drawn. */
  private wholes(): HTMLElement[] {
    const known = readJson<[key: string, name: string][]>("wholes");
    if (known.length === 0) return [];
    const select = make("select", { attributes: { id: "area-within" } });
    for (const [key, name] of [["", t("areas.everywhere")], ...known] as [string, string][]) {
      const option = make("option", { text: name, attributes: { value: key } });
      option.selected = key === (this.store.within ?? "");
      select.append(option);
    }
    select.addEventListener("change", () => this.store.keepWithin(select.value || null));
    const label = make("label", { text: t("areas.within"), attributes: { for: "area-within" } });
    return [make("div", { class: "field" }, label, select)];
  }

  /** Reads the list again where another generation or another whole was chosen. */
  private renew(): void {
    const { layer, store } = this;
    if (!layer) return;
    const same = store.generationOf(layer) === this.generation && store.withinOf(layer) === this.within;
    if (!same) void this.open(layer);
  }

  private async open(layer: LayerInfo): Promise<void> {
    this.layer = layer;
    const generation = this.store.generationOf(layer);
    this.generation = generation;
    const within = this.store.withinOf(layer);
    this.within = within;
    this.loaded = false;
    this.say(t("state.loading"));
    try {
      const areas = await this.load(layer);
      if (this.layer !== layer || this.generation !== generation || this.within !== within) return;
      this.areas = areas;
      this.loaded = true;
      this.draw();
    } catch {
      if (this.layer === layer) this.say(t("areas.failed"));
    }
  }

  private say(text: string): void {
    this.body.replaceChildren(make("p", { class: "note", text, attributes: { role: "status" } }));
  }

  /** What the search leaves. */
  private shown(): Area[] {
    const wanted = searchable(this.search.value.trim());
    return this.areas.filter((area) => searchable(`${area.name} ${area.code}`).includes(wanted));
  }

  private heading(column: string, text: string): HTMLElement {
    const active = this.sort.column === column;
    const cell = make("th", { attributes: { scope: "col" } });
    if (active) cell.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
    const button = make("button", { class: "sort", text, attributes: { type: "button" } });
    button.dataset["column"] = column;
    button.addEventListener("click", () => {
      // Names start from A, figures from the largest.
      this.sort = { column, down: active ? !this.sort.down : column !== "name" };
      this.draw();
      this.body.querySelector<HTMLElement>(`[data-column="${column}"]`)?.focus();
    });
    cell.append(button);
    return cell;
  }

  private row(layer: LayerInfo, area: Area, figure: Attribute | undefined): HTMLElement {
    const button = make("button", { class: "area", text: area.name, attributes: { type: "button" } });
    button.addEventListener("click", () => this.choose(layer, area));
    const code = make("span", { class: "code", text: area.code });
    const cells = [make("th", { attributes: { scope: "row" } }, button, code)];
    if (figure) {
      const shown = formatValue(area.values[figure.name], beside(figure));
      cells.push(make("td", { text: shown }));
    }
    return make("tr", {}, ...cells);
  }

  private draw(): void {
    const { layer } = this;
    if (!layer || !this.loaded) return;
    const figure = figureOf(layer, this.areas);
    const shown = this.shown();
    const heads = [this.heading("name", t("areas.name"))];
    if (figure) heads.push(this.heading(figure.name, figure.label));
    const count = counted("areas.count", shown.length, number(shown.length));
    const rows = sorted(shown, this.sort).map((area) => this.row(layer, area, figure));
    this.body.replaceChildren(
      make("p", { class: "note", text: count, attributes: { role: "status" } }),
      make(
        "table",
        {},
        make("caption", { class: "hidden", text: layer.title }),
        make("thead", {}, make("tr", {}, ...heads)),
        make("tbody", {}, ...rows),
      ),
    );
  }
}
