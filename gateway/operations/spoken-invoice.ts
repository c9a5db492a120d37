/** The invoice that somebody speaks of by its number, with all that is known of it, and a step that is written to its month. */
import type { DisputeLevel, Parameters, Profiles } from '../../profiles/index.ts';
import { settlementStreamOf } from '../advance.ts';
import { seriesStreamOf } from '../issue.ts';
import type { EventBody, EventData } from '../process/events.ts';
import { decisionId } from '../process/ids.ts';
import { endOfDayMs } from '../rules/invoicing/dispute.ts';
import {
  foldInvoicing,
  type Invoicing,
  type StandingInvoice,
} from '../rules/invoicing/invoices.ts';
import { isoOf } from '../rules/legal-days.ts';
import { firstDayOf } from '../rules/settling/settlement-month.ts';
import type { Append, Journal } from '../runtime/journal/journal.ts';

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
  readonly parameters: Parameters;
  /** Of the agreement that the month was settled by; none under the statute. */
  readonly levels: readonly DisputeLevel[];
  /** Ids of everything that stands in the month. */
  readonly eventIds: ReadonlySet<string>;
}

/**
 * @param municipality only an invoice to this one; one to another is sought as long as one that is not there
 * @returns undefined where there is no invoice or credit note of this number
 */
export async function spokenOf(
  journal: Pick<Journal, 'loadStream' | 'loadSettlement'>,
  profiles: Profiles,
  number: string,
  municipality?: string,
): Promise<Spoken | undefined> {
  const streamId = await settlementOf(journal, profiles.nation.counties, number, municipality);
  if (streamId === undefined) return undefined;
  const { events, version } = await journal.loadSettlement(streamId);
  const invoicing = foldInvoicing(events);
  const invoice = invoicing.invoices.find(({ data }) => data.number === number);
  if (invoice === undefined) return undefined;
  const { data } = invoice;
  const period = { county: data.county, municipality: data.municipality, month: data.month };
  const parameters = profiles.parametersOf(period);
  const levels = parameters.agreementOn(firstDayOf(data.month))?.disputes ?? [];
  const eventIds = new Set(events.map(({ event }) => event.id));
  return { streamId, version, invoice, invoicing, period, parameters, levels, eventIds };
}

async function settlementOf(
  journal: Pick<Journal, 'loadStream'>,
  counties: readonly string[],
  number: string,
  municipality: string | undefined,
): Promise<string | undefined> {
  for (const county of counties) {
    for (const { event } of (await journal.loadStream(seriesStreamOf(county))).events) {
      if (event.type !== 'billing.issued' || event.data.number !== number) continue;
      if (municipality !== undefined && event.data.municipality !== municipality) continue;
      return settlementStreamOf(event.data);
    }
  }
  return undefined;
}

type Step =
  'billing.disputed' | 'billing.dispute-escalated' | 'billing.upheld' | 'billing.credited';
type Given = { [T in Step]: { readonly type: T; readonly data: EventData<T> } }[Step];

/** Who told it, where it came in a message. */
export interface Teller {
  /** Of the event: the same for the same message. */
  readonly id: string;
  readonly sender: string;
  readonly messageId: string;
  readonly sentAt: string;
}

/**
 * One step of an invoice. Its id follows from what stood before it, so that the same step is never taken twice; with it
 * the clock of an open dispute is set, and that of one that ended is stopped.
 */
export function stepAppend(
  { streamId, version, invoice }: Spoken,
  given: Given,
  nowMs: number,
  teller?: Teller,
): Append {
  const { number } = invoice.data;
  const id = teller?.id ?? decisionId(`${streamId}|${given.type}|${number}`, version);
  const body: EventBody = {
    id,
    ...given,
    occurredAt: isoOf(nowMs),
    recordedAt: isoOf(nowMs),
    ...(teller && { sentAt: teller.sentAt }),
    source: teller
      ? { sender: teller.sender, messageId: teller.messageId }
      : { sender: 'hemgang', messageId: id },
    causationId: invoice.dispute?.eventId ?? invoice.eventId,
    correlationId: streamId,
  };
  const key = `dispute-answer|${streamId}|${number}`;
  const deadline = answerDeadline(key, id, given);
  return {
    expected: [{ streamId, version }],
    events: [{ streamId, lane: streamId, body }],
    setDeadlines: deadline === undefined ? [] : [{ ...deadline, streamId, lane: streamId }],
    closeDeadlines: deadline === undefined ? [key] : [],
  };
}

/** When the level that has the dispute has not answered, it is looked at. */
function answerDeadline(
  key: string,
  occasion: string,
  { data }: Given,
): Pick<Append['setDeadlines'][number], 'key' | 'dueAt' | 'data'> | undefined {
  if (!('answerBy' in data) || data.answerBy === undefined) return undefined;
  const dueAt = isoOf(endOfDayMs(data.answerBy));
  const reference = data.answerReference ?? '';
  const said = { key, deadline: 'dispute-answer', occasion, dueAt, reference };
  return { key, dueAt, data: JSON.stringify(said) };
}
