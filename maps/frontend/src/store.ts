/** What is on, and who must hear about it: map, legend, panel and address read the same store. */
import { COLOURED, moved, orderNamed, usualOrder } from "./order";
import { parseState, writeState, type ViewState } from "./state";
import { DEFAULT_LAYERS } from "./symbology";
import { availableThemes, type Theme } from "./themes";
import type { Drawing, LayerInfo } from "./types";

type Listener = () => void;

/** One indicator at a time is chosen in its own panel; it is drawn over the plain outlines. */
function asksForAnIndicator(layer: LayerInfo): boolean {
  return layer.parameters.some((parameter) => parameter.name === "indicator");
}

const CELLS = COLOURED;
const FAINTEST = 20;
const OPAQUE = 100;
const QUARTERS = ["qpv", "qva", "cucs"];

export class Store {
  /** Layers that hold something, in the order of the server's list. */
  readonly layers: LayerInfo[];
  readonly themes: Theme[];
  /** Every layer from the ground up; another array when the reader changes it. */
  order: string[];
  private readonly usual: string[];
  private readonly on: Set<string>;
  private readonly listeners: Listener[] = [];
  /** The indicator on the map; the cells are then off: one coloured thing at a time. */
  drawing: Drawing | null = null;
  /** The cells were on before the indicator took their place. */
  private cellsAside = false;
  /** The indicator the address asks for, until it is drawn. */
  private wanted: string;
  /** The whole (`level:code`) whose quarters alone are shown, or null. */
  within: string | null;
  /** How opaque the colours of cells and indicators are, in percent. */
  opacity: number;
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
    this.wanted = wanted.drawing;
    this.usual = usualOrder(ids);
    this.order = orderNamed(this.usual, wanted.order);
    // An address whose layers are all unknown here was cut or is of another site: not a bare map.
    const named = wanted.layers ?? DEFAULT_LAYERS;
    const lost = named.length > 0 && !named.some((id) => ids.includes(id));
    this.on = new Set(ids.filter((id) => (lost ? DEFAULT_LAYERS : named).includes(id)));
    if (this.wanted) this.cellsAside = this.on.delete(CELLS);
    this.themes = availableThemes(this.layer("cells")?.attributes ?? []);
    this.within = wanted.within || null;
    const opacity = Number(wanted.opacity ?? OPAQUE);
    this.opacity = opacity >= FAINTEST && opacity <= OPAQUE ? opacity : OPAQUE;
    this.themeId = wanted.theme;
    this.generationId = wanted.generation;
  }

  /** The layer of outlines the indicator is drawn on. */
  get drawingLayer(): LayerInfo | undefined {
    return this.drawing ? this.layer(this.drawing.layer) : undefined;
  }

  get wantsDrawing(): boolean {
    return this.wanted !== "";
  }

  /** What the panel of indicators asks the server for at first. */
  get wantedQuery(): string {
    const query = new URLSearchParams(this.wanted);
    if (this.generationId) query.set("generation", this.generationId);
    return query.toString();
  }

  /** Puts an indicator on the map, or takes it away. */
  draw(drawing: Drawing | null): void {
    if (!drawing && !this.drawing && !this.wanted) return;
    this.drawing = drawing;
    this.wanted = "";
    if (drawing) {
      this.cellsAside = this.on.delete(CELLS) || this.cellsAside;
      const layer = this.layer(drawing.layer);
      if (layer && this.generationsOf(layer).length > 0) this.generationId = drawing.generation;
    } else if (this.cellsAside) {
      this.on.add(CELLS);
      this.cellsAside = false;
    }
    this.changed();
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

  /** What is on the map, from the top down; an indicator is in the place of the cells. */
  onMap(): string[] {
    const shown = (id: string): boolean => this.isOn(id) || (id === CELLS && this.drawing !== null);
    return this.order.filter(shown).reverse();
  }

  /** Lays a layer over its next neighbour on the map, or under it. */
  move(id: string, up: boolean): void {
    this.order = moved(this.order, this.onMap(), id, up);
    this.changed();
  }

  /** The order of what is on the map, from the top down; none where it is the usual one. */
  private orderChosen(): string[] {
    const shown = this.onMap();
    const usual = this.usual.filter((id) => shown.includes(id)).reverse();
    return shown.every((id, index) => id === usual[index]) ? [] : shown;
  }

  toggle(id: string, on: boolean): void {
    if (on) this.on.add(id);
    else this.on.delete(id);
    if (on && id === CELLS) {
      this.drawing = null;
      this.cellsAside = false;
    }
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

  fade(opacity: number): void {
    this.opacity = opacity;
    this.changed();
  }

  /** Shows the quarters of one whole, or all of them. */
  keepWithin(whole: string | null): void {
    this.within = whole;
    this.changed();
  }

  /** The whole that narrows a layer: quarters have one, limits have none. */
  withinOf(layer: LayerInfo): string | null {
    return QUARTERS.includes(layer.id) ? this.within : null;
  }

  subscribe(listener: Listener): void {
    this.listeners.push(listener);
  }

  private state(): ViewState {
    const ids = this.visible().map((layer) => layer.id);
    const usual = this.layers.map((layer) => layer.id).filter((id) => DEFAULT_LAYERS.includes(id));
    const same = ids.length === usual.length && ids.every((id) => usual.includes(id));
    const firstTheme = this.theme?.id === this.themes[0]?.id;
    const generations = this.drawing ? this.layers : this.visible();
    return {
      layers: same ? null : ids,
      order: this.orderChosen(),
      theme: firstTheme ? null : (this.theme?.id ?? null),
      generation: generations.some((layer) => this.generationOf(layer)) ? this.generationId : null,
      drawing: this.drawing?.query ?? this.wanted,
      within: this.within,
      opacity: this.opacity === OPAQUE ? null : String(this.opacity),
    };
  }

  private changed(): void {
    writeState(this.state());
    for (const listener of this.listeners) listener();
  }
}
