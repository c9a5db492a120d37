/** What a case counts in each month, and what that led to in the month's settlement. */
import { settlementStreamOf } from '../advance.ts';
import type { BillingLine, CareDaysData, SettledCase } from '../process/events.ts';
import type { DischargeProcess } from '../process/state.ts';
import { foldSettlement } from '../rules/settling/settle.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import { daysOf, namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { standingOf } from './standing.ts';
import type { Standing } from './standing.ts';

export interface ExplainedCount extends Period, PlaceNames {
  /** As it stands in the lines of the settlement. */
  readonly caseReference: string;
  readonly revision: number;
  readonly days: number;
  readonly dates: readonly string[];
  readonly readyOn?: string;
  readonly dischargedOn?: string;
  readonly eligible: boolean;
  readonly reason: string;
  readonly flags: readonly string[];
  readonly settlement: Standing;
  /** False: the month does not read it, as of a case whose sender is in shadow. */
  readonly isSettled: boolean;
  /** What its days do in the record that stands. */
  readonly share?: SettledCase['share'];
  /** Lines of the record that are the case's own; what a mean charges is of all its cases together. */
  readonly lines: readonly BillingLine[];
  readonly amountOre: number;
}

/** @param isKnown whether an event of the settlement was known at the time asked about */
export async function countsOf(
  { journal, profiles }: Asked,
  process: DischargeProcess,
  isKnown: (stored: StoredEvent) => boolean,
): Promise<readonly ExplainedCount[]> {
  const counts: ExplainedCount[] = [];
  for (const count of process.history.careDays.values()) {
    const { events } = await journal.loadStream(settlementStreamOf(count));
    counts.push({
      ...placed(count),
      ...namesOf(profiles, count),
      ...outcomeOf(count, events.filter(isKnown)),
    });
  }
  return counts;
}

function placed(
  count: CareDaysData,
): Omit<
  ExplainedCount,
  keyof PlaceNames | 'settlement' | 'isSettled' | 'share' | 'lines' | 'amountOre'
> {
  const { county, municipality, month, caseReference, revision, dates } = count;
  const { readyOn, dischargedOn, eligible } = count;
  return {
    county,
    municipality,
    month,
    caseReference,
    revision,
    days: daysOf(count),
    dates,
    ...(readyOn !== undefined && { readyOn }),
    ...(dischargedOn !== undefined && { dischargedOn }),
    eligible,
    reason: count.reason,
    flags: count.flags ?? [],
  };
}

function outcomeOf(
  { key, month, caseReference }: CareDaysData,
  stream: readonly StoredEvent[],
): Pick<ExplainedCount, 'settlement' | 'isSettled' | 'share' | 'lines' | 'amountOre'> {
  const { cases, billed } = foldSettlement(stream, { month });
  const isOwn = (one: { readonly caseReference?: string | undefined }): boolean =>
    one.caseReference === caseReference;
  const share = billed?.cases?.find(isOwn)?.share;
  const lines = billed?.lines.filter(isOwn) ?? [];
  return {
    settlement: standingOf(stream, month),
    isSettled: cases.has(key),
    ...(share !== undefined && { share }),
    lines,
    amountOre: lines.reduce((sum, line) => sum + line.amountOre, 0),
  };
}
