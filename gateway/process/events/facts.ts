/** What senders, municipalities and primary care tell: facts from outside. */
import { z } from 'zod';
import {
  countyCode,
  date,
  empty,
  instant,
  municipalityCode,
  obligations,
  outpatientAvailability,
  patientCodes,
  recipientRoles,
  text,
} from './codes.ts';

const noticeAnswer = z.strictObject({
  deliveryId: text.optional(),
  obligation: z.enum(obligations).optional(),
  receiver: text.optional(),
});

export const factEvents = {
  'patient.admitted': z.strictObject({
    /** The treating region, from the sender's overlay. */
    county: countyCode.optional(),
    hospital: text.optional(),
    unit: text.optional(),
    patientClass: text.optional(),
    /** Where the patient came from; `other-hospital` continues the stay there. */
    admitSource: text.optional(),
    /** An outpatient became an inpatient; the admission of an inpatient, where one is told, has the time. */
    classChange: z.literal(true).optional(),
    /** An agreement may treat psychiatric care otherwise; absent where the sender does not say. */
    care: z.enum(['somatic', 'psychiatric']).optional(),
    patient: patientCodes.optional(),
  }),
  'patient.identity-changed': z.strictObject({ patient: patientCodes }),
  /** The person had other numbers before, and is one with whoever was known by them. */
  'patient.merged': z.strictObject({ patient: patientCodes.optional() }),
  'patient.transferred': z.strictObject({ unit: text.optional() }),
  'transfer.cancelled': z.strictObject({ unit: text.optional() }),
  'patient.on-leave': empty,
  'patient.returned': empty,
  'leave.cancelled': empty,
  'return.cancelled': empty,
  'need.assessed': z.strictObject({
    socialServices: z.boolean(),
    municipalHealthCare: z.boolean(),
    regionOutpatient: z.boolean(),
  }),
  'need.withdrawn': empty,
  'discharge-estimate.set': z.strictObject({ expectedDischarge: z.union([date, instant]) }),
  'discharge-estimate.withdrawn': empty,
  'care-contact.appointed': z.strictObject({ unit: text.optional() }),
  'consent.recorded': z.strictObject({ given: z.boolean() }),
  'services.declined': empty,
  'services.accepted': empty,
  'planning.called': z.strictObject({
    calledBy: z.enum(['fixed-care-contact', 'other', 'unknown']),
  }),
  'planning.call-withdrawn': empty,
  'planning.declined': empty,
  'plan.established': z.strictObject({
    plan: z.enum(['coordinated-individual-plan', 'coordinated-care-plan']),
  }),
  'compulsory-care.decided': z.strictObject({
    care: z.enum(['open-compulsory-care', 'open-forensic-care']),
  }),
  'court-decision.recorded': empty,
  'outpatient-care.plan-set': z.strictObject({ exists: z.boolean() }),
  'outpatient-care.availability-set': z.strictObject({ availability: outpatientAvailability }),
  'treatment-plan.available': empty,
  'placement.decided': z.strictObject({ municipality: municipalityCode }),
  'secrecy-obstacle.recorded': z.strictObject({
    obligation: z.enum(obligations),
    present: z.boolean(),
  }),
  'patient.discharge-ready': empty,
  'discharge-readiness.withdrawn': empty,
  'patient.discharged': z.strictObject({
    disposition: text.optional(),
    /** Inpatient care ended with a change of class: the patient may leave the hospital later. */
    classChange: z.literal(true).optional(),
  }),
  'discharge.cancelled': empty,
  'admission.cancelled': empty,
  'patient.deceased': empty,
  'information.transferred': empty,
  'notice.observed': z.strictObject({
    obligation: z.enum(obligations),
    role: z.enum(recipientRoles),
    municipality: municipalityCode.optional(),
  }),
  'notice.received': noticeAnswer,
  'notice.acknowledged': noticeAnswer,
  'notice.misdirected': noticeAnswer,
  /**
   * Its sender takes back a fact it told, which has no withdrawal of its own: entered in error, or with another time than
   * it had. The fact is the one of that type, that time and that data.
   */
  'statement.withdrawn': z.strictObject({
    statement: text,
    at: instant,
    /** What the data of the fact must have, to tell it from another of the same instant. */
    of: z.record(text, z.union([text, z.boolean()])).optional(),
  }),
} as const;
