/**
 * 3: a decision was made. Render it, deliver it, keep the receipt.
 *
 * Every attempt is committed before anything is sent; one found open after a restart has an unknown outcome.
 * A lane (one case and recipient) sends one notice at a time, in order.
 */
import type { DeliveryReceipt, Outbound, OutboundMessage, Rendered } from '../adapters/adapter.ts';
import { asGatewayError, assert, type GatewayError } from './errors.ts';
import type { EventBody, NoticeData, ReceiptData } from './process/events.ts';
import { deliveryIdOf, receiptId } from './process/ids.ts';
import type { Delivery, Handle } from './runtime/bus/bus.ts';
import type { Clock } from './runtime/clock.ts';
import type {
  AttemptOutcome,
  DeliveryRow,
  DeliveryState,
  Journal,
  NewDelivery,
  NewEvent,
  StoredEvent,
} from './runtime/journal/journal.ts';
import type { Log } from './runtime/log.ts';

/** A receiver as its configuration made it. */
export interface Receiver {
  readonly id: string;
  readonly outbound: Outbound;
  /** False in shadow mode or before `liveFrom`: everything is decided, nothing leaves. */
  isLive(now: string): boolean;
}

/** Who gets what. */
export interface Routes {
  ofNotice(notice: NoticeData): Receiver | undefined;
  ofBilling(county: string, municipality: string): Receiver | undefined;
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
  /** Ends attempts in hand when the gateway is told to stop at once. */
  readonly signal: AbortSignal;
}

/** What the bus calls for the queue `dispatch`. */
export function createDispatch(parts: DispatchParts): Handle {
  return async function dispatch(lane, deliveries) {
    const events = await loadEvents(parts.journal, deliveries);
    const known = new Set((await parts.journal.deliveries.ofLane(lane)).map((row) => row.position));
    const fresh: NewDelivery[] = [];
    for (const delivery of deliveries) {
      if (known.has(delivery.position)) continue;
      fresh.push(await prepare(parts, lane, eventAt(events, delivery.position)));
    }
    if (fresh.length > 0) await parts.journal.deliveries.open(fresh);
    await drainLane(parts, lane);
  };
}

// ---------------------------------------------------------------- preparing

type Routed = Pick<NewDelivery, 'state' | 'detail'> & { readonly receiver: Receiver | undefined };

/** A decision with its address and content, both fixed now: what is sent again is sent unchanged. */
async function prepare(
  parts: DispatchParts,
  lane: string,
  stored: StoredEvent,
): Promise<NewDelivery> {
  const { event, position } = stored;
  const routed = await route(parts, stored);
  const receiverId = routed.receiver?.id;
  const deliveryId = deliveryIdOf(event.id, receiverId ?? routed.state);
  const rendered =
    routed.state === 'pending' || routed.state === 'shadow'
      ? await render(parts, stored, deliveryId, routed.receiver)
      : undefined;
  if (routed.state === 'unroutable' || routed.state === 'held') {
    parts.log.warn({ eventId: event.id, stayId: event.stayId, state: routed.state }, routed.detail);
  }
  return {
    deliveryId,
    lane,
    position,
    eventId: event.id,
    streamId: event.stayId,
    receiver: receiverId,
    state: routed.state,
    rendered: rendered && JSON.stringify(rendered),
    detail: routed.detail,
  };
}

async function route(parts: DispatchParts, { event }: StoredEvent): Promise<Routed> {
  const now = parts.clock.now();
  if (event.type === 'billing.recorded' || event.type === 'billing.adjusted') {
    const receiver = parts.routes.ofBilling(event.data.county, event.data.municipality);
    if (!receiver)
      return { receiver, state: 'unroutable', detail: 'no receiver of billing records' };
    return liveOrShadow(receiver, receiver.isLive(now));
  }
  const notice = noticeOf(event);
  if (notice.held === true) {
    return {
      receiver: undefined,
      state: 'held',
      detail: 'protected identity: handled by a person',
    };
  }
  const receiver = parts.routes.ofNotice(notice);
  if (!receiver) {
    const place = notice.municipality ?? `county ${notice.county ?? 'unknown'}`;
    return { receiver, state: 'unroutable', detail: `no receiver for ${notice.role} in ${place}` };
  }
  const process = await parts.journal.load(event.stayId);
  const senders = process?.stays ?? [];
  const live =
    receiver.isLive(now) && senders.every(({ sender }) => parts.routes.isSenderLive(sender, now));
  return liveOrShadow(receiver, live);
}

function liveOrShadow(receiver: Receiver, live: boolean): Routed {
  return live
    ? { receiver, state: 'pending', detail: undefined }
    : { receiver, state: 'shadow', detail: 'would have been sent' };
}

async function render(
  parts: DispatchParts,
  { event }: StoredEvent,
  deliveryId: string,
  receiver: Receiver | undefined,
): Promise<Rendered> {
  assert(receiver, 'only a routed decision is rendered');
  return receiver.outbound.render(await messageOf(parts.journal, event, deliveryId));
}

async function messageOf(
  journal: Journal,
  event: StoredEvent['event'],
  deliveryId: string,
): Promise<OutboundMessage> {
  if (event.type === 'billing.recorded' || event.type === 'billing.adjusted') {
    return { kind: 'billing', deliveryId, event, billing: event.data };
  }
  const notice = noticeOf(event);
  const process = await journal.load(event.stayId);
  assert(process, 'a notice belongs to a process');
  const identity = (await journal.identity(process.processId)) ?? { numbers: [] };
  return {
    kind: 'notice',
    deliveryId,
    event,
    notice,
    caseReference: process.processId,
    action: actionOf(event.type),
    patient: identity,
  };
}

// ---------------------------------------------------------------- sending

const settled = new Set<DeliveryState>([
  'delivered',
  'refused',
  'unresolved',
  'cancelled',
  'unroutable',
  'held',
  'shadow',
]);

/** Sends what the lane has, in order, until it is empty or has to wait. */
async function drainLane(parts: DispatchParts, lane: string): Promise<void> {
  const { journal, clock } = parts;
  const rows = await journal.deliveries.ofLane(lane);
  const events = await loadEvents(journal, rows);
  for (const row of await cancelUnsent(parts, rows, events)) {
    if (settled.has(row.state)) continue;
    if (row.nextAt !== undefined && row.nextAt > clock.now()) return;
    if (!(await attempt(parts, row, eventAt(events, row.position)))) return;
  }
}

/**
 * An unsent notice that was corrected or withdrawn is not sent: the correction goes instead; a withdrawal of what
 * nobody received goes nowhere.
 */
async function cancelUnsent(
  parts: DispatchParts,
  rows: readonly DeliveryRow[],
  events: ReadonlyMap<number, StoredEvent>,
): Promise<readonly DeliveryRow[]> {
  const cancelled = new Set<string>();
  const latest = new Map<string, DeliveryRow>();
  const reached = new Set<string>();
  for (const row of rows) {
    const { event } = eventAt(events, row.position);
    if (event.type === 'billing.recorded' || event.type === 'billing.adjusted') continue;
    const { key } = noticeOf(event);
    const earlier = latest.get(key);
    if (earlier && isUnsent(earlier)) cancelled.add(earlier.deliveryId);
    if (event.type === 'notice.withdrawn' && isUnsent(row) && !reached.has(key)) {
      cancelled.add(row.deliveryId);
    }
    if (!isUnsent(row) && mayHaveArrived(row)) reached.add(key);
    latest.set(key, row);
  }
  for (const deliveryId of cancelled) {
    await parts.journal.deliveries.recordOutcome({
      deliveryId,
      endedAt: parts.clock.now(),
      state: 'cancelled',
      detail: 'replaced before it was sent',
      events: [],
    });
  }
  return rows.filter((row) => !cancelled.has(row.deliveryId));
}

function isUnsent(row: DeliveryRow): boolean {
  return row.state === 'pending' && row.attempts === 0;
}

function mayHaveArrived(row: DeliveryRow): boolean {
  return row.state === 'delivered' || row.state === 'unresolved' || row.attempts > 0;
}

/** One attempt. @returns whether the lane may go on to its next notice */
async function attempt(
  parts: DispatchParts,
  row: DeliveryRow,
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
  await journal.deliveries.recordAttempt(row.deliveryId, startedAt);
  const attempted = {
    ...row,
    attempts: row.attempts + 1,
    firstAttemptAt: row.firstAttemptAt ?? startedAt,
  };
  const outcome = await send(parts, receiver, row);
  // Outside the attempt's own catch: a journal that fails here leaves the attempt open, and open means unknown.
  if ('error' in outcome) {
    const failed = withFault(attempted, outcome.error, startedAt);
    return await afterFailure(parts, failed, stored, receiver, outcome.error);
  }
  const { detail, proof } = outcome.receipt;
  await conclude(parts, attempted, stored, 'delivered', detail, proof);
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
): Promise<{ receipt: DeliveryReceipt } | { error: GatewayError }> {
  const rendered: Rendered = JSON.parse(row.rendered ?? '');
  try {
    return { receipt: await receiver.outbound.deliver(row.deliveryId, rendered, parts.signal) };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    if (!error.code.startsWith('delivery-')) throw error;
    const { deliveryId } = row;
    parts.log.warn({ deliveryId, receiver: receiver.id, err: error }, 'delivery failed');
    return { error };
  }
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
  row: DeliveryRow,
  stored: StoredEvent,
  { outbound: { idempotent } }: Receiver,
  error: GatewayError,
): Promise<boolean> {
  const again = error.fate === 'transient' || (error.fate === 'ambiguous' && idempotent);
  const delayMs = parts.retryDelaysMs[row.attempts - 1];
  if (again && delayMs !== undefined) {
    const waitMs = Math.max(delayMs, error.retryAfterMs ?? 0);
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
function withFault(row: DeliveryRow, error: GatewayError, startedAt: string): DeliveryRow {
  const isOurs = error.standardCode === 'ABORTED';
  const isTheirs = error.code === 'delivery-unknown' || error.standardCode !== undefined;
  return isTheirs && !isOurs ? { ...row, receiverFaultAt: row.receiverFaultAt ?? startedAt } : row;
}

/** The end of a delivery, and the event that says so, in one transaction. */
async function conclude(
  parts: DispatchParts,
  row: DeliveryRow,
  stored: StoredEvent,
  state: 'delivered' | 'refused' | 'unresolved',
  detail: string,
  proof: ReceiptData['proof'] = 'none',
): Promise<void> {
  const endedAt = parts.clock.now();
  const outcome: AttemptOutcome = {
    deliveryId: row.deliveryId,
    endedAt,
    state,
    ...(row.receiverFaultAt !== undefined && { receiverFaultAt: row.receiverFaultAt }),
    detail,
    events: receiptEvents(row, stored, state, detail, proof, endedAt),
  };
  await parts.journal.deliveries.recordOutcome(outcome);
}

function receiptEvents(
  row: DeliveryRow,
  { event }: StoredEvent,
  state: 'delivered' | 'refused' | 'unresolved',
  detail: string,
  proof: ReceiptData['proof'],
  endedAt: string,
): NewEvent[] {
  if (event.type === 'billing.recorded' || event.type === 'billing.adjusted') return [];
  const notice = noticeOf(event);
  const type = `notice.${state}` as const;
  const proven = state === 'delivered' && proof === 'receiver-answer';
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
    ...(proven && { deliveredAt: endedAt }),
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
    data,
  };
  return [{ streamId: row.streamId, body, lane: row.lane.split('/')[0] ?? row.lane }];
}

// ---------------------------------------------------------------- reading

async function loadEvents(
  journal: Journal,
  rows: readonly (Pick<Delivery, 'streamId'> | Pick<DeliveryRow, 'streamId'>)[],
): Promise<ReadonlyMap<number, StoredEvent>> {
  const events = new Map<number, StoredEvent>();
  for (const streamId of new Set(rows.map((row) => row.streamId))) {
    for (const stored of (await journal.loadStream(streamId)).events) {
      events.set(stored.position, stored);
    }
  }
  return events;
}

function eventAt(events: ReadonlyMap<number, StoredEvent>, position: number): StoredEvent {
  const stored = events.get(position);
  assert(stored, 'a delivery names an event the journal does not have');
  return stored;
}

function noticeOf(event: StoredEvent['event']): NoticeData {
  switch (event.type) {
    case 'notice.issued':
    case 'notice.corrected':
    case 'notice.withdrawn':
      return event.data;
    default:
      assert(false, `${event.type} is not dispatched`);
  }
}

function actionOf(type: StoredEvent['event']['type']): 'issued' | 'corrected' | 'withdrawn' {
  if (type === 'notice.corrected') return 'corrected';
  return type === 'notice.withdrawn' ? 'withdrawn' : 'issued';
}
