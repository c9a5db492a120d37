/**
 * Which messages belong to one case: those of one stay, and those of the person whose stay it is. Stays that are linked
 * are to be joined here.
 */
import type { Fact, PersonNumber, StayReference } from '../../adapters/adapter.ts';
import type { Judged } from './judge.ts';

/** A message in its story, with what identifies its bytes. */
export interface StoryMessage {
  readonly judged: Judged;
  /** SHA-256 of the bytes, hex. */
  readonly digest: string;
  /** Which message of its file, from 1. */
  readonly position: number;
  /** Where it is told to come from: `a01.hl7`, `day.hl7#3`. */
  readonly source: string;
  /** Folder of its story. */
  readonly story: string;
}

/** What a message says of one case. */
export interface Statement {
  readonly message: StoryMessage;
  readonly facts: readonly Fact[];
}

export interface Case {
  readonly story: string;
  /** Random in a running gateway; here the stay's own name, so that it is the same each time. */
  readonly processId: string;
  readonly stay: Stay;
  readonly statements: readonly Statement[];
}

type Stay = Extract<StayReference, { by: 'visit' }>;
interface OpenCase extends Case {
  readonly statements: Statement[];
  /** Numbers of whoever the stay is of. */
  readonly numbers: Set<string>;
}

/**
 * A case for each stay that something is told of, in the order in which they begin.
 * @param messages in the order of the story; the same bytes twice are one message, as the gateway has it
 */
export function casesOf(messages: readonly StoryMessage[]): readonly Case[] {
  const cases = new Map<string, OpenCase>();
  const persons = new SamePersons();
  const told = firstOfEach(messages);
  for (const message of told) {
    const { stay, facts = [], patient, moved = [] } = message.judged.translation ?? {};
    const statements = [...(stay === undefined ? [] : [{ stay, facts, patient }]), ...moved];
    for (const { stay: of, facts: its, patient: whose } of statements) {
      if (of.by !== 'visit' || its.length === 0) continue;
      const one = caseOf(cases, message.story, of);
      one.statements.push({ message, facts: its });
      for (const number of numbersOf(message, whose?.numbers)) one.numbers.add(number);
    }
    for (const { patient: now, earlierNumbers } of message.judged.translation?.persons ?? []) {
      persons.join(numbersOf(message, [...now.numbers, ...earlierNumbers]));
    }
  }
  for (const message of told) tellOfPersons(message, cases, persons);
  return [...cases.values()];
}

/** What is said of a person is told of every stay of theirs. */
function tellOfPersons(
  message: StoryMessage,
  cases: ReadonlyMap<string, OpenCase>,
  persons: SamePersons,
): void {
  for (const { patient, facts } of message.judged.translation?.persons ?? []) {
    if (facts.length === 0) continue;
    const them = new Set(numbersOf(message, patient.numbers).map((one) => persons.of(one)));
    for (const one of cases.values()) {
      if (![...one.numbers].some((number) => them.has(persons.of(number)))) continue;
      const at = one.statements.findIndex(({ message: other }) => saidAt(other) > saidAt(message));
      one.statements.splice(at < 0 ? one.statements.length : at, 0, { message, facts });
    }
  }
}

function caseOf(cases: Map<string, OpenCase>, story: string, stay: Stay): OpenCase {
  const processId = JSON.stringify([stay.authority, stay.number]);
  const key = JSON.stringify([story, processId]);
  const known = cases.get(key);
  if (known !== undefined) return known;
  const opened = { story, processId, stay, statements: [], numbers: new Set<string>() };
  cases.set(key, opened);
  return opened;
}

function firstOfEach(messages: readonly StoryMessage[]): readonly StoryMessage[] {
  const seen = new Set<string>();
  return messages.filter(({ story, digest }) => {
    const key = JSON.stringify([story, digest]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function numbersOf(
  { story }: StoryMessage,
  numbers: readonly PersonNumber[] = [],
): readonly string[] {
  return numbers.map(({ authority, value }) => JSON.stringify([story, authority, value]));
}

/** Numbers that are of one person, since a merge says so. */
class SamePersons {
  readonly #next = new Map<string, string>();

  /** The one number that stands for all of the person's. */
  of(number: string): string {
    let one = number;
    for (let next = this.#next.get(one); next !== undefined; next = this.#next.get(one)) one = next;
    return one;
  }

  join(numbers: readonly string[]): void {
    const [first, ...others] = numbers.map((number) => this.of(number));
    if (first === undefined) return;
    for (const other of others) if (this.of(other) !== first) this.#next.set(this.of(other), first);
  }
}

/** The order things were said in: by the time of sending; messages of one time by their place in a file. */
export function inOrder(messages: readonly StoryMessage[]): StoryMessage[] {
  return [...messages].sort(
    (a, b) =>
      compare(saidAt(a), saidAt(b)) || a.position - b.position || compare(a.digest, b.digest),
  );
}

/** When a message was sent; of one that does not say, when the last of its facts happened. */
export function saidAt({ judged: { told } }: StoryMessage): string {
  return (
    told.sentAt ??
    told.events
      .map(({ occurredAt }) => occurredAt)
      .sort()
      .at(-1) ??
    ''
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
