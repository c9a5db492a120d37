/** Who may answer over HTTP, and what each kind of partner can witness. */
import type { EventType } from '../../../gateway/process/events.ts';

/** A municipality; the region's outpatient unit; the planning system of the hospital, where that is another than its HL7. */
export type PartnerKind = 'municipality' | 'primary-care' | 'inpatient-care';

export interface Partner {
  /** Sender of what it sends. */
  readonly id: string;
  readonly kind: PartnerKind;
  /** Receivers it answers for; it may speak only of cases they were sent. */
  readonly receivers: readonly string[];
  /** SCB code of a municipality. Without it the partner cannot report what names one: a placement (5 kap. 2 §). */
  readonly municipality?: string;
}

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
 * A partner states what it does or sees itself. Planning, consent and outpatient care are the region's to state
 * (2 kap. 5 §, 4 kap. 3 §, 5 kap. 5 §); a placement is the decision of the municipality that made it (5 kap. 2 §);
 * decisions on compulsory care and the treatment plan before discharge are the hospital's (3 kap. 1 §, 4 kap. 1 §).
 */
const witnessed: Readonly<Record<PartnerKind, ReadonlySet<EventType>>> = {
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

/** Whether anyone may send this type over HTTP. */
export function isReceiptType(type: EventType): boolean {
  return Object.values(witnessed).some((types) => types.has(type));
}

/** Whether a kind of partner may send this type. */
export function mayWitness(kind: PartnerKind, type: EventType): boolean {
  return witnessed[kind].has(type);
}
