/** What is shown, written in the page's address so that it can be sent to someone. */

export interface ViewState {
  /** Ids of the layers that are on; null means the default choice. */
  layers: string[] | null;
  theme: string | null;
  generation: string | null;
  /** The indicator's own part of the address, empty without one. */
  drawing: string;
}

/** What the page of indicators reads in an address (maps/asked.py). */
const OF_DRAWING = [
  "niveau", "dans", "indicateur", "annee", "affichage", "depuis", "methode", "classes", "bornes",
];
const NAMES = { layers: "couches", theme: "theme", generation: "generation" } as const;

export function parseState(search: string): ViewState {
  const query = new URLSearchParams(search);
  const layers = query.get(NAMES.layers);
  return {
    layers: layers === null ? null : layers.split(",").filter(Boolean),
    theme: query.get(NAMES.theme),
    generation: query.get(NAMES.generation),
    drawing: drawingPart(query),
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
export function formatState(state: ViewState): string {
  const query = new URLSearchParams();
  if (state.layers !== null) query.set(NAMES.layers, state.layers.join(","));
  if (state.theme !== null) query.set(NAMES.theme, state.theme);
  if (state.generation !== null) query.set(NAMES.generation, state.generation);
  for (const [name, value] of new URLSearchParams(state.drawing)) {
    if (OF_DRAWING.includes(name)) query.set(name, value);
  }
  // Commas are legal in a query and far easier to read than %2C.
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}

/** Writes the state in the address without adding a step to the browser's history. */
export function writeState(state: ViewState): void {
  const address = location.pathname + formatState(state) + location.hash;
  history.replaceState(history.state, "", address);
  document.dispatchEvent(new CustomEvent("observatory:address"));
}
