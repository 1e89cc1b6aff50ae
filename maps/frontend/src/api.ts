/** Requests to our own server, and to no other. */
import type { VectorSourceSpecification } from "maplibre-gl";
import type { Area, LayerInfo } from "./types";

/** A request that brought nothing usable; `status` is 0 when no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly address: string,
    readonly status: number,
  ) {
    super(`${address}: ${status || "no answer"}`);
  }
}

/** The same path on our own origin, whichever host the answer named: a server behind a proxy may
 * not know its public name, and nothing may be asked of another site. */
export function ownAddress(path: string): string {
  const { pathname, search } = new URL(path, location.href);
  // The places {z}, {x} and {y} of a tile address must stay readable.
  const places = pathname.replaceAll("%7B", "{").replaceAll("%7D", "}");
  return `${location.origin}${places}${search}`;
}

async function getJson<T>(path: string): Promise<T> {
  const address = ownAddress(path);
  let response: Response;
  try {
    response = await fetch(address, { headers: { Accept: "application/json" } });
  } catch {
    throw new ApiError(path, 0);
  }
  if (!response.ok) throw new ApiError(path, response.status);
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(path, response.status);
  }
}

export async function fetchLayers(tilesUrl: string): Promise<LayerInfo[]> {
  return (await getJson<{ layers: LayerInfo[] }>(tilesUrl)).layers;
}

/** The tiles of a layer as a map's source; without a generation they are of the latest one. */
export function tileSource(
  { tiles, minzoom, maxzoom, bounds }: LayerInfo,
  generation: string | null,
): VectorSourceSpecification & { tiles: string[] } {
  const asked = generation === null ? "?" : `?generation=${encodeURIComponent(generation)}&`;
  const addresses = [ownAddress(tiles.replace("?", asked))];
  return { type: "vector", tiles: addresses, minzoom, maxzoom, ...(bounds ? { bounds } : {}) };
}

/** The named areas of a layer; `template` holds the place `LAYER` for its id. */
export async function fetchAreas(
  template: string,
  layer: LayerInfo,
  generation: string | null,
  within: string | null = null,
): Promise<Area[]> {
  const path = template.replace("LAYER", encodeURIComponent(layer.id));
  const query = new URLSearchParams();
  if (generation !== null) query.set("generation", generation);
  if (within !== null) query.set("dans", within);
  const asked = query.size > 0 ? `${path}?${query.toString()}` : path;
  return (await getJson<{ areas: Area[] }>(asked)).areas;
}
