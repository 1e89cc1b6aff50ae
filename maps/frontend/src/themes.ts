/** What the cells can be coloured by, as the server describes it (maps/explorer/themes.py).
 *
 * A class holds its lower bound and not its upper one. Cells under the secrecy threshold carry
 * values imputed from their neighbourhood, and cells without the values carry none: both are left
 * out of the classes and drawn apart.
 */
import type { ExpressionSpecification, FilterSpecification } from "maplibre-gl";
import { euros, number, percent, withUnit } from "./format";
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
  /** What it stands among in the list. */
  group: string;
  /** Said of every cell in its card. */
  main: boolean;
  /** Columns whose sum is told; never alone: a count would be shaded by area. */
  numerator: string[];
  /** A column, or `hectares` for the cell's own area. */
  denominator: string;
  unit: string;
  decimals: number;
  /** Zooms whose tiles leave its columns out. */
  absent: number[];
  breaks: number[];
  /** One colour per class, from the lowest values to the highest. */
  colours: string[];
}

const scale = (theme: Theme): number => (theme.unit === "%" ? 100 : 1);
const HECTARES = "hectares";
const SIDE = "size";
const HECTARE = 10_000;

const columns = ({ numerator, denominator }: Theme): string[] => [
  ...numerator,
  denominator === HECTARES ? SIDE : denominator,
];

/** A value of a theme as it is read. */
export function written(theme: Theme, value: number, decimals = theme.decimals): string {
  if (theme.unit === "%") return percent(value, decimals);
  return theme.unit === "€" ? euros(value) : withUnit(value, theme.unit, decimals);
}

/** The themes whose columns the layer serves. */
export function availableThemes(attributes: { name: string }[]): Theme[] {
  const names = new Set(attributes.map((attribute) => attribute.name));
  return readJson<Theme[]>("themes").filter((theme) => columns(theme).every((name) => names.has(name)));
}

// --- the same three questions, asked by the map (expressions) and by the card (values) ---

export function valueExpression(theme: Theme): ExpressionSpecification {
  const gets = theme.numerator.map((name) => ["get", name]);
  const [only] = gets;
  const top = gets.length > 1 ? ["+", ...gets] : only;
  const area = ["/", ["*", ["get", SIDE], ["get", SIDE]], HECTARE];
  const under = theme.denominator === HECTARES ? area : ["get", theme.denominator];
  return ["/", ["*", scale(theme), top], under] as unknown as ExpressionSpecification;
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

const hasData = (theme: Theme): ExpressionSpecification => {
  const names = columns(theme);
  const known = names.map((name) => ["==", ["typeof", ["get", name]], "number"]);
  const some = [">", ["to-number", ["get", names.at(-1) ?? ""], 0], 0];
  return ["all", ...known, some] as unknown as ExpressionSpecification;
};
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
  const read = columns(theme).map((name) => values[name]);
  if (!read.every((value) => typeof value === "number")) return null;
  const bottom = read.pop() ?? 0;
  const top = read.reduce((sum, value) => sum + value, 0);
  if (bottom <= 0) return null;
  return (scale(theme) * top) / (theme.denominator === HECTARES ? bottom ** 2 / HECTARE : bottom);
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
  const decimals = theme.breaks.some((bound) => !Number.isInteger(bound)) ? 1 : 0;
  const bare = (bound: number): string => (theme.unit === "€" ? euros(bound) : number(bound, decimals, true));
  const write = (bound: number): string => written(theme, bound, decimals);
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
