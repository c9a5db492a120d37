/**
 * A named person approves the record of a month as it stands. With the approval an invoice or a credit note is issued, or
 * waits for its day; where nobody owes anything the approval is all.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { breachesOf } from '../../adapters/outbound/billing/documents.ts';
import { settlementStreamOf } from '../advance.ts';
import { invoiceNumber, issuing, readSeries, type SeriesRead } from '../issue.ts';
import { countyCode, month, municipalityCode } from '../process/events.ts';
import type { Approval, BillingData, EventBody, InvoiceDraft } from '../process/events.ts';
import { decisionId } from '../process/ids.ts';
import { invoiceRemedies, remedyText } from '../questions/invoice-remedies.ts';
import { draftOf, isDraftable, issueDay } from '../rules/invoicing/draft.ts';
import { differenceOf } from '../rules/invoicing/difference.ts';
import {
  foldInvoicing,
  type Invoicing,
  type StandingInvoice,
} from '../rules/invoicing/invoices.ts';
import { partiesFor } from '../rules/invoicing/settings.ts';
import { addDays, isoOf, localDateOf, startOfDayMs } from '../rules/legal-days.ts';
import { foldSettlement } from '../rules/settlement.ts';
import type { Append, NewEvent } from '../runtime/journal/journal.ts';
import { answering, refused, untilWritten } from './answering.ts';
import { operation, type OperationParts } from './operation.ts';

const input = z.strictObject({
  token: z.string().min(1).max(1000),
  county: countyCode,
  municipality: municipalityCode,
  month,
  /** What the approver has seen: another one stands by now, and nothing is approved. */
  revision: z.int().min(1),
});
type Input = z.infer<typeof input>;

export interface Approved {
  /** `repeat`: this revision had been approved; nothing was done now. */
  readonly outcome: 'nothing-due' | 'issued' | 'waits' | 'repeat';
  readonly by: string;
  readonly revision: number;
  readonly totalOre: number;
  readonly kind?: 'invoice' | 'credit-note';
  /** What the document asks for or takes back. */
  readonly documentOre?: number;
  readonly number?: string;
  readonly dueDate?: string;
  readonly corrects?: string;
  /** The day it is issued, where that has not come. */
  readonly issueOn?: string;
}

export const approveBilling = operation(input, async (parts, asked): Promise<Approved> => {
  const streamId = settlementStreamOf(asked);
  const { user, audit } = await answering(parts, asked.token, 'approve-billing', streamId);
  let isAudited = false;
  return await untilWritten(parts, async () => {
    const series = await readSeries(parts.journal, asked.county);
    const { events, version } = await parts.journal.loadSettlement(streamId);
    const invoicing = foldInvoicing(events);
    const { withheld } = foldSettlement(events, asked);
    const why = withheld && withheldFor(withheld.missing, withheld.missingOn, asked.month);
    if (why !== undefined && invoicing.billed === undefined) throw why;
    const record = approvable(invoicing, asked);
    const { approval, waiting } = invoicing;
    if (approval?.data.revision === record.revision) {
      return { result: repeatOf(approval.data, approval.eventId, invoicing) };
    }
    if (waiting !== undefined) throw stillWaiting(waiting.data);
    if (why !== undefined) throw why;
    const basis = draftFor(parts, record, invoicing.invoices);
    if (!isAudited) {
      const { county, municipality, month: of, revision } = asked;
      await audit(`approve billing of ${municipality} by ${county}, ${of}, r${revision}`, streamId);
      isAudited = true;
    }
    const decided = { by: user.name, reason: parts.order.reason, streamId };
    return writing(parts, { streamId, version, series }, record, basis, decided);
  });
});

/** @throws GatewayError where what was seen is not what stands */
function approvable({ billed }: Invoicing, { month: of, revision }: Input): BillingData {
  const look = `hemgang billing preview --month ${of} shows what there is`;
  if (billed === undefined) throw refused(`nothing is recorded of ${of} yet`, look);
  const { data } = billed;
  if (data.revision === revision) return data;
  const what = `what you saw is not what stands: revision ${data.revision} does, not ${revision}`;
  throw refused(what, `look at it again, then approve that; ${look}`);
}

const stillWaiting = ({ revision, issueOn = '' }: Approval) =>
  refused(
    `revision ${revision} was approved and is issued on ${issueOn}; a later one corrects it then`,
    `approve this one after ${issueOn}, or take that approval back with hemgang billing withdraw and approve this one now`,
  );

const withheldFor = (missing: string, on: string, of: string) =>
  refused(
    `a case of ${of} cannot be judged: ${missing} is missing on ${on}`,
    `hemgang billing preview --month ${of} says which line to enter, and where`,
  );

interface DraftBasis {
  readonly invoicedOre: number;
  readonly draft: InvoiceDraft | undefined;
  readonly issueOn: string | undefined;
}

/** @throws GatewayError configuration-invalid with everything that is to be entered */
function draftFor(
  { current, clock }: OperationParts,
  record: BillingData,
  invoices: readonly StandingInvoice[],
): DraftBasis {
  const { config, profiles } = current();
  const { billing } = config;
  const documents = invoices.map(({ data }) => data);
  const { totalOre, invoicedOre } = differenceOf(record.lines, documents);
  if (totalOre === 0) return { invoicedOre, draft: undefined, issueOn: undefined };
  if (!isDraftable(totalOre, invoices)) {
    throw refused(
      `revision ${record.revision} of ${record.month} comes to ${totalOre / 100} kr, and nothing was invoiced that could be credited`,
      `an invoice asks for more than nothing (EN 16931 has no negative one here): hemgang billing explain tells which lines it has; it is for whoever made the record to mend`,
    );
  }
  const now = clock.now();
  if (billing.mode === 'shadow' || (billing.liveFrom ?? '') > now) {
    const what = 'billing is in shadow: nothing is issued';
    throw refused(what, 'set billing.mode to live and look at billing.liveFrom');
  }
  const parties = partiesFor(billing, profiles.parametersOf(record), record, record.invoiceOn);
  if ('missing' in parties) {
    const remedies = invoiceRemedies(profiles, record, parties.missing);
    const names = remedies.flatMap(({ missing }) => missing).join(', ');
    const lines = remedyText(remedies).map((line) => `    ${line}`);
    const next = ['enter it, let the gateway reload, and approve again', ...lines].join('\n');
    throw refused(`no invoice can be made of ${record.month}: missing ${names}`, next);
  }
  const draft = draftOf(record, invoices, parties);
  const issueOn = draft && issueDay(draft, record, billing, localDateOf(clock.nowMs()));
  return { invoicedOre, draft, issueOn };
}

function writing(
  { clock }: OperationParts,
  {
    series,
    ...stream
  }: { readonly streamId: string; readonly version: number; readonly series: SeriesRead },
  record: BillingData,
  { draft, issueOn, invoicedOre }: DraftBasis,
  decided: { readonly by: string; readonly reason: string },
): { readonly result: Approved; readonly append: Append } {
  const { streamId } = stream;
  const { county, municipality, month: of, revision, totalOre } = record;
  const period = { county, municipality, month: of };
  const nowMs = clock.nowMs();
  // One that was taken back may be given again, of the same revision.
  const eventId = decisionId(`${streamId}|approved r${revision}`, stream.version);
  const data: Approval = {
    ...period,
    key: `${streamId}|billing`,
    revision,
    digest: createHash('sha256').update(JSON.stringify(record)).digest('hex'),
    by: decided.by,
    reason: decided.reason.slice(0, 300),
    totalOre,
    invoicedOre,
    ...(draft && { draft }),
    ...(issueOn !== undefined && { issueOn }),
  };
  const body: EventBody = {
    id: eventId,
    type: 'billing.approved',
    occurredAt: isoOf(nowMs),
    recordedAt: isoOf(nowMs),
    source: { sender: 'hemgang', messageId: eventId },
    causationId: eventId,
    correlationId: streamId,
    data,
  };
  const approved: NewEvent = { streamId, lane: streamId, body };
  const append = { expected: [stream], events: [approved], setDeadlines: [], closeDeadlines: [] };
  const result = { by: decided.by, revision, totalOre };
  if (draft === undefined) return { result: { ...result, outcome: 'nothing-due' }, append };
  const { kind, corrects } = draft;
  const document = {
    kind,
    documentOre: draft.totalOre,
    ...(corrects && { corrects: corrects.number }),
  };
  const today = localDateOf(nowMs);
  if (issueOn !== undefined && issueOn > today) {
    refuseBreaches(draft, record, issueOn);
    const deadline = invoiceDayOf(streamId, eventId, issueOn);
    return {
      result: { ...result, ...document, outcome: 'waits', issueOn },
      append: { ...append, setDeadlines: [deadline] },
    };
  }
  const toIssue = { streamId, period, draft, revision, by: decided.by, decision: eventId };
  const issued = issuing(series, toIssue, nowMs);
  refuseBreaches(draft, record, today);
  const { number, dueDate } = issued.invoice;
  return {
    result: { ...result, ...document, outcome: 'issued', number, ...(dueDate && { dueDate }) },
    append: {
      ...append,
      expected: [stream, ...issued.expected],
      events: [approved, ...issued.events],
    },
  };
}

/**
 * Before a number is taken: what the receiver's system would refuse is not issued.
 * @throws GatewayError configuration-invalid with the rules it breaks
 */
function refuseBreaches(draft: InvoiceDraft, record: BillingData, issueDate: string): void {
  const { county, municipality, month: of, revision } = record;
  const breaches = breachesOf({
    ...draft,
    county,
    municipality,
    month: of,
    sequence: 1,
    number: invoiceNumber(draft, 1),
    issueDate,
    ...(draft.kind === 'invoice' && { dueDate: addDays(issueDate, draft.dueDays) }),
    revision,
    by: 'check',
    decision: 'check',
  });
  if (breaches.length === 0) return;
  const told = breaches.map(({ rule, term, message }) => `    ${rule} (${term}): ${message}`);
  throw refused(
    `an invoice of ${of} would break ${breaches.length} rules of its format, and is not issued`,
    ['correct the settings that they are about, and approve again', ...told].join('\n'),
  );
}

/** The deadline at which a settlement's waiting approval is issued. */
export const invoiceDayKeyOf = (streamId: string): string => `invoice-day|${streamId}`;

/** When the day of an approved invoice comes, its settlement is looked at. */
function invoiceDayOf(
  streamId: string,
  occasion: string,
  issueOn: string,
): Append['setDeadlines'][number] {
  const key = invoiceDayKeyOf(streamId);
  const dueAt = isoOf(startOfDayMs(issueOn));
  const reference = 'The day of the invoice, as agreed or set';
  const data = { key, deadline: 'invoice-day', occasion, dueAt, reference };
  return { key, streamId, lane: streamId, dueAt, data: JSON.stringify(data) };
}

function repeatOf(
  { by, revision, totalOre, draft, issueOn }: Approval,
  eventId: string,
  { invoices }: Invoicing,
): Approved {
  const issued = invoices.find(({ data }) => data.decision === eventId)?.data;
  return {
    outcome: 'repeat',
    by,
    revision,
    totalOre,
    ...(draft && { kind: draft.kind, documentOre: draft.totalOre }),
    ...(issued && { number: issued.number }),
    ...(issued?.dueDate !== undefined && { dueDate: issued.dueDate }),
    ...(!issued && issueOn !== undefined && { issueOn }),
  };
}
