/** The bytes that will be sent, read as a receiver reads them: bounded, without entities, comments or a document type. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import type { Element } from './element.ts';

/** 10,000 lines, the most a month's basis has, take 12 MB. */
const maxCharacters = 32_000_000;

/** The document's root, or why it cannot be read. */
export type Reading = { readonly root: Element } | { readonly fault: string };

/** Reads XML that has elements, attributes and text, and nothing else. */
export function readXml(xml: string): Reading {
  if (xml.length > maxCharacters) {
    return { fault: `The document has more than ${maxCharacters} characters.` };
  }
  if (xml.includes('<!')) return { fault: 'A comment, a CDATA section or a DTD is not taken.' };
  if (xml.includes('<?', 1)) return { fault: 'A processing instruction is not taken.' };
  if (/&(?!(?:amp|lt|gt|quot|apos);)/.test(xml)) return { fault: 'An entity is not taken.' };
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(xml)) {
    return { fault: 'A character is not of XML 1.0.' };
  }
  const wellFormed = XMLValidator.validate(xml);
  if (wellFormed !== true) return { fault: `It is not well-formed: ${wellFormed.err.code}.` };
  try {
    const [root, second] = nodes.parse(parser.parse(xml));
    if (root === undefined || second !== undefined) return { fault: 'It has not one root.' };
    return { root: elementOf(root) };
  } catch {
    // The parser's own bounds: how deep elements stand in one another.
    return { fault: 'It cannot be read.' };
  }
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
});

/** A node of the parser: its one key beside `:@` is the element's name, or `#text`. */
type Node = Readonly<Record<string, unknown>>;
const nodes = z.array(z.custom<Node>((value) => typeof value === 'object' && value !== null));

function elementOf(node: Node, parent?: Element, before?: Element): Element {
  const name = Object.keys(node).find((key) => key !== ':@') ?? '';
  const children: Element[] = [];
  let text = '';
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the parser gives attributes
  const attributes = (node[':@'] ?? {}) as Readonly<Record<string, string>>;
  const element = { name, attributes, children, text, parent, before };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the parser gives content
  for (const inner of (node[name] ?? []) as readonly Node[]) {
    if ('#text' in inner) text += String(inner['#text']);
    else children.push(elementOf(inner, element, children.at(-1)));
  }
  element.text = text.trim();
  return element;
}
