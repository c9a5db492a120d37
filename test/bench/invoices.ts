/**
 * npm run bench -- invoices: a month's invoices to all 290 municipalities, 20,000 lines together, rendered and held against
 * the rules before they are sent; in one thread, in one process.
 */
import { checkInvoice } from '../../adapters/outbound/billing/checking/index.ts';
import type { Invoice, InvoiceLine } from '../../adapters/outbound/billing/invoice.ts';
import { renderInvoice } from '../../adapters/outbound/billing/peppol.ts';
import { exemptInvoice } from '../support/invoices.ts';

const municipalities = 290;
const lines = 20_000;
/** One city has as many as a small region. */
const linesOfTheLargest = 3_000;
const runs = 5;

export function benchInvoices(say: (line: string) => void): void {
  const invoices = Array.from({ length: municipalities }, (_, index) => invoiceOf(index));
  const count = invoices.reduce((sum, invoice) => sum + invoice.lines.length, 0);
  if (count !== lines) throw new Error(`${count} lines are not ${lines}`);
  const results = Array.from({ length: runs }, () => runOnce(invoices));
  const middle = (key: keyof Result): number =>
    results.map((one) => one[key]).toSorted((left, right) => left - right)[2] ?? 0;
  say(
    `${municipalities} invoices, ${lines} lines: rendered in ${middle('renderSeconds').toFixed(2)} s, ` +
      `checked in ${middle('checkSeconds').toFixed(2)} s (medians of ${runs} runs; ` +
      `both ${results.map((one) => (one.renderSeconds + one.checkSeconds).toFixed(2)).join(', ')}); ` +
      `${Math.round(middle('megabytes'))} MB of XML, ${Math.round(process.resourceUsage().maxRSS / 1024)} MB resident at most`,
  );
}

interface Result {
  readonly renderSeconds: number;
  readonly checkSeconds: number;
  readonly megabytes: number;
}

function runOnce(invoices: readonly Invoice[]): Result {
  let [renderSeconds, checkSeconds, characters] = [0, 0, 0];
  for (const invoice of invoices) {
    const start = performance.now();
    const xml = renderInvoice(invoice);
    const rendered = performance.now();
    if (checkInvoice(xml).length > 0) throw new Error('a good invoice breaks a rule');
    checkSeconds += (performance.now() - rendered) / 1000;
    renderSeconds += (rendered - start) / 1000;
    characters += xml.length;
  }
  return { renderSeconds, checkSeconds, megabytes: characters / 1_000_000 };
}

function invoiceOf(index: number): Invoice {
  const [model] = exemptInvoice.lines;
  if (model === undefined) throw new Error('the sample has a line');
  const of = Array.from({ length: linesOf(index) }, (_, place): InvoiceLine => {
    const days = 1 + (place % 9);
    return {
      ...model,
      id: String(place + 1),
      caseReference: `case-${index}-${place}`,
      quantity: { numerator: days, denominator: 1 },
      amountOre: days * model.priceOre,
    };
  });
  const totalOre = of.reduce((sum, { amountOre }) => sum + amountOre, 0);
  return { ...exemptInvoice, lines: of, totalOre };
}

/** The rest evenly over the others. */
function linesOf(index: number): number {
  if (index === 0) return linesOfTheLargest;
  const rest = lines - linesOfTheLargest;
  const others = municipalities - 1;
  return Math.floor(rest / others) + (index <= rest % others ? 1 : 0);
}
