/**
 * What was billed for a case: each invoice that asks for its days and each credit note that takes them back, who approved
 * it, what was sent of it, and how it was disputed. Of other cases of the month it says nothing.
 */
import { settlementStreamOf } from '../advance.ts';
import type { DisputeCause, EventOf, IssuedInvoice } from '../process/events.ts';
import type { Asked, Period } from '../questions/asked.ts';
import type { RecordReads } from '../questions/case-records.ts';
import type { ExplainedCount } from '../questions/case-counts.ts';
import type { PassedAttempt, StoredEvent } from '../runtime/journal/journal.ts';
import { provenDelivery, type ProvenDelivery } from './proven.ts';

export interface BilledDocument extends Period {
  readonly number: string;
  readonly kind: IssuedInvoice['kind'];
  readonly issueDate: string;
  readonly dueDate?: string;
  /** The specification that it refers to. */
  readonly specification: string;
  /** The invoice that it corrects. */
  readonly corrects?: string;
  /** In whose name it was issued, and when that was decided; of a record, with its SHA-256. */
  readonly decided: { readonly by: string; readonly at: string; readonly digest?: string };
  /** Of the whole document, with every other case in it. */
  readonly totalOre: number;
  /** The case's own, and what a mean that it is in charges of all its cases together; by their places from 1. */
  readonly lines: readonly BilledLine[];
  /** What was said of it, oldest first; why stands in the journal, for it is free text. */
  readonly said: readonly Said[];
  /** Of the document and of its specification. */
  readonly deliveries: readonly (ProvenDelivery & {
    readonly passed: readonly Omit<PassedAttempt, 'deliveryId'>[];
  })[];
}

export type BilledLine = IssuedInvoice['lines'][number] & { readonly place: number };

export interface Said {
  readonly what: 'disputed' | 'dispute-escalated' | 'upheld' | 'credited';
  readonly at: string;
  /** A user of ours by name, or the partner whose system said so. */
  readonly by: string;
  /** Of the agreement, and whose it is. */
  readonly level?: number;
  readonly who?: string;
  readonly cause?: DisputeCause;
  /** Places of the lines it is about; the whole document where absent. */
  readonly lines?: readonly number[];
}

interface BilledReads {
  readonly journal: Pick<Asked['journal'], 'loadStream' | 'deliveries'> &
    Pick<RecordReads, 'paths'>;
}

/** @param counts what the case counts, month by month */
export async function billedFor(
  { journal }: BilledReads,
  counts: readonly (Period & Pick<ExplainedCount, 'caseReference'>)[],
): Promise<readonly BilledDocument[]> {
  const documents: BilledDocument[] = [];
  for (const { county, municipality, month, caseReference } of counts) {
    const period = { county, municipality, month };
    const stream = settlementStreamOf(period);
    const { events } = await journal.loadStream(stream);
    const issued = events.flatMap(({ event }) => (event.type === 'billing.issued' ? [event] : []));
    const rows = issued.length === 0 ? [] : await journal.deliveries.ofLane(stream);
    for (const event of issued) {
      const lines = linesOf(event, caseReference, events);
      if (lines.length === 0) continue;
      const own = rows.filter(({ eventId }) => eventId === event.id);
      const passed = await journal.paths.attemptsOf(own.map(({ deliveryId }) => deliveryId));
      documents.push({
        ...period,
        ...documentOf(event, events),
        lines,
        said: saidOf(event.data.number, events),
        deliveries: own.map((row) => ({
          ...provenDelivery(row),
          passed: passed.flatMap(({ deliveryId, ...one }) =>
            deliveryId === row.deliveryId ? [one] : [],
          ),
        })),
      });
    }
  }
  return documents;
}

type Issued = EventOf<'billing.issued'>;

function linesOf(
  { data }: Issued,
  caseReference: string,
  events: readonly StoredEvent[],
): readonly BilledLine[] {
  const isInMean = shareIn(events, data.revision, caseReference) === 'mean';
  return data.lines
    .map((line, index) => ({ ...line, place: index + 1 }))
    .filter((line) =>
      line.caseReference === undefined ? isInMean : line.caseReference === caseReference,
    );
}

/** What the case's days did in the record that a document follows from. */
function shareIn(
  events: readonly StoredEvent[],
  revision: number,
  caseReference: string,
): ExplainedCount['share'] {
  for (const { event } of events) {
    if (event.type !== 'billing.recorded' && event.type !== 'billing.adjusted') continue;
    if (event.data.revision !== revision) continue;
    return event.data.cases?.find((one) => one.caseReference === caseReference)?.share;
  }
  return undefined;
}

function documentOf(
  { data, recordedAt }: Issued,
  events: readonly StoredEvent[],
): Omit<BilledDocument, keyof Period | 'lines' | 'said' | 'deliveries'> {
  const { number, kind, issueDate, dueDate, specificationNumber, corrects, totalOre, by } = data;
  const decision = events.find(({ event }) => event.id === data.decision)?.event;
  const digest = decision?.type === 'billing.approved' ? decision.data.digest : undefined;
  return {
    number,
    kind,
    issueDate,
    ...(dueDate !== undefined && { dueDate }),
    specification: specificationNumber,
    ...(corrects && { corrects: corrects.number }),
    decided: {
      by,
      at: decision?.recordedAt ?? recordedAt,
      ...(digest !== undefined && { digest }),
    },
    totalOre,
  };
}

function saidOf(number: string, events: readonly StoredEvent[]): readonly Said[] {
  return events.flatMap(({ event }): Said[] =>
    isSaid(event) && event.data.number === number ? [said(event)] : [],
  );
}

const words = {
  'billing.disputed': 'disputed',
  'billing.dispute-escalated': 'dispute-escalated',
  'billing.upheld': 'upheld',
  'billing.credited': 'credited',
} as const;
type SaidEvent = EventOf<keyof typeof words>;
const isSaid = (event: StoredEvent['event']): event is SaidEvent & StoredEvent['event'] =>
  event.type in words;

function said({ type, recordedAt, data }: SaidEvent): Said {
  return {
    what: words[type],
    at: recordedAt,
    by: data.by,
    ...('level' in data && data.level !== undefined && { level: data.level }),
    ...('who' in data && data.who !== undefined && { who: data.who }),
    ...('cause' in data && data.cause !== undefined && { cause: data.cause }),
    ...('lines' in data && data.lines !== undefined && { lines: data.lines }),
  };
}
