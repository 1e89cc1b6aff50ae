/** What the cells can be coloured by, as the server describes it (maps/explorer/themes.py).
 *
 * A class holds its lower bound and not its upper one. Cells under the secrecy threshold carry
 * values imputed from their neighbourhood, and cells without the values carry none: both are left
 * out of the classes and drawn apart.
 */
import type { ExpressionSpecification, FilterSpecification } from "maplibre-gl";
import { euros, number, percent } from "./format";
import { t } from "./i18n";
import { readJson } from "./page";
import type { Values } from "./types";

/** Fiscal households under which INSEE publishes imputed values only. */
export const SECRECY_HOUSEHOLDS = 11;
const HOUSEHOLDS = "men";

export interface Theme {
  id: string;
  /** "Share of poor households", over the legend. */
  title: string;
  /** "of the households are poor", after a value. */
  short: string;
  numerator: string;
  denominator: string;
  unit: "percent" | "euro";
  breaks: number[];
  /** One colour per class, from the lowest values to the highest. */
  colours: string[];
}

const scale = (theme: Theme): number => (theme.unit === "percent" ? 100 : 1);

/** The themes whose columns the layer serves. */
export function availableThemes(attributes: { name: string }[]): Theme[] {
  const names = new Set(attributes.map((attribute) => attribute.name));
  return readJson<Theme[]>("themes").filter(
    (theme) => names.has(theme.numerator) && names.has(theme.denominator),
  );
}

// --- the same three questions, asked by the map (expressions) and by the card (values) ---

export function valueExpression(theme: Theme): ExpressionSpecification {
  const quotient: ExpressionSpecification = [
    "/",
    ["*", scale(theme), ["get", theme.numerator]],
    ["get", theme.denominator],
  ];
  return quotient;
}

export function colourExpression(theme: Theme): ExpressionSpecification {
  const steps = theme.breaks.flatMap((bound, index) => [bound, theme.colours[index + 1] ?? ""]);
  return [
    "step",
    valueExpression(theme),
    theme.colours[0] ?? "",
    ...steps,
  ] as unknown as ExpressionSpecification;
}

const hasData = (theme: Theme): ExpressionSpecification => [
  "all",
  ["==", ["typeof", ["get", theme.numerator]], "number"],
  ["==", ["typeof", ["get", theme.denominator]], "number"],
  [">", ["to-number", ["get", theme.denominator], 0], 0],
];
const fewHouseholds: ExpressionSpecification = [
  "<",
  ["to-number", ["get", HOUSEHOLDS], 0],
  SECRECY_HOUSEHOLDS,
];

/** The three kinds a cell can be; every cell is exactly one of them. */
export type CellKind = "classed" | "few" | "nodata";

export function kindFilter(theme: Theme, kind: CellKind): FilterSpecification {
  const data = hasData(theme);
  if (kind === "nodata") return ["!", data];
  if (kind === "few") return ["all", data, fewHouseholds];
  return ["all", data, ["!", fewHouseholds]];
}

export function themeValue(theme: Theme, values: Values): number | null {
  const top = values[theme.numerator];
  const bottom = values[theme.denominator];
  if (typeof top !== "number" || typeof bottom !== "number" || bottom <= 0) return null;
  return (scale(theme) * top) / bottom;
}

export function cellKind(theme: Theme, values: Values): CellKind {
  if (themeValue(theme, values) === null) return "nodata";
  const households = values[HOUSEHOLDS];
  return typeof households === "number" && households >= SECRECY_HOUSEHOLDS ? "classed" : "few";
}

/** The index of a value's class: the number of breaks at or below it. */
export function classOf(theme: Theme, value: number): number {
  return theme.breaks.filter((bound) => value >= bound).length;
}

/** The words of each class, lowest first. */
export function classLabels(theme: Theme): string[] {
  const percents = theme.unit === "percent";
  const bare = (bound: number): string => (percents ? number(bound) : euros(bound));
  const write = (bound: number): string => (percents ? percent(bound, 0) : euros(bound));
  const first = theme.breaks[0] ?? 0;
  const last = theme.breaks.at(-1) ?? 0;
  const middle = theme.breaks.slice(1).map((high, index) => {
    const low = theme.breaks[index] ?? 0;
    return t("class.between", { low: bare(low), high: write(high) });
  });
  return [
    t("class.under", { high: write(first) }),
    ...middle,
    t("class.over", { low: write(last) }),
  ];
}
