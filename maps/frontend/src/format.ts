/** Numbers, shares, money and missing values, written as the page's language writes them. */
import { isEnglish, t } from "./i18n";
import type { Attribute, Value } from "./types";

const locale = (): string => (isEnglish() ? "en-GB" : "fr-FR");

/** Making one takes longer than writing a hundred numbers with it. */
const writers = new Map<string, Intl.NumberFormat>();

function writer(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  const known = writers.get(key) ?? new Intl.NumberFormat(locale(), options);
  writers.set(key, known);
  return known;
}

/** A number with at most the given decimals (and always that many when `fixed`). */
export function number(value: number, decimals = 0, fixed = false): string {
  return writer({
    maximumFractionDigits: decimals,
    minimumFractionDigits: fixed ? decimals : 0,
  }).format(value);
}

/** A share given in percent: `12,5 %` in French, `12.5%` in English. */
export function percent(value: number, decimals = 1): string {
  return writer({
    style: "percent",
    maximumFractionDigits: decimals,
    minimumFractionDigits: decimals,
  }).format(value / 100);
}

/** An amount in euros, without cents. */
export function euros(value: number): string {
  return writer({
    style: "currency",
    currency: "EUR",
    maximumFractionDigits: 0,
  }).format(value);
}

const NO_BREAK = "\u00a0";

/** A number always with its decimals, then its unit. */
export function withUnit(value: number, unit: string, decimals: number): string {
  return `${number(value, decimals, true)}${NO_BREAK}${unit}`;
}
const HECTARE = 10_000;
const SQUARE_KILOMETRE = 1_000_000;

/** An area given in square metres, in the unit people use for its size. */
function extent(value: number): string {
  if (value >= 10 * SQUARE_KILOMETRE) return `${number(value / SQUARE_KILOMETRE, 1)}${NO_BREAK}km²`;
  if (value >= HECTARE) return `${number(value / HECTARE, 1)}${NO_BREAK}ha`;
  return `${number(value)}${NO_BREAK}m²`;
}

/** The side of a square, in metres or kilometres. */
export function side(metres: number): string {
  const far = metres >= 1_000;
  return `${number(far ? metres / 1_000 : metres)}${NO_BREAK}${far ? "km" : "m"}`;
}

function quantity(value: number, attribute: Attribute): string {
  const unit = attribute.unit ?? "";
  // Years and numbers that count nothing are written without grouping.
  if (attribute.type === "integer" && attribute.decimals == null) return String(value);
  if (unit === "%") return percent(value, attribute.decimals ?? 1);
  if (unit === "€") return euros(value);
  if (unit === "m²" && attribute.name === "area") return extent(value);
  const shown = number(value, attribute.decimals ?? 1);
  // "Households: 322 households" says it twice.
  const said = attribute.label.toLowerCase().includes(unit.toLowerCase());
  return said ? shown : `${shown}${NO_BREAK}${unit}`;
}

function day(value: string): string {
  const date = new Date(`${value}T00:00:00`);
  if (Number.isNaN(date.getTime())) return value;
  return new Intl.DateTimeFormat(locale(), { dateStyle: "long" }).format(date);
}

/** One attribute's value with its unit; nothing is never written as zero. */
export function formatValue(value: Value, attribute: Attribute): string {
  if (value === null || value === undefined || value === "") return t("value.none");
  // The producer's flags of imputation are 0 or 1.
  const flag = attribute.name.startsWith("i_est_");
  if (flag || typeof value === "boolean") return t(value ? "value.yes" : "value.no");
  if (typeof value === "number") return quantity(value, attribute);
  return attribute.type === "date" ? day(value) : value;
}

/** The sort order of names, accents and case aside. */
export function collator(): Intl.Collator {
  return new Intl.Collator(locale(), { numeric: true, sensitivity: "base" });
}

/** Text reduced to what a search compares: no accents, no case. */
export function searchable(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
