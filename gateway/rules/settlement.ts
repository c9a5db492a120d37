/**
 * 5 kap. 6 §: the days a municipality may be charged for, by the month that settles them. `settle.ts` makes billing of
 * them.
 */
import type { Parameters } from '../../profiles/index.ts';
import type { CareDaysData } from '../process/events.ts';
import { endOf } from '../process/state.ts';
import type { DischargeProcess } from '../process/state.ts';
import { addDays, datesBetween, localDateOf } from './legal-days.ts';
import type { LocalDate } from './legal-days.ts';
import { partiesOf } from './notices/parties.ts';
import type { Reason } from './sentences/reasons.ts';
import { reviewFlags } from './liability/review-flags.ts';
import { LawOn, finding } from './rule.ts';
import type {
  Finding,
  Rule,
  Status,
  Want,
  WantedCareDays,
  WantedLiability,
  WantedReadyDays,
} from './rule.ts';
import { firstDayOf, monthOf } from './settling/settlement-month.ts';

export { cutOffKeyOf, foldSettlement, settle } from './settling/settle.ts';
export { settlementBasis } from './settling/settlement-basis.ts';
export type { Basis, SettlementPeriod } from './settling/basis.ts';

const id = 'settlement';
const reference = '5 kap. 6 § lag (2017:612)';

export const settlement: Rule = {
  id,
  reference,
  assess(process, parameters, nowMs, earlier) {
    const stay = { process, parameters, nowMs, earlier };
    const wants = earlier.flatMap((found) => found.wants);
    const ready = byPayer(wants.filter((want) => want.want === 'ready-days'));
    const liable = byPayer(wants.filter((want) => want.want === 'liability').filter(isCounted));
    const end = endOf(process);
    const found = [
      ...ready.flatMap((days) => countReadyDays(stay, days)),
      ...(end === undefined ? [] : liable).map((periods) => countCareDays(stay, periods)),
    ];
    if (found.length > 0) return found.map((counted) => withSentence(counted, earlier));
    if (end === undefined) return [finding(settlement, 'not-applicable', 'NOT_DISCHARGED')];
    return [missingFigure(stay) ?? finding(settlement, 'not-applicable', 'NO_CARE_DAYS')];
  },
};

interface Stay {
  readonly process: DischargeProcess;
  readonly parameters: Parameters;
  readonly nowMs: number;
  readonly earlier: readonly Finding[];
}

const isCounted = ({ outcome }: WantedLiability): boolean => outcome.state !== 'not-applicable';

type Placed<T extends Want> = T & { readonly county: string; readonly municipality: string };

/** What concerns one payer together; what names no payer or no region is counted nowhere. */
function byPayer<T extends WantedReadyDays | WantedLiability>(
  wants: readonly T[],
): readonly (readonly Placed<T>[])[] {
  const payers = new Map<string, Placed<T>[]>();
  for (const want of wants) {
    const { county, municipality } = want;
    if (county === undefined || municipality === undefined) continue;
    const placed = { ...want, county, municipality };
    const known = payers.get(`${county}|${municipality}`);
    if (known === undefined) payers.set(`${county}|${municipality}`, [placed]);
    else known.push(placed);
  }
  return [...payers.values()];
}

/** Why nothing is charged was said where it was found. */
function withSentence(counted: Finding, earlier: readonly Finding[]): Finding {
  const said = earlier.findLast(({ reason }) => reason === counted.reason)?.sentence;
  return said === undefined ? counted : { ...counted, sentence: said };
}

// ---------------------------------------------------------------- the statute: from the date liability arose

/** Care days of one payer: from the start of liability, the day it ends left out unless the figure says otherwise (A4). */
function countCareDays(stay: Stay, periods: readonly Placed<WantedLiability>[]): Finding {
  const { process, parameters, earlier } = stay;
  const [first] = periods;
  const end = endOf(process);
  if (first === undefined || end === undefined) throw new RangeError('nothing to count');
  const { county, municipality } = first;
  const dischargedOn = localDateOf(end.atMs);
  const law = new LawOn(parameters.under(municipality), dischargedOn);
  const isLastCharged = law.flag(`${id}.dischargeDayCharged`);
  const dates: LocalDate[] = [];
  let reason: Reason = 'NO_CARE_DAYS';
  let eligible = false;
  for (const { outcome } of periods) {
    if (outcome.state === 'arisen') {
      eligible = true;
      const until = outcome.until ?? dischargedOn;
      dates.push(...datesBetween(outcome.from, isLastCharged ? addDays(until, 1) : until));
    } else if (outcome.state === 'withheld') {
      reason = outcome.reason;
    }
  }
  if (eligible) reason = dates.length > 0 ? 'CARE_DAYS_COUNTED' : 'NO_CARE_DAYS';
  const isDeath = process.deceased !== undefined && end === process.deceased;
  const reading = law.text(`${id}.deceased`);
  if (isDeath && dates.length > 0 && reading !== 'include') {
    eligible = false;
    reason = reading === 'exclude' ? 'DECEASED_EXCLUDED' : 'DECEASED_REVIEW';
  }
  const last = process.readiness.at(-1);
  const flags = last === undefined ? [] : reviewFlags(process, last);
  if (earlier.some((found) => found.reason === 'SENT_DISPUTED')) flags.push('SENT_DISPUTED');
  const because = periods.map(({ about }) => about.id);
  const want = {
    ...wantOf(stay, { county, municipality, month: monthOf(dischargedOn) }, because),
    dates,
    dischargedOn,
    eligible,
    reason,
    ...(flags.length > 0 && { flags }),
  };
  const status = reason === 'DECEASED_REVIEW' ? 'unknown' : eligible ? 'met' : 'unmet';
  return countFinding(status, want, dates.length, law);
}

// ---------------------------------------------------------------- an agreement: from the notification

/** Days of one payer under an agreement: in the month of discharge, or each in the month it falls in (reading A12). */
function countReadyDays(stay: Stay, periods: readonly Placed<WantedReadyDays>[]): Finding[] {
  const { process, parameters, nowMs } = stay;
  const last = periods.at(-1);
  if (last === undefined) return [];
  const isEnded = endOf(process) !== undefined;
  const law = new LawOn(parameters.under(last.municipality), last.lastDay);
  const dates = periods.flatMap(({ readyOn, lastDay }) =>
    datesBetween(addDays(readyOn, 1), addDays(lastDay, 1)),
  );
  const months = new Map<string, LocalDate[]>();
  if (isEnded) months.set(monthOf(last.lastDay), []);
  const isDated = law.text(`${id}.daysSettledIn`) === 'careDay';
  const current = monthOf(localDateOf(nowMs));
  for (const date of isDated || isEnded ? dates : []) {
    const month = isDated ? monthOf(date) : monthOf(last.lastDay);
    // While the patient is there a month is counted when it has ended.
    if (!isEnded && month >= current) continue;
    // A month of before the agreement is settled by the statute, in the month of discharge.
    if (!months.has(month) && isOfStatute(stay, last.municipality, month)) continue;
    const known = months.get(month);
    if (known === undefined) months.set(month, [date]);
    else known.push(date);
  }
  return [...months].map(([month, ofMonth]) => {
    const isOfDischarge = isEnded && month === monthOf(last.lastDay);
    const until = ofMonth.at(-1) ?? last.lastDay;
    const passed = dates.filter((date) => date <= until).length;
    return countMonth(stay, periods, last, month, ofMonth, law, {
      readyDays: isEnded ? dates.length : passed,
      ...(isOfDischarge && { dischargedOn: last.lastDay }),
    });
  });
}

/** Where it is not known which holds, the month has to say so. */
function isOfStatute({ parameters }: Stay, municipality: string, month: string): boolean {
  const basis = parameters.under(municipality).valueOn(`${id}.basis`, firstDayOf(month));
  return basis.known && basis.value === 'individual';
}

function countMonth(
  stay: Stay,
  periods: readonly Placed<WantedReadyDays>[],
  last: Placed<WantedReadyDays>,
  month: string,
  dates: readonly LocalDate[],
  law: LawOn,
  days: Pick<CareDaysData, 'readyDays' | 'dischargedOn'>,
): Finding {
  const { county, municipality, eligible, reason, readyOn, registeredDays } = last;
  const flags = [...new Set(periods.flatMap((period) => period.flags))];
  const because = periods.map(({ about }) => about.id);
  const isShown = days.dischargedOn !== undefined && registeredDays !== days.readyDays;
  const want: WantedCareDays = {
    ...wantOf(stay, { county, municipality, month }, because),
    dates: [...dates],
    ...days,
    readyOn,
    ...(isShown && { registeredDays }),
    eligible,
    reason,
    ...(flags.length > 0 && { flags }),
  };
  const status: Status = eligible ? 'met' : 'unmet';
  return countFinding(status, want, days.readyDays ?? 0, law);
}

// ---------------------------------------------------------------- what both have

type Count = Pick<WantedCareDays, 'dates' | 'eligible' | 'reason'>;

function wantOf(
  { process, earlier }: Stay,
  place: { readonly county: string; readonly municipality: string; readonly month: string },
  because: readonly string[],
): Omit<WantedCareDays, keyof Count> {
  const deviations = new Set<string>();
  for (const { rule, status, reason } of earlier) {
    if (status === 'unmet' && duties.has(rule)) deviations.add(reason);
  }
  return {
    want: 'care-days',
    ...place,
    ...(deviations.size > 0 && { deviations: [...deviations].slice(0, 20) }),
    ...(process.calls.some(({ withdrawn }) => withdrawn === undefined) && { planned: true }),
    because: because.slice(0, 100),
    reference,
  };
}

/** Chapters 2 to 4: what the region has to do, whoever pays. */
const duties = new Set([
  'admission-notice',
  'care-contact',
  'discharge-ready-notice',
  'information-transfer',
  'care-planning',
]);

function countFinding(status: Status, want: WantedCareDays, days: number, law: LawOn): Finding {
  const { municipality, because } = want;
  // The reason of a want comes from this file and the findings before it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const reason = want.reason as Reason;
  return finding(settlement, status, reason, {
    municipality,
    because,
    parameters: law.origins,
    wants: [want],
    fill: { days: String(days), from: want.readyOn ?? want.dates[0] ?? '', month: want.month },
  });
}

/**
 * Where a figure is missing the case cannot be judged; its month is told of it once, so that it withholds and says what is
 * missing.
 */
function missingFigure(stay: Stay): Finding | undefined {
  const { process, earlier } = stay;
  const missing = earlier.find(({ reason }) => reason === 'PARAMETER_MISSING');
  const end = endOf(process);
  const municipality = partiesOf(process).payer;
  const { county } = process;
  if (missing === undefined || end === undefined) return undefined;
  if (county === undefined || municipality === undefined) return undefined;
  if (process.readiness.length === 0) return undefined;
  const { rule: _rule, ...rest } = missing;
  const found = { ...rest, rule: id, reference, municipality };
  // What was counted before the figure went missing stands.
  const counted = [...process.history.careDays.values()];
  if (counted.some(({ reason }) => reason !== 'PARAMETER_MISSING')) return { ...found, wants: [] };
  const dischargedOn = localDateOf(end.atMs);
  const want: WantedCareDays = {
    ...wantOf(stay, { county, municipality, month: monthOf(dischargedOn) }, missing.because),
    dates: [],
    dischargedOn,
    eligible: false,
    reason: 'PARAMETER_MISSING',
  };
  return { ...found, wants: [want] };
}
