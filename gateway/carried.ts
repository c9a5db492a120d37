/**
 * The receipt of a delivery that somebody else carried on (an access point): it comes by itself, ends the delivery and
 * wakes its lane in one transaction. A notice is delivered when its receiver's system said so, not when we handed it on.
 */
import type { CarriedReceipt, TakeReceipt } from '../adapters/adapter.ts';
import { eventsBeside, hasArrived, receiptEvents, type DispatchParts } from './delivery.ts';
import { assert } from './errors.ts';
import type { DeliveryRow, DeliveryState, Ending, StoredEvent } from './runtime/journal/journal.ts';

/**
 * A receipt that comes after we stopped waiting for it still says how it ended; so does one of a hand-over whose outcome
 * we do not know, and which is due again.
 */
const open: readonly DeliveryState[] = ['awaited', 'unresolved', 'pending'];

/** What takes receipts in. */
export function takeReceipts(
  parts: Pick<DispatchParts, 'journal' | 'clock' | 'observed'>,
): TakeReceipt {
  const { deliveries } = parts.journal;
  return async function takeReceipt(receipt) {
    const row = await deliveries.named(receipt.deliveryId);
    if (row === undefined) return 'unknown';
    // Handed over this moment: the receipt was faster than our own commit of it.
    if (row.openAttempt) return 'not-yet';
    if (!open.includes(row.state) || row.attempts === 0) return 'known';
    // It is on its way again, and this may be the answer to the time before: brought again, it is heard.
    if (row.state === 'pending' && !receipt.accepted) return 'not-yet';
    const events = await eventsBeside(parts.journal, row);
    const isRepeat = hasArrived(row, events);
    const ending = endingOf(row, receipt, events, isRepeat, parts.clock.now());
    if (!(await deliveries.conclude(ending))) return 'known';
    if (!isRepeat) parts.observed?.deliveries.of(row.receiver, ending.state).add();
    return 'taken';
  };
}

function endingOf(
  row: DeliveryRow,
  receipt: CarriedReceipt,
  events: readonly StoredEvent[],
  isRepeat: boolean,
  endedAt: string,
): Ending {
  const stored = events.find(({ position }) => position === row.position);
  assert(stored, 'a delivery names an event the journal does not have');
  const { detail, text, accepted } = receipt;
  const state = accepted ? 'delivered' : 'refused';
  const ending = { deliveryId: row.deliveryId, from: open, endedAt, detail, receipt: text };
  // It was taken once: what comes of a repeat is no news of it.
  if (isRepeat) return { ...ending, state: 'delivered', events: [] };
  const faultAt = row.receiverFaultAt ?? (accepted ? undefined : row.firstAttemptAt);
  const judged: DeliveryRow = { ...row, receiverFaultAt: faultAt };
  const at = within(receipt, row, endedAt);
  return {
    ...ending,
    state,
    ...(faultAt !== undefined && { receiverFaultAt: faultAt }),
    events: receiptEvents(judged, stored, state, detail, 'receiver-answer', endedAt, at),
  };
}

/** The receiver's clock is not ours: it took nothing before we sent it, and nothing after we know of it. */
function within({ at }: CarriedReceipt, { firstAttemptAt }: DeliveryRow, now: string): string {
  const first = firstAttemptAt ?? now;
  if (at < first) return first;
  return at > now ? now : at;
}
