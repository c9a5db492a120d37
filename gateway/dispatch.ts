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
import { keptOf, type Cases, type Kept } from './kept.ts';
import { documentsIn, prepare } from './prepare.ts';
import type { NoticeData } from './process/events.ts';
import type { Delivery, Handle } from './runtime/bus/bus.ts';
import type {
  DeliveryRow,
  DeliveryState,
  Journal,
  LoadedProcess,
  NewDelivery,
  StoredEvent,
} from './runtime/journal/journal.ts';

/** What the bus calls for the queue `dispatch`. */
export function createDispatch(
  parts: DispatchParts,
  kept = keptOf(parts.journal, parts.clock),
): Handle {
  return async function dispatch(lane, deliveries) {
    const read = await readOf(parts.journal, kept.cases, deliveries);
    const rows = await parts.journal.deliveries.ofLane(lane);
    const known = new Set(rows.map((row) => row.position));
    const fresh: NewDelivery[] = [];
    for (const delivery of deliveries) {
      if (known.has(delivery.position)) continue;
      const stored = eventAt(read, delivery.position);
      const process = read.processes.get(delivery.streamId);
      for (const document of documentsIn(stored, parts.routes)) {
        fresh.push(await prepare(parts, kept.historyEnd, { lane, stored, document, process }));
      }
    }
    if (fresh.length === 0) return await drainLane(parts, kept, lane, rows, read);
    // Handed in at once, so that opening and the first attempt are one commit. What was not opened is not
    // sent.
    const opening = parts.journal.deliveries.open(fresh);
    const opened = [...rows, ...fresh.map(asOpened)].sort(
      (one, next) => one.position - next.position,
    );
    const outcomes = await Promise.allSettled([
      opening,
      drainLane(parts, kept, lane, opened, read),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  };
}

/** A delivery as the journal has it when it is opened. */
const asOpened = (row: NewDelivery): DeliveryRow => ({
  ...row,
  attempts: 0,
  firstAttemptAt: undefined,
  nextAt: undefined,
  receiverFaultAt: undefined,
  openAttempt: false,
  receipt: undefined,
});

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
  kept: Kept,
  lane: string,
  opened: readonly DeliveryRow[],
  read: Read,
): Promise<void> {
  const { journal, clock } = parts;
  const isMoved = await routeAnew(parts, kept, lane, opened);
  const rows = isMoved ? await journal.deliveries.ofLane(lane) : opened;
  const isRead = rows.every(({ position }) => read.events.has(position));
  const all = isRead ? read : await readOf(journal, kept.cases, rows);
  // Documents of billing go to several receivers: one that cannot take its own now holds nobody else's back.
  const waiting = new Set<string | undefined>();
  for (const row of await cancelUnsent(parts, rows, all)) {
    if (settled.has(row.state) || waiting.has(row.receiver)) continue;
    const stored = eventAt(all, row.position);
    const isAhead = row.nextAt !== undefined && row.nextAt > clock.now();
    const attempted = { ...row, isRepeat: hasArrived(row, all.events.values()) };
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
  { cases, historyEnd }: Kept,
  lane: string,
  rows: readonly DeliveryRow[],
): Promise<boolean> {
  const { deliveries } = parts.journal;
  const homeless = rows.filter(
    ({ state, rendered }) => state === 'pending' && rendered === undefined,
  );
  if (homeless.length === 0) return false;
  const read = await readOf(parts.journal, cases, homeless);
  for (const row of homeless) {
    const stored = eventAt(read, row.position);
    const { event } = stored;
    const routed = await prepare(parts, historyEnd, {
      lane,
      stored,
      document:
        (isBilling(event) ? homelessDocument(event, row.deliveryId) : undefined) ?? 'notice',
      process: read.processes.get(row.streamId),
      chosen: row.receiver,
    });
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
  return true;
}

/**
 * An unsent notice that was corrected or withdrawn is not sent: the correction goes instead; a withdrawal of what
 * nobody received goes nowhere.
 */
async function cancelUnsent(
  parts: DispatchParts,
  rows: readonly DeliveryRow[],
  read: Read,
): Promise<readonly DeliveryRow[]> {
  const cancelled = new Set<string>();
  const latest = new Map<string, DeliveryRow>();
  const reached = new Set<string>();
  for (const row of rows) {
    const { event } = eventAt(read, row.position);
    if (isBilling(event)) continue;
    const notice = noticeOf(event);
    const { key } = notice;
    const earlier = latest.get(key);
    if (earlier && isUnsent(earlier) && takesPlace(row, earlier, read)) {
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
function takesPlace(later: DeliveryRow, earlier: DeliveryRow, read: Read): boolean {
  const { event } = eventAt(read, earlier.position);
  if (event.type !== 'notice.withdrawn') return true;
  return addressOf(event.data) === addressOf(noticeOf(eventAt(read, later.position).event));
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

/** What was read for the events of a lane: themselves, by position, with all that stands beside them. */
interface Read {
  readonly events: ReadonlyMap<number, StoredEvent>;
  /** By stay. */
  readonly processes: ReadonlyMap<string, LoadedProcess>;
}

async function readOf(
  journal: Journal,
  cases: Cases,
  rows: readonly (
    Pick<Delivery, 'streamId' | 'position'> | Pick<DeliveryRow, 'streamId' | 'position'>
  )[],
): Promise<Read> {
  const events = new Map<number, StoredEvent>();
  const processes = new Map<string, LoadedProcess>();
  for (const row of rows) {
    if (events.has(row.position)) continue;
    // What is no stay is of billing. Of a case all stays are read: a lane may have notices of several.
    const process = await cases.load(row.streamId);
    for (const { stayId } of process?.stays ?? []) if (process) processes.set(stayId, process);
    for (const stored of process?.events ?? (await eventsBeside(journal, row))) {
      events.set(stored.position, stored);
    }
  }
  return { events, processes };
}

function eventAt({ events }: Pick<Read, 'events'>, position: number): StoredEvent {
  const stored = events.get(position);
  assert(stored, 'a delivery names an event the journal does not have');
  return stored;
}
