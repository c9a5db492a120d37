/** A run in sum: by trigger and outcome, the most frequent remarks, unmapped codes, and what to agree with the vendor. */
import { ifNullEntry } from '../../adapters/inbound/hl7v2/work.ts';
import { reused } from './reuse.ts';
import type { Agreement, MessageResult, Outcome, Summary } from './result.ts';

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
    ).map(({ one, count }) => ({ ...one, messages: count })),
    unmapped: counted(
      messages.flatMap(({ unmapped, sender = '' }) =>
        unmapped.map(({ table, code, path }) => ({ sender, table, code, path })),
      ),
      ({ sender, table, code, path }) => [sender, table, code, path],
    ).map(({ one, count }) => ({ ...one, messages: count })),
    toAgree: toAgree(messages),
  };
}

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
    const { file, position, isExpected, failures } = message;
    if (isExpected && failures.length === 0) return [];
    const example = position === 1 ? file : `${file} #${position}`;
    return distinct(pointsOf(message)).map((point) => ({ ...point, example }));
  });
  return counted(points, ({ what, why }) => [what, why]).map(({ one, count }) => ({
    what: one.what,
    why: one.why,
    messages: count,
    example: one.example,
  }));
}

function pointsOf({
  outcome,
  error,
  reason = '',
  unmapped,
  remarks,
  warnings,
}: MessageResult): Point[] {
  return [
    ...(outcome === 'refused' ? [refusedPoint(error?.code ?? '', reason)] : []),
    ...unmapped.map(({ table, code, path }) =>
      table === ifNullEntry
        ? {
            what: `${path}: say what "" (no value) means`,
            why: 'it is not mapped, so the message waits and its stay does not move',
          }
        : {
            what: `${path}: say what code '${code}' means (table ${table})`,
            why: 'no table has it, so the message waits and its stay does not move',
          },
    ),
    ...remarks
      .filter(({ severity }) => severity === 'error')
      .map(withoutIndex)
      .map(remarkPoint),
    ...(warnings.includes(reused)
      ? [
          {
            what: 'MSH-10: give every message a control id of its own',
            why: 'the later ones are refused',
          },
        ]
      : []),
  ];
}

function refusedPoint(code: string, reason: string): Point {
  switch (code) {
    case 'unknown-sender':
      return { what: reason, why: 'nobody has said how this system writes; it needs an overlay' };
    case 'unsupported-message':
      return {
        what: reason,
        why: 'the message is refused: is it needed here, or can it be left out?',
      };
    default:
      return { what: reason, why: 'the message is refused, and nothing of it is used' };
  }
}

function remarkPoint({ location, text, consequence }: MessageResult['remarks'][number]): Point {
  return {
    what: text.includes(location) ? text : `${location}: ${text}`,
    why: consequence ?? 'the standard has it otherwise',
  };
}
