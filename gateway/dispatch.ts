/**
 * 3: a decision was made. Render it, deliver it, keep the receipt.
 *
 * A lane (one case and recipient) sends one notice at a time, in order; `delivery.ts` attempts each of them.
 */
import { homelessDocument, isBilling } from './billing-documents.ts';
import {
  attempt,
  eventsBeside,
  hasArrived,
  noticeOf,
  stopAwaiting,
  type DispatchParts,
} from './delivery.ts';
import { assert } from './errors.ts';
import { historyEnds, type HistoryEnd } from './history.ts';
import { documentsIn, prepare } from './prepare.ts';
import type { NoticeData } from './process/events.ts';
import type { Delivery, Handle } from './runtime/bus/bus.ts';
import type {
  DeliveryRow,
  DeliveryState,
  Journal,
  NewDelivery,
  StoredEvent,
} from './runtime/journal/journal.ts';

/**
 * What the bus calls for the queue `dispatch`.
 * @param historyEnd kept between calls by who makes this anew for each
 */
export function createDispatch(
  parts: DispatchParts,
  historyEnd = historyEnds(parts.journal.cursors, parts.clock),
): Handle {
  return async function dispatch(lane, deliveries) {
    const events = await loadEvents(parts.journal, deliveries);
    const rows = await parts.journal.deliveries.ofLane(lane);
    const known = new Set(rows.map((row) => row.position));
    const fresh: NewDelivery[] = [];
    for (const delivery of deliveries) {
      if (known.has(delivery.position)) continue;
      const stored = eventAt(events, delivery.position);
      for (const document of documentsIn(stored, parts.routes)) {
        fresh.push(await prepare(parts, historyEnd, lane, stored, document));
      }
    }
    if (fresh.length > 0) await parts.journal.deliveries.open(fresh);
    const opened = fresh.length > 0 ? await parts.journal.deliveries.ofLane(lane) : rows;
    await drainLane(parts, historyEnd, lane, opened, events);
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
  opened: readonly DeliveryRow[],
  loaded: ReadonlyMap<number, StoredEvent>,
): Promise<void> {
  const { journal, clock } = parts;
  const isMoved = await routeAnew(parts, historyEnd, lane, opened);
  const rows = isMoved ? await journal.deliveries.ofLane(lane) : opened;
  const isKnown = rows.every(({ position }) => loaded.has(position));
  const events = isKnown ? loaded : await loadEvents(journal, rows);
  // Documents of billing go to several receivers: one that cannot take its own now holds nobody else's back.
  const waiting = new Set<string | undefined>();
  for (const row of await cancelUnsent(parts, rows, events)) {
    if (settled.has(row.state) || waiting.has(row.receiver)) continue;
    const stored = eventAt(events, row.position);
    const isAhead = row.nextAt !== undefined && row.nextAt > clock.now();
    const attempted = { ...row, isRepeat: hasArrived(row, events.values()) };
    if (isAhead || !(await attemptOrStop(parts, attempted, stored))) {
      if (!isBilling(stored.event)) return;
      waiting.add(row.receiver);
    }
  }
}

/** @returns whether the receiver may be sent its next */
async function attemptOrStop(
  parts: DispatchParts,
  row: Parameters<typeof attempt>[1],
  stored: StoredEvent,
): Promise<boolean> {
  if (row.state !== 'awaited') return await attempt(parts, row, stored);
  await stopAwaiting(parts, row, stored);
  return true;
}

/**
 * What is to be sent and was never rendered goes to whom a person chose, or the configuration names now. It is a delivery
 * of its own, with an id of its own; the row that waited for it ends.
 * @returns whether there was any
 */
async function routeAnew(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
  rows: readonly DeliveryRow[],
): Promise<boolean> {
  const { deliveries } = parts.journal;
  const homeless = rows.filter(
    ({ state, rendered }) => state === 'pending' && rendered === undefined,
  );
  const events = await loadEvents(parts.journal, homeless);
  for (const row of homeless) {
    const stored = eventAt(events, row.position);
    const { event } = stored;
    const document = isBilling(event) ? homelessDocument(event, row.deliveryId) : undefined;
    const routed = await prepare(
      parts,
      historyEnd,
      lane,
      stored,
      document ?? 'notice',
      row.receiver,
    );
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
  return homeless.length > 0;
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
    if (isBilling(event)) continue;
    const notice = noticeOf(event);
    const { key } = notice;
    const earlier = latest.get(key);
    if (earlier && isUnsent(earlier) && takesPlace(row, earlier, events)) {
      cancelled.add(earlier.deliveryId);
    }
    const address = `${key} ${addressOf(notice)}`;
    if (event.type === 'notice.withdrawn' && isUnsent(row) && !reached.has(address)) {
      cancelled.add(row.deliveryId);
    }
    if (!isUnsent(row) && mayHaveArrived(row)) reached.add(address);
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

/** A withdrawal is for who got the notice: what goes to another municipality or unit does not take its place. */
function takesPlace(
  later: DeliveryRow,
  earlier: DeliveryRow,
  events: ReadonlyMap<number, StoredEvent>,
): boolean {
  const { event } = eventAt(events, earlier.position);
  if (event.type !== 'notice.withdrawn') return true;
  return addressOf(event.data) === addressOf(noticeOf(eventAt(events, later.position).event));
}

const addressOf = ({ municipality, outpatientUnit }: NoticeData): string =>
  municipality ?? outpatientUnit ?? '';

function isUnsent(row: DeliveryRow): boolean {
  return row.state === 'pending' && row.attempts === 0;
}

function mayHaveArrived(row: DeliveryRow): boolean {
  return row.state === 'delivered' || row.state === 'unresolved' || row.attempts > 0;
}

// ---------------------------------------------------------------- reading

async function loadEvents(
  journal: Journal,
  rows: readonly (
    Pick<Delivery, 'streamId' | 'position'> | Pick<DeliveryRow, 'streamId' | 'position'>
  )[],
): Promise<ReadonlyMap<number, StoredEvent>> {
  const events = new Map<number, StoredEvent>();
  for (const row of rows) {
    if (events.has(row.position)) continue;
    for (const stored of await eventsBeside(journal, row)) events.set(stored.position, stored);
  }
  return events;
}

function eventAt(events: ReadonlyMap<number, StoredEvent>, position: number): StoredEvent {
  const stored = events.get(position);
  assert(stored, 'a delivery names an event the journal does not have');
  return stored;
}
