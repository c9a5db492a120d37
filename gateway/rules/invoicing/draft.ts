/** What an approval leads to: nothing, an invoice, or a credit note; and the day it is issued. */
import type { BillingData, InvoiceDraft } from '../../process/events.ts';
import type { LocalDate } from '../legal-days.ts';
import { invoiceDate } from '../settling/settlement-month.ts';
import { creditableLines, differenceOf } from './difference.ts';
import type { Invoicing, StandingInvoice } from './invoices.ts';
import type { DraftParties, InvoiceSettings } from './settings.ts';

/** The name that an invoice has for the specification of a record: that of its files. */
export const specificationOf = ({
  county,
  municipality,
  month,
  revision,
}: Pick<BillingData, 'county' | 'municipality' | 'month' | 'revision'>): string =>
  `${county}-${municipality}-${month}-r${revision}`;

/** Whether a difference can be a document: less than nothing is due only where something was invoiced. */
export const isDraftable = (
  differenceOre: number,
  invoices: readonly Pick<StandingInvoice, 'data'>[],
): boolean => differenceOre > 0 || invoices.some(({ data }) => data.kind === 'invoice');

/**
 * The document that brings what was invoiced to what is recorded. EN 16931 has no way to change a sent invoice: less is
 * due by a credit note that names it (BG-3), more by a further invoice that names it. Only the difference is in either, so
 * that what the municipality has checked and paid of the first stands as it is.
 * @returns undefined where both are the same sum
 */
export function draftOf(
  record: BillingData,
  invoices: readonly StandingInvoice[],
  parties: DraftParties,
): InvoiceDraft | undefined {
  const { lines, totalOre } = differenceOf(
    record.lines,
    invoices.map(({ data }) => data),
  );
  if (totalOre === 0) return undefined;
  const specificationNumber = specificationOf(record);
  const common = { ...parties, specificationNumber, lines: [...lines] };
  if (totalOre > 0) {
    const first = invoices.findLast(({ data }) => data.kind === 'invoice');
    if (first === undefined) return { ...common, kind: 'invoice', totalOre };
    const note = `Tillkommer till faktura ${first.data.number} efter ändrat underlag`;
    return { ...common, kind: 'invoice', totalOre, corrects: namedBy(first), note };
  }
  const creditOre = -totalOre;
  const corrected = creditedInvoice(invoices, creditOre);
  const isMore = creditOre > corrected.leftOre;
  const others = invoices.filter((one) => isMore && one !== corrected && one.leftOre > 0);
  const numbers = [corrected, ...others].map(({ data }) => data.number).join(', ');
  const note = `Krediterar faktura ${numbers} efter ändrat underlag`;
  const kind = 'credit-note';
  return { ...common, kind, totalOre: creditOre, corrects: namedBy(corrected), note };
}

/** The newest invoice that has as much left; where none has, the one that has the most: a credit note names one. */
function creditedInvoice(invoices: readonly StandingInvoice[], creditOre: number): StandingInvoice {
  const demands = invoices.filter(({ data }) => data.kind === 'invoice');
  const fitting = demands.findLast(({ leftOre }) => leftOre >= creditOre);
  const [most] = demands.toSorted((left, right) => right.leftOre - left.leftOre);
  const chosen = fitting ?? most;
  if (chosen === undefined) throw new RangeError('nothing was invoiced that could be credited');
  return chosen;
}

const namedBy = ({ data }: StandingInvoice) => ({
  number: data.number,
  issueDate: data.issueDate,
});

/**
 * A credit note over lines of an invoice, by a person's word. It has the parties of the invoice, whatever the settings
 * say by now.
 * @param places from 1; every line that is left where undefined
 * @returns the draft with the places it credits, or those that cannot be: already credited, taken back, or not there
 */
export function creditOf(
  invoice: StandingInvoice,
  invoices: readonly StandingInvoice[],
  places: readonly number[] | undefined,
):
  | { readonly draft: InvoiceDraft; readonly places: number[] }
  | { readonly left: readonly number[] } {
  const creditable = creditableLines(
    invoice.data,
    invoices.map(({ data }) => data),
  );
  const wanted = [...new Set(places ?? creditable.keys())].toSorted((a, b) => a - b);
  const lines = wanted.flatMap((place) => creditable.get(place) ?? []);
  if (wanted.length === 0 || lines.length < wanted.length) return { left: [...creditable.keys()] };
  const { series, numberPrefix, seller, buyer, buyerReference, vat, payment, dueDays } =
    invoice.data;
  const { orderReference, specificationNumber, number } = invoice.data;
  const draft: InvoiceDraft = {
    kind: 'credit-note',
    series,
    numberPrefix,
    seller,
    buyer,
    buyerReference,
    ...(orderReference !== undefined && { orderReference }),
    vat,
    payment,
    dueDays,
    specificationNumber,
    lines,
    totalOre: lines.reduce((sum, { amountOre }) => sum + amountOre, 0),
    corrects: namedBy(invoice),
    note: `Krediterar faktura ${number}`,
  };
  return { draft, places: wanted };
}

/**
 * The day a document is issued. The first invoice of a month has the day of the agreement, also where it is a rest day
 * (reading A27), or of the settings; what was approved later, and every correction, is issued when it is approved.
 */
export function issueDay(
  { kind, corrects }: Pick<InvoiceDraft, 'kind' | 'corrects'>,
  { month, invoiceOn }: Pick<BillingData, 'month' | 'invoiceOn'>,
  { invoiceDay }: Pick<InvoiceSettings, 'invoiceDay'>,
  today: LocalDate,
): LocalDate {
  if (kind === 'credit-note' || corrects !== undefined) return today;
  const set = typeof invoiceDay === 'number' ? invoiceDate(month, invoiceDay) : today;
  const day = invoiceOn ?? set;
  return day > today ? day : today;
}

/** Where an approval of the record would change nothing. */
export const isApproved = ({ billed, approval }: Invoicing): boolean =>
  billed !== undefined && approval?.data.revision === billed.data.revision;
