/**
 * A message and its sender's mapping → what it means. Pure.
 *
 * What decides (event, time, receiver, law) and has a code that no table knows is reported as unmapped: the message is
 * accepted and parked, and its other facts still come. What only describes passes as it is, with a warning.
 */
import { GatewayError, assert } from '../../../gateway/errors.ts';
import { checkData, isEventType } from '../../../gateway/process/events.ts';
import type { EventType } from '../../../gateway/process/events.ts';
import type { Hl7Path } from '../../../mappings/index.ts';
import { pathOf } from '../../../mappings/index.ts';
import type { Fact, StayReference, Translation } from '../../adapter.ts';
import { hl7Null } from './compile.ts';
import type { CompiledEntry, CompiledKey, CompiledSender, Reading } from './compile.ts';
import type { Hl7Message } from './message.ts';
import { codesOf, patientOf, scoped } from './patient.ts';
import { dateOf, parseTime } from './time.ts';
import { ifNullEntry, park } from './work.ts';
import type { Work } from './work.ts';

/**
 * @param kind message type and trigger, `ADT^A01`
 * @throws GatewayError unsupported-message (0357: 200-203), malformed-message (100-102)
 */
export function translate(message: Hl7Message, kind: string, sender: CompiledSender): Translation {
  const trigger = checkHeader(message, kind, sender);
  const ignored = sender.ignored.get(trigger);
  if (ignored !== undefined) return { facts: [], unmapped: [], warnings: [], ignored };
  const entries = sender.triggers.get(trigger);
  if (entries === undefined)
    throw unsupported('201', `trigger event ${trigger} is not mapped`, 'MSH-9.2');
  for (const segment of sender.requires) {
    if (!message.has(segment)) throw malformed('100', `${segment}: segment missing`, segment);
  }
  const stay = stayOf(message, sender);
  const warnings: string[] = [];
  const patient = patientOf(message, sender, warnings);
  if (patient.numbers.length === 0) throw missing(sender.patient.numbers.text);
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
  const { facts, unmapped, understood } = work;
  const silent = facts.length === 0 && unmapped.length === 0;
  const because = understood.length === 0 ? '' : `: ${understood.join(', ')}`;
  return {
    stay,
    patient,
    facts,
    unmapped,
    warnings,
    ...(silent && {
      ignored: `${trigger} carries nothing that the mapping of this sender uses${because}`,
    }),
  };
}

/** When the sender says it sent the message (EVN-2, else MSH-7); undefined where it does not say readably. */
export function sentAtOf(message: Hl7Message, sender: CompiledSender): string | undefined {
  for (const path of sender.sentAt) {
    const text = message.valueOf(path);
    if (text === undefined) continue;
    try {
      return parseTime(text, sender.mapping.zone, path.text).instant;
    } catch {
      continue; // it describes only: the legal times are read by the mapping, and those do throw
    }
  }
  return undefined;
}

const processingId = pathOf('MSH-11');
const versionId = pathOf('MSH-12');

/** @returns the trigger event */
function checkHeader(message: Hl7Message, kind: string, sender: CompiledSender): string {
  const [type = '', trigger = ''] = kind.split('^');
  if (type !== 'ADT') throw unsupported('200', 'message type is not ADT', 'MSH-9.1');
  const version = message.valueOf(versionId);
  if (version !== undefined && !/^2\.\d/.test(version)) {
    throw unsupported('203', 'version is not HL7 2.x', 'MSH-12');
  }
  if (!sender.processingIds.has(message.valueOf(processingId) ?? '')) {
    throw unsupported('202', 'processing id is not accepted from this sender', 'MSH-11');
  }
  return trigger;
}

function stayOf(message: Hl7Message, sender: CompiledSender): StayReference {
  const number = message.valueOf(sender.stay);
  if (number === undefined) throw missing(sender.stay.text);
  const given =
    message.valueOf(sender.stayAuthority.universal) ??
    message.valueOf(sender.stayAuthority.namespace);
  const own = sender.mapping.visitAuthority;
  const authority = given === undefined || given === own ? own : scoped(given, sender);
  return { by: 'visit', authority, number };
}

// ---------------------------------------------------------------- facts

function addFact(work: Work, entry: CompiledEntry): void {
  if (!counts(work, entry)) return;
  const type = eventOf(work, entry);
  if (type === undefined) return;
  const data = dataOf(work, type, entry.keys.get(type) ?? []);
  if (data === undefined) return;
  const { instant, precision, warnings } = timeOf(work, entry.occurredAt);
  // One type and its own checked data: TypeScript does not follow a union through a generic call.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const fact = {
    type,
    occurredAt: instant,
    ...(precision !== undefined && { precision }),
    ...(warnings.length > 0 && { warnings }),
    data: checkData(type, data),
  } as Fact;
  work.facts.push(fact);
}

/** Whether an entry's conditions hold. */
function counts(work: Work, { ifEvent, ifPresent, onNull, ifNull }: CompiledEntry): boolean {
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
function timeOf(work: Work, paths: readonly Hl7Path[]): ReturnType<typeof parseTime> {
  for (const one of paths) {
    const text = work.message.valueOf(one);
    if (text === undefined) continue;
    const time = parseTime(text, work.sender.mapping.zone, one.text);
    for (const warning of time.warnings) work.warnings.push(`${one.text}: ${warning}`);
    return time;
  }
  throw missing(paths.at(-1)?.text ?? 'EVN-2');
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
};

/** Keys whose HL7 form is not ours. */
const converters: Partial<Record<string, (work: Work, reading: Reading) => string>> = {
  // A date stays a date: nobody said an hour.
  expectedDischarge: ({ sender, warnings }, { code, path: where }) => {
    const time = parseTime(code, sender.mapping.zone, where);
    for (const warning of time.warnings) warnings.push(`${where}: ${warning}`);
    return time.precision === 'day' ? dateOf(code) : time.instant;
  },
};

const deathIndicator = pathOf('PID-30');
const disposition = pathOf('PV1-36');

/** Functions an entry names instead of an event; their possible events stand in mappings/check.ts. */
const eventFunctions: Partial<Record<string, (work: Work) => EventType | undefined>> = {
  /** A03 is a death where PID-30 says so, or where the disposition (0112) means `expired`. */
  dischargeOutcome: (work) => {
    const died = lookUp(work, deathIndicator, '0136-yes-no');
    if (died?.target === true) return 'patient.deceased';
    const left = lookUp(work, disposition, '0112-discharge-disposition');
    for (const reading of [died, left]) {
      if (reading !== undefined && reading.target === undefined) return park(work, reading);
    }
    return left?.target === 'expired' ? 'patient.deceased' : 'patient.discharged';
  },
};

function lookUp(work: Work, where: Hl7Path, table: string): Reading | undefined {
  const code = work.message.valueOf(where);
  if (code === undefined) return undefined;
  return { code, target: work.sender.tables.get(table)?.get(code), path: where.text, table };
}

function missing(location: string): GatewayError {
  return malformed('101', `${location}: required field missing`, location);
}

function malformed(standardCode: string, message: string, location: string): GatewayError {
  return new GatewayError('malformed-message', message, { standardCode, location });
}

function unsupported(standardCode: string, message: string, location: string): GatewayError {
  return new GatewayError('unsupported-message', message, { standardCode, location });
}
