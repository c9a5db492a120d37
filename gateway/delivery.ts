/**
 * One delivery: attempt it, and write down what came of it.
 *
 * Every attempt is committed before anything is sent; one found open after a restart has an unknown outcome.
 */
import type {
  BillingRecordStatus,
  DeliveryReceipt,
  Outbound,
  Rendered,
} from '../adapters/adapter.ts';
import { isBilling } from './billing-documents.ts';
import { asGatewayError, assert, type GatewayError } from './errors.ts';
import { isSeries } from './issue.ts';
import type { EventBody, NoticeData, ReceiptData } from './process/events.ts';
import { receiptId } from './process/ids.ts';
import type { Clock } from './runtime/clock.ts';
import type {
  AttemptOutcome,
  DeliveryRow,
  Journal,
  NewEvent,
  StoredEvent,
} from './runtime/journal/journal.ts';
import type { Log } from './runtime/log.ts';
import type { Observed } from './runtime/observed.ts';
import type { Step } from './runtime/trace.ts';

/** A receiver as its configuration made it. */
export interface Receiver {
  readonly id: string;
  readonly outbound: Outbound;
  /** False in shadow mode or before `liveFrom`: everything is decided, nothing leaves. */
  isLive(now: string): boolean;
  /** Notices of persons with protected identity may go there, each released by a named user. */
  readonly isForProtected?: boolean;
  /** They have the address, too: there is a legal basis for it. */
  readonly hasProtectedAddress?: boolean;
}

/** Who gets what. */
export interface Routes {
  /** By the routes that are valid now. */
  ofNotice(notice: NoticeData, now: string): Receiver | undefined;
  ofBilling(county: string, municipality: string): Receiver | undefined;
  ofDocument(
    document: 'specification' | 'invoice' | 'record',
    to: {
      readonly county: string;
      readonly municipality: string;
      readonly status: BillingRecordStatus;
    },
  ): Receiver | undefined;
  byId(id: string): Receiver | undefined;
  /** Whether a sender's cases lead to deliveries at all. */
  isSenderLive(sender: string, now: string): boolean;
}

export interface DispatchParts {
  readonly journal: Journal;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly log: Log;
  /** Wait before attempt n+1, in milliseconds. When the list ends, the notice is given to a person. */
  readonly retryDelaysMs: readonly number[];
  /**
   * Asked when an attempt is committed and before anything is sent: throws `lease-lost` where another instance may have
   * the lane by now. Then the attempt stays open, as after a restart.
   */
  readonly assertHeld?: () => void;
  /** Ends attempts in hand when the gateway is told to stop at once. */
  readonly signal: AbortSignal;
  /** Told what is done; nobody is where it is left out. */
  readonly observed?: Observed;
}

/** A delivery, and whether it had arrived before: then it is a repeat, which moves no clock and tells nobody anything. */
export type Attempted = DeliveryRow & { readonly isRepeat: boolean };

/** What is told in the stream of a delivery. A series has every invoice there ever was: of one, its own event alone. */
export async function eventsBeside(
  journal: Pick<Journal, 'loadStream' | 'eventsAfter'>,
  { streamId, position }: Pick<DeliveryRow, 'streamId' | 'position'>,
): Promise<readonly StoredEvent[]> {
  if (isSeries(streamId)) return await journal.eventsAfter(position - 1, 1);
  return (await journal.loadStream(streamId)).events;
}

/** @param events of the stream it is told in */
export function hasArrived({ deliveryId }: DeliveryRow, events: Iterable<StoredEvent>): boolean {
  for (const { event } of events) {
    if (event.type === 'notice.delivered' && event.data.deliveryId === deliveryId) return true;
  }
  return false;
}

/** One attempt. @returns whether the lane may go on to its next notice */
export async function attempt(
  parts: DispatchParts,
  row: Attempted,
  stored: StoredEvent,
): Promise<boolean> {
  const { journal, clock, routes } = parts;
  const receiver = row.receiver === undefined ? undefined : routes.byId(row.receiver);
  if (!receiver || row.rendered === undefined) {
    await waitForReceiver(parts, row);
    return false;
  }
  if (row.openAttempt && !receiver.outbound.idempotent) {
    await conclude(parts, row, stored, 'unresolved', 'stopped while sending');
    return true;
  }
  const startedAt = clock.now();
  // A receipt that came since the row was read has ended it.
  if (!(await journal.deliveries.recordAttempt(row.deliveryId, startedAt))) return true;
  parts.assertHeld?.();
  const attempted = {
    ...row,
    attempts: row.attempts + 1,
    firstAttemptAt: row.firstAttemptAt ?? startedAt,
  };
  const { traceparent: from, type } = stored.event;
  const about = { deliveryId: row.deliveryId, receiver: receiver.id, type };
  const step = parts.observed?.begin('deliver', from, about);
  const outcome = await send(parts, receiver, row, step);
  const sent: StoredEvent = step
    ? { ...stored, event: { ...stored.event, traceparent: step.traceparent } }
    : stored;
  // Outside the attempt's own catch: a journal that fails here leaves the attempt open, and open means unknown.
  if ('error' in outcome) {
    const failed = withFault(attempted, outcome.error, startedAt);
    return await afterFailure(parts, failed, sent, receiver, outcome.error);
  }
  const { receipt } = outcome;
  if (receipt.proof === 'awaited') {
    await awaitReceipt(parts, attempted, receipt);
    return false;
  }
  await conclude(parts, attempted, sent, 'delivered', receipt.detail, receipt.proof);
  return true;
}

/**
 * Hands the rendered message over.
 * @throws GatewayError what is no answer of a delivery (our own bug): the bus tries again, then parks it
 */
async function send(
  parts: DispatchParts,
  receiver: Receiver,
  row: DeliveryRow,
  step: Step | undefined,
): Promise<{ receipt: DeliveryReceipt } | { error: GatewayError }> {
  const { clock, log, observed, signal } = parts;
  const { deliveryId } = row;
  const { outbound, id } = receiver;
  const rendered: Rendered = JSON.parse(row.rendered ?? '');
  const traceparent = step?.traceparent;
  const deliver = (): Promise<DeliveryReceipt> =>
    outbound.deliver(deliveryId, rendered, signal, traceparent);
  const startedMs = clock.elapsedMs();
  try {
    const receipt = await (step ? step.within(deliver) : deliver());
    step?.end();
    return { receipt };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    step?.end(error);
    if (!error.code.startsWith('delivery-')) throw error;
    log.warn({ deliveryId, receiver: id, trace: step?.traceId, err: error }, 'delivery failed');
    return { error };
  } finally {
    observed?.delivered.of(id).took(clock.elapsedMs() - startedMs);
  }
}

/** Handed to somebody who carries it on: the lane waits for the receiver's own receipt (`carried.ts`). */
async function awaitReceipt(
  { journal, clock }: DispatchParts,
  { deliveryId }: Attempted,
  { detail, withinMs }: Extract<DeliveryReceipt, { proof: 'awaited' }>,
): Promise<void> {
  await journal.deliveries.recordOutcome({
    deliveryId,
    endedAt: clock.now(),
    state: 'awaited',
    nextAt: new Date(clock.nowMs() + withinMs).toISOString(),
    detail,
    events: [],
  });
}

/** No receipt came in time: whether it arrived is for a person to find out. */
export async function stopAwaiting(
  parts: DispatchParts,
  row: Attempted,
  stored: StoredEvent,
): Promise<void> {
  const outcome = outcomeOf(
    parts,
    row,
    stored,
    'unresolved',
    'handed on, and no receipt came in time',
  );
  // A receipt that came since the row was read has ended it.
  if (!(await parts.journal.deliveries.conclude({ ...outcome, from: ['awaited'] }))) return;
  observeEnd(parts, row, stored, outcome);
}

/** A receiver that is no longer configured is a matter for the configuration, not an answer: the notice waits. */
async function waitForReceiver(parts: DispatchParts, row: DeliveryRow): Promise<void> {
  const detail = `receiver ${row.receiver ?? 'unknown'} is not configured`;
  parts.log.error({ deliveryId: row.deliveryId }, detail);
  const waitMs = parts.retryDelaysMs.at(-1) ?? 0;
  await parts.journal.deliveries.recordOutcome({
    deliveryId: row.deliveryId,
    endedAt: parts.clock.now(),
    state: 'pending',
    nextAt: new Date(parts.clock.nowMs() + waitMs).toISOString(),
    detail,
    events: [],
  });
}

/** What a failed attempt leads to, by what is known of it. @returns whether the lane may go on */
async function afterFailure(
  parts: DispatchParts,
  row: Attempted,
  stored: StoredEvent,
  { outbound: { idempotent } }: Receiver,
  error: GatewayError,
): Promise<boolean> {
  const again = error.fate === 'transient' || (error.fate === 'ambiguous' && idempotent);
  const delayMs = parts.retryDelaysMs[row.attempts - 1];
  if (again && delayMs !== undefined) {
    const waitMs = Math.max(delayMs, error.retryAfterMs ?? 0);
    parts.observed?.deliveries.of(row.receiver, 'again').add();
    await parts.journal.deliveries.recordOutcome({
      deliveryId: row.deliveryId,
      endedAt: parts.clock.now(),
      state: 'pending',
      nextAt: new Date(parts.clock.nowMs() + waitMs).toISOString(),
      ...(row.receiverFaultAt !== undefined && { receiverFaultAt: row.receiverFaultAt }),
      detail: error.message,
      events: [],
    });
    return false;
  }
  const state = error.fate === 'ambiguous' ? 'unresolved' : 'refused';
  const detail = again ? `retries exhausted: ${error.message}` : error.message;
  await conclude(parts, row, stored, state, detail);
  return true;
}

/** Refused, 5xx and time-outs are the receiver's fault; what never left us, and our own stop, is ours. */
function withFault(row: Attempted, error: GatewayError, startedAt: string): Attempted {
  const isOurs = error.standardCode === 'ABORTED';
  const isTheirs = error.code === 'delivery-unknown' || error.standardCode !== undefined;
  return isTheirs && !isOurs ? { ...row, receiverFaultAt: row.receiverFaultAt ?? startedAt } : row;
}

/** The end of a delivery, and the event that says so, in one transaction. */
async function conclude(
  parts: DispatchParts,
  row: Attempted,
  stored: StoredEvent,
  ...ended: Ended
): Promise<void> {
  const outcome = outcomeOf(parts, row, stored, ...ended);
  await parts.journal.deliveries.recordOutcome(outcome);
  observeEnd(parts, row, stored, outcome);
}

type Ended = readonly [
  state: 'delivered' | 'refused' | 'unresolved',
  detail: string,
  proof?: ReceiptData['proof'],
];

function outcomeOf(
  { clock }: DispatchParts,
  row: Attempted,
  stored: StoredEvent,
  ...[state, detail, proof = 'none']: Ended
): Omit<AttemptOutcome, 'nextAt'> {
  const endedAt = clock.now();
  const { deliveryId, isRepeat, receiverFaultAt } = row;
  if (isRepeat) {
    // It was taken once: a repeat that was not is no news of it.
    const again =
      state === 'delivered' ? `sent again: ${detail}` : `sent again, ${state}: ${detail}`;
    return { deliveryId, endedAt, state: 'delivered', detail: again, events: [] };
  }
  return {
    deliveryId,
    endedAt,
    state,
    ...(receiverFaultAt !== undefined && { receiverFaultAt }),
    detail,
    events: receiptEvents(row, stored, state, detail, proof, endedAt),
  };
}

function observeEnd(
  { observed }: DispatchParts,
  row: Attempted,
  stored: StoredEvent,
  { state, endedAt }: Pick<AttemptOutcome, 'state' | 'endedAt'>,
): void {
  if (row.isRepeat) return;
  observed?.deliveries.of(row.receiver, state).add();
  if (state !== 'delivered') return;
  const waitedMs = Date.parse(endedAt) - Date.parse(stored.event.recordedAt);
  observed?.handedOver.of(row.receiver).took(waitedMs);
}

/** What the end of a delivery tells the case: of billing nothing, nor of a reminder. */
export function receiptEvents(
  row: DeliveryRow,
  { event }: StoredEvent,
  state: 'delivered' | 'refused' | 'unresolved',
  detail: string,
  proof: ReceiptData['proof'],
  endedAt: string,
  deliveredAt = endedAt,
): NewEvent[] {
  if (isBilling(event) || event.type === 'notice.reminded') return [];
  const notice = noticeOf(event);
  const type = `notice.${state}` as const;
  const proven = state === 'delivered' && proof !== 'none';
  const data: ReceiptData = {
    noticeId: event.id,
    key: notice.key,
    revision: notice.revision,
    obligation: notice.obligation,
    occasion: notice.occasion,
    role: notice.role,
    ...(notice.municipality !== undefined && { municipality: notice.municipality }),
    receiver: row.receiver ?? 'none',
    deliveryId: row.deliveryId,
    firstAttemptAt: row.firstAttemptAt ?? endedAt,
    ...(proven && { deliveredAt }),
    receiverFault: row.receiverFaultAt !== undefined,
    ...(row.receiverFaultAt !== undefined && { receiverFaultAt: row.receiverFaultAt }),
    proof: state === 'delivered' ? proof : 'none',
    ...(detail !== '' && { detail: detail.slice(0, 200) }),
  };
  const body: EventBody = {
    id: receiptId(row.deliveryId, type),
    type,
    occurredAt: endedAt,
    recordedAt: endedAt,
    source: { sender: 'hemgang', messageId: row.deliveryId },
    causationId: event.id,
    correlationId: event.correlationId,
    ...(event.traceparent !== undefined && { traceparent: event.traceparent }),
    data,
  };
  return [{ streamId: row.streamId, body, lane: row.lane.split('/')[0] ?? row.lane }];
}

/** What a notice event says. */
export function noticeOf(event: StoredEvent['event']): NoticeData {
  switch (event.type) {
    case 'notice.issued':
    case 'notice.corrected':
    case 'notice.withdrawn':
    case 'notice.reminded':
      return event.data;
    default:
      assert(false, `${event.type} is not dispatched`);
  }
}
