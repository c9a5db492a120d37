/** Counted days against those counted before, per payer and month. */
import type { CareDaysData } from '../../process/events.ts';
import type { DischargeProcess } from '../../process/state.ts';
import type { Draft } from './draft.ts';
import type { WantedCareDays } from '../rule.ts';

/** @param draft the events go there */
export function decideCareDays(
  process: DischargeProcess,
  wants: readonly WantedCareDays[],
  draft: Draft,
): void {
  const standing = new Set<string>();
  for (const { want: _want, ...counted } of wants) {
    const { county, municipality, month, because } = counted;
    const key = draft.keyOf(`care-days|${county}|${municipality}|${month}`);
    standing.add(key);
    const last = process.history.careDays.get(key);
    if (last !== undefined && sameCount(last, counted)) continue;
    const revision = (last?.revision ?? 0) + 1;
    const caseReference = last?.caseReference ?? draft.processId;
    const cause = because.at(-1) ?? 'care-days';
    draft.add('care-days.counted', key, revision, cause, {
      ...counted,
      key,
      revision,
      caseReference,
    });
  }
  if (!draft.takesBack) return;
  for (const last of process.history.careDays.values()) {
    // Another month, another payer, or no discharge after all: the place that counted them is told.
    if (standing.has(last.key) || last.reason === 'CLEARED') continue;
    const { county, municipality, month, key, caseReference, because, reference } = last;
    const revision = last.revision + 1;
    draft.add('care-days.counted', key, revision, because[0] ?? draft.processId, {
      county,
      municipality,
      month,
      key,
      caseReference,
      because,
      reference,
      revision,
      dates: [],
      eligible: false,
      reason: 'CLEARED',
    });
  }
}

type Counted = Omit<CareDaysData, 'key' | 'revision' | 'caseReference'>;

/** What rests on other facts is the same count, while it says the same. */
function sameCount(left: Counted, right: Counted): boolean {
  return textOf(left) === textOf(right);
}

function textOf(counted: Counted): string {
  const { eligible, reason, dischargedOn, readyOn, readyDays, registeredDays, planned } = counted;
  const { dates, flags = [], deviations = [] } = counted;
  return JSON.stringify([
    [eligible, reason, dischargedOn, readyOn, readyDays, registeredDays, planned],
    dates,
    flags,
    deviations,
  ]);
}
