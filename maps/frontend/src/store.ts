/** What is on, and who must hear about it: map, legend, panel and address read the same store. */
import { parseState, writeState, type ViewState } from "./state";
import { DEFAULT_LAYERS } from "./symbology";
import { availableThemes, type Theme } from "./themes";
import type { LayerInfo } from "./types";

type Listener = () => void;

/** One indicator at a time is chosen on the page of indicators, which makes classes and legend. */
function asksForAnIndicator(layer: LayerInfo): boolean {
  return layer.parameters.some((parameter) => parameter.name === "indicator");
}

export class Store {
  /** Layers that hold something, in the order of the server's list. */
  readonly layers: LayerInfo[];
  readonly themes: Theme[];
  private readonly on: Set<string>;
  private readonly listeners: Listener[] = [];
  private themeId: string | null;
  private generationId: string | null;

  constructor(
    layers: LayerInfo[],
    search: string,
    /** Generations of quarters in each layer that has several, oldest first. */
    private readonly known: Record<string, string[]>,
  ) {
    this.layers = layers.filter((layer) => layer.count > 0 && !asksForAnIndicator(layer));
    const wanted = parseState(search);
    const ids = this.layers.map((layer) => layer.id);
    this.on = new Set(ids.filter((id) => (wanted.layers ?? DEFAULT_LAYERS).includes(id)));
    this.themes = availableThemes(this.layer("cells")?.attributes ?? []);
    this.themeId = wanted.theme;
    this.generationId = wanted.generation;
  }

  layer(id: string): LayerInfo | undefined {
    return this.layers.find((layer) => layer.id === id);
  }

  isOn(id: string): boolean {
    return this.on.has(id);
  }

  visible(): LayerInfo[] {
    return this.layers.filter((layer) => this.isOn(layer.id));
  }

  toggle(id: string, on: boolean): void {
    if (on) this.on.add(id);
    else this.on.delete(id);
    this.changed();
  }

  /** The theme that colours the cells; an unknown name in the address gives the first one. */
  get theme(): Theme | null {
    return this.themes.find((theme) => theme.id === this.themeId) ?? this.themes[0] ?? null;
  }

  chooseTheme(id: string): void {
    this.themeId = id;
    this.changed();
  }

  /** Generations of a layer between which there is a choice, oldest first. */
  generationsOf(layer: LayerInfo): string[] {
    const found = this.known[layer.id] ?? [];
    return found.length > 1 ? found : [];
  }

  /** The generation asked of the server, or null for the latest, which it gives by itself. */
  generationOf(layer: LayerInfo): string | null {
    const wanted = this.generationId;
    return wanted !== null && this.generationsOf(layer).includes(wanted) ? wanted : null;
  }

  chooseGeneration(id: string): void {
    this.generationId = id;
    this.changed();
  }

  subscribe(listener: Listener): void {
    this.listeners.push(listener);
  }

  private state(): ViewState {
    const ids = this.visible().map((layer) => layer.id);
    const usual = this.layers.map((layer) => layer.id).filter((id) => DEFAULT_LAYERS.includes(id));
    const same = ids.length === usual.length && ids.every((id) => usual.includes(id));
    const firstTheme = this.theme?.id === this.themes[0]?.id;
    return {
      layers: same ? null : ids,
      theme: firstTheme ? null : (this.theme?.id ?? null),
      generation: this.visible().some((layer) => this.generationOf(layer)) ? this.generationId : null,
    };
  }

  private changed(): void {
    writeState(this.state());
    for (const listener of this.listeners) listener();
  }
}
