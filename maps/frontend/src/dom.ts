/** Building elements without a framework; text always goes in as text, never as markup. */

type Child = Node | string | null | undefined | false;

interface Options {
  class?: string;
  text?: string;
  attributes?: Record<string, string>;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: Options = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (options.class) node.className = options.class;
  if (options.text !== undefined) node.textContent = options.text;
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    node.setAttribute(name, value);
  }
  node.append(...children.filter((child): child is Node | string => Boolean(child)));
  return node;
}

/** A link to an outside address opens only on demand, and never for another scheme than http(s). */
export function outsideLink(address: string, text: string): HTMLElement {
  if (!/^https?:\/\//i.test(address)) return make("span", { text });
  return make("a", { text, attributes: { href: address, rel: "noopener external" } });
}
