/** What a municipality owes for a month, as the settling of that month writes it. */
import { z } from 'zod';
import { countyCode, date, month, municipalityCode, reference, text } from './codes.ts';

/** Whose month it is: what every event of a settlement begins with. */
export const settlementPeriod = {
  county: countyCode,
  municipality: municipalityCode,
  month,
};
const careDaysCounted = z.strictObject({
  ...settlementPeriod,
  /** Decision key: process, `care-days`, payer, month. A later revision replaces an earlier one. */
  key: text,
  revision: z.int().min(1),
  /** The case as the municipality knows it: the reference in its notices. */
  caseReference: text,
  /**
   * Days by calendar date that this month's settlement may charge: under the statute care days, the day liability ends
   * left out; under an agreement that counts from the notification its days one, two, three … up to the discharge.
   */
  dates: z.array(date).max(4000),
  /** Absent while the patient is still there: a month may have ended before the stay. */
  dischargedOn: date.optional(),
  /** Under an agreement: the date its days are counted from, day zero. */
  readyOn: date.optional(),
  /** Under an agreement: days from `readyOn` to the discharge, or to the end of the month before it. */
  readyDays: z.int().min(0).optional(),
  /** The same counted from the registered date of readiness, where it differs (reading A11). */
  registeredDays: z.int().min(0).optional(),
  eligible: z.boolean(),
  reason: text,
  /** What a person should look at: `LEAVE`, `DECEASED`, `MOVED`, `REDECLARED`, `MINUS_DAYS` … */
  flags: z.array(text).max(20).optional(),
  /** Duties of chapters 2 to 4 that were not met, by reason: an indicator, whatever they mean for payment. */
  deviations: z.array(text).max(20).optional(),
  /** Whether a call to coordinated individual planning was made: an indicator. */
  planned: z.boolean().optional(),
  because: z.array(text).max(100),
  reference,
});
export type CareDaysData = z.infer<typeof careDaysCounted>;

/** An exact number: means and half days are never rounded (reading A16). */
const fraction = z.strictObject({ numerator: z.int(), denominator: z.int().min(1) });

export const billingLine = z.strictObject({
  /** `mean-excess` is of all cases of the month together, and names none. */
  kind: z.enum(['care-days', 'individual-days', 'mean-excess']).optional(),
  caseReference: text.optional(),
  from: date,
  /** First day that is no longer charged. */
  until: date,
  /** Whole days; absent where `quantity` says how many. */
  days: z.int().optional(),
  quantity: fraction.optional(),
  rateOre: z.int(),
  amountOre: z.int(),
  reference,
  rateReference: reference,
});
export type BillingLine = z.infer<typeof billingLine>;
const excludedCase = z.strictObject({ caseReference: text, reason: text, reference });
/** A case in the basis of a mean: its days, and what they did there. */
const settledCase = z.strictObject({
  caseReference: text,
  readyDays: z.int().min(0),
  share: z.enum(['mean', 'individual', 'days', 'ineligible', 'left-out']),
  reason: text.optional(),
  flags: z.array(text).max(20).optional(),
});
export type SettledCase = z.infer<typeof settledCase>;
const billing = z.strictObject({
  ...settlementPeriod,
  key: text,
  revision: z.int().min(1),
  lines: z.array(billingLine).max(10_000),
  excluded: z.array(excludedCase).max(10_000),
  totalOre: z.int(),
  model: text,
  /** Title of the agreement it was made by; absent under the statute. */
  agreement: text.optional(),
  cases: z.array(settledCase).max(10_000).optional(),
  /** The model's formula with its numbers, a line a step. */
  formula: z.array(text).max(20).optional(),
  /** What every reader of the basis must be told: `ADOPTION_ASSUMED`, `EXTENSION_UNCONFIRMED`. */
  remarks: z.array(text).max(20).optional(),
  /** The day the agreement dates its invoice. */
  invoiceOn: date.optional(),
});
export type BillingData = z.infer<typeof billing>;

/** What one month hands to the next: a mean above the benchmark in a row of months, or a mean that governs the next. */
const carry = z.strictObject({
  /** Months in a row with a mean above the benchmark, and not above it. */
  above: z.int().min(0),
  below: z.int().min(0),
  /** Whether every ready day is charged in the month that follows. */
  active: z.boolean(),
  /** Whether this month and those before it had liability, and deficiencies, newest first. */
  liable: z.array(z.boolean()).max(24),
  deficient: z.array(z.boolean()).max(24),
  /** Days by which the mean was above the benchmark; 0 where it was not. */
  excess: fraction,
});
export type Carry = z.infer<typeof carry>;
const settlementClosed = z.strictObject({
  ...settlementPeriod,
  revision: z.int().min(1).optional(),
  /** The month that reads it; absent where no month depends on it. */
  next: month.optional(),
  carry: carry.optional(),
  /** Cases in the mean, and the sum of their days. */
  cases: z.int().min(0).optional(),
  readyDays: z.int().min(0).optional(),
});
export const settlementEvents = {
  'care-days.counted': careDaysCounted,
  'settlement.opened': z.strictObject(settlementPeriod),
  'settlement.closed': settlementClosed,
  'settlement.reopened': z.strictObject(settlementPeriod),
  'billing.recorded': billing,
  'billing.withheld': z.strictObject({
    ...settlementPeriod,
    key: text,
    revision: z.int().min(1),
    /** Name of the missing parameter and the date it is missing for. */
    missing: text,
    missingOn: date,
    reference,
  }),
  'billing.adjusted': billing.extend({ differenceOre: z.int(), cause: text }),
} as const;

/** What a month gives the region and the municipality to do together. */
export const followUpEvents = {
  'joint-analysis.due': z.strictObject({ ...settlementPeriod, reference }),
  'action-plan.suggested': z.strictObject({
    ...settlementPeriod,
    cause: z.enum(['liability', 'deficiencies']),
    reference,
  }),
} as const;
