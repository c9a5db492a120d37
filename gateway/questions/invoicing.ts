/** How far a month has come on its way to the one who pays, and what an approval of it would lead to. */
import type { IssuedInvoice } from '../process/events.ts';
import { disputeUntil } from '../rules/invoicing/dispute.ts';
import { draftOf, isDraftable, issueDay } from '../rules/invoicing/draft.ts';
import { differenceOf } from '../rules/invoicing/difference.ts';
import { foldInvoicing, invoicingState } from '../rules/invoicing/invoices.ts';
import type { Invoicing, InvoicingState, StandingInvoice } from '../rules/invoicing/invoices.ts';
import { partiesFor } from '../rules/invoicing/settings.ts';
import type { InvoiceSettings } from '../rules/invoicing/settings.ts';
import { localDateOf } from '../rules/legal-days.ts';
import type { DeliveryRow, StoredEvent } from '../runtime/journal/journal.ts';
import { settlementStreamOf } from '../advance.ts';
import type { Asked, Period } from './asked.ts';
import { invoiceRemedies } from './invoice-remedies.ts';
import type { InvoiceRemedy } from './invoice-remedies.ts';

/** How an invoice stands: what a person has said of it wins over how far its delivery has come. */
export type InvoiceState =
  'issued' | 'delivered' | 'not-delivered' | 'shadow' | 'disputed' | 'credited';

export interface InvoiceTold {
  readonly number: string;
  readonly kind: IssuedInvoice['kind'];
  readonly state: InvoiceState;
  readonly issueDate: string;
  readonly dueDate?: string;
  readonly totalOre: number;
  /** Less what was credited; 0 of a credit note. */
  readonly leftOre: number;
  readonly corrects?: string;
  readonly correctedBy: readonly string[];
  /** How its documents fare, by receiver. */
  readonly deliveries: readonly {
    readonly receiver: string | undefined;
    readonly state: DeliveryRow['state'];
    readonly detail: string | undefined;
  }[];
  readonly dispute?: {
    readonly level?: number;
    readonly who?: string;
    readonly since: string;
    readonly reason: string;
    /** Who told it: a user of the region, or the municipality's own system by its partner id. */
    readonly by: string;
    /** Of its lines, by their places from 1; the whole invoice where absent. */
    readonly lines?: readonly number[];
    /** The last day of that level to answer, where one is agreed. */
    readonly answerBy?: string;
  };
  readonly by: string;
  /** Whole days since its date. */
  readonly ageDays: number;
  /** What a person may do next, and by which day, where one is set. */
  readonly next?: string;
  readonly nextBy?: string;
  /** That day has passed. */
  readonly isOverdue: boolean;
}

/** A billing record that the municipality's finance platform has not taken. */
export interface RecordTold {
  readonly receiver: string;
  /** Revision 1, or invoice 14000001. */
  readonly of: string;
  readonly state: DeliveryRow['state'];
  readonly detail?: string;
  readonly next: string;
}

/** What would follow from an approval of the record that stands. */
export interface WouldFollow {
  /** `refused`: less than nothing is due, and nothing was invoiced that could be credited. */
  readonly kind: 'nothing' | 'refused' | IssuedInvoice['kind'];
  /** Above zero; below it where it is refused. */
  readonly totalOre: number;
  readonly issueOn?: string;
  readonly corrects?: string;
}

export interface InvoicingTold {
  readonly state: InvoicingState;
  readonly invoices: readonly InvoiceTold[];
  /** What a finance platform refused, or may not have. */
  readonly records: readonly RecordTold[];
  /** Of an approval whose day has not come. */
  readonly waiting?: { readonly by: string; readonly issueOn: string; readonly totalOre: number };
  /** Where the record is to be approved. */
  readonly approval?: {
    readonly revision: number;
    readonly would: WouldFollow;
    /** What is to be entered first; nothing is issued before. */
    readonly missing: readonly InvoiceRemedy[];
  };
}

/** @returns undefined where nothing is recorded, or no settings are given */
export async function invoicingOf(
  asked: Asked,
  period: Period,
  stream: readonly StoredEvent[],
): Promise<InvoicingTold | undefined> {
  const invoicing = foldInvoicing(stream);
  const state = invoicingState(invoicing);
  if (state === undefined || asked.invoices === undefined) return undefined;
  const { waiting } = invoicing;
  const needsApproval = state === 'recorded' || state === 'to-approve-again';
  const rows = await asked.journal.deliveries.ofLane(settlementStreamOf(period));
  const platforms = new Set(
    asked.invoices.receivers?.flatMap(({ id, takes }) => (takes === 'record' ? [id] : [])),
  );
  const isRecord = ({ receiver = '' }: DeliveryRow): boolean => platforms.has(receiver);
  const documents = rows.filter((row) => !isRecord(row));
  return {
    state,
    invoices: invoicesTold(asked, period, invoicing.invoices, documents),
    records: recordsTold(stream, rows.filter(isRecord)),
    ...(waiting?.data.issueOn !== undefined && {
      waiting: {
        by: waiting.data.by,
        issueOn: waiting.data.issueOn,
        totalOre: waiting.data.draft?.totalOre ?? 0,
      },
    }),
    ...(needsApproval && { approval: approvalOf(asked, period, invoicing, asked.invoices) }),
  };
}

function approvalOf(
  { profiles, nowMs }: Asked,
  period: Period,
  { billed, invoices }: Invoicing,
  settings: InvoiceSettings,
): NonNullable<InvoicingTold['approval']> {
  if (billed === undefined) throw new RangeError('what is approved was recorded');
  const { data: record } = billed;
  const { revision, invoiceOn } = record;
  const documents = invoices.map(({ data }) => data);
  const { totalOre } = differenceOf(record.lines, documents);
  if (totalOre === 0) return { revision, would: { kind: 'nothing', totalOre: 0 }, missing: [] };
  if (!isDraftable(totalOre, invoices)) {
    return { revision, would: { kind: 'refused', totalOre }, missing: [] };
  }
  const parties = partiesFor(settings, profiles.parametersOf(period), period, invoiceOn);
  if ('missing' in parties) {
    const kind = totalOre > 0 ? 'invoice' : 'credit-note';
    const missing = invoiceRemedies(profiles, period, parties.missing);
    return { revision, would: { kind, totalOre: Math.abs(totalOre) }, missing };
  }
  const draft = draftOf(record, invoices, parties);
  if (draft === undefined) throw new RangeError('what differs has a draft');
  const issueOn = issueDay(draft, record, settings, localDateOf(nowMs));
  const { kind, corrects } = draft;
  return {
    revision,
    would: {
      kind,
      totalOre: draft.totalOre,
      issueOn,
      ...(corrects && { corrects: corrects.number }),
    },
    missing: [],
  };
}

/** @param rows of the settlement: deliveries of invoices and specifications */
function invoicesTold(
  { profiles, nowMs }: Asked,
  period: Period,
  invoices: readonly StandingInvoice[],
  rows: readonly DeliveryRow[],
): readonly InvoiceTold[] {
  const today = localDateOf(nowMs);
  const parameters = profiles.parametersOf(period);
  return invoices.map((invoice) => {
    const own = rows.filter(({ eventId }) => eventId === invoice.eventId);
    return invoiceTold(invoice, own, disputeUntil(parameters, invoice.data)?.day, today);
  });
}

function invoiceTold(
  invoice: StandingInvoice,
  rows: readonly DeliveryRow[],
  disputeBy: string | undefined,
  today: string,
): InvoiceTold {
  const { data, leftOre, correctedBy, dispute } = invoice;
  const { number, kind, issueDate, dueDate, totalOre, corrects, by } = data;
  const deliveries = rows.map(({ receiver, state, detail }) => ({ receiver, state, detail }));
  const state = stateOf(invoice, rows);
  return {
    number,
    kind,
    state,
    issueDate,
    ...(dueDate !== undefined && { dueDate }),
    totalOre,
    leftOre,
    ...(corrects && { corrects: corrects.number }),
    correctedBy,
    deliveries,
    ...(dispute && {
      dispute: {
        ...(dispute.data.level !== undefined && { level: dispute.data.level }),
        ...(dispute.data.who !== undefined && { who: dispute.data.who }),
        since: dispute.at,
        reason: dispute.data.reason,
        by: dispute.data.by,
        ...(dispute.data.lines && { lines: dispute.data.lines }),
        ...(dispute.data.answerBy !== undefined && { answerBy: dispute.data.answerBy }),
      },
    }),
    by,
    ageDays: Math.round((Date.parse(today) - Date.parse(issueDate)) / 86_400_000),
    ...nextOf(invoice, state, disputeBy, today),
  };
}

const failed = new Set<DeliveryRow['state']>(['refused', 'unresolved', 'unroutable', 'held']);

function stateOf(
  { data, dispute, leftOre }: StandingInvoice,
  rows: readonly DeliveryRow[],
): InvoiceState {
  if (dispute !== undefined) return 'disputed';
  if (data.kind === 'invoice' && leftOre === 0) return 'credited';
  if (rows.some(({ state }) => failed.has(state))) return 'not-delivered';
  if (rows.some(({ state }) => state === 'shadow')) return 'shadow';
  const sent = rows.filter(({ state }) => state !== 'cancelled');
  const isDelivered = sent.length > 0 && sent.every(({ state }) => state === 'delivered');
  return isDelivered ? 'delivered' : 'issued';
}

/** What a person may do next, by when, and whether that day has passed. */
function nextOf(
  { data: { number, kind, dueDate }, dispute }: StandingInvoice,
  state: InvoiceState,
  disputeBy: string | undefined,
  today: string,
): Pick<InvoiceTold, 'next' | 'nextBy' | 'isOverdue'> {
  const by = (next: string, nextBy?: string) => ({
    next,
    ...(nextBy !== undefined && { nextBy }),
    isOverdue: nextBy !== undefined && nextBy < today,
  });
  switch (state) {
    case 'disputed': {
      const { answerBy } = dispute?.data ?? {};
      const isLate = answerBy !== undefined && answerBy < today;
      const answer = isLate ? 'not answered in time: ' : '';
      return by(`${answer}hemgang billing escalate, uphold or credit --number ${number}`, answerBy);
    }
    case 'not-delivered':
      return by('hemgang status shows what is wrong; then hemgang resend');
    case 'issued':
      return by('on its way to its receivers');
    case 'delivered': {
      if (kind !== 'invoice' || dueDate === undefined) return { isOverdue: false };
      if (dueDate < today) return by('due date passed: ask the ledger whether it is paid', dueDate);
      const may = disputeBy !== undefined && disputeBy >= today;
      return by(may ? `to be paid; may be disputed until ${disputeBy}` : 'to be paid', dueDate);
    }
    default:
      return { isOverdue: false };
  }
}

/** @param rows of the settlement: deliveries of billing records */
function recordsTold(
  stream: readonly StoredEvent[],
  rows: readonly DeliveryRow[],
): readonly RecordTold[] {
  const events = new Map(stream.map(({ event }) => [event.id, event]));
  return rows.flatMap(({ receiver = '', eventId, state, detail, firstAttemptAt }) => {
    const event = events.get(eventId);
    if (!failed.has(state) || event === undefined) return [];
    const { data } = event;
    const of =
      'number' in data
        ? `invoice ${data.number}`
        : `revision ${'revision' in data ? data.revision : ''}`;
    const since = (firstAttemptAt ?? event.recordedAt).slice(0, 10);
    const again = `hemgang resend --since ${since} --to ${receiver} --where state=refused`;
    const next =
      state === 'refused'
        ? `ask its owner why (customer, category), then ${again}; where it is the claim they refuse, hemgang billing dispute`
        : 'hemgang unknown list, or hemgang status, shows what is wrong';
    return [{ receiver, of, state, ...(detail !== undefined && { detail }), next }];
  });
}
