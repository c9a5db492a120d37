/**
 * What a record asks for beyond what its invoices have asked for already, line by line.
 *
 * A line that is unchanged is in no further document. One that changed is taken back whole and asked for anew, so that the
 * reader can hold each against the invoice and the specification. What was credited after a dispute is not asked for again.
 */
import type { BillingLine, InvoicedLine, IssuedInvoice } from '../../process/events.ts';

export interface Difference {
  /** In the direction of the total: of a negative one they are taken back. */
  readonly lines: readonly InvoicedLine[];
  /** Above zero: more is due; below: something is to be credited. */
  readonly totalOre: number;
  /** What the invoices ask for so far, less what was credited. */
  readonly invoicedOre: number;
}

type Issued = Pick<IssuedInvoice, 'kind' | 'lines' | 'credits'>;

/** @param invoices of the month, in order of issue */
export function differenceOf(
  record: readonly BillingLine[],
  invoices: readonly Issued[],
): Difference {
  const asked = askedFor(invoices);
  const waived = new Counted();
  for (const { credits, lines } of invoices) {
    if (credits === undefined) continue;
    for (const line of lines) waived.add(line, line.isOpposite ? -1 : 1);
  }
  const due = new Counted();
  for (const line of record) due.add(line, 1);
  for (const [line, count] of waived.all()) due.add(line, -Math.min(count, due.of(line)));
  const goes = asked.beyond(due);
  const comes = due.beyond(asked);
  const totalOre = sumOf(comes) - sumOf(goes);
  const [along, against] = totalOre < 0 ? [goes, comes] : [comes, goes];
  return {
    lines: [...along, ...against.map((line) => ({ ...line, isOpposite: true as const }))],
    totalOre,
    invoicedOre: sumOf([...asked.all()].flatMap(([line, count]) => Array(count).fill(line))),
  };
}

/** Every line that the documents ask for together, and how often; credit notes take theirs away. */
function askedFor(invoices: readonly Issued[]): Counted {
  const asked = new Counted();
  for (const { kind, lines } of invoices) {
    for (const line of lines) asked.add(line, isAsked(kind, line) ? 1 : -1);
  }
  return asked;
}

const isAsked = (kind: Issued['kind'], { isOpposite }: InvoicedLine): boolean =>
  (kind === 'invoice') !== (isOpposite === true);

/**
 * The lines of an invoice that may still be credited, by their places from 1: those that no later document took back.
 * @param invoices of the month, the invoice among them
 */
export function creditableLines(
  invoice: Issued,
  invoices: readonly Issued[],
): ReadonlyMap<number, InvoicedLine> {
  const asked = askedFor(invoices);
  const creditable = new Map<number, InvoicedLine>();
  for (const [index, line] of invoice.lines.entries()) {
    if (line.isOpposite || asked.of(line) <= 0) continue;
    asked.add(line, -1);
    creditable.set(index + 1, line);
  }
  return creditable;
}

const sumOf = (lines: readonly BillingLine[]): number =>
  lines.reduce((sum, { amountOre }) => sum + amountOre, 0);

/** Lines by what they ask for: alike are those of the same case, days and amount, whatever source is cited. */
class Counted {
  readonly #lines = new Map<string, { line: BillingLine; count: number }>();

  add(given: InvoicedLine, count: number): void {
    const { isOpposite: _isOpposite, ...line } = given;
    const key = keyOf(line);
    const known = this.#lines.get(key);
    if (known === undefined) this.#lines.set(key, { line, count });
    else known.count += count;
  }

  of(line: BillingLine): number {
    return this.#lines.get(keyOf(line))?.count ?? 0;
  }

  *all(): Generator<readonly [BillingLine, number]> {
    for (const { line, count } of this.#lines.values()) if (count > 0) yield [line, count];
  }

  /** What is here more often than there, in the order in which it came. */
  beyond(other: Counted): readonly BillingLine[] {
    return [...this.all()].flatMap(([line, count]) =>
      Array.from({ length: Math.max(0, count - other.of(line)) }, () => line),
    );
  }
}

const keyOf = ({ kind = 'care-days', caseReference, from, until, ...line }: BillingLine): string =>
  JSON.stringify([
    [kind, caseReference, from, until],
    [line.days, line.quantity, line.rateOre, line.amountOre],
  ]);
