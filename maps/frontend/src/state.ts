/** What is shown, written in the page's address so that it can be sent to someone. */

export interface ViewState {
  /** Ids of the layers that are on; null means the default choice. */
  layers: string[] | null;
  /** Layers from the top down as the reader laid them; empty is the usual order. */
  order: string[];
  theme: string | null;
  generation: string | null;
  /** The indicator's own part of the address, empty without one. */
  drawing: string;
  /** The contract, commune or arrondissement whose quarters alone are shown, or null. */
  within: string | null;
  /** How opaque colours are, in percent; null is the usual, fully. */
  opacity: string | null;
}

/** What the page of indicators reads in an address (maps/asked.py). */
const OF_DRAWING = [
  "niveau", "dans", "indicateur", "annee", "affichage", "depuis", "methode", "classes", "bornes",
  "periode",
];
const NAMES = { layers: "couches", order: "ordre", theme: "theme", generation: "generation", within: "filtre", opacity: "opacite" } as const;

export function parseState(search: string): ViewState {
  const query = new URLSearchParams(search);
  const layers = query.get(NAMES.layers);
  return {
    layers: layers === null ? null : layers.split(",").filter(Boolean),
    order: (query.get(NAMES.order) ?? "").split(",").filter(Boolean),
    theme: query.get(NAMES.theme),
    generation: query.get(NAMES.generation),
    drawing: drawingPart(query),
    within: query.get(NAMES.within),
    opacity: query.get(NAMES.opacity),
  };
}

function drawingPart(query: URLSearchParams): string {
  const own = new URLSearchParams();
  for (const name of OF_DRAWING) {
    const value = query.get(name);
    if (value) own.set(name, value);
  }
  return own.has("indicateur") ? own.toString() : "";
}

/** The query of a state; what is left at its default is left out. */
function queryOf(state: ViewState): URLSearchParams {
  const query = new URLSearchParams();
  if (state.layers !== null) query.set(NAMES.layers, state.layers.join(","));
  if (state.order.length > 0) query.set(NAMES.order, state.order.join(","));
  if (state.theme !== null) query.set(NAMES.theme, state.theme);
  if (state.generation !== null) query.set(NAMES.generation, state.generation);
  if (state.within !== null) query.set(NAMES.within, state.within);
  if (state.opacity !== null) query.set(NAMES.opacity, state.opacity);
  for (const [name, value] of new URLSearchParams(state.drawing)) {
    if (OF_DRAWING.includes(name)) query.set(name, value);
  }
  return query;
}

const SECOND = { place: "lieu2", year: "annee2" } as const;

/** The second map: its own place, or null where it goes with the first; its own year, or "". */
export interface Second {
  on: boolean;
  place: string | null;
  year: string;
}

export function readSecond(): Second {
  const query = new URLSearchParams(location.search);
  const place = query.get(SECOND.place);
  return { on: place !== null, place: place || null, year: query.get(SECOND.year) ?? "" };
}

function secondPart(query: URLSearchParams, { on, place, year }: Second): void {
  if (on) query.set(SECOND.place, place ?? "");
  else query.delete(SECOND.place);
  if (on && year) query.set(SECOND.year, year);
  else query.delete(SECOND.year);
}

function readable(query: URLSearchParams): string {
  // Commas are legal in a query and far easier to read than %2C.
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

export function writeSecond(second: Second): void {
  const query = new URLSearchParams(location.search);
  secondPart(query, second);
  replace(readable(query));
}

function replace(search: string): void {
  if (search === location.search) return;
  history.replaceState(history.state, "", location.pathname + search + location.hash);
  document.dispatchEvent(new CustomEvent("observatory:address"));
}

/** Writes the state in the address without adding a step to the browser's history. */
export function writeState(state: ViewState): void {
  const query = queryOf(state);
  secondPart(query, readSecond());
  replace(readable(query));
}
