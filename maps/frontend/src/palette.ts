/** The colours of the map, in one place, so that map and legend cannot disagree. */

export const GROUND = "#e9ecf0";
export const LAND = "#fcfbf8";
export const BORDER = "#6b7684";
export const BORDER_SOFT = "#b4bcc7";
export const LABEL = "#2f3a48";
export const HALO = "#ffffff";
export const ALERT = "#a3123a";
export const HIGHLIGHT = "#111827";

/** Outlines are told apart by their form as well: solid, hatched, dashed, dotted. */
export const QPV = "#1b3a9c";
export const ZONES = "#00675c";
export const QVA = "#7a4b00";
export const CUCS = "#6b5876";
export const IRIS = "#9aa4b1";
export const OTHER = "#5b3d8f";

export const FEW_GROUND = "#e3e6ea";
export const FEW_INK = "#98a1ad";
export const NODATA_GROUND = "#fafafa";
export const NODATA_INK = "#c3c9d1";
