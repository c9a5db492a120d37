/** 5 kap. 6 §: the care days a municipality pays for, by month of discharge. `settle.ts` makes billing of them. */
import { Temporal } from 'temporal-polyfill';
import type { Parameters } from '../../profiles/index.ts';
import { endOf } from '../process/state.ts';
import type { DischargeProcess } from '../process/state.ts';
import { datesBetween, localDateText } from './legal-days.ts';
import { LawOn, finding } from './rule.ts';
import type { Finding, Rule, WantedCareDays, WantedLiability } from './rule.ts';
import type { Reason } from './reasons.ts';
export { settle } from './settle.ts';
export type { SettlementPeriod } from './settle.ts';

const id = 'settlement';
const reference = '5 kap. 6 § lag (2017:612)';

export const settlement: Rule = {
  id,
  reference,
  assess(process, parameters, _now, earlier) {
    const end = endOf(process);
    if (end === undefined) return [finding(settlement, 'not-applicable', 'NOT_DISCHARGED')];
    const decided = earlier.flatMap(liabilityOf);
    const byPayer = new Map<string, WantedLiability[]>();
    for (const liability of decided) {
      const { county, municipality } = liability;
      if (county === undefined || municipality === undefined) continue;
      const place = `${county}|${municipality}`;
      byPayer.set(place, [...(byPayer.get(place) ?? []), liability]);
    }
    if (byPayer.size === 0) return [finding(settlement, 'not-applicable', 'NO_CARE_DAYS')];
    return [...byPayer.values()].map((periods) => {
      const counted = countDays(process, localDateText(end.at), periods, parameters);
      // Why nothing is charged was said where it was found.
      const said = earlier.findLast(({ reason }) => reason === counted.reason)?.sentence;
      return said === undefined ? counted : { ...counted, sentence: said };
    });
  },
};

function liabilityOf(found: Finding): WantedLiability[] {
  return found.wants.filter(
    (want): want is WantedLiability =>
      want.want === 'liability' && want.outcome.state !== 'not-applicable',
  );
}

/** Charged care days of one payer: from the start of liability, the day it ends left out (reading A4). */
function countDays(
  process: DischargeProcess,
  dischargedOn: string,
  periods: readonly WantedLiability[],
  parameters: Parameters,
): Finding {
  const law = new LawOn(parameters, dischargedOn);
  const dates: string[] = [];
  let reason: Reason = 'NO_CARE_DAYS';
  let eligible = false;
  for (const { outcome } of periods) {
    if (outcome.state === 'arisen') {
      eligible = true;
      const until = outcome.until ?? Temporal.PlainDate.from(dischargedOn);
      dates.push(...datesBetween(outcome.from, until));
    } else if (outcome.state === 'withheld') {
      reason = outcome.reason;
    }
  }
  if (eligible) reason = dates.length > 0 ? 'CARE_DAYS_COUNTED' : 'NO_CARE_DAYS';
  const isDeath = process.deceased !== undefined && endOf(process) === process.deceased;
  const reading = law.text(`${id}.deceased`);
  if (isDeath && dates.length > 0 && reading !== 'include') {
    eligible = false;
    reason = reading === 'exclude' ? 'DECEASED_EXCLUDED' : 'DECEASED_REVIEW';
  }
  const { county = '', municipality = '' } = periods[0] ?? {};
  const because = periods.map(({ about }) => about.id);
  const want: WantedCareDays = {
    want: 'care-days',
    county,
    municipality,
    dischargedOn,
    dates,
    eligible,
    reason,
    because,
    reference,
  };
  const status = reason === 'DECEASED_REVIEW' ? 'unknown' : eligible ? 'met' : 'unmet';
  return finding(settlement, status, reason, {
    municipality,
    because,
    parameters: law.origins,
    wants: [want],
    fill: { days: String(dates.length) },
  });
}
