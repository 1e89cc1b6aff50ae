/** In which order layers lie on one another: the usual one, or the reader's (maps/explorer/order.py). */
import { make } from "./dom";
import { t } from "./i18n";
import type { Store } from "./store";

/** What is coloured, cells or an indicator, has one place: there is one such thing at a time. */
export const COLOURED = "cells";

/** From the ground up; layers the list does not know lie above all of them. */
const USUAL = [
  COLOURED,
  "communes",
  "arrondissements",
  "iris",
  "admin_quarters",
  "cucs",
  "qva",
  "qpv",
  "zones",
];

const place = (id: string): number => (USUAL.includes(id) ? USUAL.indexOf(id) : USUAL.length);

/** Layers from the ground up as they usually lie. */
export function usualOrder(ids: string[]): string[] {
  return [...new Set([COLOURED, ...ids])].sort((one, other) => place(one) - place(other));
}

/** The usual order, with those that are named (from the top down) changed among themselves. */
export function orderNamed(usual: string[], named: string[]): string[] {
  const wanted = [...new Set(named)].filter((id) => usual.includes(id)).reverse();
  let next = 0;
  return usual.map((id) => (wanted.includes(id) ? (wanted[next++] ?? id) : id));
}

/** `id` past its next neighbour on the map, whatever lies between them unseen. */
export function moved(order: string[], onMap: string[], id: string, up: boolean): string[] {
  const neighbour = onMap[onMap.indexOf(id) + (up ? -1 : 1)];
  if (!neighbour || !onMap.includes(id)) return order;
  const rest = order.filter((one) => one !== id);
  rest.splice(rest.indexOf(neighbour) + (up ? 1 : 0), 0, id);
  return rest;
}

/** The list by which the reader changes the order, top layer first; closed until it is wanted. */
export class OrderList {
  readonly node: HTMLElement;
  private readonly list = make("ol");
  private readonly said = make("p", { class: "hidden", attributes: { role: "status" } });
  private shown = "";

  constructor(private readonly store: Store) {
    const summary = make("summary", { text: t("order.title") });
    const note = make("p", { class: "note", text: t("order.note") });
    this.node = make("details", { class: "order" }, summary, note, this.list, this.said);
    store.subscribe(() => this.render());
    this.render();
  }

  private title(id: string): string {
    const { drawing } = this.store;
    return id === COLOURED && drawing ? drawing.title : (this.store.layer(id)?.title ?? id);
  }

  private render(): void {
    const ids = this.store.onMap();
    const rows = JSON.stringify(ids.map((id) => [id, this.title(id)]));
    if (rows === this.shown) return;
    this.shown = rows;
    this.node.hidden = ids.length < 2;
    this.list.replaceChildren(...ids.map((id, index) => this.row(id, index, ids.length)));
  }

  private row(id: string, index: number, count: number): HTMLElement {
    const up = this.button(id, true, index === 0);
    const down = this.button(id, false, index === count - 1);
    const item = make("li", {}, make("span", { text: this.title(id) }), up, down);
    item.dataset["layer"] = id;
    return item;
  }

  /** At an end it is dimmed and not taken away: the keyboard would lose its place. */
  private button(id: string, up: boolean, end: boolean): HTMLElement {
    const name = t(up ? "order.up" : "order.down", { layer: this.title(id) });
    const attributes = { type: "button", "aria-label": name, title: name, "aria-disabled": String(end) };
    const button = make("button", { text: up ? "↑" : "↓", attributes });
    button.id = `order-${up ? "up" : "down"}-${id}`;
    button.addEventListener("click", () => {
      if (!end) this.move(id, up, button.id);
    });
    return button;
  }

  private move(id: string, up: boolean, focused: string): void {
    this.store.move(id, up);
    document.getElementById(focused)?.focus();
    const ids = this.store.onMap();
    const at = { layer: this.title(id), place: ids.indexOf(id) + 1, count: ids.length };
    this.said.textContent = t("order.said", at);
  }
}
