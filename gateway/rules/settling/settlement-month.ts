/** Months as a settlement has them: `YYYY-MM`, its first day, the one after it, and the dates set in that one. */
import { addDays, firstOfNextMonth, startOfDayMs } from '../legal-days.ts';

export const firstDayOf = (month: string): string => `${month}-01`;

/** The month of a date. */
export const monthOf = (date: string): string => date.slice(0, 7);

/** The month after a month. */
export const nextMonth = (month: string): string => monthOf(firstOfNextMonth(month));

/** The month before a month. */
export const monthBefore = (month: string): string => monthOf(addDays(firstDayOf(month), -1));

/** The end of the cut-off day in the following month: what is registered then is still in time (reading A24). */
export function cutOffMs(month: string, cutOffDay: number): number {
  return startOfDayMs(addDays(firstOfNextMonth(month), cutOffDay));
}

/** The invoice day of the following month, also where it is a rest day (reading A27). */
export function invoiceDate(month: string, invoiceDay: number): string {
  return addDays(firstOfNextMonth(month), invoiceDay - 1);
}
