/**
 * What an event of billing sends, and to whom: one event may send several documents, each to a receiver of its own.
 *
 * A record goes to our own folder as its basis. An invoice goes to the one who pays, its specification by the care channel;
 * a municipal finance platform is told of each state as a billing record, where one is configured.
 */
import type { BillingRecordStatus, OutboundBillingDocument } from '../adapters/adapter.ts';
import type { Receiver, Routes } from './delivery.ts';
import { assert } from './errors.ts';
import type { BillingData, EventOf, InvoiceDraft } from './process/events.ts';
import { deliveryIdOf } from './process/ids.ts';
import type { DeliveryState, Journal, StoredEvent } from './runtime/journal/journal.ts';

type AnyEvent = StoredEvent['event'];
export type BillingEvent = EventOf<
  | 'billing.recorded'
  | 'billing.adjusted'
  | 'billing.approved'
  | 'billing.approval-withdrawn'
  | 'billing.issued'
  | 'billing.disputed'
> &
  AnyEvent;
export type BillingDocument = 'basis' | 'specification' | 'invoice' | 'record';

/** Whether an event sends documents of billing; what else is dispatched are notices. */
export function isBilling(event: AnyEvent): event is BillingEvent {
  return event.type in documents;
}

const documents = {
  'billing.recorded': ['basis', 'record'],
  'billing.adjusted': ['basis', 'record'],
  'billing.approved': ['record'],
  'billing.approval-withdrawn': ['record'],
  // First what the invoice refers to.
  'billing.issued': ['specification', 'invoice', 'record'],
  'billing.disputed': ['record'],
} as const satisfies Readonly<Record<BillingEvent['type'], readonly BillingDocument[]>>;

const statuses: Readonly<Record<BillingEvent['type'], BillingRecordStatus>> = {
  'billing.recorded': 'NEW',
  'billing.adjusted': 'NEW',
  'billing.approved': 'APPROVED',
  'billing.approval-withdrawn': 'REJECTED',
  'billing.issued': 'INVOICED',
  'billing.disputed': 'REJECTED',
};

/** A record goes to whom wants it; every other document has to go to somebody. */
export function documentsOf(event: BillingEvent, routes: Routes): readonly BillingDocument[] {
  return documents[event.type].filter(
    (document) =>
      document !== 'record' ||
      (hasContent(event) && receiverOfDocument(event, document, routes) !== undefined),
  );
}

/** An approval by which nobody owes anything is no claim. */
const hasContent = (event: BillingEvent): boolean =>
  event.type !== 'billing.approved' || event.data.draft !== undefined;

/** In the place of a receiver, in the name of a delivery that has none. */
export const homelessAs = (document: BillingDocument | 'notice', state: DeliveryState): string =>
  document === 'notice' || document === 'basis' ? state : `${document} ${state}`;

/** What a delivery without a receiver was to bring. */
export function homelessDocument(
  { id, type }: BillingEvent,
  deliveryId: string,
): BillingDocument | undefined {
  return documents[type].find(
    (document) => deliveryIdOf(id, homelessAs(document, 'unroutable')) === deliveryId,
  );
}

export function receiverOfDocument(
  { type, data }: BillingEvent,
  document: BillingDocument,
  routes: Routes,
): Receiver | undefined {
  const { county, municipality } = data;
  if (document === 'basis') return routes.ofBilling(county, municipality);
  const place = { county, municipality };
  return routes.ofDocument(document, { ...place, status: statuses[type] });
}

/** What is wrong where a document has no receiver. */
export function withoutReceiver({ data }: BillingEvent, document: BillingDocument): string {
  if (document === 'basis') return 'no receiver of billing records';
  return `no receiver of ${document}s for ${data.municipality}: enter one in billing.receivers`;
}

/** The document's content, for the receiver's own form of it. */
export async function billingMessage(
  journal: Pick<Journal, 'loadStream'>,
  event: BillingEvent,
  document: BillingDocument,
  deliveryId: string,
): Promise<OutboundBillingDocument> {
  if (event.type === 'billing.recorded' || event.type === 'billing.adjusted') {
    if (document === 'basis') return { kind: 'billing', deliveryId, event, billing: event.data };
    const { data: billing } = event;
    return { kind: 'record', deliveryId, event, status: 'NEW', billing };
  }
  // What was decided of a month names its settlement so.
  const settlement = event.correlationId;
  const status = statuses[event.type];
  if (event.type === 'billing.approved') {
    const { draft } = event.data;
    assert(draft, 'an approval that is sent has a draft');
    return { kind: 'record', deliveryId, event, status, claim: draft, by: event.data.by };
  }
  if (event.type === 'billing.approval-withdrawn') {
    const { approval, by } = event.data;
    const claim = await draftOf(journal, settlement, approval);
    return { kind: 'record', deliveryId, event, status, claim, by };
  }
  if (event.type === 'billing.disputed') {
    const { number, by } = event.data;
    const claim = await invoiceOf(journal, settlement, number);
    return { kind: 'record', deliveryId, event, status, claim, by };
  }
  const { data: invoice } = event;
  if (document === 'invoice') return { kind: 'invoice', deliveryId, event, invoice };
  if (document === 'record') {
    return { kind: 'record', deliveryId, event, status, claim: invoice, by: invoice.by };
  }
  const billing = await recordOf(journal, settlement, invoice.revision);
  return { kind: 'specification', deliveryId, event, billing, invoice };
}

async function recordOf(
  journal: Pick<Journal, 'loadStream'>,
  settlement: string,
  revision: number,
): Promise<BillingData> {
  for (const { event } of (await journal.loadStream(settlement)).events) {
    const isRecord = event.type === 'billing.recorded' || event.type === 'billing.adjusted';
    if (isRecord && event.data.revision === revision) return event.data;
  }
  assert(false, 'an invoice follows from a record');
}

async function draftOf(
  journal: Pick<Journal, 'loadStream'>,
  settlement: string,
  approval: string,
): Promise<InvoiceDraft> {
  for (const { event } of (await journal.loadStream(settlement)).events) {
    if (event.id !== approval || event.type !== 'billing.approved') continue;
    if (event.data.draft !== undefined) return event.data.draft;
  }
  assert(false, 'what is withdrawn was approved and waited');
}

async function invoiceOf(
  journal: Pick<Journal, 'loadStream'>,
  settlement: string,
  number: string,
): Promise<EventOf<'billing.issued'>['data']> {
  for (const { event } of (await journal.loadStream(settlement)).events) {
    if (event.type === 'billing.issued' && event.data.number === number) return event.data;
  }
  assert(false, 'a dispute is of an invoice');
}
