/** Two answers about one case side by side: what was found then, what is found now, and what made the difference. */
import type { Parameters } from '../../profiles/index.ts';
import type { DischargeEvent } from '../process/events.ts';
import { fold } from '../process/state.ts';
import type { StoredLike } from '../process/state.ts';
import { assess } from '../rules/index.ts';
import type { Finding } from '../rules/rule.ts';
import type { EventMention } from './asked.ts';
import { mentions } from './case-timeline.ts';

export type Answer = Pick<Finding, 'status' | 'reason' | 'municipality'> & {
  readonly sentence: { readonly sv: string; readonly en: string };
};

/** What brought a change: an event that was recorded later, or time that passed. */
export type Cause =
  | {
      readonly cause: 'event';
      readonly id: string;
      readonly type: DischargeEvent['type'];
      readonly occurredAt: string;
      readonly learnedAt: string;
    }
  | { readonly cause: 'time' };

export interface FindingDifference {
  readonly rule: string;
  readonly reference: string;
  readonly about?: EventMention;
  readonly role?: Finding['role'];
  /** Absent where there was none. */
  readonly before?: Answer;
  readonly after?: Answer;
  readonly causes: readonly Cause[];
}

interface Told {
  readonly finding: Finding;
  readonly answer: Answer;
  /** What makes two answers the same. */
  readonly text: string;
}
type Findings = ReadonlyMap<string, Told>;

/**
 * Plays what was recorded later, event by event, and keeps what changed which finding.
 *
 * @param known events of the case that were known then
 * @param later events recorded after that, in order
 * @param thenMs time of the first answer
 * @param nowMs time of the second
 */
export function differencesOf(
  processId: string,
  parametersOf: (events: readonly StoredLike[]) => Parameters,
  known: readonly StoredLike[],
  later: readonly StoredLike[],
  thenMs: number,
  nowMs: number,
): readonly FindingDifference[] {
  const told = [...known];
  const at = (atMs: number): Findings =>
    tell(assess(fold(told, processId), parametersOf(told), atMs));
  const first = at(thenMs);
  const causes = new Map<string, Cause[]>();
  let last = first;
  const turn = (next: Findings, cause: Cause): void => {
    for (const key of new Set([...last.keys(), ...next.keys()])) {
      if (last.get(key)?.text === next.get(key)?.text) continue;
      causes.set(key, [...(causes.get(key) ?? []), cause]);
    }
    last = next;
  };
  let atMs = thenMs;
  for (const stored of later) {
    const { id, type, occurredAt, recordedAt } = stored.event;
    const recordedMs = Math.max(atMs, Date.parse(recordedAt));
    if (recordedMs > atMs) turn(at(recordedMs), { cause: 'time' });
    atMs = recordedMs;
    told.push(stored);
    turn(at(atMs), { cause: 'event', id, type, occurredAt, learnedAt: recordedAt });
  }
  turn(at(nowMs), { cause: 'time' });
  return compare(first, last, causes, mentions(told));
}

/** Two answers at one time, side by side: what other facts would change. */
export function differencesBetween(
  before: readonly Finding[],
  after: readonly Finding[],
  mention: (id: string) => EventMention,
): readonly Omit<FindingDifference, 'causes'>[] {
  return compare(tell(before), tell(after), new Map(), mention).map(
    ({ causes: _causes, ...difference }) => difference,
  );
}

function compare(
  before: Findings,
  after: Findings,
  causes: ReadonlyMap<string, readonly Cause[]>,
  mention: (id: string) => EventMention,
): readonly FindingDifference[] {
  const onlyBefore = [...before.keys()].filter((key) => !after.has(key));
  const differences: FindingDifference[] = [];
  const add = (left: string | undefined, right: string | undefined): void => {
    const [was, is] = [before.get(left ?? ''), after.get(right ?? '')];
    const one = is ?? was;
    if (one === undefined || was?.text === is?.text) return;
    const { rule, reference, occasion, role } = one.finding;
    differences.push({
      rule,
      reference,
      ...(occasion !== undefined && { about: mention(occasion) }),
      ...(role !== undefined && { role }),
      ...(was && { before: was.answer }),
      ...(is && { after: is.answer }),
      causes: distinct([left, right].flatMap((key) => causes.get(key ?? '') ?? [])),
    });
  };
  for (const [key, { finding }] of after) {
    if (before.has(key)) add(key, key);
    else {
      // A section that did not concern the case yet was found without an occasion.
      const index = onlyBefore.findIndex((one) => before.get(one)?.finding.rule === finding.rule);
      add(index < 0 ? undefined : onlyBefore.splice(index, 1)[0], key);
    }
  }
  for (const key of onlyBefore) add(key, undefined);
  return differences;
}

/** Findings by what they are about: the rule, the occasion, the receiver, and their number where that is not enough. */
function tell(findings: readonly Finding[]): Findings {
  const told = new Map<string, Told>();
  for (const finding of findings) {
    const { rule, occasion = '', role = '', status, reason, municipality } = finding;
    const { sv, en } = finding.sentence;
    const subject = `${rule}|${occasion}|${role}`;
    let number = 0;
    while (told.has(`${subject}|${number}`)) number += 1;
    const place = municipality === undefined ? {} : { municipality };
    told.set(`${subject}|${number}`, {
      finding,
      answer: { status, reason, ...place, sentence: { sv, en } },
      text: JSON.stringify([status, reason, municipality, sv]),
    });
  }
  return told;
}

function distinct(causes: readonly Cause[]): readonly Cause[] {
  const byId = new Map(causes.map((one) => [one.cause === 'event' ? one.id : 'time', one]));
  return [...byId.values()];
}
