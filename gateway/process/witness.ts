/** What each kind of system can witness, however it speaks to us. */
import type { EventType } from './events.ts';

/**
 * Who speaks: a hospital of its own stays; the planning system of the hospital, where that is another than its patient
 * administration; the region's outpatient unit; a municipality.
 */
export type WitnessKind = 'hospital' | 'inpatient-care' | 'primary-care' | 'municipality';

const answers = [
  'notice.received',
  'notice.acknowledged',
  'notice.misdirected',
  'notice.observed',
  'information.transferred',
] as const satisfies readonly EventType[];

/** What the patient says of the municipality's services is said to it, or to who plans them (reading A36). */
const opposition = [
  'services.declined',
  'services.accepted',
] as const satisfies readonly EventType[];

/**
 * A system states what it does or sees itself. Planning, consent and outpatient care are the region's to state
 * (2 kap. 5 §, 4 kap. 3 §, 5 kap. 5 §); a placement is the decision of the municipality that made it (5 kap. 2 §);
 * decisions on compulsory care and the treatment plan before discharge are the hospital's (3 kap. 1 §, 4 kap. 1 §). A
 * hospital states everything of its stays.
 */
const witnessed: Readonly<Record<Exclude<WitnessKind, 'hospital'>, ReadonlySet<EventType>>> = {
  municipality: new Set<EventType>([
    ...answers,
    ...opposition,
    'plan.established',
    'placement.decided',
  ]),
  'primary-care': new Set<EventType>([
    ...answers,
    ...opposition,
    'care-contact.appointed',
    'planning.called',
    'planning.call-withdrawn',
    'planning.declined',
    'consent.recorded',
    'plan.established',
    'outpatient-care.plan-set',
    'outpatient-care.availability-set',
    'secrecy-obstacle.recorded',
  ]),
  'inpatient-care': new Set<EventType>([
    'compulsory-care.decided',
    'court-decision.recorded',
    'treatment-plan.available',
    'plan.established',
    'information.transferred',
    'notice.observed',
    'secrecy-obstacle.recorded',
  ]),
};

/** Whether anyone but a hospital may state it: what can be sent over HTTP as an answer. */
export function isReceiptType(type: EventType): boolean {
  return Object.values(witnessed).some((types) => types.has(type));
}

/** Whether a kind of system may state it. */
export function mayWitness(kind: WitnessKind, type: EventType): boolean {
  return kind === 'hospital' || witnessed[kind].has(type);
}
