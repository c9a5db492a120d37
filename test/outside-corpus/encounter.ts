/**
 * A message as an Encounter, so that it can be laid beside what other converters make of it (v2-to-FHIR 1.0).
 *
 * What our mapping says wins; where it says nothing of the field, the trigger event and then PV1 are read. The gateway
 * itself makes no Encounter of HL7 v2: this is a view for comparing.
 */
import type { Translation } from '../../adapters/adapter.ts';
import type { CompiledSender } from '../../adapters/inbound/hl7v2/meaning/compile.ts';
import type { Hl7Message } from '../../adapters/inbound/hl7v2/message/message.ts';
import { parseTime } from '../../adapters/inbound/hl7v2/message/time.ts';
import { pathOf } from '../../mappings/index.ts';

/** A value, and what said it: an event's type, `MSH-9`, or a path. */
export interface Said {
  readonly value: string;
  readonly by: string;
}

export interface EncounterView {
  /** FHIR R4 EncounterStatus. */
  readonly status?: Said;
  /** HL7 v3 ActCode. */
  readonly class?: Said;
  /** Instants in UTC. */
  readonly start?: Said;
  readonly end?: Said;
  /** Visit numbers, without their authorities. */
  readonly identifiers: readonly string[];
}

/** What each event means for the status of the stay it is told of. */
const statusByEvent: ReadonlyMap<string, string> = new Map([
  ['patient.admitted', 'in-progress'],
  ['patient.transferred', 'in-progress'],
  ['transfer.cancelled', 'in-progress'],
  ['patient.returned', 'in-progress'],
  ['leave.cancelled', 'in-progress'],
  ['discharge.cancelled', 'in-progress'],
  ['patient.on-leave', 'onleave'],
  ['return.cancelled', 'onleave'],
  ['patient.discharged', 'finished'],
  ['patient.deceased', 'finished'],
  ['admission.cancelled', 'cancelled'],
]);

/** v2-to-FHIR's map of eight triggers (A08, which says nothing, left out), and after it ours for those that have none. */
const statusByTrigger: ReadonlyMap<string, string> = new Map([
  ...named('in-progress', 'A01 A02 A13'),
  ...named('finished', 'A03'),
  ...named('planned', 'A04 A05'),
  ...named('cancelled', 'A11'),
  ...named('in-progress', 'A06 A07 A09 A10 A12 A15 A16 A22 A25 A26 A52'),
  ...named('onleave', 'A21 A53'),
  ...named('planned', 'A14'),
  ...named('cancelled', 'A23 A27 A38'),
]);

function named(status: string, triggers: string): [string, string][] {
  return triggers.split(' ').map((trigger) => [trigger, status]);
}

const patientClass = pathOf('PV1-2');
const admitted = pathOf('PV1-44');
const discharged = pathOf('PV1-45');
const visitNumbers = [pathOf('PV1-19'), pathOf('PV1-50')];

/**
 * @param trigger MSH-9.2
 * @param translation what our mapping says; undefined where the message is refused
 * @returns undefined where the message has no PV1
 */
export function encounterOf(
  message: Hl7Message,
  trigger: string,
  translation: Translation | undefined,
  sender: CompiledSender,
): EncounterView | undefined {
  if (!message.has('PV1')) return undefined;
  const status = statusOf(message, trigger, translation);
  const code = message.valueOf(patientClass);
  const actCode =
    code === undefined ? undefined : sender.tables.get('0004-patient-class')?.get(code);
  const start = factTime(translation, ['patient.admitted']) ?? fieldTime(message, 'PV1-44', sender);
  const end =
    factTime(translation, ['patient.discharged', 'patient.deceased']) ??
    // Who is still there has not left, whatever an older PV1-45 says.
    (status.value === 'in-progress' ? undefined : fieldTime(message, 'PV1-45', sender));
  return {
    status,
    ...(typeof actCode === 'string' && { class: { value: actCode, by: 'PV1-2' } }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    identifiers: visitNumbers
      .map((path) => message.valueOf(path)?.trim() ?? '')
      .filter((value) => value !== ''),
  };
}

function statusOf(
  message: Hl7Message,
  trigger: string,
  translation: Translation | undefined,
): Said {
  for (const { type } of translation?.facts ?? []) {
    const value = statusByEvent.get(type);
    if (value !== undefined) return { value, by: type };
  }
  const value = statusByTrigger.get(trigger);
  if (value !== undefined) return { value, by: 'MSH-9' };
  if (message.valueOf(discharged) !== undefined) return { value: 'finished', by: 'PV1-45' };
  const code = message.valueOf(patientClass);
  if (code === 'P') return { value: 'planned', by: 'PV1-2' };
  return { value: code === undefined || code === 'U' ? 'unknown' : 'in-progress', by: 'PV1-2' };
}

function factTime(
  translation: Translation | undefined,
  types: readonly string[],
): Said | undefined {
  const fact = translation?.facts.find(({ type }) => types.includes(type));
  return fact && { value: fact.occurredAt, by: fact.type };
}

function fieldTime(
  message: Hl7Message,
  field: 'PV1-44' | 'PV1-45',
  sender: CompiledSender,
): Said | undefined {
  const text = message.valueOf(field === 'PV1-44' ? admitted : discharged);
  if (text === undefined) return undefined;
  try {
    return { value: parseTime(text, sender.mapping.zone, field).instant, by: field };
  } catch {
    return undefined; // not a time: nothing is said, and the mapping refuses what needs it
  }
}
