/** A credit note over an invoice or some of its lines, by a named person's word: after a dispute, or without one. */
import { z } from 'zod';
import { breachesOf } from '../../adapters/outbound/billing/documents.ts';
import { issuing, readSeries } from '../issue.ts';
import { creditOf } from '../rules/invoicing/draft.ts';
import { answering, refused, untilWritten } from './answering.ts';
import { invoiceInput, invoiceSpokenOf } from './dispute-billing.ts';
import { operation } from './operation.ts';
import { stepAppend } from './spoken-invoice.ts';

const input = invoiceInput.extend({
  /** Places of its lines, from 1; every line that is left where absent. */
  lines: z.array(z.int().min(1)).min(1).max(10_000).optional(),
});

export interface Credited {
  /** Of the invoice. */
  readonly number: string;
  /** Of the credit note. */
  readonly creditNote: string;
  readonly by: string;
  readonly lines: readonly number[];
  readonly totalOre: number;
}

export const creditBilling = operation(input, async (parts, asked): Promise<Credited> => {
  const { number } = asked;
  const { user, audit } = await answering(
    parts,
    asked.token,
    'credit-billing',
    `invoice ${number}`,
  );
  let isAudited = false;
  return await untilWritten(parts, async () => {
    const spoken = await invoiceSpokenOf(parts, number);
    const { streamId, period, invoice, invoicing } = spoken;
    const credit = creditOf(invoice, invoicing.invoices, asked.lines);
    if ('left' in credit) throw nothingToCredit(number, credit.left);
    const { draft, places } = credit;
    const { revision } = invoice.data;
    const nowMs = parts.clock.nowMs();
    const step = stepAppend(
      spoken,
      {
        type: 'billing.credited',
        data: {
          ...period,
          key: `${streamId}|billing`,
          number,
          by: user.name,
          reason: parts.order.reason.slice(0, 300),
          lines: places,
        },
      },
      nowMs,
    );
    const decision = step.events[0]?.body.id ?? '';
    const credits = { number, lines: places };
    // What it credits is written to the month itself, so that one who credits meanwhile makes this stale.
    const series = await readSeries(parts.journal, draft.series);
    const toIssue = { streamId, period, draft, revision, by: user.name, decision, credits };
    const issued = issuing(series, toIssue, nowMs);
    const [breach] = breachesOf(issued.invoice);
    if (breach !== undefined) {
      const what = `a credit note of ${number} would break ${breach.rule}: ${breach.message}`;
      throw refused(what, 'this is a mistake of the gateway: nothing was issued; tell its makers');
    }
    const whole = places.length === invoice.data.lines.length ? 'whole' : `lines ${places.join()}`;
    if (!isAudited) await audit(`credit invoice ${number}, ${whole}`, streamId);
    isAudited = true;
    return {
      result: {
        number,
        creditNote: issued.invoice.number,
        by: user.name,
        lines: places,
        totalOre: draft.totalOre,
      },
      append: {
        ...step,
        expected: [...step.expected, ...issued.expected],
        events: [...step.events, ...issued.events],
      },
    };
  });
});

function nothingToCredit(number: string, left: readonly number[]) {
  return left.length === 0
    ? refused(`nothing is left of invoice ${number} to credit`, 'hemgang billing list shows why')
    : refused(
        `not all of these lines of invoice ${number} can be credited`,
        `those that are left: --lines ${left.join()}`,
      );
}
