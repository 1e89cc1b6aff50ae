/** How each layer is drawn: one description, read by the map's style and by the legend. */
import { t } from "./i18n";
import { BORDER, BORDER_SOFT, CUCS, IRIS, OTHER, QPV, QVA, ZONES } from "./palette";
import type { LayerInfo } from "./types";

export interface Outline {
  colour: string;
  width: number;
  /** Dash lengths in line widths; none is a solid line. */
  dash?: number[];
  /** A pale line under the outline keeps it readable on dark cells. */
  cased: boolean;
  /** Name of the pattern that fills the inside. */
  pattern?: string;
}

export interface Symbology {
  /** Cells are classed, land is the map's ground, the rest is outlines and points. */
  kind: "cells" | "land" | "outline" | "line" | "point";
  outline: Outline;
  /** Names are written on the map. */
  labelled: boolean;
  /** The pointer finds its features. */
  interactive: boolean;
}

const OUTLINES: Record<string, Partial<Symbology> & { outline: Outline }> = {
  communes: { kind: "land", outline: { colour: BORDER_SOFT, width: 1.2, cased: false } },
  arrondissements: {
    kind: "land",
    outline: { colour: BORDER, width: 1.2, cased: false },
    labelled: true,
  },
  iris: { outline: { colour: IRIS, width: 0.7, cased: false } },
  admin_quarters: { outline: { colour: BORDER, width: 0.9, dash: [6, 2], cased: false } },
  cucs: { outline: { colour: CUCS, width: 1.6, dash: [5, 1.5, 1, 1.5], cased: true } },
  qva: { outline: { colour: QVA, width: 1.8, dash: [1, 1.6], cased: true } },
  qpv: { outline: { colour: QPV, width: 2.2, cased: true, pattern: "qpv" }, labelled: true },
  zones: { outline: { colour: ZONES, width: 2.4, dash: [2.6, 1.3], cased: true } },
};

/** On when the address says nothing. */
export const DEFAULT_LAYERS = ["cells", "zones", "qpv", "arrondissements", "communes"];

export function symbology(layer: LayerInfo): Symbology {
  const kind = layer.geometry === "polygon" ? "outline" : layer.geometry;
  const fallback: Symbology = {
    kind,
    outline: { colour: OTHER, width: 1.6, dash: [4, 1.5], cased: true },
    labelled: false,
    interactive: true,
  };
  if (layer.id === "cells") return { ...fallback, kind: "cells" };
  return { ...fallback, ...OUTLINES[layer.id] };
}

/** The legend's words for a layer: ours where we have better, else the server's title. */
export function legendTitle(layer: LayerInfo): string {
  return layer.title || t("layer.untitled");
}
