/**
 * Which messages belong to one case: those of a stay and of the person whose stay it is, and those of the stays that
 * continue it (linking.ts).
 */
import type { Fact, PersonNumber, StayReference } from '../../adapters/adapter.ts';
import type { DischargeEvent } from '../process/events.ts';
import { factId } from '../process/ids.ts';
import { grouped } from './grouped.ts';
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

/** What a message says of one stay. */
export interface Statement {
  readonly message: StoryMessage;
  readonly stayId: string;
  readonly facts: readonly Fact[];
}

type Stay = Extract<StayReference, { by: 'visit' }>;

/** One stay with all that is told of it, in the order of the story. */
export interface ToldStay {
  readonly story: string;
  /** Random in a running gateway; here the stay's own name, so that it is the same each time. */
  readonly stayId: string;
  readonly stay: Stay;
  readonly statements: Statement[];
  /** Whose stay it is: of several numbers the one that stands for them. */
  person: string | undefined;
}

/**
 * A stay for each that something is told of, in the order in which they begin.
 * @param messages in the order of the story; the same bytes twice are one message, as the gateway has it
 */
export function staysOf(messages: readonly StoryMessage[]): readonly ToldStay[] {
  const stays = new Map<string, ToldStay>();
  const persons = new SamePersons();
  const told = firstOfEach(messages);
  for (const message of told) {
    const { stay, facts = [], patient, moved = [] } = message.judged.translation ?? {};
    const statements = [...(stay === undefined ? [] : [{ stay, facts, patient }]), ...moved];
    for (const { stay: of, facts: its, patient: whose } of statements) {
      if (of.by !== 'visit' || its.length === 0) continue;
      const one = stayOf(stays, message.story, of);
      one.statements.push({ message, stayId: one.stayId, facts: its });
      one.person = persons.join(numbersOf(message, whose?.numbers)) ?? one.person;
    }
    for (const { patient: now, earlierNumbers } of message.judged.translation?.persons ?? []) {
      persons.join(numbersOf(message, [...now.numbers, ...earlierNumbers]));
    }
  }
  const byPerson = grouped([...stays.values()], (one) => {
    one.person &&= persons.of(one.person);
    return one.person;
  });
  for (const message of told) tellOfPersons(message, byPerson, persons);
  return [...stays.values()];
}

/** What is said of a person is told of every stay of theirs. */
function tellOfPersons(
  message: StoryMessage,
  byPerson: ReadonlyMap<string | undefined, readonly ToldStay[]>,
  persons: SamePersons,
): void {
  for (const { patient, facts } of message.judged.translation?.persons ?? []) {
    const [number] = numbersOf(message, patient.numbers);
    if (facts.length === 0 || number === undefined) continue;
    for (const { stayId, statements } of byPerson.get(persons.of(number)) ?? []) {
      const at = statements.findIndex(({ message: other }) => saidAt(other) > saidAt(message));
      statements.splice(at < 0 ? statements.length : at, 0, { message, stayId, facts });
    }
  }
}

function stayOf(stays: Map<string, ToldStay>, story: string, stay: Stay): ToldStay {
  const stayId = JSON.stringify([stay.authority, stay.number]);
  const key = JSON.stringify([story, stayId]);
  const known = stays.get(key);
  if (known !== undefined) return known;
  const opened: ToldStay = { story, stayId, stay, statements: [], person: undefined };
  stays.set(key, opened);
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

/** Numbers that are of one person, since a message names them together. */
class SamePersons {
  readonly #next = new Map<string, string>();

  /** The one number that stands for all of the person's. */
  of(number: string): string {
    let one = number;
    for (let next = this.#next.get(one); next !== undefined; next = this.#next.get(one)) one = next;
    return one;
  }

  /** @returns the number that stands for them */
  join(numbers: readonly string[]): string | undefined {
    const [first, ...others] = numbers.map((number) => this.of(number));
    if (first === undefined) return undefined;
    for (const other of others) if (this.of(other) !== first) this.#next.set(this.of(other), first);
    return first;
  }
}

// ---------------------------------------------------------------- events and their order

/** The facts of a statement as events, as `receive` would record them. */
export function eventsOf(
  { message, stayId, facts }: Statement,
  mappingRevision: string,
): DischargeEvent[] {
  const { judged, digest, source } = message;
  const { sender = '', controlId = '', sentAt } = judged.told;
  const ordinals = new Map<string, number>();
  return facts.map((fact) => {
    const ordinal = (ordinals.get(fact.type) ?? 0) + 1;
    ordinals.set(fact.type, ordinal);
    const of = `${digest}|${stayId}`;
    return {
      ...fact,
      id: factId(sender, controlId, of, fact.type, ordinal, mappingRevision),
      stayId,
      ...(sentAt !== undefined && { sentAt }),
      recordedAt: saidAt(message),
      source: { sender, messageId: source },
      causationId: source,
      correlationId: source,
    };
  });
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
