/** Care days to billing lines: one line for each unbroken run of days at one amount, in whole öre. */
import type { Parameters, Valued } from '../../profiles/index.ts';
import type { BillingLine, CareDaysData, EventData } from '../process/events.ts';
import { Temporal } from 'temporal-polyfill';

export type Billed = Pick<EventData<'billing.recorded'>, 'lines' | 'excluded' | 'totalOre'>;
type Missing = Extract<Valued, { known: false }>;

/**
 * @param cases latest count of each case
 * @returns lines, cases left out with the reason, and the sum; or the first amount that is missing
 */
export function billingLines(
  cases: readonly CareDaysData[],
  parameters: Parameters,
  reference: string,
): Billed | { readonly missing: Missing } {
  const lines: BillingLine[] = [];
  const excluded: Billed['excluded'] = [];
  for (const counted of cases) {
    if (!counted.eligible) {
      const { caseReference, reason } = counted;
      if (reason !== 'CLEARED') {
        excluded.push({ caseReference, reason, reference: counted.reference });
      }
      continue;
    }
    for (const date of counted.dates) {
      const amount = parameters.valueOn('settlement.careDayAmountOre', date);
      if (!amount.known) return { missing: amount };
      addDay(lines, counted.caseReference, date, amount, reference);
    }
  }
  const totalOre = lines.reduce((sum, line) => sum + line.amountOre, 0);
  return { lines, excluded, totalOre };
}

/** Adds a day to the run it continues, or begins a new line. `until` is the first day no longer charged. */
function addDay(
  lines: BillingLine[],
  caseReference: string,
  date: string,
  amount: Extract<Valued, { known: true }>,
  reference: string,
): void {
  const rateOre = Number(amount.value);
  const until = Temporal.PlainDate.from(date).add({ days: 1 }).toString();
  const last = lines.at(-1);
  const continues =
    last?.caseReference === caseReference && last.until === date && last.rateOre === rateOre;
  const isSameYear = last?.from.slice(0, 4) === date.slice(0, 4);
  if (last !== undefined && continues && isSameYear) {
    const days = last.days + 1;
    lines[lines.length - 1] = { ...last, until, days, amountOre: days * rateOre };
    return;
  }
  lines.push({
    caseReference,
    from: date,
    until,
    days: 1,
    rateOre,
    amountOre: rateOre,
    reference,
    rateReference: amount.origin.reference,
  });
}
