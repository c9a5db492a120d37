/** What is wrong with a message in itself: the refusal, codes that wait, and errors, each place told once. */
import { ifNullEntry } from '../../adapters/inbound/hl7v2/meaning/work.ts';
import type { Failure, MessageResult } from './result.ts';

export interface Wrong {
  readonly kind: Exclude<Failure['kind'], 'expectation'>;
  readonly at: string;
  readonly what: string;
  /** What it leads to, as the message profile says. */
  readonly why: string | undefined;
}

/** The worst first. Where a check says of the same field what cannot be done without it, that is told with it. */
export function wrongsOf({
  outcome,
  error,
  reason = '',
  unmapped,
  remarks,
}: Pick<MessageResult, 'outcome' | 'error' | 'reason' | 'unmapped' | 'remarks'>): Wrong[] {
  const errors = remarks.filter(({ severity }) => severity === 'error');
  const told = new Set<string>();
  const consequenceAt = (at: string): string | undefined => {
    told.add(fieldOf(at));
    return errors.find(({ location }) => fieldOf(location) === fieldOf(at))?.consequence;
  };
  const first: Wrong[] = unmapped.map(({ path, table, code }) => ({
    kind: 'parked',
    at: path,
    what:
      table === ifNullEntry
        ? 'what "" (no value) means is not mapped'
        : `code '${code}' is not in table ${table}`,
    why: consequenceAt(path),
  }));
  if (outcome === 'refused') {
    const at = error?.location ?? 'message';
    first.unshift({ kind: 'refused', at, what: withoutPlace(reason, at), why: consequenceAt(at) });
  }
  // What is of no use here need not be right by the standard.
  if (error?.code === 'unsupported-message') return first;
  return [
    ...first,
    ...errors
      .filter(({ location }) => !told.has(fieldOf(location)))
      .map(({ location, text, consequence }): Wrong => ({
        kind: 'error',
        at: location,
        what: withoutPlace(text, location),
        why: consequence,
      })),
  ];
}

/** `PV1-19.1` and `PV1-19` are one place; so are the first NK1 and the second. */
function fieldOf(path: string): string {
  return /^[A-Z][A-Z0-9]{2}(?:\[\d+\])?(?:-\d+)?/.exec(path)?.[0].replace(/\[\d+\]/, '') ?? path;
}

/** The place stands beside the text. */
function withoutPlace(text: string, place: string): string {
  return text.startsWith(place) ? text.slice(place.length).replace(/^:?\s+/, '') : text;
}
