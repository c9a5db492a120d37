/**
 * A person ends a delivery whose outcome nobody knew. What arrived by another's word needs the time and the evidence: the
 * time moves legal clocks, and the evidence is what a municipality will be shown (5 kap. 4 §).
 */
import { z } from 'zod';
import { receiptEvents } from '../delivery.ts';
import { assert, GatewayError } from '../errors.ts';
import { instant } from '../process/events.ts';
import type { DeliveryRow, Ending, StoredEvent } from '../runtime/journal/journal.ts';
import { operation, type OperationParts } from './operation.ts';

const delivery = z.string().min(1).max(200);
const input = z.discriminatedUnion('as', [
  z.strictObject({
    as: z.literal('delivered'),
    delivery,
    /** When the receiver had it. */
    at: instant,
    evidence: z.string().min(1).max(1000),
  }),
  z.strictObject({ as: z.literal('resend'), delivery }),
  z.strictObject({ as: z.literal('abandon'), delivery }),
]);

export interface ResolvedUnknown {
  readonly delivery: string;
  readonly state: 'delivered' | 'pending' | 'refused';
  /** Whom it goes to, or went to. */
  readonly receiver: string | undefined;
}

export const resolveUnknown = operation(input, async (parts, given): Promise<ResolvedUnknown> => {
  const { journal, audit, running } = parts;
  const row = await journal.deliveries.named(given.delivery);
  if (row?.state !== 'unresolved') throw notUnknown(given.delivery, row);
  const { deliveryId, attempts, receiver } = row;
  if (given.as === 'resend') {
    await audit(`send delivery ${deliveryId} again, whose outcome is unknown`, deliveryId);
    const again = await journal.deliveries.sendAgain({ deliveryId, state: 'unresolved', attempts });
    if (!again) throw notUnknown(deliveryId, await journal.deliveries.named(deliveryId));
    running?.wake();
    return { delivery: deliveryId, state: 'pending', receiver };
  }
  if (given.as === 'delivered') checkTime(given.at, row, parts.clock.now());
  const what =
    given.as === 'delivered' ? `was delivered at ${given.at}: ${given.evidence}` : 'is given up';
  await audit(`delivery ${deliveryId} ${what}`, deliveryId);
  const ending = await endingOf(parts, row, given);
  if (!(await journal.deliveries.conclude(ending))) {
    throw notUnknown(deliveryId, await journal.deliveries.named(deliveryId));
  }
  running?.wake();
  return {
    delivery: deliveryId,
    state: given.as === 'delivered' ? 'delivered' : 'refused',
    receiver,
  };
});

async function endingOf(
  { journal, clock, order }: OperationParts,
  row: DeliveryRow,
  given: Exclude<z.output<typeof input>, { as: 'resend' }>,
): Promise<Ending> {
  const { events } = await journal.loadStream(row.streamId);
  const stored: StoredEvent | undefined = events.find(({ position }) => position === row.position);
  assert(stored, 'a delivery names an event the journal does not have');
  const endedAt = clock.now();
  const isDelivered = given.as === 'delivered';
  const state = isDelivered ? 'delivered' : 'refused';
  // What a person typed stays in the journal: events go out to others.
  const detail = isDelivered ? 'found out by a person' : 'given up by a person';
  return {
    deliveryId: row.deliveryId,
    from: ['unresolved'],
    endedAt,
    state,
    detail,
    receipt: `${order.who}: ${isDelivered ? given.evidence : order.reason}`,
    events: receiptEvents(
      row,
      stored,
      state,
      detail,
      isDelivered ? 'person' : 'none',
      endedAt,
      isDelivered ? given.at : endedAt,
    ),
  };
}

/** @throws GatewayError configuration-invalid for a time at which it cannot have arrived */
function checkTime(at: string, { firstAttemptAt }: DeliveryRow, now: string): void {
  if (firstAttemptAt !== undefined && at < firstAttemptAt) {
    throw refused(`it was not sent before ${firstAttemptAt}`, 'give the time the receiver had it');
  }
  if (at > now) throw refused(`${at} has not come yet`, 'give the time the receiver had it');
}

function notUnknown(deliveryId: string, row: DeliveryRow | undefined): GatewayError {
  const is = row === undefined ? 'there is no such delivery' : `it is ${row.state}`;
  return refused(
    `${deliveryId}: ${is}; only one whose outcome is unknown is resolved`,
    'hemgang unknown list shows those there are',
  );
}

const refused = (what: string, next: string): GatewayError =>
  new GatewayError('configuration-invalid', `${what}\n  next: ${next}`);
