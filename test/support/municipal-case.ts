/** The cases of corpus/municipal: a decision, the person, and what the receiver gets of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OutboundMessage, OutboundNotice } from '../../adapters/adapter.ts';
import { checkData, protections } from '../../gateway/process/events.ts';

export const corpus = join(import.meta.dirname, '..', 'corpus', 'municipal');
/** Those with an invoice are of invoice.test.ts. */
export const cases = readdirSync(corpus).filter((name) =>
  existsSync(join(corpus, name, 'event.json')),
);

export function readText(name: string, file: string): string {
  return readFileSync(join(corpus, name, file), 'utf8');
}

export function readJson(name: string, file: string): unknown {
  return JSON.parse(readText(name, file));
}

const caseFile = z.strictObject({
  deliveryId: z.string(),
  caseReference: z.string().default(''),
  replacedAt: z.string().exactOptional(),
  changedKey: z.string().exactOptional(),
  /** Of an invoice: the case that is the record it follows from. */
  billing: z.string().exactOptional(),
  protection: z.enum(protections).exactOptional(),
  event: z.looseObject({ type: z.string(), data: z.unknown() }),
});
const envelope = z.object({
  id: z.string(),
  stayId: z.string(),
  occurredAt: z.string(),
  recordedAt: z.string(),
  source: z.strictObject({ sender: z.string(), messageId: z.string() }),
  causationId: z.string(),
  correlationId: z.string(),
});
const part = z.string().exactOptional();
const person = z.strictObject({
  numbers: z.array(
    z.strictObject({
      authority: z.string(),
      value: z.string(),
      kind: z.enum(['personnummer', 'samordningsnummer', 'reservnummer', 'LMA-nummer', 'local']),
    }),
  ),
  family: part,
  given: part,
  address: z.strictObject({ street: part, postalCode: part, city: part }).exactOptional(),
});

export function messageOf(name: string): OutboundMessage {
  const { event, billing, ...about } = caseFile.parse(readJson(name, 'event.json'));
  const { deliveryId } = about;
  const head = envelope.parse(event);
  const { type } = event;
  switch (type) {
    case 'billing.recorded': {
      const data = checkData(type, event.data);
      return { kind: 'billing', deliveryId, event: { ...head, type, data }, billing: data };
    }
    case 'billing.adjusted': {
      const data = checkData(type, event.data);
      return { kind: 'billing', deliveryId, event: { ...head, type, data }, billing: data };
    }
    case 'billing.issued': {
      const invoice = checkData(type, event.data);
      const record = messageOf(billing ?? '');
      if (record.kind !== 'billing') throw new Error(`${name}: its record is none`);
      return {
        kind: 'specification',
        deliveryId,
        event: { ...head, type, data: invoice },
        billing: record.billing,
        invoice,
      };
    }
    case 'notice.issued':
    case 'notice.corrected':
    case 'notice.withdrawn': {
      const notice = checkData(type, event.data);
      return {
        kind: 'notice',
        ...about,
        event: { ...head, type, data: notice },
        notice,
        action: actions[type],
        patient: person.parse(readJson(name, 'patient.json')),
      };
    }
    default:
      throw new Error(`${name}: ${type} does not leave the house`);
  }
}

const actions = {
  'notice.issued': 'issued',
  'notice.corrected': 'corrected',
  'notice.withdrawn': 'withdrawn',
} as const;

/** A case that is a notice. */
export function noticeOfCase(name: string): OutboundNotice {
  const message = messageOf(name);
  if (message.kind !== 'notice') throw new Error(`${name}: not a notice`);
  return message;
}
