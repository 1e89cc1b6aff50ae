/** The panel that chooses an indicator: the server makes classes, histogram and table of it. */
import { ownAddress } from "./api";
import { make } from "./dom";
import { t } from "./i18n";
import { openSide } from "./sheets";
import type { Store } from "./store";
import type { Drawing } from "./types";

/** A new indicator or place has years and ways of its own: what the old one had is let go. */
const DEPENDENTS: Record<string, string[]> = {
  niveau: ["indicateur", "annee", "depuis", "affichage", "bornes", "generation"],
  generation: ["annee", "depuis", "bornes"],
  dans: ["bornes"],
  indicateur: ["annee", "depuis", "affichage", "bornes"],
  affichage: ["depuis", "bornes"],
  annee: ["depuis"],
  periode: ["bornes"],
};
const BY_HAND = "manuelles";

const isOfQuarters = (drawing: Drawing): boolean => ["qpv", "qva"].includes(drawing.layer);

export class ThematicPanel {
  private asked: AbortController | undefined;
  private opened = false;
  /** An address names a figure, and its answer has not come yet. */
  private unseen: boolean;
  /** The whole whose quarters alone the explorer shows: the indicator keeps to it as well. */
  private within: string | null;

  constructor(
    private readonly holder: HTMLElement,
    private readonly address: string,
    private readonly store: Store,
  ) {
    this.within = store.within;
    this.unseen = store.wantsDrawing && !document.body.classList.contains("explorer-page--embedded");
    holder.addEventListener("change", (event) => this.change(event.target as HTMLInputElement));
    holder.addEventListener("submit", (event) => event.preventDefault());
    store.subscribe(() => {
      const box = this.box();
      if (box) box.checked = store.drawing !== null;
      if (store.within !== this.within) this.keepWithin(store.within);
    });
  }

  /** Reads the panel when it is first looked at, or at once where the address names a figure. */
  open(): void {
    if (this.opened) return;
    this.opened = true;
    const query = new URLSearchParams(this.store.wantedQuery);
    if (this.within && !query.has("dans")) query.set("dans", this.within);
    void this.ask(query);
  }

  private keepWithin(whole: string | null): void {
    this.within = whole;
    const { drawing } = this.store;
    if (!drawing || !isOfQuarters(drawing)) return;
    const query = new URLSearchParams(drawing.query);
    query.delete("dans");
    if (whole) query.set("dans", whole);
    if (drawing.generation) query.set("generation", drawing.generation);
    void this.ask(query);
  }

  /** Asks for classes of all years, which serve two maps of different years. */
  pool(): void {
    const { drawing } = this.store;
    if (!drawing || drawing.years.length < 2) return;
    const query = new URLSearchParams(drawing.query);
    if (query.get("periode") || query.get("affichage") === "evolution") return;
    query.set("periode", "toutes");
    if (drawing.generation) query.set("generation", drawing.generation);
    void this.ask(query);
  }

  private box(): HTMLInputElement | null {
    return this.holder.querySelector<HTMLInputElement>("#thematic-on");
  }

  private change(field: HTMLInputElement): void {
    if (field === this.box()) {
      this.store.draw(field.checked ? this.read() : null);
      return;
    }
    const form = this.holder.querySelector("form");
    if (!form) return;
    if (field.id === "temps") {
      this.goTo(field, form);
      return;
    }
    const wanted = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    for (const name of DEPENDENTS[field.name] ?? []) wanted.delete(name);
    // Whoever writes a break means it.
    if (field.name === "bornes") wanted.set("methode", BY_HAND);
    if (wanted.get("methode") !== BY_HAND) wanted.delete("bornes");
    void this.ask(wanted, field.id);
  }

  /** Through time the classes stay: a colour that meant something else each year would lie. */
  private goTo(slider: HTMLInputElement, form: HTMLFormElement): void {
    const year = (slider.dataset["years"] ?? "").split(",")[slider.valueAsNumber] ?? "";
    const wanted = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    wanted.set("annee", year);
    wanted.set("periode", "toutes");
    if (wanted.get("methode") !== BY_HAND) wanted.delete("bornes");
    void this.ask(wanted, slider.id);
  }

  /** Only the last choice is shown: earlier answers are dropped on the way. */
  private async ask(wanted: URLSearchParams, focused = ""): Promise<void> {
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    this.holder.setAttribute("aria-busy", "true");
    try {
      const address = ownAddress(`${this.address}?${wanted.toString()}`);
      const response = await fetch(address, { signal: asked.signal });
      if (!response.ok) throw new Error(String(response.status));
      this.show(await response.text(), focused);
    } catch (error) {
      if (asked.signal.aborted) return;
      this.fail(wanted, focused);
    }
    this.holder.removeAttribute("aria-busy");
  }

  private show(text: string, focused: string): void {
    const page = new DOMParser().parseFromString(text, "text/html");
    this.holder.replaceChildren(...page.body.childNodes);
    if (focused) document.getElementById(focused)?.focus();
    const drawing = this.read();
    // What the address asked for and cannot be drawn is said where it is seen.
    if (!drawing && this.unseen) openSide("thematic");
    this.unseen = false;
    this.store.draw(drawing);
  }

  /** What the server says to draw; nothing where the choice cannot be shown. */
  private read(): Drawing | null {
    const found = this.holder.querySelector("#drawing")?.textContent;
    return found ? (JSON.parse(found) as Drawing) : null;
  }

  private fail(wanted: URLSearchParams, focused: string): void {
    const again = make("button", {
      class: "button",
      text: t("error.retry"),
      attributes: { type: "button" },
    });
    again.addEventListener("click", () => void this.ask(wanted, focused));
    const words = make("p", { text: t("error.indicator"), attributes: { role: "alert" } });
    const before = this.holder.querySelector("[data-failed]");
    before?.remove();
    this.holder.prepend(make("div", { attributes: { "data-failed": "" } }, words, again));
  }
}
