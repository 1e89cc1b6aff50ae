/** Whom to quote: in full beside a value, briefly below the map. */
import { t } from "./i18n";
import type { LayerInfo, Source } from "./types";

const known = (parts: (string | undefined)[]): string => parts.filter(Boolean).join(", ");
const licensed = (text: string, licence: string): string => (licence ? `${text} — ${licence}` : text);

/** Every publication a layer is made of: producer, title, vintage, licence. */
export function citation(layer: LayerInfo): string {
  if (layer.sources.length === 0) return t("source.unknown");
  const texts = layer.sources.map(({ producer, title, vintage, licence }) =>
    licensed(known([producer, title, vintage]), licence),
  );
  return [...new Set(texts)].join(" ; ");
}

/** Each producer of several layers once, with its vintages and its licence. */
export function producers(layers: LayerInfo[]): string {
  const vintages = new Map<string, Set<string>>();
  const first = new Map<string, Source>();
  for (const source of layers.flatMap((layer) => layer.sources)) {
    const key = JSON.stringify([source.producer, source.licence]);
    vintages.set(key, (vintages.get(key) ?? new Set()).add(source.vintage));
    if (!first.has(key)) first.set(key, source);
  }
  const texts = [...first].map(([key, { producer, licence }]) =>
    licensed(known([producer, ...[...(vintages.get(key) ?? [])].sort()]), licence),
  );
  return texts.join(" ; ");
}
