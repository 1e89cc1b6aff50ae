/** What the server wrote into the page: addresses of files and services, and the texts. */

export interface PageConfig {
  language: string;
  areasUrl: string;
  thematicUrl: string;
  zoneUrl: string;
  listUrl: string;
  maplibreUrl: string;
  workerUrl: string;
}

/** Finds an element the template promises; a missing one is a mistake of ours, said by name. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}`);
  return found as T;
}

export function readConfig(root: HTMLElement): PageConfig {
  const data = (name: string): string => {
    const value = root.dataset[name];
    if (value === undefined) throw new Error(`#${root.id} has no data-${name}`);
    return value;
  };
  return {
    language: document.documentElement.lang || "fr",
    areasUrl: data("areas"),
    thematicUrl: data("thematic"),
    zoneUrl: data("zone"),
    listUrl: data("list"),
    maplibreUrl: data("maplibre"),
    workerUrl: data("worker"),
  };
}

export function readJson<T>(id: string): T {
  return JSON.parse(element(id).textContent ?? "null") as T;
}
