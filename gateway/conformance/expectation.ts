/** What is expected of messages and stories (`*.expect.yaml`): read, checked, held against what came. */
import { withoutPersonNumbers } from '../../adapters/person-numbers.ts';
import { z } from 'zod';
import { check, read } from '../../profiles/files.ts';
import type { Fact } from '../../adapters/adapter.ts';
import { allFacts } from './judge.ts';
import type { Judged } from './judge.ts';
import { outcomes } from './result.ts';
import type { CaseResult, Failure, MessageResult } from './result.ts';

const words = z.string();
const stayKey = z.strictObject({ authority: words.optional(), number: words.optional() });
/** Of the data what is named. */
const event = z.strictObject({
  type: words,
  occurredAt: words.optional(),
  precision: z.literal('day').optional(),
  warnings: z.array(words).optional(),
  data: z.record(words, z.unknown()).optional(),
});
const statement = z.strictObject({
  patient: z.record(words, z.unknown()).optional(),
  events: z.array(event).optional(),
});
/** What one message should become. What is left out is not looked at. */
const expectation = z.strictObject({
  outcome: z.enum(outcomes).optional(),
  /** MSA-1, or the HTTP status; null where there is nothing to answer to. */
  answer: z
    .union([words, z.number().transform(String)])
    .nullable()
    .optional(),
  sender: words.optional(),
  /** `ADT^A01`, `Encounter`. */
  kind: words.optional(),
  error: z
    .strictObject({
      code: words.optional(),
      standardCode: words.optional(),
      location: words.optional(),
    })
    .optional(),
  ignored: words.optional(),
  stay: stayKey.optional(),
  /** All events in their order, those of persons and moved stays too unless they are expected below. */
  events: z.array(event).optional(),
  /** What is said of persons and not of one stay (A31, A40), and stays that are another person's (A45). */
  persons: z
    .array(statement.extend({ earlierNumbers: z.array(z.unknown()).optional() }))
    .optional(),
  moved: z.array(statement.extend({ stay: stayKey.optional() })).optional(),
  /** Each of them must be there; an empty list says that there is none. */
  remarks: z
    .array(
      z.strictObject({
        code: words.optional(),
        location: words.optional(),
        severity: z.enum(['error', 'warning', 'information']).optional(),
        check: z.enum(['profile', 'dictionary', 'fhir']).optional(),
      }),
    )
    .optional(),
  /** All of them. */
  unmapped: z
    .array(
      z.strictObject({ table: words.optional(), code: words.optional(), path: words.optional() }),
    )
    .optional(),
  warnings: z.array(words).optional(),
  /** What the answer's MSH begins with, and its ERR as a whole; of FHIR an issue: `error required Encounter.class is …`. */
  answerHeader: words.optional(),
  answerError: words.optional(),
  /** Part of the patient's identity; a difference is told without values. */
  patient: z.record(words, z.unknown()).optional(),
});
export type Expectation = z.infer<typeof expectation>;

/** What the messages of a folder should come to. */
const storyExpectation = z.strictObject({
  /** Whose a file of FHIR is, by its path below the folder, where its visit numbers do not say so. */
  senders: z.record(words, words).optional(),
  cases: z
    .array(
      z.strictObject({
        /** Visit number. */
        stay: words,
        contradictions: z.array(words).optional(),
        /** Each of them must be there. */
        findings: z
          .array(
            z.strictObject({
              rule: words.optional(),
              reference: words.optional(),
              status: words.optional(),
              reason: words.optional(),
              role: words.optional(),
            }),
          )
          .optional(),
        /** All that go, in any order. */
        notices: z
          .array(
            z.strictObject({
              obligation: words,
              at: words.optional(),
              action: z.enum(['issued', 'corrected', 'withdrawn']).optional(),
              role: words.optional(),
              municipality: words.optional(),
              held: z.boolean().optional(),
            }),
          )
          .optional(),
        /** All of it, in any order. */
        liability: z
          .array(
            z.strictObject({
              state: words,
              reason: words.optional(),
              municipality: words.optional(),
              from: words.optional(),
              until: words.optional(),
            }),
          )
          .optional(),
      }),
    )
    .min(1),
});
export type StoryExpectation = z.infer<typeof storyExpectation>;

/**
 * @returns what is expected of the messages of one file, in their order
 * @throws GatewayError configuration-invalid naming file and key
 */
export function readExpectations(path: string): readonly Expectation[] {
  const content = read(path);
  return Array.isArray(content)
    ? content.map((one: unknown, index) => check(`${path} #${index + 1}`, expectation, one))
    : [check(path, expectation, content)];
}

/** @throws GatewayError configuration-invalid naming file and key */
export function readStory(path: string): StoryExpectation {
  return check(path, storyExpectation, read(path));
}

/** @returns what of an expectation does not hold of a message; empty where all of it does */
export function unmet(
  expected: Expectation,
  told: Omit<MessageResult, 'isExpected' | 'failures'>,
  { translation, answerSegments }: Pick<Judged, 'translation' | 'answerSegments'>,
): Failure[] {
  const { events, remarks, unmapped, ignored, patient, answerHeader, answerError } = expected;
  const { persons, moved } = expected;
  const { outcome, answer, sender, kind, error, stay, warnings } = expected;
  const header = answerSegments[0]?.slice(0, answerHeader?.length);
  return [
    ...differences({ outcome, answer, sender, kind, error, stay, warnings }, told, ''),
    ...differences({ ignored }, { ignored: told.error ? undefined : told.reason }, ''),
    ...(events === undefined
      ? []
      : eventDifferences('events', events, factsAskedFor(expected, translation))),
    ...(remarks === undefined ? [] : remarkDifferences(remarks, told.remarks)),
    ...(unmapped === undefined
      ? []
      : sameSet('unmapped', unmapped, translation?.unmapped ?? [], told.unmapped)),
    ...differences({ answerHeader }, { answerHeader: header }, ''),
    ...(answerError === undefined
      ? []
      : missingOf('answerError', [answerError], answerSegments.slice(1))),
    ...withoutValues(differences({ patient }, { patient: translation?.patient }, '')),
    ...(persons === undefined
      ? []
      : statementDifferences('persons', persons, translation?.persons)),
    ...(moved === undefined ? [] : statementDifferences('moved', moved, translation?.moved)),
  ];
}

/** @param cases of this story */
export function unmetStory(
  { cases: expected }: StoryExpectation,
  cases: readonly CaseResult[],
): Failure[] {
  return expected.flatMap(({ stay, findings = [], contradictions, notices, liability }) => {
    const at = `case ${withoutPersonNumbers(stay)}`;
    const found = cases.find(({ stays }) => stays.some(({ number }) => number === stay));
    if (found === undefined) {
      const known = cases.flatMap(({ stays }) => stays.map(({ number }) => number));
      return [failure(at, `no message moves this stay; there are ${shown(known.slice(0, 10))}`)];
    }
    return [
      ...differences({ contradictions }, found, at),
      ...missingOf(`${at} findings`, findings, found.findings),
      ...(notices === undefined ? [] : sameSet(`${at} notices`, notices, found.notices)),
      ...(liability === undefined ? [] : sameSet(`${at} liability`, liability, found.liability)),
    ];
  });
}

// ---------------------------------------------------------------- comparing

/** Where persons or moved stays are expected apart, `events` are those of the stay. */
function factsAskedFor(
  { persons, moved }: Expectation,
  translation: Judged['translation'],
): readonly Fact[] {
  if (translation === undefined) return [];
  return persons === undefined && moved === undefined ? allFacts(translation) : translation.facts;
}

/** Persons are told by their number in the message; what they are known by is not shown. */
function statementDifferences(
  at: 'persons' | 'moved',
  expected: NonNullable<Expectation['persons'] | Expectation['moved']>,
  actual: readonly { readonly facts: readonly Fact[] }[] = [],
): Failure[] {
  if (expected.length !== actual.length) {
    return [failure(at, `expected ${expected.length}, came ${actual.length}`)];
  }
  return expected.flatMap(({ events, ...rest }, index) => {
    const one = actual[index];
    const place = `${at}[${index}]`;
    return [
      ...(events === undefined
        ? []
        : eventDifferences(`${place}.events`, events, one?.facts ?? [])),
      ...withoutValues(differences(rest, one, place)),
    ];
  });
}

/** A person's fields: what differs is named, and not what stands there. */
function withoutValues(failures: readonly Failure[]): Failure[] {
  return failures.map(({ at }) =>
    failure(at, 'differs from what is expected; values of a person are not shown'),
  );
}

function eventDifferences(
  at: string,
  expected: NonNullable<Expectation['events']>,
  actual: readonly unknown[],
): Failure[] {
  const count =
    expected.length === actual.length
      ? []
      : [failure(at, `expected ${expected.length}, came ${actual.length}: ${types(actual)}`)];
  return [
    ...count,
    ...expected
      .slice(0, actual.length)
      .flatMap((one, index) => differences(one, actual[index], `${at}[${index}]`)),
  ];
}

const types = (events: readonly unknown[]): string =>
  shown(events.map((one) => (isTree(one) ? one['type'] : one)));

function remarkDifferences(
  expected: NonNullable<Expectation['remarks']>,
  actual: MessageResult['remarks'],
): Failure[] {
  if (expected.length > 0) return missingOf('remarks', expected, actual);
  return actual.map(({ code, location }) =>
    failure('remarks', `expected none, came ${shown({ code, location })}`),
  );
}

/** Every expected one is there, in any order. */
function missingOf(
  at: string,
  expected: readonly unknown[],
  actual: readonly unknown[],
): Failure[] {
  return expected
    .filter((one) => !actual.some((other) => holds(one, other)))
    .map((one) => failure(at, `expected ${shown(one)}, came ${shownLike(one, actual)}`));
}

/**
 * Every expected one is there once, and no other, in any order.
 * @param told what may be shown of `actual`, in the same order
 */
function sameSet(
  at: string,
  expected: readonly unknown[],
  actual: readonly unknown[],
  told = actual,
): Failure[] {
  const left = actual.map((one, index) => ({ one, shows: told[index] }));
  const failures: Failure[] = [];
  for (const one of expected) {
    const index = left.findIndex((other) => holds(one, other.one));
    if (index < 0)
      failures.push(failure(at, `expected ${shown(one)}, came ${shownLike(one, told)}`));
    else left.splice(index, 1);
  }
  return [...failures, ...left.map(({ shows }) => failure(at, `not expected: ${shown(shows)}`))];
}

const holds = (expected: unknown, actual: unknown): boolean =>
  differences(expected, actual, '').length === 0;

/** What is named in `expected` and is otherwise in `actual`; lists are compared whole. */
function differences(expected: unknown, actual: unknown, at: string): Failure[] {
  if (expected === undefined) return [];
  if (isTree(expected) && isTree(actual)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, actual[key], at === '' ? key : `${at}.${key}`),
    );
  }
  if (isSame(expected, actual)) return [];
  return [failure(at, `expected ${shown(expected)}, came ${shown(actual)}`)];
}

function isSame(expected: unknown, actual: unknown): boolean {
  if (JSON.stringify(expected) === JSON.stringify(actual)) return true;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return expected.length === actual.length && expected.every((one, i) => holds(one, actual[i]));
  }
  // The same instant may be written with another offset.
  const isTime = (text: unknown): text is string =>
    typeof text === 'string' && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text);
  return isTime(expected) && isTime(actual) && Date.parse(expected) === Date.parse(actual);
}

/** Of many that came, the parts that were asked about. */
function shownLike(expected: unknown, actual: readonly unknown[]): string {
  if (actual.length === 0) return 'none';
  const parts = actual.slice(0, 10).map((one) => {
    if (!isTree(expected) || !isTree(one)) return one;
    return Object.fromEntries(Object.keys(expected).map((key) => [key, one[key]]));
  });
  return shown(parts);
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
  return withoutPersonNumbers(text.length > 400 ? `${text.slice(0, 400)}…` : text);
}

const failure = (at: string, text: string): Failure => ({ kind: 'expectation', at, text });
