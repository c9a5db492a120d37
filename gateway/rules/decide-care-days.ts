/** Counted care days against those counted before, per payer and month of discharge. */
import type { CareDaysData } from '../process/events.ts';
import type { DischargeProcess } from '../process/state.ts';
import type { Draft } from './decide.ts';
import type { WantedCareDays } from './rule.ts';

/** @param draft the events go there */
export function decideCareDays(
  process: DischargeProcess,
  wants: readonly WantedCareDays[],
  draft: Draft,
): void {
  const standing = new Set<string>();
  for (const want of wants) {
    const month = want.dischargedOn.slice(0, 7);
    const key = `${draft.processId}|care-days|${want.county}|${want.municipality}|${month}`;
    standing.add(key);
    const last = process.history.careDays.get(key);
    const counted: CareDaysData = {
      key,
      revision: (last?.revision ?? 0) + 1,
      caseReference: draft.processId,
      county: want.county,
      municipality: want.municipality,
      month,
      dates: [...want.dates],
      dischargedOn: want.dischargedOn,
      eligible: want.eligible,
      reason: want.reason,
      because: want.because.slice(0, 100),
      reference: want.reference,
    };
    if (last !== undefined && sameCount(last, counted)) continue;
    draft.add('care-days.counted', key, counted.revision, causeOf(want), counted);
  }
  if (!draft.takesBack) return;
  for (const last of process.history.careDays.values()) {
    // Another month, another payer, or no discharge after all: the place that counted them is told.
    if (standing.has(last.key) || last.reason === 'CLEARED') continue;
    const revision = last.revision + 1;
    draft.add('care-days.counted', last.key, revision, last.because[0] ?? draft.processId, {
      ...last,
      revision,
      dates: [],
      eligible: false,
      reason: 'CLEARED',
    });
  }
}

const causeOf = ({ because }: WantedCareDays): string => because.at(-1) ?? 'care-days';

function sameCount(left: CareDaysData, right: CareDaysData): boolean {
  return (
    left.eligible === right.eligible &&
    left.reason === right.reason &&
    left.dischargedOn === right.dischargedOn &&
    left.dates.join() === right.dates.join()
  );
}
