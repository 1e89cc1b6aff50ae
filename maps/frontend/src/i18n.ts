/** The page's texts, rendered by the server in the reader's language. */
import { readJson } from "./page";

type Parameters = Record<string, string | number>;

let messages: Record<string, string> | undefined;
let plural: Intl.PluralRules | undefined;

function table(): Record<string, string> {
  messages ??= readJson<Record<string, string>>("messages");
  return messages;
}

/** The text of a key, its `{name}` places filled in; an unknown key shows itself. */
export function t(key: string, parameters: Parameters = {}): string {
  const text = table()[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(parameters[name] ?? place));
}

/** The text of `key.one` or `key.other`, as the language counts. */
export function counted(key: string, count: number, shown: string): string {
  plural ??= new Intl.PluralRules(document.documentElement.lang || "fr");
  const form = plural.select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { count: shown });
}

export function isEnglish(): boolean {
  return document.documentElement.lang.startsWith("en");
}
