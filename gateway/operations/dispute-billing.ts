/**
 * A municipality disputes an invoice; the dispute goes from one level of the agreement to the next; or it ends, and the
 * invoice stands. Where it ends with a credit, see `credit-billing.ts`; how a municipality's own system tells it, see
 * `wiring/told-disputes.ts`.
 */
import { z } from 'zod';
import type { EventData } from '../process/events.ts';
import { takenUpBy } from '../rules/invoicing/dispute.ts';
import type { StandingInvoice } from '../rules/invoicing/invoices.ts';
import { localDateOf } from '../rules/legal-days.ts';
import { answering, refused, untilWritten } from './answering.ts';
import { operation, type OperationParts } from './operation.ts';
import { spokenOf, stepAppend, type Spoken } from './spoken-invoice.ts';

export const invoiceInput = z.strictObject({
  token: z.string().min(1).max(1000),
  number: z.string().regex(/^\d[\d-]{0,30}$/, 'the number of an invoice: digits, and hyphens'),
});
type Input = z.infer<typeof invoiceInput>;

export interface Disputed {
  readonly number: string;
  readonly by: string;
  /** From 1; absent where no agreement names levels. */
  readonly level?: number | undefined;
  /** How many levels the agreement has. */
  readonly levels: number;
  readonly who?: string | undefined;
  readonly reference?: string | undefined;
  /** The last day of that level to answer, where one is agreed, and where that is written. */
  readonly answerBy?: string | undefined;
  readonly answerReference?: string | undefined;
}

export const disputeBilling = operation(invoiceInput, async (parts, asked): Promise<Disputed> => {
  return await aboutInvoice(parts, asked, 'dispute', ({ invoice }) => {
    const { data, dispute, leftOre } = invoice;
    if (dispute !== undefined) {
      throw refused(
        `invoice ${data.number} is disputed already, since ${localDateOf(Date.parse(dispute.at))}`,
        `hemgang billing escalate, uphold or credit --number ${data.number}`,
      );
    }
    if (leftOre === 0) {
      throw refused(
        `invoice ${data.number} is credited whole by ${invoice.correctedBy.join(', ')}: nothing is left to dispute`,
        `hemgang billing explain tells how; a further invoice of the month has a number of its own`,
      );
    }
    return { type: 'billing.disputed', level: 1 };
  });
});

export const escalateDispute = operation(invoiceInput, async (parts, asked): Promise<Disputed> => {
  return await aboutInvoice(parts, asked, 'escalate', ({ invoice, levels }) => {
    const { number } = invoice.data;
    const reached = openDispute(invoice).level ?? 0;
    const end = `hemgang billing uphold or credit --number ${number}, as it is decided`;
    if (levels.length === 0) {
      throw refused('no agreement says who takes a dispute up; it is for a court', end);
    }
    if (reached >= levels.length) {
      const last = levels.at(-1)?.who ?? '';
      throw refused(`the last level of the agreement is reached: ${last}`, end);
    }
    return { type: 'billing.dispute-escalated', level: reached + 1 };
  });
});

export const upholdInvoice = operation(invoiceInput, async (parts, asked): Promise<Disputed> => {
  return await aboutInvoice(parts, asked, 'uphold', ({ invoice }) => {
    openDispute(invoice);
    return { type: 'billing.upheld' };
  });
});

/** @throws GatewayError where nobody disputes it */
function openDispute({ data, dispute }: StandingInvoice): EventData<'billing.disputed'> {
  if (dispute !== undefined) return dispute.data;
  throw refused(
    `invoice ${data.number} is not disputed`,
    `hemgang billing dispute --number ${data.number} --reason '…' opens one`,
  );
}

type Step =
  | { readonly type: 'billing.disputed' | 'billing.dispute-escalated'; readonly level: number }
  | { readonly type: 'billing.upheld' };

async function aboutInvoice(
  parts: OperationParts,
  { token, number }: Input,
  verb: string,
  step: (spoken: Spoken) => Step,
): Promise<Disputed> {
  const { user, audit } = await answering(parts, token, 'handle-disputes', `invoice ${number}`);
  let isAudited = false;
  return await untilWritten(parts, async () => {
    const spoken = await invoiceSpokenOf(parts, number);
    const next = step(spoken);
    if (!isAudited) await audit(`${verb} invoice ${number}`, spoken.streamId);
    isAudited = true;
    const { streamId, period, levels, parameters, invoice } = spoken;
    const said = {
      ...period,
      key: `${streamId}|billing`,
      number,
      by: user.name,
      reason: parts.order.reason.slice(0, 300),
    };
    const nowMs = parts.clock.nowMs();
    const result = { number, by: user.name, levels: levels.length };
    if (next.type === 'billing.upheld') {
      return { result, append: stepAppend(spoken, { type: next.type, data: said }, nowMs) };
    }
    const today = localDateOf(nowMs);
    const taken = takenUpBy(levels, next.level, parameters, period.month, today);
    // What is disputed goes with it from level to level.
    const { cause, lines } = invoice.dispute?.data ?? {};
    const data = { ...said, ...taken, ...(cause && { cause }), ...(lines && { lines }) };
    return {
      result: { ...result, ...taken },
      append: stepAppend(spoken, { type: next.type, data }, nowMs),
    };
  });
}

/** @throws GatewayError configuration-invalid for a number there is not, and for a credit note */
export async function invoiceSpokenOf(
  { journal, current }: Pick<OperationParts, 'journal' | 'current'>,
  number: string,
): Promise<Spoken> {
  const spoken = await spokenOf(journal, current().profiles, number);
  if (spoken === undefined) {
    throw refused(`there is no invoice ${number}`, 'hemgang billing list shows those there are');
  }
  const { kind, corrects } = spoken.invoice.data;
  if (kind === 'credit-note') {
    const next = `name the invoice that it corrects: ${corrects?.number ?? ''}`;
    throw refused(`${number} is a credit note`, next);
  }
  return spoken;
}
