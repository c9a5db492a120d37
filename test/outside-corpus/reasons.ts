/**
 * Why another converter and this gateway say different things of a message. A reason holds only where its pattern is
 * proved on the message itself; a difference that none explains is a finding, on one side or the other.
 */
import { parseTime } from '../../adapters/inbound/hl7v2/message/time.ts';
import type { Difference } from './oracles.ts';

export interface Reason {
  readonly id: string;
  /** What they do, what we do, and why. */
  readonly sentence: string;
}

interface ReasonRule extends Reason {
  holds(difference: Difference): boolean;
}

/** The first reason that holds. */
export function reasonFor(difference: Difference): Reason | undefined {
  const found = reasons.find((rule) => rule.holds(difference));
  return found && { id: found.id, sentence: found.sentence };
}

/** PV1 and PV2: where the times of a period are said, and where they are only planned. */
const periods = {
  start: { said: 'PV1-44', planned: 'PV2-8' },
  end: { said: 'PV1-45', planned: 'PV2-9' },
} as const;

function periodOf({ field }: Difference): (typeof periods)['start' | 'end'] | undefined {
  return field === 'start' || field === 'end' ? periods[field] : undefined;
}

const reasons: readonly ReasonRule[] = [
  {
    id: 'planned-time',
    sentence:
      'They take the expected date (PV2-8, PV2-9) as the period of a pending or cancelled event; here a plan is neither an admission nor a discharge, and the period is PV1-44 and PV1-45 alone.',
    holds: (difference) => {
      const period = periodOf(difference);
      return period !== undefined && sameInstant(difference.theirs, difference.at(period.planned));
    },
  },
  {
    id: 'death',
    sentence:
      'The message says too that the patient has died (PID-29, PID-30); they leave that to the Patient and read PV1 for the Encounter, here the death ends the stay, at its own time.',
    holds: ({ field, by, theirs, ours, at }) =>
      by === 'patient.deceased' &&
      (field === 'status'
        ? theirs !== 'finished' && ours === 'finished'
        : field === 'end' && sameInstant(ours, at('PID-29'))),
  },
  {
    id: 'month-as-offset',
    sentence:
      "The time has no offset; they write the month where the offset belongs (+03:00 in March, +05:00 in May), here it is wall time in the sender's zone.",
    holds: (difference) => {
      const period = periodOf(difference);
      return period !== undefined && writesMonthAsOffset(difference, difference.at(period.said));
    },
  },
  {
    id: 'other-input',
    sentence:
      'Their answer was made from a parsed form of the message that has another time than the message beside it.',
    holds: (difference) => {
      const period = periodOf(difference);
      if (period === undefined) return false;
      const parsed = difference.atParsed(period.said);
      return (
        parsed !== undefined &&
        parsed !== difference.at(period.said) &&
        writesMonthAsOffset(difference, parsed)
      );
    },
  },
  {
    id: 'end-in-admission',
    sentence:
      'They read PV1-45 of an A01 as the end of the stay; here A01 begins it, and the end is for A03 to say.',
    holds: ({ trigger, field, theirs, ours, at }) =>
      trigger === 'A01' &&
      at('PV1-45') !== '' &&
      ((field === 'status' && theirs === 'finished' && ours === 'in-progress') ||
        (field === 'end' && ours === undefined)),
  },
  {
    id: 'status-of-admission-unknown',
    sentence:
      'They give an A01 without PV1-45 the status unknown; v2-to-FHIR and the mapping here say that A01 begins a stay.',
    holds: ({ trigger, field, theirs, ours, at }) =>
      trigger === 'A01' &&
      field === 'status' &&
      theirs === 'unknown' &&
      ours === 'in-progress' &&
      at('PV1-45') === '',
  },
  {
    id: 'registration',
    sentence:
      'They say in-progress of an A04; v2-to-FHIR says planned, and here an outpatient registration is no stay at all.',
    holds: ({ trigger, field, theirs, ours }) =>
      trigger === 'A04' && field === 'status' && theirs === 'in-progress' && ours === 'planned',
  },
  {
    id: 'inpatient-care-ended',
    sentence:
      'They say in-progress of an A07, for the visit goes on as an outpatient; here the inpatient care that the law counts has ended.',
    holds: ({ trigger, field, theirs, ours, by }) =>
      trigger === 'A07' &&
      by === 'patient.discharged' &&
      ((field === 'status' && theirs === 'in-progress' && ours === 'finished') ||
        (field === 'end' && theirs === undefined)),
  },
  {
    id: 'class-outside-table',
    sentence:
      'PV1-2 has no counterpart in v3 ActCode; they pass the text on or write unknown, here nothing is said and an admission by it is parked.',
    holds: ({ field, theirs, ours, at }) =>
      field === 'class' && ours === undefined && (theirs === 'unknown' || theirs === at('PV1-2')),
  },
  {
    id: 'blank-identifier',
    sentence: 'PV1-50 is a space; they make an identifier of it, here it is none.',
    holds: ({ field, theirs, ours, at }) =>
      field === 'identifiers' && at('PV1-50') === ' ' && theirs === `${ours},  `,
  },
  {
    id: 'merge-of-accounts',
    sentence:
      'A41 merges accounts (MRG): they make no Encounter of it although it has PV1, and here the trigger event gives no event; the view reads PV1 all the same.',
    holds: ({ trigger, field, theirs, count }) =>
      trigger === 'A41' && field === 'encounter' && theirs === '0' && count('MRG') > 0,
  },
  {
    id: 'several-visits',
    sentence:
      'The message has several PV1; they make an Encounter of each, the view here reads the first.',
    holds: ({ field, theirs, count }) =>
      field === 'encounter' && count('PV1') > 1 && theirs === String(count('PV1')),
  },
];

/** @param text an HL7 time with an offset */
function sameInstant(instant: string | undefined, text: string): boolean {
  if (instant === undefined || text === '') return false;
  try {
    return Date.parse(instant) === Date.parse(parseTime(text, 'Europe/Stockholm', '').instant);
  } catch {
    return false;
  }
}

/** Whether theirs has the wall time of an HL7 time without offset, and its month as the offset. */
function writesMonthAsOffset({ theirs = '', ours }: Difference, text: string): boolean {
  const found = /^(\d{4}-(\d\d)-\d\d)T([\d:]+)\+(\d\d):00$/.exec(theirs);
  if (found === null || ours === undefined) return false;
  const [, date = '', month, time = '', offset] = found;
  return month === offset && (date + time).replace(/\D/g, '') === text;
}
