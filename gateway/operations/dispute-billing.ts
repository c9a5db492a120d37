/**
 * A municipality disputes an invoice; the dispute goes from one level of the agreement to the next; or it ends, and the
 * invoice stands. Where it ends with a credit, see `credit-billing.ts`.
 */
import { z } from 'zod';
import { settlementStreamOf } from '../advance.ts';
import { seriesStreamOf } from '../issue.ts';
import type { EventBody, EventData } from '../process/events.ts';
import { decisionId } from '../process/ids.ts';
import {
  foldInvoicing,
  type Invoicing,
  type StandingInvoice,
} from '../rules/invoicing/invoices.ts';
import { isoOf } from '../rules/legal-days.ts';
import { firstDayOf } from '../rules/settling/settlement-month.ts';
import type { Append } from '../runtime/journal/journal.ts';
import { answering, refused, untilWritten } from './answering.ts';
import { operation, type OperationParts } from './operation.ts';

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
}

export const disputeBilling = operation(invoiceInput, async (parts, asked): Promise<Disputed> => {
  return await aboutInvoice(parts, asked, 'dispute', ({ invoice, levels }) => {
    const { data, dispute } = invoice;
    if (dispute !== undefined) {
      throw refused(
        `invoice ${data.number} is disputed already, since ${dispute.at.slice(0, 10)}`,
        `hemgang billing escalate, uphold or credit --number ${data.number}`,
      );
    }
    const [first] = levels;
    return { type: 'billing.disputed', ...levelOf(first, 1) };
  });
});

export const escalateDispute = operation(invoiceInput, async (parts, asked): Promise<Disputed> => {
  return await aboutInvoice(parts, asked, 'escalate', ({ invoice, levels }) => {
    const { number } = invoice.data;
    const reached = openDispute(invoice).level ?? 0;
    const next = levels[reached];
    const end = `hemgang billing uphold or credit --number ${number}, as it is decided`;
    if (levels.length === 0) {
      throw refused('no agreement says who takes a dispute up; it is for a court', end);
    }
    if (next === undefined) {
      const last = levels.at(-1)?.who ?? '';
      throw refused(`the last level of the agreement is reached: ${last}`, end);
    }
    return { type: 'billing.dispute-escalated', ...levelOf(next, reached + 1) };
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

type Levels = readonly { readonly who: string; readonly reference: string }[];

const levelOf = (
  level: Levels[number] | undefined,
  place: number,
): Pick<EventData<'billing.disputed'>, 'level' | 'who' | 'reference'> =>
  level === undefined ? {} : { level: place, who: level.who, reference: level.reference };

/** What is known of the invoice that is spoken of. */
export interface Spoken {
  readonly streamId: string;
  readonly version: number;
  readonly invoice: StandingInvoice;
  readonly invoicing: Invoicing;
  readonly period: {
    readonly county: string;
    readonly municipality: string;
    readonly month: string;
  };
  /** Of the agreement that the month was settled by; none under the statute. */
  readonly levels: Levels;
}

type Step = {
  readonly type: 'billing.disputed' | 'billing.dispute-escalated' | 'billing.upheld';
} & Pick<EventData<'billing.disputed'>, 'level' | 'who' | 'reference'>;

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
    const { type, ...level } = step(spoken);
    if (!isAudited) await audit(`${verb} invoice ${number}`, spoken.streamId);
    isAudited = true;
    const said = {
      ...spoken.period,
      key: `${spoken.streamId}|billing`,
      number,
      by: user.name,
      reason: parts.order.reason.slice(0, 300),
    };
    const given =
      type === 'billing.upheld' ? { type, data: said } : { type, data: { ...said, ...level } };
    const append = stepAppend(spoken, given, parts.clock.nowMs());
    const result = { number, by: user.name, ...level, levels: spoken.levels.length };
    return { result, append };
  });
}

type Given = {
  [T in 'billing.disputed' | 'billing.dispute-escalated' | 'billing.upheld' | 'billing.credited']: {
    readonly type: T;
    readonly data: EventData<T>;
  };
}['billing.disputed' | 'billing.dispute-escalated' | 'billing.upheld' | 'billing.credited'];

/** One step of an invoice; its id follows from what stood before it, so that the same step is never taken twice. */
export function stepAppend(
  { streamId, version, invoice }: Spoken,
  given: Given,
  nowMs: number,
): Append {
  const id = decisionId(`${streamId}|${given.type}|${invoice.data.number}`, version);
  const body: EventBody = {
    id,
    ...given,
    occurredAt: isoOf(nowMs),
    recordedAt: isoOf(nowMs),
    source: { sender: 'hemgang', messageId: id },
    causationId: invoice.dispute?.eventId ?? invoice.eventId,
    correlationId: streamId,
  };
  return {
    expected: [{ streamId, version }],
    events: [{ streamId, lane: streamId, body }],
    setDeadlines: [],
    closeDeadlines: [],
  };
}

/** @throws GatewayError configuration-invalid for a number there is not, and for a credit note */
export async function invoiceSpokenOf(
  { journal, current }: Pick<OperationParts, 'journal' | 'current'>,
  number: string,
): Promise<Spoken> {
  const { profiles } = current();
  const streamId = await settlementOf(journal, profiles.nation.counties, number);
  const { events, version } = await journal.loadSettlement(streamId);
  const invoicing = foldInvoicing(events);
  const invoice = invoicing.invoices.find(({ data }) => data.number === number);
  if (invoice === undefined) throw unknown(number);
  const { county, municipality, month, kind } = invoice.data;
  if (kind === 'credit-note') {
    const next = `name the invoice that it corrects: ${invoice.data.corrects?.number ?? ''}`;
    throw refused(`${number} is a credit note`, next);
  }
  const period = { county, municipality, month };
  const agreement = profiles.parametersOf(period).agreementOn(firstDayOf(month));
  return { streamId, version, invoice, invoicing, period, levels: agreement?.disputes ?? [] };
}

async function settlementOf(
  journal: OperationParts['journal'],
  counties: readonly string[],
  number: string,
): Promise<string> {
  for (const county of counties) {
    for (const { event } of (await journal.loadStream(seriesStreamOf(county))).events) {
      if (event.type !== 'billing.issued' || event.data.number !== number) continue;
      return settlementStreamOf(event.data);
    }
  }
  throw unknown(number);
}

const unknown = (number: string) =>
  refused(`there is no invoice ${number}`, 'hemgang billing list shows those there are');
