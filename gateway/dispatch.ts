/**
 * 3: a decision was made. Render it, deliver it, keep the receipt.
 *
 * A lane (one case and recipient) sends one notice at a time, in order; `delivery.ts` attempts each of them.
 */
import type { OutboundMessage, OutboundNotice, Rendered } from '../adapters/adapter.ts';
import {
  billingMessage,
  documentsOf,
  homelessAs,
  homelessDocument,
  isBilling,
  receiverOfDocument,
  withoutReceiver,
  type BillingDocument,
} from './billing-documents.ts';
import {
  attempt,
  hasArrived,
  noticeOf,
  stopAwaiting,
  type DispatchParts,
  type Receiver,
  type Routes,
} from './delivery.ts';
import { asGatewayError, assert } from './errors.ts';
import { historyEnds, type HistoryEnd } from './history.ts';
import { isSeries } from './issue.ts';
import type { EventOf, NoticeData } from './process/events.ts';
import { deliveryIdOf } from './process/ids.ts';
import { fold } from './process/state.ts';
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
      const stored = eventAt(events, delivery.position);
      for (const document of documentsIn(stored, parts.routes)) {
        fresh.push(await prepare(parts, historyEnd, lane, stored, document));
      }
    }
    if (fresh.length > 0) await parts.journal.deliveries.open(fresh);
    await drainLane(parts, historyEnd, lane);
  };
}

// ---------------------------------------------------------------- preparing

/** What is sent of an event: a notice, or a document of billing. */
type Document = 'notice' | BillingDocument;

const documentsIn = ({ event }: StoredEvent, routes: Routes): readonly Document[] =>
  isBilling(event) ? documentsOf(event, routes) : ['notice'];

type Routed = Pick<NewDelivery, 'state' | 'detail'> & { readonly receiver: Receiver | undefined };

/**
 * A decision with its address and content, both fixed now: what is sent again is sent unchanged.
 * @param chosen id of the receiver that a person chose for it
 */
async function prepare(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
  stored: StoredEvent,
  document: Document,
  chosen?: string,
): Promise<NewDelivery> {
  const { traceparent, type } = stored.event;
  const step = parts.observed?.begin('dispatch', traceparent, { type });
  const work = (): Promise<NewDelivery> =>
    prepared(parts, historyEnd, lane, stored, document, chosen);
  return await (step ? step.of(work) : work());
}

async function prepared(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
  stored: StoredEvent,
  document: Document,
  chosen?: string,
): Promise<NewDelivery> {
  const { event, position } = stored;
  if (event.type === 'notice.reminded') return reminderOf(parts, event, lane, position);
  const routed = await route(parts, historyEnd, stored, document, chosen);
  const receiverId = routed.receiver?.id;
  const deliveryId = deliveryIdOf(event.id, receiverId ?? homelessAs(document, routed.state));
  const { rendered, ...unfit } =
    routed.state === 'pending' || routed.state === 'shadow'
      ? await render(parts, stored, deliveryId, routed.receiver, document)
      : {};
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
    ...unfit,
  };
}

/** A reminder goes to whom the notice went, by its channel; one that cannot say it leaves it to the telephone. */
function reminderOf(
  { routes }: DispatchParts,
  event: EventOf<'notice.reminded'>,
  lane: string,
  position: number,
): NewDelivery {
  const { receiver: id, key } = event.data;
  const receiver = routes.byId(id);
  const deliveryId = deliveryIdOf(event.id, id);
  const caseReference = key.split('|', 1)[0] ?? key;
  const rendered = receiver?.outbound.remind?.({
    deliveryId,
    event,
    reminder: event.data,
    caseReference,
  });
  return {
    deliveryId,
    lane,
    position,
    eventId: event.id,
    streamId: event.stayId,
    receiver: id,
    state: rendered === undefined ? 'cancelled' : 'pending',
    rendered: rendered && JSON.stringify(rendered),
    detail: rendered === undefined ? 'its channel carries no reminder' : undefined,
  };
}

async function route(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  { event }: StoredEvent,
  document: Document,
  chosen?: string,
): Promise<Routed> {
  const now = parts.clock.now();
  if (document !== 'notice') {
    assert(isBilling(event), 'documents of billing are of its events');
    const receiver = receiverOfDocument(event, document, parts.routes);
    if (receiver) return liveOrShadow(receiver, receiver.isLive(now));
    return { receiver, state: 'unroutable', detail: withoutReceiver(event, document) };
  }
  const notice = noticeOf(event);
  const named = chosen === undefined ? undefined : parts.routes.byId(chosen);
  if (notice.held === true && named?.isForProtected !== true) {
    return {
      receiver: undefined,
      state: 'held',
      detail: 'protected identity: handled by a person',
    };
  }
  const process = await parts.journal.load(event.stayId);
  const receiver = named ?? receiverOf(parts, notice, process?.events ?? [], now);
  if (!receiver) {
    return { receiver, state: 'unroutable', detail: `no receiver for ${placeText(notice)}` };
  }
  const senders = process?.stays ?? [];
  const live =
    receiver.isLive(now) && senders.every(({ sender }) => parts.routes.isSenderLive(sender, now));
  const end = await historyEnd(senders.map(({ sender }) => sender));
  const raisedBy = process?.events.find((known) => known.event.id === notice.occasion);
  const isHistory = end !== undefined && (raisedBy?.event ?? event).occurredAt < end;
  return liveOrShadow(receiver, live && !isHistory);
}

/**
 * Whom the routes name; but where that one has answered that the patient is not its resident, and another got a notice of
 * the case instead, it is the other: a correction follows what it corrects.
 */
function receiverOf(
  { routes }: Pick<DispatchParts, 'routes'>,
  notice: NoticeData,
  events: readonly StoredEvent[],
  now: string,
): Receiver | undefined {
  const routed = routes.ofNotice(notice, now);
  const refused = new Set<string | undefined>();
  for (const { event } of events) {
    if (event.type === 'notice.misdirected') refused.add(event.data.deliveryId);
  }
  if (routed === undefined || refused.size === 0) return routed;
  const receipts = events.flatMap(({ event }) =>
    event.type === 'notice.delivered' &&
    event.data.role === notice.role &&
    event.data.municipality === notice.municipality
      ? [event.data]
      : [],
  );
  const isRefused = receipts.some(
    ({ receiver, deliveryId }) => receiver === routed.id && refused.has(deliveryId),
  );
  const other = receipts.findLast(
    ({ receiver, deliveryId }) => receiver !== routed.id && !refused.has(deliveryId),
  );
  return (isRefused && other && routes.byId(other.receiver)) || routed;
}

function placeText({ role, municipality, outpatientUnit, county }: NoticeData): string {
  if (municipality !== undefined) return `${role} in ${municipality}`;
  const unit = outpatientUnit === undefined ? '' : `unit ${outpatientUnit} of `;
  return `${role} in ${unit}county ${county ?? 'unknown'}`;
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
  document: Document,
): Promise<{ rendered: Rendered } | { rendered?: never; state: 'refused'; detail: string }> {
  assert(receiver, 'only a routed decision is rendered');
  const message = await messageOf(parts.journal, event, document, deliveryId);
  try {
    return { rendered: receiver.outbound.render(message) };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    // What the receiver would refuse is refused here, and never sent.
    if (error.code !== 'delivery-refused') throw error;
    parts.log.error({ deliveryId, receiver: receiver.id, err: error }, 'not fit to be sent');
    return { state: 'refused', detail: error.message };
  }
}

async function messageOf(
  journal: Journal,
  event: StoredEvent['event'],
  document: Document,
  deliveryId: string,
): Promise<OutboundMessage> {
  if (document !== 'notice') {
    assert(isBilling(event), 'documents of billing are of its events');
    return await billingMessage(journal, event, document, deliveryId);
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
    ...replacedIn(process.events, notice),
    patient: identity,
    // One that is held comes here when a named user has released it, and not before.
    ...(notice.held === true && { protection: protectionIn(process.events) }),
  };
}

/** When what it corrects or withdraws was last handed over: a revision that was replaced unsent is nothing to the receiver. */
function replacedIn(
  events: readonly StoredEvent[],
  { key, corrects, revision }: NoticeData,
): Pick<OutboundNotice, 'replacedAt'> {
  if (corrects === undefined) return {};
  const last = events.findLast(
    ({ event }) =>
      event.type === 'notice.delivered' && event.data.key === key && event.data.revision < revision,
  );
  return last === undefined ? {} : { replacedAt: last.event.occurredAt };
}

/** What the person's marking was told to be; one that is no longer told was there when the notice was decided. */
function protectionIn(events: readonly StoredEvent[]): NonNullable<OutboundNotice['protection']> {
  const told = fold(events).patient.at(-1)?.codes.protection ?? 'none';
  return told === 'none' ? 'unspecified' : told;
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
 */
async function routeAnew(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  lane: string,
): Promise<void> {
  const { deliveries } = parts.journal;
  const homeless = (await deliveries.ofLane(lane)).filter(
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
  const series = rows.filter(({ streamId }) => isSeries(streamId));
  for (const position of new Set(series.map((row) => row.position))) {
    // A series has every invoice there ever was: those that are asked for are read by their places.
    for (const stored of await journal.eventsAfter(position - 1, 1)) events.set(position, stored);
  }
  const others = rows.filter(({ streamId }) => !isSeries(streamId));
  for (const streamId of new Set(others.map((row) => row.streamId))) {
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
