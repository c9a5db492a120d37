/** Invoices and credit notes: what a named person approved or disputed, and what was issued. */
import { z } from 'zod';
import { date, reference, text } from './codes.ts';
import { billingLine, settlementPeriod } from './settlement.ts';

/** A recorded line as a document has it. An opposite one an invoice takes back, and a credit note asks for. */
const invoicedLine = billingLine.extend({ isOpposite: z.literal(true).optional() });
export type InvoicedLine = z.infer<typeof invoicedLine>;
/** The legal entity that demands, or that is to pay; in the business terms of EN 16931. */
const invoiceParty = z.strictObject({
  name: text,
  organisationNumber: z.string().regex(/^\d{10}$/),
  endpoint: z.strictObject({ scheme: z.enum(['0007', '0088']), id: text }),
  address: z.strictObject({
    street: text.optional(),
    postalCode: text,
    city: text,
    country: z.literal('SE'),
  }),
  vatId: text.optional(),
  fSkatt: z.boolean().optional(),
});
export type InvoiceParty = z.infer<typeof invoiceParty>;
/** Everything of an invoice or a credit note but what issuing gives it: its number, its date and when it is due. */
const invoiceDraft = z.strictObject({
  kind: z.enum(['invoice', 'credit-note']),
  /** Whose numbers it takes: one series a seller. */
  series: text,
  /** What its number begins with: digits, and hyphens between them. */
  numberPrefix: text,
  seller: invoiceParty,
  buyer: invoiceParty,
  buyerReference: text,
  orderReference: text.optional(),
  vat: z.strictObject({
    category: z.enum(['E', 'O']),
    reasonCode: text,
    reason: reference.optional(),
  }),
  payment: z.strictObject({ means: z.enum(['bankgiro', 'plusgiro']), account: text }),
  /** Days from its date until it is due. */
  dueDays: z.int().min(0).max(365),
  /** The specification it refers to: the record of the month, by its revision. */
  specificationNumber: text,
  lines: z.array(invoicedLine).min(1).max(20_000),
  /** Above zero, also of a credit note. */
  totalOre: z.int().min(1),
  corrects: z.strictObject({ number: text, issueDate: date }).optional(),
  note: z.string().min(1).max(1000).optional(),
});
export type InvoiceDraft = z.infer<typeof invoiceDraft>;
const invoiceIssued = invoiceDraft.extend({
  ...settlementPeriod,
  /** One more than that of the last one of its series: no number is left out and none is given twice. */
  sequence: z.int().min(1),
  number: text,
  issueDate: date,
  /** Absent of a credit note. */
  dueDate: date.optional(),
  /** Of the record it follows from. */
  revision: z.int().min(1),
  /** Who approved it, and by which event. */
  by: text,
  decision: text,
  /** Of a credit note after a dispute: what it credits are lines of that invoice, by their places from 1. */
  credits: z.strictObject({ number: text, lines: z.array(z.int().min(1)).min(1) }).optional(),
});
export type IssuedInvoice = z.infer<typeof invoiceIssued>;
/** A named person answered for the record as it stood. */
const approved = z.strictObject({
  ...settlementPeriod,
  key: text,
  revision: z.int().min(1),
  /** SHA-256 of the record that was approved, hexadecimal. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  by: text,
  reason: reference,
  totalOre: z.int(),
  /** What was asked for before, less what was taken back; the draft asks for the difference. */
  invoicedOre: z.int(),
  /** Absent where nothing is due and nothing to be taken back. */
  draft: invoiceDraft.optional(),
  /** The day it is issued, where there is a draft. */
  issueOn: date.optional(),
});
export type Approval = z.infer<typeof approved>;
/** An approval that waited for its day was taken back: nothing is issued of it. */
const approvalWithdrawn = z.strictObject({
  ...settlementPeriod,
  key: text,
  revision: z.int().min(1),
  /** The event of the approval. */
  approval: text,
  by: text,
  reason: reference,
});
/** Of an invoice by its number: what a person said, and who takes it up. */
const disputeStep = z.strictObject({
  ...settlementPeriod,
  key: text,
  number: text,
  by: text,
  reason: reference,
});
/** Why a municipality says that an invoice is not right. */
export const disputeCauses = [
  'not-our-resident',
  'days',
  'amount',
  'notice',
  'planning',
  'charged-twice',
  'other',
] as const;
export type DisputeCause = (typeof disputeCauses)[number];
const disputed = disputeStep.extend({
  /** Of the levels of the agreement, from 1; absent where no agreement names any. */
  level: z.int().min(1).optional(),
  /** Who takes it up at that level, and where that is agreed. */
  who: reference.optional(),
  reference: reference.optional(),
  /** The last day of that level to answer, and where that is agreed. */
  answerBy: date.optional(),
  answerReference: reference.optional(),
  /** What the municipality's own system told: then `by` is the partner, and its text stands in its message alone. */
  cause: z.enum(disputeCauses).optional(),
  /** Of its lines, by their places from 1; the whole invoice where absent. */
  lines: z.array(z.int().min(1)).min(1).optional(),
});

export const invoiceEvents = {
  'billing.approved': approved,
  'billing.approval-withdrawn': approvalWithdrawn,
  'billing.issued': invoiceIssued,
  'billing.disputed': disputed,
  'billing.dispute-escalated': disputed,
  /** The dispute ended: the invoice stands. */
  'billing.upheld': disputeStep,
  /** The dispute ended, or there was none: these lines are taken back, by the credit note issued with it. */
  'billing.credited': disputeStep.extend({ lines: z.array(z.int().min(1)).min(1) }),
} as const;
