/**
 * 3: a decision was made. Render it, deliver it, keep the receipt.
 *
 * A lane (one case and recipient) sends one notice at a time, in order; `delivery.ts` attempts each of them.
 */
import type { OutboundMessage, Rendered } from '../adapters/adapter.ts';
import {
  attempt,
  hasArrived,
  noticeOf,
  stopAwaiting,
  type DispatchParts,
  type Receiver,
} from './delivery.ts';
import { assert } from './errors.ts';
import { historyEnds, type HistoryEnd } from './history.ts';
import { deliveryIdOf } from './process/ids.ts';
import type { Delivery, Handle } from './runtime/bus/bus.ts';
import type {
  DeliveryRow,
  DeliveryState,
  Journal,
  NewDelivery,
  StoredEvent,
} from './runtime/journal/journal.ts';

/** What the bus calls for the queue `dispatch`. */
export function createDispatch(parts: DispatchParts): Handle {
  const historyEnd = historyEnds(parts.journal.cursors, parts.clock);
  return async function dispatch(lane, deliveries) {
    const events = await loadEvents(parts.journal, deliveries);
    const known = new Set((await parts.journal.deliveries.ofLane(lane)).map((row) => row.position));
    const fresh: NewDelivery[] = [];
    for (const delivery of deliveries) {
      if (known.has(delivery.position)) continue;
      fresh.push(await prepare(parts, historyEnd, lane, eventAt(events, delivery.position)));
    }
    if (fresh.length > 0) await parts.journal.deliveries.open(fresh);
    await drainLane(parts, historyEnd, lane);
  };
}

// ---------------------------------------------------------------- preparing

type Routed = Pick<NewDelivery, 'state' | 'detail'> & { readonly receiver: Receiver | undefined };

/** A decision with its address and content, both fixed now: what is sent again is sent unchanged. */
async function prepare(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
  stored: StoredEvent,
): Promise<NewDelivery> {
  const { traceparent, type } = stored.event;
  const step = parts.observed?.begin('dispatch', traceparent, { type });
  const work = (): Promise<NewDelivery> => prepared(parts, historyEnd, lane, stored);
  return await (step ? step.of(work) : work());
}

async function prepared(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
  stored: StoredEvent,
): Promise<NewDelivery> {
  const { event, position } = stored;
  const routed = await route(parts, historyEnd, stored);
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

async function route(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  { event }: StoredEvent,
): Promise<Routed> {
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
  const end = await historyEnd(senders.map(({ sender }) => sender));
  const raisedBy = process?.events.find((known) => known.event.id === notice.occasion);
  const isHistory = end !== undefined && (raisedBy?.event ?? event).occurredAt < end;
  return liveOrShadow(receiver, live && !isHistory);
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
    // What the receiver knows the case by: it stands in the decision key from when the notice was first decided.
    caseReference: notice.key.split('|', 1)[0] ?? process.processId,
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
async function drainLane(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
): Promise<void> {
  const { journal, clock } = parts;
  await routeAnew(parts, historyEnd, lane);
  const rows = await journal.deliveries.ofLane(lane);
  const events = await loadEvents(journal, rows);
  for (const row of await cancelUnsent(parts, rows, events)) {
    if (settled.has(row.state)) continue;
    if (row.nextAt !== undefined && row.nextAt > clock.now()) return;
    const attempted = { ...row, isRepeat: hasArrived(row, events.values()) };
    const stored = eventAt(events, row.position);
    if (row.state === 'awaited') await stopAwaiting(parts, attempted, stored);
    else if (!(await attempt(parts, attempted, stored))) return;
  }
}

/** What had no receiver and is to be sent all the same goes to whom the configuration names now. */
async function routeAnew(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
): Promise<void> {
  const { deliveries } = parts.journal;
  const homeless = (await deliveries.ofLane(lane)).filter(
    ({ state, receiver }) => state === 'pending' && receiver === undefined,
  );
  const events = await loadEvents(parts.journal, homeless);
  for (const row of homeless) {
    const routed = await prepare(parts, historyEnd, lane, eventAt(events, row.position));
    const isRouted = routed.receiver !== undefined;
    if (isRouted) await deliveries.open([routed]);
    await deliveries.recordOutcome({
      deliveryId: row.deliveryId,
      endedAt: parts.clock.now(),
      state: isRouted ? 'cancelled' : routed.state,
      detail: isRouted ? `routed anew to ${routed.receiver}` : (routed.detail ?? ''),
      events: [],
    });
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

function actionOf(type: StoredEvent['event']['type']): 'issued' | 'corrected' | 'withdrawn' {
  if (type === 'notice.corrected') return 'corrected';
  return type === 'notice.withdrawn' ? 'withdrawn' : 'issued';
}
