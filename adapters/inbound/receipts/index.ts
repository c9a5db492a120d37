/**
 * Answers and facts from municipalities and primary care: CloudEvents 1.0 in structured JSON.
 *
 * `subject` is the case reference of our notices, `time` is when it happened (with its offset), `id` is unique per
 * partner: the same id and bytes again are the same event. What is said of an invoice is in `dispute.ts`.
 */
import { assert, GatewayError } from '../../../gateway/errors.ts';
import { checkData, isEventType, type EventType } from '../../../gateway/process/events.ts';
import { isReceiptType, mayWitness } from '../../../gateway/process/witness.ts';
import type { Fact, Inbound } from '../../adapter.ts';
import { answerBytes } from './answer.ts';
import { readEnvelope } from './cloud-event.ts';
import type { Partner } from './partner.ts';

export type { Partner, PartnerKind } from './partner.ts';

/** One CloudEvent, its envelope checked and its data not yet. */
export interface ReceiptMessage {
  readonly id: string;
  /** The CloudEvents type as it came. */
  readonly kind: string;
  readonly type: EventType;
  readonly caseReference: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly occurredAt: string;
  readonly data: unknown;
}

/**
 * The inbound adapter of one partner: bytes alone do not say who sent them, the token did.
 * @param partner its id is the sender of everything it reads
 */
export function receiptsInbound(partner: Partner): Inbound<ReceiptMessage> {
  return {
    name: 'receipts',
    mappingRevision: 'receipts-1',
    read: readCloudEvent,
    head: (message) => ({
      sender: partner.id,
      controlId: message.id,
      kind: message.kind,
      controlIdReuse: 'refused',
    }),
    translate: (message) => ({
      stay: { by: 'case', caseReference: message.caseReference },
      facts: [factOf(message, partner)],
      unmapped: [],
      warnings: [],
    }),
    acknowledge: (message, _raw, verdict, context) => [answerBytes(message?.id, verdict, context)],
  };
}

/**
 * Reads bytes as a CloudEvent.
 * @throws GatewayError malformed-message, unsupported-message; by attribute, never by value
 */
export function readCloudEvent(raw: Uint8Array): ReceiptMessage {
  const { id, type: kind, subject: caseReference, time: occurredAt, data } = readEnvelope(raw);
  const type = /^se\.hemgang\.([a-z.-]+)\.v1$/.exec(kind)?.[1] ?? '';
  if (!isEventType(type) || !isReceiptType(type)) {
    throw new GatewayError('unsupported-message', 'CloudEvent type: not one we take', {
      location: 'type',
    });
  }
  return { id, kind, type, caseReference, occurredAt, data };
}

// ---------------------------------------------------------------- from event to fact

function factOf(message: ReceiptMessage, partner: Partner): Fact {
  const { type, occurredAt } = message;
  if (!mayWitness(partner.kind, type)) {
    throw forbidden(`${type} is not for a partner of kind ${partner.kind}`, 'type');
  }
  const data = checkData(type, withReceiver(message, partner));
  const fact = { type, occurredAt, data };
  checkScope(data, partner);
  assert(isFact(fact), 'checkData checked the data of this type');
  return fact;
}

/** `checkData` has checked data against the type, but the compiler cannot follow a pair of a type and its data. */
function isFact(fact: { type: EventType }): fact is Fact {
  return isReceiptType(fact.type);
}

const answersToNotices = new Set<EventType>([
  'notice.received',
  'notice.acknowledged',
  'notice.misdirected',
]);

/** An answer to a notice says for which receiver; a partner with one receiver need not. */
function withReceiver({ type, data }: ReceiptMessage, partner: Partner): unknown {
  const only = partner.receivers.length === 1 ? partner.receivers[0] : undefined;
  if (!answersToNotices.has(type) || only === undefined) return data;
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? { receiver: only, ...data }
    : data;
}

/**
 * A partner speaks for its own receivers, and a municipality for itself: what it says of another one could move payment
 * there (5 kap. 2 §).
 */
function checkScope(data: object, partner: Partner): void {
  const fields: { receiver?: unknown; municipality?: unknown } = data;
  if (fields.receiver !== undefined && !partner.receivers.some((id) => id === fields.receiver)) {
    throw forbidden('receiver is not one this partner answers for', 'data.receiver');
  }
  if (
    partner.kind === 'municipality' &&
    fields.municipality !== undefined &&
    fields.municipality !== partner.municipality
  ) {
    throw forbidden('a municipality speaks for itself alone', 'data.municipality');
  }
}

function forbidden(text: string, location: string): GatewayError {
  return new GatewayError('unsupported-message', text, { standardCode: '403', location });
}
