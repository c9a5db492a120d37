/** What a month has recorded of every municipality, held against its basis as of now. */
import { settlementStreamOf } from '../advance.ts';
import type { EventOf } from '../process/events.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import type { Asked } from './asked.ts';
import { previewPeriod } from './billing-month.ts';
import type { MonthPreview } from './billing-month.ts';
import { settlementsOf } from './settlements.ts';
import type { PlaceQuestion } from './settlements.ts';

export interface RunSettlement {
  readonly preview: MonthPreview;
  /** The record that stands, or the last adjustment of it; absent while nothing is recorded. */
  readonly event?: Bill;
  /** The record and all its adjustments together. */
  readonly billedOre?: number;
  /** False: the basis as of now is another sum, or cannot be made. */
  readonly isBasis?: boolean;
}

/** Every settlement the journal has of the month, in order of region and municipality. */
export async function runMonth(
  asked: Asked,
  question: PlaceQuestion,
): Promise<readonly RunSettlement[]> {
  const settlements: RunSettlement[] = [];
  for (const period of await settlementsOf(asked, question)) {
    const preview = await previewPeriod(asked, period, []);
    const { events } = await asked.journal.loadStream(settlementStreamOf(period));
    settlements.push({ preview, ...billedIn(events, preview) });
  }
  return settlements;
}

function billedIn(
  events: readonly StoredEvent[],
  { totalOre }: MonthPreview,
): Omit<RunSettlement, 'preview'> {
  const bills = events.map(({ event }) => event).filter(isBill);
  const event = bills.at(-1);
  if (event === undefined) return {};
  const billedOre = bills.reduce((sum, bill) => sum + changeOf(bill), 0);
  return { event, billedOre, isBasis: totalOre === billedOre };
}

type Bill = EventOf<'billing.recorded'> | EventOf<'billing.adjusted'>;

const isBill = (event: StoredEvent['event']): event is Bill =>
  event.type === 'billing.recorded' || event.type === 'billing.adjusted';

const changeOf = (bill: Bill): number =>
  bill.type === 'billing.recorded' ? bill.data.totalOre : bill.data.differenceOre;
