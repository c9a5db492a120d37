/**
 * One entry of a mapping and the message → a fact: does it count, which event is it, what does it say, when was it.
 */
import { assert } from '../../../../gateway/errors.ts';
import { checkData, isEventType } from '../../../../gateway/process/events.ts';
import type { EventType } from '../../../../gateway/process/events.ts';
import { pathOf } from '../../../../mappings/index.ts';
import type { Hl7Path } from '../../../../mappings/index.ts';
import type { Fact } from '../../../adapter.ts';
import { hl7Null } from './compile.ts';
import type { CompiledEntry, CompiledKey, CompiledSender, Reading } from './compile.ts';
import { deathContradicted, deathInUpdate, readDeath } from './death.ts';
import type { Hl7Message } from '../message/message.ts';
import { codesOf, patientOf } from './patient.ts';
import { dateOf, parseTime } from '../message/time.ts';
import type { Hl7Time } from '../message/time.ts';
import { ifNullEntry, missing, park } from './work.ts';
import type { Work } from './work.ts';

/**
 * What the entries of a trigger give, with the person they are of.
 * @throws GatewayError malformed-message for what is needed and missing; a person without a number cannot be followed
 */
export function gather(
  message: Hl7Message,
  sender: CompiledSender,
  entries: readonly CompiledEntry[],
  warnings: string[],
): Work {
  const patient = patientOf(message, sender, warnings);
  if (patient.numbers.length === 0) throw missing(sender.patient.numbers[0]?.text ?? 'PID-3');
  const work: Work = {
    message,
    sender,
    patient,
    facts: [],
    unmapped: [],
    warnings,
    understood: [],
  };
  for (const entry of entries) addFact(work, entry);
  return work;
}

/** Adds the fact that an entry gives, if it gives one. @throws GatewayError malformed-message for what it needs and lacks */
function addFact(work: Work, entry: CompiledEntry): void {
  if (!counts(work, entry)) return;
  const type = eventOf(work, entry);
  if (type === undefined) return;
  const data = dataOf(work, type, entry.keys.get(type) ?? []);
  if (data === undefined) return;
  const { instant, precision, warnings } = timeOf(work, entry.occurredAt);
  const doubts = [...warnings, ...(doubtsAbout[type]?.(work) ?? [])];
  // One type and its own checked data: TypeScript does not follow a union through a generic call.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const fact = {
    type,
    occurredAt: instant,
    ...(precision !== undefined && { precision }),
    ...(doubts.length > 0 && { warnings: doubts }),
    data: checkData(type, data),
  } as Fact;
  work.facts.push(fact);
}

/** Whether an entry's conditions hold. */
function counts(work: Work, entry: CompiledEntry): boolean {
  const { ifEvent, ifPresent, onNull, ifNull } = entry;
  const { message, facts } = work;
  if (ifEvent !== undefined && !facts.some(({ type }) => type === ifEvent)) return false;
  if (ifNull !== undefined && message.value(ifNull) !== null) return false;
  if (ifPresent === undefined) return true;
  const value = message.value(ifPresent);
  if (value !== null) return value !== undefined;
  if (onNull === 'park') {
    park(work, { code: hl7Null, target: undefined, path: ifPresent.text, table: ifNullEntry });
  }
  return onNull === 'read';
}

/** The event an entry gives; undefined for none, or where its code is unmapped (and now reported). */
function eventOf(work: Work, entry: CompiledEntry): EventType | undefined {
  if (entry.function !== undefined) {
    const decide = eventFunctions[entry.function];
    assert(decide !== undefined, `function ${entry.function} was not checked`);
    return decide(work);
  }
  const reading = entry.event?.(work.message);
  if (reading === undefined) return undefined;
  if (reading.target === undefined) return park(work, reading);
  if (reading.target === null) {
    work.understood.push(`${reading.path} ${reading.code} means no event`);
    return undefined;
  }
  const type = String(reading.target);
  assert(isEventType(type), `event ${type} was not checked`);
  return type;
}

function dataOf(
  work: Work,
  type: EventType,
  keys: readonly CompiledKey[],
): Record<string, unknown> | undefined {
  const data: Record<string, unknown> = { ...completions[type]?.(work) };
  let complete = true;
  for (const { key, read, path: where, required, describing } of keys) {
    const reading = read(work.message);
    if (reading === undefined || reading.target === null) {
      if (required) throw missing(where);
    } else if (reading.target !== undefined) {
      data[key] = converters[key]?.(work, reading) ?? reading.target;
    } else if (describing) {
      if (reading.code === hl7Null) continue;
      work.warnings.push(`${reading.path}: code not in table ${reading.table ?? ''}`);
      data[key] = reading.code;
    } else {
      park(work, reading);
      complete = false;
    }
  }
  return complete ? data : undefined;
}

/** The first of the paths that has a value. */
function timeOf(work: Work, paths: readonly Hl7Path[]): Hl7Time {
  for (const [index, one] of paths.entries()) {
    const text = work.message.valueOf(one);
    if (text === undefined) continue;
    const time = readTime(work, text, one);
    // A date of death (PID-29) often has no hour; the end of the stay, on that date, has.
    if (time.precision !== 'day' || one.segment !== 'PID') return time;
    return hourOf(work, dateOf(text), paths.slice(index + 1)) ?? time;
  }
  throw missing(paths.at(-1)?.text ?? 'EVN-2');
}

function hourOf(work: Work, date: string, paths: readonly Hl7Path[]): Hl7Time | undefined {
  const [next] = paths.filter(({ segment }) => segment !== 'EVN');
  const text = next && work.message.valueOf(next);
  if (next === undefined || text === undefined || dateOf(text) !== date) return undefined;
  const time = readTime(work, text, next);
  return time.precision === 'day' ? undefined : time;
}

function readTime({ sender, warnings }: Work, text: string, where: Hl7Path): Hl7Time {
  const time = parseTime(text, sender.mapping.zone, where.text);
  for (const warning of time.warnings) warnings.push(`${where.text}: ${warning}`);
  return time;
}

// ---------------------------------------------------------------- named functions

/** What an event's data needs beside its mapped keys. */
const completions: Partial<Record<EventType, (work: Work) => Record<string, unknown>>> = {
  'patient.admitted': (work) => ({
    county: work.sender.mapping.county,
    hospital: work.sender.mapping.hospital,
    patient: codesOf(work),
  }),
  'patient.identity-changed': (work) => ({ patient: codesOf(work) }),
  'patient.merged': (work) => ({ patient: codesOf(work) }),
};

/** Keys whose HL7 form is not ours. */
const converters: Partial<Record<string, (work: Work, reading: Reading) => string>> = {
  // A date stays a date: nobody said an hour.
  expectedDischarge: (work, { code, path: where }) => {
    const time = readTime(work, code, pathOf(where));
    return time.precision === 'day' ? dateOf(code) : time.instant;
  },
};

/** Functions an entry names instead of an event; their possible events stand in mappings/check.ts. */
export const eventFunctions: Partial<Record<string, (work: Work) => EventType | undefined>> = {
  /** A03 is a death where one of the signals says so. */
  death: (work) => (readDeath(work)?.died === true ? 'patient.deceased' : undefined),
  /** A03 is a discharge where no signal says death and every signal can be read. */
  discharge: (work) => (readDeath(work)?.died === false ? 'patient.discharged' : undefined),
  deathInUpdate,
};

/** What the source said that cannot all be true; the fold holds it against the case. */
const doubtsAbout: Partial<Record<EventType, (work: Work) => readonly string[]>> = {
  'patient.deceased': (work) => (readDeath(work)?.contradicted === true ? [deathContradicted] : []),
};
