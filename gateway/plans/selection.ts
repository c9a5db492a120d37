/**
 * Which messages or deliveries a plan is about: `sender=ekliden and kind=ADT^A03,ADT^A13`. Every term must fit; of the
 * values of one term any may. A value with blanks or commas stands in quotes: `code='A, B'`.
 */
import { GatewayError } from '../errors.ts';

/** Values by name; a name that is not there is not asked about. */
export type Selection = ReadonlyMap<string, readonly string[]>;

/**
 * @param names that may be asked about
 * @throws GatewayError configuration-invalid naming the word that is wrong, and what may stand there
 */
export function selectionOf(text: string | undefined, names: readonly string[]): Selection {
  const selection = new Map<string, readonly string[]>();
  if (text === undefined || text.trim() === '') return selection;
  const words = [...text.matchAll(wordPattern)].map(([word]) => word);
  for (const [index, word] of words.entries()) {
    if (index % 2 === 1) {
      if (word.toLowerCase() !== 'and') throw wrong(`${word}: between two terms stands and`);
      continue;
    }
    const [, name = '', values = ''] = /^([a-z]+)=(.+)$/s.exec(word) ?? [];
    if (!names.includes(name)) {
      throw wrong(`${word}: write name=value, where the name is one of ${names.join(', ')}`);
    }
    if (selection.has(name)) throw wrong(`${name}: stands twice; write ${name}=one,other`);
    selection.set(name, valuesOf(values));
  }
  if (words.length % 2 === 0) throw wrong('a term must follow the last and');
  return selection;
}

/** Whether what is asked about has this value; `undefined` fits only where nothing is asked. */
export function fits(selection: Selection, name: string, value: string | undefined): boolean {
  const asked = selection.get(name);
  return asked === undefined || (value !== undefined && asked.includes(value));
}

/** As it is written again: names in their order, quotes where they are needed. */
export function selectionText(selection: Selection): string {
  return [...selection]
    .map(([name, values]) => `${name}=${values.map(quoted).join(',')}`)
    .join(' and ');
}

/** A run without blanks, in which quoted parts may have some. */
const wordPattern = /(?:'[^']*'|[^\s'])+/g;
const valuePattern = /(?:'[^']*'|[^,'])+/g;

const valuesOf = (text: string): readonly string[] =>
  [...text.matchAll(valuePattern)].map(([value]) => value.replaceAll("'", ''));

const quoted = (value: string): string => (/[\s,]/.test(value) ? `'${value}'` : value);

const wrong = (what: string): GatewayError =>
  new GatewayError(
    'configuration-invalid',
    `--where: ${what}\n  next: for example --where 'sender=ekliden and kind=ADT^A03'`,
  );
