/** Counts that were made while another model governed their month: an agreement was entered since, or taken away. */
import type { CareDaysData } from '../../process/events.ts';
import { FigureMissing, type LawOn } from '../rule.ts';

/**
 * Whether a case was counted for another model than the month goes by: a mean needs its days from the notification, the
 * statute its days of liability.
 * @param basis value of `settlement.basis` in the month
 */
export function isOfOtherModel({ readyDays, reason }: CareDaysData, basis: string): boolean {
  if (reason === 'CLEARED' || reason === 'PARAMETER_MISSING') return false;
  return (readyDays === undefined) === (basis === 'monthlyMean');
}

/**
 * Left out, such a case would cost nothing and nobody would be told; put in, it would be charged by the wrong days. The
 * month waits until it is counted anew.
 * @throws FigureMissing where there is one
 */
export function refuseOtherModel(cases: readonly CareDaysData[], basis: string, law: LawOn): void {
  const others = cases.filter((one) => isOfOtherModel(one, basis)).length;
  if (others === 0) return;
  const reference = `${others} of the month's cases were counted by another model; a start counts them anew`;
  throw new FigureMissing({
    known: false,
    parameter: 'settlement.basis',
    date: law.date,
    reference,
  });
}
