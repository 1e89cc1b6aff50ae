/** The server's answers, as `/tiles` and the list of quarters give them. */

export type Bounds = [west: number, south: number, east: number, north: number];

export interface Source {
  title: string;
  producer: string;
  vintage: string;
  licence: string;
  url: string;
}

export interface Attribute {
  name: string;
  label: string;
  type?: "text" | "integer" | "number" | "date";
  unit?: string;
  description?: string;
  decimals?: number | null;
}

export interface LayerInfo {
  id: string;
  title: string;
  description: string;
  group: string;
  geometry: "polygon" | "line" | "point";
  minzoom: number;
  maxzoom: number;
  /** Where its tiles are, with {z}, {x} and {y}. */
  tiles: string;
  style: string;
  attributes: Attribute[];
  parameters: { name: string }[];
  sources: Source[];
  demonstration: boolean;
  count: number;
  bounds: Bounds | null;
  cautions: string[];
}

export type Value = string | number | boolean | null | undefined;
export type Values = Record<string, Value>;

/** A map of an indicator as the server made it; ids are those of the tiles' features. */
export interface Drawing {
  query: string;
  title: string;
  year: number;
  /** Every year that could be shown, oldest first. */
  years: number[];
  layer: string;
  generation: string | null;
  classes: { colour: string; words: string; count: number; ids: number[] }[];
  absent: { kind: "nodata" | "few"; words: string; ids: number[] }[];
  circles: { id: number; point: [number, number]; diameter: number }[];
  sizes: { diameter: number; words: string }[];
  values: Record<string, string>;
  source: string;
}

/** One named area of a layer, with a point inside it and its extent. */
export interface Area {
  id: number;
  code: string;
  name: string;
  point: [number, number];
  bounds: Bounds;
  values: Values;
}
