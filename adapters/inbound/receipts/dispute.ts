/**
 * A municipality's own system says that an invoice is not right: `se.hemgang.billing.disputed.v1`, with the number of the
 * invoice as its subject. What it writes in its own words stays in the message as it came and goes no further: it may
 * speak of a person.
 */
import { z } from 'zod';
import { GatewayError } from '../../../gateway/errors.ts';
import {
  cloudEventType,
  disputeCauses,
  type DisputeCause,
} from '../../../gateway/process/events.ts';
import type { Inbound } from '../../adapter.ts';
import { answerBytes } from './answer.ts';
import { checked, readEnvelope, typeOf } from './cloud-event.ts';
import type { Partner } from './partner.ts';

export const disputeMapping = 'disputes-1';
const disputedType = cloudEventType('billing.disputed');

export interface DisputeMessage {
  readonly id: string;
  readonly kind: string;
  /** Of the invoice, as the municipality wrote it. */
  readonly number: string;
  /** When its system told it, ISO 8601 in UTC. */
  readonly toldAt: string;
  readonly cause: DisputeCause;
  /** Of its lines, by their places from 1, rising; the whole invoice where absent. */
  readonly lines?: readonly number[];
}

/** What the municipality hears of the dispute it opened: who takes it up, and by when they answer. */
export interface DisputeTaken {
  readonly number: string;
  readonly level?: number | undefined;
  readonly levels: number;
  readonly who?: string | undefined;
  readonly reference?: string | undefined;
  readonly answerBy?: string | undefined;
}

const maxLines = 20_000;
const said = z
  .strictObject({
    cause: z.enum(disputeCauses),
    lines: z.array(z.int().min(1).max(maxLines)).min(1).max(maxLines).optional(),
    /** In its own words: letters and line breaks. */
    text: z
      .string()
      .min(1)
      .max(2000)
      .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\r\t])+$/u)
      .optional(),
  })
  .refine(({ cause, text }) => cause !== 'other' || text !== undefined, {
    path: ['text'],
    message: 'cause "other" needs a text that says what is wrong',
  });

/** Whether a body is a dispute; what cannot be read is none. */
export const isDispute = (raw: Uint8Array): boolean => typeOf(raw) === disputedType;

/**
 * The inbound adapter of one partner's disputes. What follows from one is decided by whoever has the invoice.
 * @param taken what came of it, once that is known
 */
export function disputesInbound(
  partner: Partner,
  taken: () => DisputeTaken | undefined,
): Inbound<DisputeMessage> {
  return {
    name: 'receipts',
    mappingRevision: disputeMapping,
    read: readDispute,
    head: ({ id, kind }) => ({
      sender: partner.id,
      controlId: id,
      kind,
      controlIdReuse: 'refused',
    }),
    translate: () => ({ facts: [], unmapped: [], warnings: [] }),
    acknowledge(message, _raw, verdict, context) {
      const dispute = taken();
      return [answerBytes(message?.id, verdict, context, dispute && { dispute })];
    },
  };
}

/** @throws GatewayError malformed-message, unsupported-message; by attribute, never by value */
export function readDispute(raw: Uint8Array): DisputeMessage {
  const { id, type: kind, subject, time, data } = readEnvelope(raw);
  if (kind !== disputedType) {
    throw new GatewayError('unsupported-message', 'CloudEvent type: not one we take', {
      location: 'type',
    });
  }
  const { cause, lines } = checked('billing.disputed', said, data, 'data.');
  const places = lines && [...new Set(lines)].toSorted((left, right) => left - right);
  return { id, kind, number: subject, toldAt: time, cause, ...(places && { lines: places }) };
}

/** What a municipality wrote, of a message as it came; undefined where it wrote nothing. */
export function textOfDispute(raw: Uint8Array): string | undefined {
  return checked('billing.disputed', said, readEnvelope(raw).data, 'data.').text;
}
