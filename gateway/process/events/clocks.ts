/** The clocks of the law and of agreements, and what they lead to: deadlines and payment liability, as decided for one case. */
import { z } from 'zod';
import { countyCode, date, instant, municipalityCode, reference, text } from './codes.ts';

const statutoryDeadlines = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9'] as const;
const deadline = z.strictObject({
  /** Decision key of the deadline: process, deadline, occasion. */
  key: text,
  /**
   * T1–T9: see the README's table of deadlines. `liability` is what T8 and T9 were called at first; `acknowledgement` is
   * agreed with a receiver and no clock of the law.
   */
  deadline: z.enum([
    ...statutoryDeadlines,
    'liability',
    'settlement',
    'month-end',
    'acknowledgement',
    'invoice-day',
  ]),
  occasion: text,
  dueAt: instant,
  reference,
});
export type DeadlineData = z.infer<typeof deadline>;

const liability = z.strictObject({
  /** Decision key: process, `payment-liability`, readiness period. */
  key: text,
  revision: z.int().min(1),
  /** Occasion: the fact that opened the readiness period. */
  occasion: text,
  county: countyCode,
  municipality: municipalityCode,
  /** First care day that is charged. */
  from: date,
  /** First day that is no longer charged; absent while liability runs. */
  until: date.optional(),
  reason: text,
  reference,
});
const liabilityWithheld = z.strictObject({
  key: text,
  revision: z.int().min(1),
  occasion: text,
  county: countyCode.optional(),
  municipality: municipalityCode.optional(),
  /** Stable code of the prerequisite that fails or is unknown: `ADMISSION_NOTICE_LATE`. */
  reason: text,
  status: z.enum(['unmet', 'unknown']),
  reference,
});

export const clockEvents = {
  'deadline.set': deadline,
  'deadline.nearing': deadline,
  'deadline.reached': deadline,
  'deadline.met': deadline.extend({ metAt: instant }),
  'deadline.missed': deadline,
  'deadline.cancelled': deadline,
  'liability.started': liability,
  'liability.withheld': liabilityWithheld,
  'liability.ended': liability,
  'liability.revised': liability,
  'liability.revoked': liability,
} as const;
