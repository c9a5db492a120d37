/** Named functions of the FHIR adapter that an entry may use instead of `event`, with the events they may tell. */
import type { EventType } from '../gateway/process/events.ts';

export const fhirFunctions: Readonly<Record<string, readonly EventType[]>> = {
  /** Inpatient care begins: an admission, or a change of class. */
  admission: ['patient.admitted'],
  /** Another unit than before. */
  transfer: ['patient.transferred'],
  leave: ['patient.on-leave', 'patient.returned'],
  /** Inpatient care ends with a change of class. */
  endOfClass: ['patient.discharged'],
  /** The patient has left, or died. */
  ending: ['patient.discharged', 'patient.deceased'],
  /** A discharge that was told, or is in the history, and holds no longer. */
  reopening: ['discharge.cancelled'],
  /** The patient within the resource is told otherwise than before. */
  person: ['patient.identity-changed'],
  /** The patient said no to planning. */
  planningDeclined: ['planning.declined'],
  /** A notice that another system sent, once for each unit it went to. */
  noticeSent: ['notice.observed', 'information.transferred'],
  noticeReceived: ['notice.received'],
  noticeAnswered: ['notice.received', 'notice.acknowledged', 'notice.misdirected'],
  /** Activities of a plan: a call, a refusal of it, a contact appointed. */
  planActivities: ['planning.called', 'planning.declined', 'care-contact.appointed'],
  /** An observation that holds by its status. */
  readinessAssessed: ['patient.discharge-ready', 'discharge-readiness.withdrawn'],
  needAssessed: ['need.assessed'],
  /** What an observation states as one fact, by the code it has. */
  stated: [
    'outpatient-care.availability-set',
    'outpatient-care.plan-set',
    'consent.recorded',
    'compulsory-care.decided',
    'court-decision.recorded',
    'treatment-plan.available',
    'placement.decided',
  ],
};
