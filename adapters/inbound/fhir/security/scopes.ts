/** What an access token lets its sender do: SMART scopes of a system, in the form of version 1 and of version 2. */
import type { Interaction } from './identity.ts';

/** SMART App Launch 2.2, "Scopes for requesting FHIR Resources": letters in this order, each at most once. */
const version2 = /^system\/([A-Z][A-Za-z]*|\*)\.(c?r?u?d?s?)$/;
/** SMART App Launch 1.0: `read`, `write` or both. */
const version1 = /^system\/([A-Z][A-Za-z]*|\*)\.(read|write|\*)$/;
const lettersOf = { read: 'rs', write: 'cud', '*': 'cruds' } as const;

const letterOf: Readonly<Record<Interaction, string>> = {
  create: 'c',
  read: 'r',
  update: 'u',
  search: 's',
};

export type May = (type: string, interaction: Interaction) => boolean;

/**
 * @param claim `scope` of a token (RFC 8693: words with spaces between) or `scp` (a list, or such words)
 * @returns what they allow together. A scope that a search narrows (`system/Encounter.rs?status=…`), one of a user or a
 *   patient, and one that cannot be read allow nothing.
 */
export function mayByScopes(claim: unknown): May {
  const words = Array.isArray(claim) ? claim : [claim];
  const allowed = new Map<string, string>();
  for (const scope of words.flatMap((one) => (typeof one === 'string' ? one.split(' ') : []))) {
    const [type, letters] = readScope(scope) ?? [];
    if (type !== undefined) allowed.set(type, `${allowed.get(type) ?? ''}${letters}`);
  }
  return (type, interaction) =>
    [type, '*'].some((name) => allowed.get(name)?.includes(letterOf[interaction]) === true);
}

/** The scope that an interaction needs, as an answer names it. */
export function scopeFor(type: string, interaction: Interaction): string {
  return `system/${type}.${letterOf[interaction]}`;
}

function readScope(scope: string): [type: string, letters: string] | undefined {
  const [, oldType, word] = version1.exec(scope) ?? [];
  if (oldType !== undefined && (word === 'read' || word === 'write' || word === '*')) {
    return [oldType, lettersOf[word]];
  }
  const [, type, letters] = version2.exec(scope) ?? [];
  return type === undefined || letters === undefined ? undefined : [type, letters];
}
