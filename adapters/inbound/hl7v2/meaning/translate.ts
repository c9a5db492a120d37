/**
 * A message and its sender's mapping → what it means. Pure.
 *
 * What decides (event, time, receiver, law) and has a code that no table knows is reported as unmapped: the message is
 * accepted and parked, and its other facts still come. What only describes passes as it is, with a warning.
 */
import { GatewayError } from '../../../../gateway/errors.ts';
import { pathOf } from '../../../../mappings/index.ts';
import type { StayReference, Translation } from '../../../adapter.ts';
import type { CompiledSender, CompiledTrigger } from './compile.ts';
import { gather } from './facts.ts';
import type { Hl7Message } from '../message/message.ts';
import { scoped } from './patient.ts';
import { movesIn, personsIn } from './persons.ts';
import { parseTime } from '../message/time.ts';
import { malformed, missing } from './work.ts';

/**
 * @param kind message type and trigger, `ADT^A01`
 * @throws GatewayError unsupported-message (0357: 200-203), malformed-message (100-102)
 */
export function translate(message: Hl7Message, kind: string, sender: CompiledSender): Translation {
  const name = checkHeader(message, kind, sender);
  const warnings = headerWarnings(message, name);
  const ignored = sender.ignored.get(name);
  if (ignored !== undefined) return { facts: [], unmapped: [], warnings, ignored };
  const trigger = sender.triggers.get(name);
  if (trigger === undefined)
    throw unsupported('201', `trigger event${shownTrigger(name)} is not mapped`, 'MSH-9.2');
  for (const segment of trigger.requires) {
    if (!message.has(segment)) throw malformed('100', `${segment}: segment missing`, segment);
  }
  switch (trigger.about) {
    case 'stay':
      return ofStay(message, name, trigger, sender, warnings);
    case 'person':
    case 'merge':
      return { facts: [], unmapped: [], ...personsIn(message, trigger, sender, warnings) };
    case 'move':
      return { facts: [], unmapped: [], ...movesIn(message, trigger, sender, warnings, stayOf) };
  }
}

function ofStay(
  message: Hl7Message,
  name: string,
  { entries }: CompiledTrigger,
  sender: CompiledSender,
  warnings: string[],
): Translation {
  const stay = stayOf(message, sender);
  const work = gather(message, sender, entries, warnings);
  const { patient, facts, unmapped, understood } = work;
  const silent = facts.length === 0 && unmapped.length === 0;
  const because = understood.length === 0 ? '' : `: ${understood.join(', ')}`;
  return {
    stay,
    patient,
    facts,
    unmapped,
    warnings,
    ...(silent && {
      ignored: `${name} carries nothing that the mapping of this sender uses${because}`,
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
const eventTypeCode = pathOf('EVN-1');

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

/** What looks like no trigger event may be anything, and is not shown. */
const shownTrigger = (name: string): string => (/^[A-Z]\d\d$/.test(name) ? ` ${name}` : '');

/** MSH-9 says what the message is; EVN-1, withdrawn in version 2.5, is often left as it was. */
function headerWarnings(message: Hl7Message, trigger: string): string[] {
  const other = message.valueOf(eventTypeCode);
  if (other === undefined || other === trigger) return [];
  return [`EVN-1:${shownTrigger(other)} is not the trigger event of MSH-9.2, which holds`];
}

function stayOf(message: Hl7Message, sender: CompiledSender): StayReference {
  // Spaces are no number: all stays that have none would be one.
  const number = message.valueOf(sender.stay)?.trim();
  if (number === undefined || number === '') throw missing(sender.stay.text);
  const given =
    message.valueOf(sender.stayAuthority.universal) ??
    message.valueOf(sender.stayAuthority.namespace);
  const own = sender.mapping.visitAuthority;
  const authority = given === undefined || given === own ? own : scoped(given, sender);
  return { by: 'visit', authority, number };
}

function unsupported(standardCode: string, message: string, location: string): GatewayError {
  return new GatewayError('unsupported-message', message, { standardCode, location });
}
