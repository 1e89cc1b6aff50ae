/** Messages over the map: loading, nothing loaded, no answer; and the demonstration's banner. */
import { element } from "./page";
import { make } from "./dom";
import { t } from "./i18n";
import type { Store } from "./store";

type PageState = "loading" | "ready" | "empty" | "error";

/** The page's state, readable by styles and by whoever embeds the page. */
export function setState(state: PageState): void {
  element("explorer").dataset["state"] = state;
}

function cover(...children: HTMLElement[]): void {
  const holder = element("cover");
  holder.replaceChildren(make("div", { class: "cover__box" }, ...children));
  holder.hidden = false;
}

export function uncover(): void {
  element("cover").hidden = true;
}

/** Nothing is loaded yet: says which command brings data. */
export function showEmpty(): void {
  setState("empty");
  const command = (text: string): HTMLElement => make("pre", {}, make("code", { text }));
  cover(
    make("h2", { text: t("empty.title") }),
    make("p", { text: t("empty.demo") }),
    command("make run"),
    make("p", { text: t("empty.files") }),
    command(`make run DATA=${t("empty.folder")}`),
    command(`.venv/bin/observatory load grid ${t("empty.file")}`),
  );
}

/** The map cannot be shown at all: `retry` is offered when trying again may help, else the list in words. */
export function showFailure(title: string, text: string, retry: (() => void) | string): void {
  setState("error");
  const parts: HTMLElement[] = [make("h2", { text: title }), make("p", { text, attributes: { role: "alert" } })];
  if (typeof retry === "string") {
    parts.push(make("a", { class: "button", text: t("error.list"), attributes: { href: retry } }));
  } else {
    const button = make("button", {
      class: "button",
      text: t("error.retry"),
      attributes: { type: "button" },
    });
    button.addEventListener("click", retry);
    parts.push(button);
  }
  cover(...parts);
}

/** Part of the map is missing: a line that leaves the rest usable, said once until dismissed. */
export function showTrouble(text: string, retry: () => void): void {
  const holder = element("trouble");
  if (!holder.hidden) return;
  const again = make("button", {
    class: "button",
    text: t("error.retry"),
    attributes: { type: "button" },
  });
  again.addEventListener("click", () => {
    holder.hidden = true;
    retry();
  });
  holder.replaceChildren(make("span", { text }), again);
  holder.hidden = false;
}

/** Whoever sees demonstration data must know it, on any screen. */
export function renderDemonstration(store: Store): void {
  element("demonstration").hidden = !store.layers.some((layer) => layer.demonstration);
}

/** The producer's warnings on cells, while cells are on; other layers' own beside them. */
export function renderCautions(holder: HTMLElement, store: Store): void {
  const visible = store.visible();
  const cells = visible.find((layer) => layer.id === "cells");
  const own = cells
    ? ["cautions.single", "cautions.vintages", "cautions.census", "cautions.estate"].map((key) =>
        t(key),
      )
    : [];
  const others = visible.filter((layer) => layer !== cells).flatMap((layer) => layer.cautions);
  const texts = [...new Set([...own, ...others])];
  holder.hidden = texts.length === 0;
  holder.replaceChildren(
    make("h2", { text: t(cells ? "cautions.title" : "cautions.title.other") }),
    make("ul", {}, ...texts.map((text) => make("li", { text }))),
  );
}
