/** XML as a tree with its namespaces resolved: bounded, and without a document type, so nothing in it is expanded. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import { GatewayError } from '../../gateway/errors.ts';

export interface XmlElement {
  /** The URI; empty where it is in none. */
  readonly namespace: string;
  readonly name: string;
  /** By their names as written; what declares namespaces is left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, without space around it. */
  readonly text: string;
}

/**
 * Reads a document.
 * @throws GatewayError malformed-message, without quoting it
 */
export function readXmlTree(xml: string, maxCharacters: number): XmlElement {
  if (xml.length > maxCharacters) throw malformed(`more than ${maxCharacters} characters`);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) throw malformed('a document type is not taken');
  const wellFormed = XMLValidator.validate(xml);
  if (wellFormed !== true) throw malformed(`not well-formed XML (${wellFormed.err.code})`);
  let roots: readonly Node[];
  try {
    roots = nodes.parse(parser.parse(xml));
  } catch {
    // The parser's own bounds; its words would quote the document.
    throw malformed('cannot be read');
  }
  const [root, second] = roots.filter((node) => !('#text' in node));
  if (root === undefined || second !== undefined) throw malformed('not one root element');
  return elementOf(root, new Map());
}

/** The one child of a name. */
export function childOf(
  element: XmlElement | undefined,
  namespace: string,
  name: string,
): XmlElement | undefined {
  return element?.children.find((child) => child.namespace === namespace && child.name === name);
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/** A node of the parser: its one key beside `:@` is the element's name, or `#text`. */
type Node = Readonly<Record<string, unknown>>;
const nodes = z.array(z.record(z.string(), z.unknown()));
const attributesOf = z.record(z.string(), z.string()).default({});

function elementOf(node: Node, outer: ReadonlyMap<string, string>): XmlElement {
  const written = Object.keys(node).find((key) => key !== ':@') ?? '';
  const attributes = new Map<string, string>();
  const prefixes = new Map(outer);
  for (const [name, value] of Object.entries(attributesOf.parse(node[':@']))) {
    if (name === 'xmlns') prefixes.set('', value);
    else if (name.startsWith('xmlns:')) prefixes.set(name.slice(6), value);
    else attributes.set(name, value);
  }
  const [prefix, local] = written.includes(':') ? written.split(':', 2) : ['', written];
  const namespace = prefixes.get(prefix ?? '');
  if (namespace === undefined && prefix !== '') throw malformed('a prefix of no namespace');
  const inner = nodes.parse(node[written]);
  const children = inner.filter((one) => !('#text' in one));
  const text = inner.map((one) => ('#text' in one ? String(one['#text']) : '')).join('');
  return {
    namespace: namespace ?? '',
    name: local ?? '',
    attributes,
    children: children.map((one) => elementOf(one, prefixes)),
    text: text.trim(),
  };
}

function malformed(why: string): GatewayError {
  return new GatewayError('malformed-message', `XML: ${why}`);
}
