/** An XML element as the rules read it, and the ways they look into it. */

export interface Element {
  /** As written, with its prefix: `cbc:ID`. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Its own text, trimmed; empty where it has elements only. */
  readonly text: string;
  readonly parent: Element | undefined;
  /** The element before it in its parent. */
  readonly before: Element | undefined;
}

/** All elements by a path of names from here. */
export function all(from: Element | undefined, ...path: readonly string[]): readonly Element[] {
  let found: readonly Element[] = from === undefined ? [] : [from];
  for (const name of path) {
    found = found.flatMap(({ children }) => children.filter((child) => child.name === name));
  }
  return found;
}

/** The first one by a path of names, each step into the first of that name. */
export function first(from: Element | undefined, ...path: readonly string[]): Element | undefined {
  let found = from;
  for (const name of path) found = found?.children.find((child) => child.name === name);
  return found;
}

/** The text of the first one; empty where there is none. */
export const textAt = (from: Element | undefined, ...path: readonly string[]): string =>
  first(from, ...path)?.text ?? '';

/** An element and everything in it, in document order. */
export function* within(element: Element): Generator<Element> {
  yield element;
  for (const child of element.children) yield* within(child);
}

/** Where it stands: `/Invoice/cac:InvoiceLine[3]/cbc:ID`; a number where its parent has several of the name. */
export function pathOf(element: Element): string {
  const { parent, name } = element;
  if (parent === undefined) return `/${name}`;
  const alike = parent.children.filter((child) => child.name === name);
  const place = alike.length > 1 ? `[${alike.indexOf(element) + 1}]` : '';
  return `${pathOf(parent)}/${name}${place}`;
}
