/** Tabs beside the map and, on narrow screens, the sheets that replace the side panel. */
import { element } from "./page";

const TABS = ["layers", "thematic", "zone", "areas", "share"] as const;
type Tab = (typeof TABS)[number];

function select(chosen: Tab): void {
  for (const tab of TABS) {
    const button = element(`tab-${tab}`);
    const on = tab === chosen;
    button.setAttribute("aria-selected", String(on));
    button.tabIndex = on ? 0 : -1;
    element(`panel-${tab}`).hidden = !on;
  }
  document.dispatchEvent(new CustomEvent("observatory:tab", { detail: chosen }));
}

/** Does something each time a tab is chosen. */
export function whenShown(tab: Tab, act: () => void): void {
  document.addEventListener("observatory:tab", (event) => {
    if ((event as CustomEvent<Tab>).detail === tab) act();
  });
}

function bindTabs(): void {
  for (const [index, tab] of TABS.entries()) {
    const button = element(`tab-${tab}`);
    button.addEventListener("click", () => select(tab));
    button.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
      const step = event.key === "ArrowRight" ? 1 : TABS.length - 1;
      const next = TABS[(index + step) % TABS.length] as Tab;
      select(next);
      element(`tab-${next}`).focus();
    });
  }
}

/** Buttons with `data-sheet` open and close what they control; one sheet at a time. */
function bindSheets(): void {
  const buttons = [...document.querySelectorAll<HTMLElement>("[data-sheet]")];
  const sheetOf = (button: HTMLElement): HTMLElement => element(button.dataset["sheet"] ?? "");
  const set = (button: HTMLElement, open: boolean): void => {
    button.setAttribute("aria-expanded", String(open));
    sheetOf(button).classList.toggle("sheet--open", open);
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      for (const other of buttons) set(other, other === button && open);
    });
    sheetOf(button).addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || button.getAttribute("aria-expanded") !== "true") return;
      set(button, false);
      button.focus();
    });
  }
}

/** Shows a tab, on a small screen in its sheet. */
export function openSide(tab: Tab): void {
  select(tab);
  const sheet = document.querySelector<HTMLElement>("[data-sheet=side]");
  if (sheet?.offsetParent && sheet.getAttribute("aria-expanded") !== "true") sheet.click();
}

/** Puts every sheet away, so that the map can be seen. */
export function closeSheets(): void {
  for (const button of document.querySelectorAll<HTMLElement>("[data-sheet]")) {
    if (button.getAttribute("aria-expanded") === "true") button.click();
  }
}

/** Sources are spread out where there is room, and wait behind their word where there is none. */
function bindSources(): void {
  const wide = matchMedia("(min-width: 761px)");
  const sources = element<HTMLDetailsElement>("sources");
  const fit = (): void => {
    sources.open = wide.matches;
  };
  wide.addEventListener("change", fit);
  fit();
}

export function bindPanels(): void {
  bindTabs();
  bindSheets();
  bindSources();
}
