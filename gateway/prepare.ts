/**
 * A decision on its way out gets its address and its content, both fixed here: who is sent it by the routes that hold, and
 * what its channel makes of it. What is sent again is sent unchanged.
 */
import type {
  OutboundMessage,
  OutboundNotice,
  PatientIdentity,
  Rendered,
} from '../adapters/adapter.ts';
import {
  billingMessage,
  documentsOf,
  homelessAs,
  isBilling,
  receiverOfDocument,
  withoutReceiver,
  type BillingDocument,
} from './billing-documents.ts';
import { noticeOf, type DispatchParts, type Receiver, type Routes } from './delivery.ts';
import { asGatewayError, assert } from './errors.ts';
import type { HistoryEnd } from './history.ts';
import type { EventOf, NoticeData } from './process/events.ts';
import { deliveryIdOf } from './process/ids.ts';
import { fold } from './process/state.ts';
import type {
  Journal,
  LoadedProcess,
  NewDelivery,
  StoredEvent,
} from './runtime/journal/journal.ts';

/** What is sent of an event: a notice, or a document of billing. */
export type Document = 'notice' | BillingDocument;

export const documentsIn = ({ event }: StoredEvent, routes: Routes): readonly Document[] =>
  isBilling(event) ? documentsOf(event, routes) : ['notice'];

type Routed = Pick<NewDelivery, 'state' | 'detail'> & { readonly receiver: Receiver | undefined };

/** A decision on its way out. */
export interface Decided {
  readonly lane: string;
  readonly stored: StoredEvent;
  readonly document: Document;
  /** The case it was decided in; of billing nothing is one. */
  readonly process: LoadedProcess | undefined;
  /** Id of the receiver that a person chose for it. */
  readonly chosen?: string | undefined;
}

/** A decision with its address and content, both fixed now: what is sent again is sent unchanged. */
export async function prepare(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  decided: Decided,
): Promise<NewDelivery> {
  const { traceparent, type } = decided.stored.event;
  const step = parts.observed?.begin('dispatch', traceparent, { type });
  const work = (): Promise<NewDelivery> => prepared(parts, historyEnd, decided);
  return await (step ? step.of(work) : work());
}

async function prepared(
  parts: DispatchParts,
  historyEnd: HistoryEnd,
  decided: Decided,
): Promise<NewDelivery> {
  const { lane, stored, document, process } = decided;
  const { event, position } = stored;
  if (event.type === 'notice.reminded') return await reminderOf(parts, event, lane, position);
  const routed = await route(parts, historyEnd, decided);
  const receiverId = routed.receiver?.id;
  const deliveryId = deliveryIdOf(event.id, receiverId ?? homelessAs(document, routed.state));
  const { rendered, ...unfit } =
    routed.state === 'pending' || routed.state === 'shadow'
      ? await render(parts, stored, deliveryId, routed.receiver, document, process)
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
async function reminderOf(
  { routes, journal }: DispatchParts,
  event: EventOf<'notice.reminded'>,
  lane: string,
  position: number,
): Promise<NewDelivery> {
  const { receiver: id, key, changes } = event.data;
  const receiver = routes.byId(id);
  const deliveryId = deliveryIdOf(event.id, id);
  const caseReference = key.split('|', 1)[0] ?? key;
  const events = changes === undefined ? [] : ((await journal.load(event.stayId))?.events ?? []);
  const rendered = await receiver?.outbound.remind?.({
    deliveryId,
    event,
    reminder: event.data,
    caseReference,
    ...changedIn(events, changes),
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
  { stored: { event }, document, process, chosen }: Decided,
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
  process: LoadedProcess | undefined,
): Promise<{ rendered: Rendered } | { rendered?: never; state: 'refused'; detail: string }> {
  assert(receiver, 'only a routed decision is rendered');
  const message = await messageOf(parts.journal, event, document, deliveryId, receiver, process);
  try {
    return { rendered: await receiver.outbound.render(message) };
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
  receiver: Receiver,
  process: LoadedProcess | undefined,
): Promise<OutboundMessage> {
  if (document !== 'notice') {
    assert(isBilling(event), 'documents of billing are of its events');
    return await billingMessage(journal, event, document, deliveryId);
  }
  const notice = noticeOf(event);
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
    patient: notice.held === true ? withheldFrom(receiver, identity) : identity,
    // One that is held comes here when a named user has released it, and not before.
    ...(notice.held === true && { protection: protectionIn(process.events) }),
  };
}

/**
 * Of a protected person the address that the hospital sent may be where the person lives, which nobody may learn by this:
 * it stays here unless there is a legal basis for the receiver to have it.
 */
function withheldFrom(receiver: Receiver, identity: PatientIdentity): PatientIdentity {
  if (receiver.hasProtectedAddress === true) return identity;
  const { address: _address, ...others } = identity;
  return others;
}

/**
 * When what it corrects, withdraws or changes was last handed over: a revision that was replaced unsent is nothing to the
 * receiver.
 */
function replacedIn(
  events: readonly StoredEvent[],
  { key, corrects, changes, revision }: NoticeData,
): Pick<OutboundNotice, 'replacedAt' | 'changedKey'> {
  const { changedKey } = changedIn(events, changes);
  const last = events.findLast(
    ({ event }) =>
      event.type === 'notice.delivered' &&
      (corrects === undefined
        ? event.data.key === changedKey
        : event.data.key === key && event.data.revision < revision),
  );
  return {
    ...(last && { replacedAt: last.event.occurredAt }),
    ...(changedKey !== undefined && { changedKey }),
  };
}

/** Decision key of the notice that another one changes. */
function changedIn(
  events: readonly StoredEvent[],
  changes: string | undefined,
): Pick<OutboundNotice, 'changedKey'> {
  const changed = events.find(({ event }) => event.id === changes)?.event;
  return changed === undefined ? {} : { changedKey: noticeOf(changed).key };
}

/** What the person's marking was told to be; one that is no longer told was there when the notice was decided. */
function protectionIn(events: readonly StoredEvent[]): NonNullable<OutboundNotice['protection']> {
  const told = fold(events).patient.at(-1)?.codes.protection ?? 'none';
  return told === 'none' ? 'unspecified' : told;
}

function actionOf(type: StoredEvent['event']['type']): 'issued' | 'corrected' | 'withdrawn' {
  if (type === 'notice.corrected') return 'corrected';
  return type === 'notice.withdrawn' ? 'withdrawn' : 'issued';
}
