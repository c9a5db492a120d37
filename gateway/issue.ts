/**
 * Issues an invoice or a credit note: it gets the next number of its series.
 *
 * A series is a stream of its own, `invoices:<series>`, and its invoices are its only events. An append names the version it
 * was decided by, so of two that are issued at once the slower is refused and counts anew: no number is given twice, and
 * none is left out, for the number and the invoice are one event. The month it belongs to reads it too, but its version
 * does not tell of it: so the series is read first, then the month, and whoever issued in between makes that stale.
 */
import { assert, GatewayError } from './errors.ts';
import type { IssuedInvoice, InvoiceDraft } from './process/events.ts';
import { decisionId } from './process/ids.ts';
import { addDays, isoOf, localDateOf } from './rules/legal-days.ts';
import type { Append, Journal, StoredEvent } from './runtime/journal/journal.ts';

const prefix = 'invoices:';

export const seriesStreamOf = (series: string): string => `${prefix}${series}`;
export const isSeries = (streamId: string): boolean => streamId.startsWith(prefix);

/** A series as it was when it was read: what is issued is decided by it. */
export interface SeriesRead {
  readonly series: string;
  readonly last: StoredEvent | undefined;
}

/** To be read before the month that is to have an invoice of it. */
export async function readSeries(
  journal: Pick<Journal, 'lastEvent'>,
  series: string,
): Promise<SeriesRead> {
  return { series, last: await journal.lastEvent(seriesStreamOf(series)) };
}

/** What an append expects that was decided by a series as it was read. */
export const seriesExpected = ({ series, last }: SeriesRead): Append['expected'][number] => ({
  streamId: seriesStreamOf(series),
  version: last?.position ?? 0,
});

/** @throws GatewayError journal-spoiled where the last event of the series gives no number to count on from */
function nextOf({ series, last }: SeriesRead): number {
  if (last === undefined) return 1;
  const { event } = last;
  if (event.type === 'billing.issued' && event.data.series === series) {
    return event.data.sequence + 1;
  }
  throw new GatewayError(
    'journal-spoiled',
    `the last event of ${seriesStreamOf(series)} (${event.id}) is no invoice of the series, so the next number is not known\n  next: nothing is issued of series ${series} until the journal is restored from before it; hemgang journal verify looks at the rest`,
  );
}

export interface ToIssue {
  /** The settlement it belongs to: also its lane. */
  readonly streamId: string;
  readonly period: Pick<IssuedInvoice, 'county' | 'municipality' | 'month'>;
  readonly draft: InvoiceDraft;
  /** Of the record it follows from. */
  readonly revision: number;
  readonly by: string;
  /** Id of the event that decided it. */
  readonly decision: string;
  readonly credits?: IssuedInvoice['credits'];
}

/**
 * What an append has to write for it, beside what decided it.
 * @param read the series, before the month was
 * @param nowMs legal time, in epoch milliseconds: it has today's date
 * @throws GatewayError journal-spoiled where the series gives no number to count on from
 */
export function issuing(
  read: SeriesRead,
  { streamId, period, draft, revision, by, decision, credits }: ToIssue,
  nowMs: number,
): Pick<Append, 'expected' | 'events'> & { readonly invoice: IssuedInvoice } {
  assert(draft.series === read.series, 'a document is issued in the series that was read for it');
  const series = seriesStreamOf(draft.series);
  const sequence = nextOf(read);
  const issueDate = localDateOf(nowMs);
  const invoice: IssuedInvoice = {
    ...draft,
    ...period,
    sequence,
    number: invoiceNumber(draft, sequence),
    issueDate,
    ...(draft.kind === 'invoice' && { dueDate: addDays(issueDate, draft.dueDays) }),
    revision,
    by,
    decision,
    ...(credits && { credits }),
  };
  const id = decisionId(series, sequence);
  const now = isoOf(nowMs);
  return {
    invoice,
    expected: [seriesExpected(read)],
    events: [
      {
        streamId: series,
        alsoStream: streamId,
        lane: streamId,
        body: {
          id,
          type: 'billing.issued',
          occurredAt: now,
          recordedAt: now,
          source: { sender: 'hemgang', messageId: id },
          causationId: decision,
          correlationId: streamId,
          data: invoice,
        },
      },
    ],
  };
}

/** `13` and 1 → `13000001`. */
export const invoiceNumber = (
  { numberPrefix }: Pick<InvoiceDraft, 'numberPrefix'>,
  sequence: number,
): string => `${numberPrefix}${String(sequence).padStart(6, '0')}`;
