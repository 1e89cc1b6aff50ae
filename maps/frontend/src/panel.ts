/** The list of layers: groups, checkboxes, the cells' theme, the quarters' generation. */
import { make } from "./dom";
import { t } from "./i18n";
import { layerSwatch } from "./legend";
import { OrderList } from "./order";
import { citation } from "./sources";
import type { Store } from "./store";
import type { LayerInfo } from "./types";

type Options = [value: string, text: string, group?: string][];

function choice(
  name: string,
  title: string,
  options: Options,
  chosen: string,
  choose: (value: string) => void,
): HTMLElement {
  const select = make("select", { attributes: { id: name, name } });
  let holder: HTMLElement = select;
  for (const [value, text, group = ""] of options) {
    const option = make("option", { text, attributes: { value } });
    option.selected = value === chosen;
    if (group && holder.getAttribute("label") !== group) {
      holder = make("optgroup", { attributes: { label: group } });
      select.append(holder);
    }
    holder.append(option);
  }
  select.addEventListener("change", () => choose(select.value));
  const label = make("label", { text: title, attributes: { for: name } });
  return make("div", { class: "field" }, label, select);
}

/** Counts are not in it: shaded, they would tell of the squares' size. */
function themeChoice(store: Store): HTMLElement | null {
  if (store.themes.length < 2) return null;
  const options: Options = store.themes.map(({ id, title, group }) => [id, title, group]);
  return choice("theme", t("panel.theme"), options, store.theme?.id ?? "", (id) =>
    store.chooseTheme(id),
  );
}

/** Cells have no time slider: the reason stands where it would be looked for. */
function noTime(): HTMLElement {
  return make("p", { class: "note field", text: t("panel.no-time") });
}

function generationChoice(layer: LayerInfo, store: Store): HTMLElement | null {
  const found = store.generationsOf(layer);
  if (found.length === 0) return null;
  const options = found.map((year): [string, string] => [year, year]);
  const chosen = store.generationOf(layer) ?? found.at(-1) ?? "";
  return choice(`generation-${layer.id}`, t("panel.generation"), options, chosen, (year) =>
    store.chooseGeneration(year),
  );
}

function about(layer: LayerInfo): HTMLElement {
  const name = t("panel.about", { layer: layer.title });
  return make(
    "details",
    { class: "about" },
    make("summary", { attributes: { "aria-label": name, title: name } }, "i"),
    layer.description ? make("p", { text: layer.description }) : null,
    make("p", { class: "source", text: citation(layer) }),
  );
}

function row(layer: LayerInfo, store: Store): HTMLElement {
  const box = make("input", { attributes: { type: "checkbox", name: "layer", value: layer.id } });
  box.id = `layer-${layer.id}`;
  box.checked = store.isOn(layer.id);
  box.addEventListener("change", () => store.toggle(layer.id, box.checked));
  const label = make("label", { attributes: { for: box.id } }, layerSwatch(layer), layer.title);
  const more = layer.id === "cells" ? themeChoice(store) : generationChoice(layer, store);
  const cells = layer.id === "cells";
  return make("li", { class: "layer" }, box, label, about(layer), more, cells ? noTime() : null);
}

function groups(layers: LayerInfo[]): Map<string, LayerInfo[]> {
  const found = new Map<string, LayerInfo[]>();
  for (const layer of layers) found.set(layer.group, [...(found.get(layer.group) ?? []), layer]);
  return found;
}

/** Draws the panel once, so that nothing moves under the pointer later. */
export function renderPanel(holder: HTMLElement, store: Store): void {
  const sections: HTMLElement[] = [];
  for (const [group, layers] of groups(store.layers)) {
    const rows = layers.map((layer) => row(layer, store));
    const heading = make("legend", { text: group || t("panel.other") });
    sections.push(make("fieldset", { class: "group" }, heading, make("ul", {}, ...rows)));
  }
  holder.replaceChildren(...sections, new OrderList(store).node);
  // What is chosen elsewhere may put a layer away.
  store.subscribe(() => {
    for (const box of holder.querySelectorAll<HTMLInputElement>("[name=layer]")) {
      box.checked = store.isOn(box.value);
    }
  });
}
