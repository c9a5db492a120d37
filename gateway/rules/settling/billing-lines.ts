/** Days to billing lines: one line for each unbroken run of days at one amount, in whole öre. */
import type { Valued } from '../../../profiles/index.ts';
import type { BillingData, BillingLine, CareDaysData } from '../../process/events.ts';
import { times, type Fraction } from './fraction.ts';
import { addDays } from '../legal-days.ts';
import { FigureMissing, type LawOn } from '../rule.ts';
import { firstDayOf, nextMonth } from './settlement-month.ts';

const reference = '5 kap. 6 § lag (2017:612)';
const amount = 'settlement.careDayAmountOre';

/**
 * Lines for some dates of one case, each day at its amount (reading A22).
 * @param law on the first day of the month that is settled
 * @throws FigureMissing where an amount is missing
 */
export function chargeDays(
  kind: NonNullable<BillingLine['kind']>,
  { caseReference }: Pick<CareDaysData, 'caseReference'>,
  dates: readonly string[],
  law: LawOn,
): BillingLine[] {
  const byDay = law.text('settlement.dayRateDate') === 'careDay';
  const lines: BillingLine[] = [];
  for (const date of dates) {
    const rate = law.amountOn(amount, byDay ? date : law.date);
    const last = lines.at(-1);
    const days = (last?.days ?? 0) + 1;
    if (last !== undefined && continues(last, date, rate)) {
      const amountOre = days * last.rateOre;
      lines[lines.length - 1] = { ...last, until: addDays(date, 1), days, amountOre };
    } else {
      lines.push({
        kind,
        caseReference,
        from: date,
        until: addDays(date, 1),
        days: 1,
        ...rateOf(rate),
        amountOre: Number(rate.value),
      });
    }
  }
  return lines;
}

/**
 * One line for the days by which a month's mean was exceeded; it is of all cases together.
 * @param excess days, exact
 * @throws FigureMissing where the amount is missing, or what follows is no whole number of öre (nothing is rounded, A16)
 */
export function chargeExcess(excess: Fraction, month: string, law: LawOn): BillingLine {
  const rate = law.amountOn(amount, law.date);
  const { numerator, denominator } = times(excess, {
    numerator: Number(rate.value),
    denominator: 1,
  });
  if (denominator !== 1) {
    const why = 'the excess of the mean times the amount is no whole number of öre';
    throw new FigureMissing({ known: false, parameter: amount, date: law.date, reference: why });
  }
  return {
    kind: 'mean-excess',
    from: firstDayOf(month),
    until: firstDayOf(nextMonth(month)),
    quantity: excess,
    ...rateOf(rate),
    amountOre: numerator,
  };
}

/** A case that is charged nothing, with its reason. */
export function excludedOf({
  caseReference,
  reason,
  reference: why,
}: CareDaysData): BillingData['excluded'][number] {
  return { caseReference, reason, reference: why };
}

export const sumOf = (lines: readonly BillingLine[]): number =>
  lines.reduce((sum, line) => sum + line.amountOre, 0);

type Known = Extract<Valued, { known: true }>;

const rateOf = ({
  value,
  origin,
}: Known): Pick<BillingLine, 'rateOre' | 'reference' | 'rateReference'> => ({
  rateOre: Number(value),
  reference,
  rateReference: origin.reference,
});

/** A run goes on while its days follow one another at one amount of one year. */
function continues(last: BillingLine, date: string, rate: Known): boolean {
  return (
    last.until === date &&
    last.rateOre === Number(rate.value) &&
    last.rateReference === rate.origin.reference &&
    last.from.slice(0, 4) === date.slice(0, 4)
  );
}
