/** What is never made an invoice of, whatever the rules of the format say. */
import { assert, GatewayError } from '../../../gateway/errors.ts';
import { withoutPersonNumbers } from '../../person-numbers.ts';
import type { Invoice, InvoiceLine } from './invoice.ts';

/**
 * @throws GatewayError invoice-refused for nothing, less than nothing, a missing amount, a due date before the issue date,
 *   or a text with the shape of a person's number in it; assertion-failed where the figures do not agree
 */
export function refuseUnsendable(invoice: Invoice): void {
  if (invoice.lines.length === 0) refuse('BG-25', 'there is nothing to ask for: it has no line');
  for (const line of invoice.lines) refuseLine(line);
  if (!Number.isSafeInteger(invoice.totalOre)) refuse('BT-115', 'its total has no amount');
  if (invoice.totalOre <= 0) {
    refuse('BT-115', 'its total is not above zero: what is owed back is a credit note of its own');
  }
  const sumOre = invoice.lines.reduce((sum, line) => sum + line.amountOre, 0);
  assert(sumOre === invoice.totalOre, 'the lines of an invoice add up to its total');
  if (invoice.kind === 'invoice' && invoice.dueDate < invoice.issueDate) {
    refuse('BT-9', 'it is due before it is issued: set the due date by the date of issue');
  }
  refusePerson('BT-22', invoice.note);
  refusePerson('BT-10', invoice.buyerReference);
}

function refuseLine(line: InvoiceLine): void {
  const { quantity, priceOre, amountOre } = line;
  if (![priceOre, amountOre].every(Number.isSafeInteger)) {
    refuse('BT-131', 'a line has no amount: enter the amount of the year');
  }
  if (priceOre < 0) refuse('BT-146', 'a line has a price below zero');
  const exact = BigInt(quantity.numerator) * BigInt(priceOre);
  assert(
    exact === BigInt(amountOre) * BigInt(quantity.denominator),
    'the amount of a line is its days times its price, exactly',
  );
  refusePerson('BT-153', line.name);
  refusePerson('BT-154', line.description);
  // A reference may have digits by chance: only one that is a person's number as a whole is taken for one.
  if (withoutPersonNumbers(line.caseReference ?? '') === '…') refuse('BT-128', personNumber);
}

/** A mistake of whoever words the lines must not reach a finance system, where everybody may read it. */
function refusePerson(term: string, text = ''): void {
  if (withoutPersonNumbers(text) !== text) refuse(term, personNumber);
}

const personNumber =
  "a text looks like a person's number: an invoice names cases by their reference";

function refuse(term: string, why: string): never {
  throw new GatewayError('invoice-refused', `no invoice is made: ${why}`, { location: term });
}
