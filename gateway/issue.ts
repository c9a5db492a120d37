/**
 * Issues an invoice or a credit note: it gets the next number of its series.
 *
 * A series is a stream of its own, `invoices:<series>`, and its invoices are its only events. An append names the version it
 * was decided by, so of two that are issued at once the slower is refused and counts anew: no number is given twice, and
 * none is left out, for the number and the invoice are one event. The month it belongs to reads it too.
 */
import type { IssuedInvoice, InvoiceDraft } from './process/events.ts';
import { decisionId } from './process/ids.ts';
import { addDays, isoOf, localDateOf } from './rules/legal-days.ts';
import type { Append, Journal } from './runtime/journal/journal.ts';

const prefix = 'invoices:';

export const seriesStreamOf = (series: string): string => `${prefix}${series}`;
export const isSeries = (streamId: string): boolean => streamId.startsWith(prefix);

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
 * @param nowMs legal time, in epoch milliseconds: it has today's date
 */
export async function issuing(
  journal: Pick<Journal, 'lastEvent'>,
  { streamId, period, draft, revision, by, decision, credits }: ToIssue,
  nowMs: number,
): Promise<Pick<Append, 'expected' | 'events'> & { readonly invoice: IssuedInvoice }> {
  const series = seriesStreamOf(draft.series);
  const last = await journal.lastEvent(series);
  const sequence = last?.event.type === 'billing.issued' ? last.event.data.sequence + 1 : 1;
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
    expected: [{ streamId: series, version: last?.position ?? 0 }],
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
