/** A stay of a case in `test/settlements`: a number of days, or what differs from a stay in which everything was done. */
import { z } from 'zod';
import type { EventType } from '../../gateway/process/events.ts';
import { addDays, daysBetween, firstOfNextMonth, hourMs } from '../../gateway/rules/legal-days.ts';
import { localTime } from './law.ts';
import type { GivenDelivery, GivenFact, GivenStay } from './region.ts';

export const moment = z.string().regex(/^\d{4}-\d\d-\d\d( \d\d:\d\d)?$/);
const prerequisite = z.enum([
  /** The notice was never handed over. */
  'admission-notice',
  'discharge-ready-notice',
  /** It was handed over 25 hours after the admission. */
  'timely-admission-notice',
  /** Services are needed from both principals, and nobody called. */
  'planning-call',
  'outpatient-plan',
  /** It was said that there was none. */
  'existing-outpatient-plan',
  /** Nothing was stated of whether regional outpatient care was available. */
  'outpatient-care',
  'treatment-plan',
]);
const stay = z.strictObject({
  /** Ready on some day of the month and home so many days later, still in the month; below 0: home before that day. */
  n: z.int().optional(),
  /** So many stays alike; with `days` in all, shared out as evenly as they go. */
  patients: z.int().min(1).optional(),
  days: z.int().min(0).optional(),
  /** Instead of `n`: a date is 10.00 where patients get ready and 14.00 where they go home. */
  ready: moment.optional(),
  home: moment.optional(),
  /** Five days before, unless given. */
  admitted: moment.optional(),
  lacks: z.union([prerequisite, z.array(prerequisite)]).optional(),
  /** Services are needed from both principals; nobody called unless `called` says when. */
  needs: z.literal('planning').optional(),
  called: moment.optional(),
  /** Regional outpatient care is said to be available only then. */
  available: moment.optional(),
  /** It is said to be unavailable, and to be available after all. */
  unavailable: moment.optional(),
  availableAgain: moment.optional(),
  withdrawn: moment.optional(),
  readyAgain: moment.optional(),
  /** When the plan for outpatient care was made, and when the treatment plan was available. */
  outpatientPlan: moment.optional(),
  treatmentPlan: moment.optional(),
  deceased: z.boolean().optional(),
  /** Away and back. */
  leave: z.tuple([moment, moment]).optional(),
  care: z.enum(['somatic', 'psychiatric', 'not stated']).optional(),
  placedBy: z.string().optional(),
  /** The need of the municipality's services fell away, and was assessed again. */
  needLost: moment.optional(),
  needAgain: moment.optional(),
  /** Readiness became known, and was notified, only then. */
  notified: moment.optional(),
  /** The notification was first tried, and taken by a receiver that had failed until then. */
  receiverFault: z.tuple([moment, moment]).optional(),
  /** The patient opposed the municipality's services. */
  declined: moment.optional(),
  onlyRegion: z.boolean().optional(),
  /** The discharge became known only then. */
  registered: moment.optional(),
  /** What became known later: so many days after all, because the one date or the other had been wrong. */
  correctedTo: z.int().optional(),
  on: moment.optional(),
  corrected: z.enum(['ready', 'home']).optional(),
});
export const givenStay = z.union([z.int(), stay]);
type Stated = z.infer<typeof stay>;

export interface Place {
  readonly county: string;
  readonly municipality: string;
}

/** @param month in which the stays without dates of their own take place */
export function staysOf(
  stated: readonly z.infer<typeof givenStay>[],
  month: string,
  place: Place,
): GivenStay[] {
  const single = stated.flatMap((one) => (typeof one === 'number' ? [{ n: one }] : each(one)));
  return single.map((one, index) => stayOf(one, index, month, place));
}

function each({ patients = 1, days, ...alike }: Stated): Stated[] {
  return Array.from({ length: patients }, (_none, index) => {
    if (days === undefined) return alike;
    return { ...alike, n: Math.floor(days / patients) + (index < days % patients ? 1 : 0) };
  });
}

/** A plan, a notice and a word on outpatient care before they are asked for; what is lacking is left out. */
function stayOf(stated: Stated, index: number, month: string, place: Place): GivenStay {
  const processId = `${month}-${index + 1}`;
  const { ready, home } = datesOf(stated, index, month);
  const lacks = [stated.lacks ?? []].flat();
  const facts: GivenFact[] = [];
  const add = (type: EventType, at: string, data: object = {}, toldAt = at): void => {
    facts.push({
      type,
      id: `${processId} ${facts.length + 1} ${type}`,
      occurredAt: localTime(at),
      knownAt: localTime(toldAt),
      data,
    });
  };
  const admitted = stated.admitted ?? `${addDays(ready.slice(0, 10), -5)} 08:00`;
  const { care = 'somatic' } = stated;
  add('patient.admitted', admitted, {
    county: place.county,
    hospital: 'Testsjukhuset',
    patient: {
      municipality: place.municipality,
      numberKind: 'personnummer',
      protection: 'none',
    },
    ...(care !== 'not stated' && { care }),
  });
  const isPlanned = stated.needs === 'planning' || lacks.includes('planning-call');
  add('need.assessed', admitted, {
    socialServices: stated.onlyRegion !== true,
    municipalHealthCare: false,
    regionOutpatient: isPlanned || stated.onlyRegion === true,
  });
  add('discharge-estimate.set', admitted, { expectedDischarge: ready.slice(0, 10) });
  if (stated.placedBy !== undefined) {
    add('placement.decided', admitted, { municipality: stated.placedBy });
  }
  if (isPlanned) add('care-contact.appointed', admitted);
  if (!lacks.includes('outpatient-plan')) {
    const { outpatientPlan = admitted } = stated;
    add('outpatient-care.plan-set', timed(outpatientPlan, '10:00'), {
      exists: !lacks.includes('existing-outpatient-plan'),
    });
  }
  if (!lacks.includes('outpatient-care')) {
    const from = stated.available === undefined ? admitted : timed(stated.available, '10:00');
    add('outpatient-care.availability-set', from, { availability: 'available' });
  }
  if (!lacks.includes('treatment-plan')) {
    add('treatment-plan.available', timed(stated.treatmentPlan ?? admitted, '10:00'));
  }
  addReadiness(stated, ready, home, add);
  const end = stated.deceased === true ? 'patient.deceased' : 'patient.discharged';
  if (stated.deceased !== true) add('information.transferred', home);
  const { registered } = stated;
  add(end, home, {}, registered === undefined ? home : timed(registered, '12:00'));
  addCorrection(stated, ready, home, end, add);
  return { processId, facts, deliveries: deliveriesOf(stated, lacks, localTime(admitted)) };
}

const socialServices = {
  socialServices: true,
  municipalHealthCare: false,
  regionOutpatient: false,
};

type Add = (type: EventType, at: string, data?: object, toldAt?: string) => void;

function addReadiness(stated: Stated, ready: string, home: string, add: Add): void {
  // Minus days: the day was registered ahead, and the patient had left before it came.
  const aheadOf = ready > home ? `${addDays(home.slice(0, 10), -1)} 10:00` : ready;
  const { notified = aheadOf } = stated;
  add('patient.discharge-ready', ready, {}, timed(notified, '10:00'));
  const { called, withdrawn, readyAgain, leave, unavailable, availableAgain } = stated;
  const { needLost, needAgain, declined } = stated;
  for (const [at, availability] of [
    [unavailable, 'unavailable'],
    [availableAgain, 'available'],
  ] as const) {
    if (at !== undefined) {
      add('outpatient-care.availability-set', timed(at, '10:00'), { availability });
    }
  }
  if (called !== undefined) {
    add('planning.called', timed(called, '11:00'), { calledBy: 'fixed-care-contact' });
  }
  if (withdrawn !== undefined) add('discharge-readiness.withdrawn', timed(withdrawn, '10:00'));
  if (readyAgain !== undefined) add('patient.discharge-ready', timed(readyAgain, '10:00'));
  if (needLost !== undefined) add('need.withdrawn', timed(needLost, '10:00'));
  if (needAgain !== undefined) add('need.assessed', timed(needAgain, '10:00'), socialServices);
  if (declined !== undefined) add('services.declined', timed(declined, '10:00'));
  if (leave !== undefined) {
    add('patient.on-leave', timed(leave[0], '10:00'));
    add('patient.returned', timed(leave[1], '10:00'));
  }
}

function addCorrection(
  { correctedTo, on, corrected = 'home' }: Stated,
  ready: string,
  home: string,
  end: EventType,
  add: Add,
): void {
  if (correctedTo === undefined || on === undefined) return;
  const toldAt = timed(on, '12:00');
  if (corrected === 'home') {
    add(end, `${addDays(ready.slice(0, 10), correctedTo)} 14:00`, {}, toldAt);
  } else {
    const day = addDays(home.slice(0, 10), -correctedTo);
    add('patient.discharge-ready', `${day} 10:00`, {}, toldAt);
  }
}

function deliveriesOf(
  { receiverFault }: Stated,
  lacks: readonly string[],
  admittedAt: string,
): GivenDelivery[] {
  const given: GivenDelivery[] = ['admission-notice', 'discharge-ready-notice']
    .filter((obligation) => lacks.includes(obligation))
    .map((obligation) => ({ obligation, outcome: 'never' }));
  const outcome = 'delivered';
  if (lacks.includes('timely-admission-notice')) {
    const attemptAt = new Date(Date.parse(admittedAt) + 25 * hourMs).toISOString();
    given.push({ obligation: 'admission-notice', outcome, attemptAt });
  }
  if (receiverFault !== undefined) {
    const [attemptAt, deliveredAt] = [localTime(receiverFault[0]), localTime(receiverFault[1])];
    const times = { attemptAt, deliveredAt, receiverFaultAt: attemptAt };
    given.push({ obligation: 'discharge-ready-notice', outcome, ...times });
  }
  return given;
}

/** Ready and home: as stated, or spread over the month. */
function datesOf(
  { n, ready, home }: Stated,
  index: number,
  month: string,
): { readonly ready: string; readonly home: string } {
  if (ready !== undefined && home !== undefined) {
    return { ready: timed(ready, '10:00'), home: timed(home, '14:00') };
  }
  if (n === undefined) throw new Error(`${month}: a stay has n, or ready and home`);
  const first = `${month}-01`;
  const latest = daysBetween(first, firstOfNextMonth(month)) - 1 - Math.max(0, n);
  const earliest = Math.max(0, -n);
  if (latest < earliest) throw new Error(`${month}: ${n} days do not fit into the month`);
  const day = addDays(first, earliest + ((index * 5) % (latest - earliest + 1)));
  return { ready: `${day} 10:00`, home: `${addDays(day, n)} 14:00` };
}

const timed = (text: string, time: string): string =>
  text.includes(' ') ? text : `${text} ${time}`;
