/** A run in sum: by trigger and outcome, remarks, unmapped codes, and what to agree with the vendor. */
import { reused, reusedVersion } from './reuse.ts';
import { placeOf } from './result.ts';
import type { Agreement, MessageResult, Outcome, Summary } from './result.ts';
import { wrongsOf } from './wrong.ts';
import type { Wrong } from './wrong.ts';

/** @param files how many files there were */
export function summarize(files: number, messages: readonly MessageResult[]): Summary {
  return {
    files,
    messages: messages.length,
    failed: messages.filter(({ failures }) => failures.length > 0).length,
    expected: messages.filter(({ isExpected }) => isExpected).length,
    byTrigger: byTrigger(messages),
    remarks: counted(
      messages.flatMap(({ remarks }) => distinct(remarks.map(withoutIndex))),
      ({ check, code, location, text }) => [check, code, location, text],
    )
      .map(({ one, count }) => ({ ...one, messages: count }))
      .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity)),
    unmapped: counted(
      messages.flatMap(({ unmapped, sender = '' }) =>
        unmapped.map(({ table, code, path }) => ({ sender, table, code, path })),
      ),
      ({ sender, table, code, path }) => [sender, table, code, path],
    ).map(({ one, count }) => ({ ...one, messages: count })),
    toAgree: toAgree(messages),
  };
}

const severities = ['error', 'warning', 'information'];

function byTrigger(messages: readonly MessageResult[]): Summary['byTrigger'] {
  const rows = new Map<string, { all: number } & Record<Outcome, number>>();
  for (const { kind = 'unreadable', outcome } of messages) {
    const row = rows.get(kind) ?? { all: 0, accepted: 0, ignored: 0, parked: 0, refused: 0 };
    row.all += 1;
    row[outcome] += 1;
    rows.set(kind, row);
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, counts]) => ({ kind, ...counts }));
}

/** The same remark on the second NK1 is the same remark. */
function withoutIndex(remark: MessageResult['remarks'][number]): MessageResult['remarks'][number] {
  return { ...remark, location: remark.location.replace(/\[\d+\]|\(\d+\)/g, '') };
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Map(values.map((one) => [JSON.stringify(one), one])).values()];
}

/** Equal ones with their number, the most frequent first. */
function counted<T>(
  values: readonly T[],
  keyOf: (value: T) => unknown,
): { readonly one: T; readonly count: number }[] {
  const groups = new Map<string, { one: T; count: number }>();
  for (const one of values) {
    const key = JSON.stringify(keyOf(one));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { one, count: 1 });
    else group.count += 1;
  }
  return [...groups]
    .sort(([a, left], [b, right]) => right.count - left.count || (a < b ? -1 : 1))
    .map(([, group]) => group);
}

// ---------------------------------------------------------------- to agree

type Point = Pick<Agreement, 'what' | 'why'>;

/** What errors and parked codes ask for, each once, the most frequent first. What is as expected asks for nothing. */
function toAgree(messages: readonly MessageResult[]): Agreement[] {
  const points = messages.flatMap((message) => {
    const { isExpected, failures } = message;
    if (isExpected && failures.length === 0) return [];
    const example = placeOf(message);
    return distinct(pointsOf(message)).map((point) => ({ ...point, example }));
  });
  return counted(points, ({ what, why }) => [what, why]).map(({ one, count }) => ({
    what: one.what,
    why: one.why,
    messages: count,
    example: one.example,
  }));
}

function pointsOf(message: MessageResult): Point[] {
  const { warnings } = message;
  return [
    ...wrongsOf(message).map((wrong) => pointOf(wrong, message.error?.code)),
    ...(warnings.includes(reused) ? [toName('MSH-10', 'message a control id')] : []),
    ...(warnings.includes(reusedVersion) ? [toName('meta.versionId', 'content a version')] : []),
  ];
}

const toName = (at: string, what: string): Point => ({
  what: `${at}: give every ${what} of its own`,
  why: 'a running gateway refuses the later ones',
});

/** @param code of the error the message is refused by */
function pointOf({ kind, at, what, why }: Wrong, code: string | undefined): Point {
  const place = at.replace(/\[\d+\]|\(\d+\)/g, '');
  switch (kind) {
    case 'parked':
      return {
        what: `${place}: say what it means: ${what}`,
        why: why ?? 'the message waits, and its stay does not move',
      };
    case 'refused':
      return { what: `${place}: ${what}`, why: why ?? whyRefused(code) };
    case 'error':
      return { what: `${place}: ${what}`, why: why ?? 'the standard has it otherwise' };
  }
}

function whyRefused(code: string | undefined): string {
  switch (code) {
    case 'unknown-sender':
      return 'nobody has said how this system writes: it needs an overlay';
    case 'unsupported-message':
      return 'the message is refused: is it needed, or can it be left out?';
    default:
      return 'the message is refused, and nothing of it is used';
  }
}
