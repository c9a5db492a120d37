/** An issued invoice in the terms of EN 16931: what was decided, with the words and dates that a reader needs. */
import { Temporal } from 'temporal-polyfill';
import { assert } from '../../../gateway/errors.ts';
import type { InvoicedLine, IssuedInvoice } from '../../../gateway/process/events.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';
import { ocrOf } from './ocr.ts';
import { lineNames } from './specification.ts';

/** Pure. @throws GatewayError configuration-invalid for a number that no OCR reference follows from */
export function invoiceOf(issued: IssuedInvoice): Invoice {
  const { number, issueDate, dueDate, seller, buyer, buyerReference, orderReference } = issued;
  const { specificationNumber, totalOre, vat, note, corrects, payment, kind } = issued;
  const { reason, ...treatment } = vat;
  const lines = issued.lines.map(lineOf);
  const content = {
    number,
    issueDate,
    seller: partyOf(seller),
    buyer: partyOf(buyer),
    buyerReference,
    ...(orderReference !== undefined && { orderReference }),
    period: {
      from: lines.reduce((from, { period }) => (period.from < from ? period.from : from), '9999'),
      to: lines.reduce((to, { period }) => (period.to > to ? period.to : to), ''),
    },
    specificationNumber,
    lines,
    totalOre,
    vat: { ...treatment, ...(reason !== undefined && { reason }) },
    ...(note !== undefined && { note }),
  };
  if (kind === 'credit-note') {
    assert(corrects, 'a credit note names what it corrects');
    return { ...content, kind, corrects };
  }
  assert(dueDate, 'an invoice is due on a date');
  return {
    ...content,
    kind,
    dueDate,
    payment: { ...payment, ocr: ocrOf(number) },
    ...(corrects && { corrects }),
  };
}

function partyOf({ address, vatId, fSkatt, ...party }: IssuedInvoice['seller']): Invoice['seller'] {
  const { street, ...place } = address;
  return {
    ...party,
    address: { ...place, ...(street !== undefined && { street }) },
    ...(vatId !== undefined && { vatId }),
    ...(fSkatt !== undefined && { fSkatt }),
  };
}

/** A line whose days are taken back in an invoice, or asked for in a credit note, counts below zero. */
function lineOf(
  line: InvoicedLine,
  index: number,
): InvoiceLine & Required<Pick<InvoiceLine, 'period'>> {
  const { kind = 'care-days', caseReference, from, until, days, rateOre, amountOre } = line;
  const sign = line.isOpposite ? -1 : 1;
  const { numerator, denominator } = line.quantity ?? { numerator: days ?? 0, denominator: 1 };
  const lastDay = Temporal.PlainDate.from(until).subtract({ days: 1 }).toString();
  return {
    id: String(index + 1),
    name: lineNames[kind],
    description: line.reference,
    ...(caseReference !== undefined && { caseReference }),
    quantity: { numerator: sign * numerator, denominator },
    priceOre: rateOre,
    amountOre: sign * amountOre,
    period: { from, to: lastDay < from ? from : lastDay },
  };
}
