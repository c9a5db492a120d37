/**
 * The billing basis of one region, municipality and month: what is charged, by which model and figures, and why the rest
 * is not. Pure; a record, a preview, a what-if and the benchmark are all made of it.
 */
import type { Parameters, Valued } from '../../../profiles/index.ts';
import type { CareDaysData, Carry } from '../../process/events.ts';
import { chargeDays, excludedOf, sumOf } from './billing-lines.ts';
import type { Basis, SettlementPeriod } from './basis.ts';
import { meanBasis } from './mean-model.ts';
import { refuseOtherModel } from './other-model.ts';
import { FigureMissing, LawOn } from '../rule.ts';
import { firstDayOf, invoiceDate } from './settlement-month.ts';

export type MissingFigure = Extract<Valued, { known: false }>;

/**
 * @param cases latest count of each case
 * @param parameters of the place, with its municipality
 * @param before what the month before handed over; undefined where it is not known
 * @returns the basis, or the first figure that is missing: then nothing is charged
 */
export function settlementBasis(
  cases: readonly CareDaysData[],
  parameters: Parameters,
  period: SettlementPeriod,
  before: Carry | undefined,
): Basis | { readonly missing: MissingFigure } {
  // In an order of their own, not the one in which they arrived.
  const ordered = [...cases].sort(byDischarge);
  try {
    const law = new LawOn(parameters, firstDayOf(period.month));
    const basis =
      law.text('settlement.basis') === 'individual'
        ? individualBasis(ordered, law)
        : meanBasis(ordered, law, parameters, period, before);
    return { ...basis, ...toldOf(parameters, period) };
  } catch (error) {
    if (error instanceof FigureMissing) return { missing: error.missing };
    throw error;
  }
}

function byDischarge(left: CareDaysData, right: CareDaysData): number {
  const [leftKey, rightKey] = [left, right].map(
    ({ dischargedOn = '', caseReference }) => `${dischargedOn}|${caseReference}`,
  );
  return (leftKey ?? '') < (rightKey ?? '') ? -1 : 1;
}

/** 5 kap. 4 and 6 §§: every case by itself, every day at the amount of its date. */
function individualBasis(cases: readonly CareDaysData[], law: LawOn): Basis {
  const counted = cases.filter(({ reason }) => reason !== 'CLEARED');
  refuseOtherModel(counted, 'individual', law);
  const charged = counted.filter(({ eligible }) => eligible);
  const lines = charged.flatMap((one) => chargeDays('care-days', one, one.dates, law));
  return {
    model: 'individual',
    lines,
    excluded: counted.filter(({ eligible }) => !eligible).map(excludedOf),
    cases: counted.map(({ caseReference, dates, eligible, reason, flags }) => ({
      caseReference,
      readyDays: dates.length,
      share: eligible ? 'days' : 'ineligible',
      ...(!eligible && { reason }),
      ...(flags && { flags }),
    })),
    totalOre: sumOf(lines),
    signals: [],
  };
}

/** By which agreement, with which reservations, and when it is invoiced. */
function toldOf(
  parameters: Parameters,
  { month }: SettlementPeriod,
): Pick<Basis, 'agreement' | 'remarks' | 'invoiceOn'> {
  const first = firstDayOf(month);
  const agreement = parameters.agreementOn(first);
  const invoiceDay = parameters.valueOn('settlement.invoiceDay', first);
  const dueDays = parameters.valueOn('settlement.dueDays', first);
  const remarks = [
    ...parameters.remarksOn(first),
    ...(invoiceDay.known ? [] : ['INVOICE_DAY_NOT_STATED']),
    ...(dueDays.known ? [] : ['DUE_DATE_NOT_STATED']),
  ];
  return {
    ...(agreement && { agreement: agreement.title }),
    remarks,
    ...(invoiceDay.known && { invoiceOn: invoiceDate(month, Number(invoiceDay.value)) }),
  };
}
