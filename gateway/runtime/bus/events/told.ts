/**
 * What subscribers outside the gateway are told of each event: a schema a type, made of the event's own.
 *
 * Every event goes out, and of its data only what is named here: codes, times and sums. No free text, no number, name or
 * address, no unit, nothing of a person's kind of number or protection, and no day of care by its date. Where a case is
 * stands in `county` and `municipality`, the same as in the routing key.
 */
import { z } from 'zod';
import {
  cloudEventType,
  eventData,
  instant,
  type EventData,
  type EventType,
} from '../../../process/events.ts';

type KeyOf<T extends EventType> = T extends EventType ? keyof EventData<T> & string : never;
type Told = { readonly [T in EventType]: readonly KeyOf<T>[] };

const notice = ['revision', 'obligation', 'occasion', 'role', 'corrects', 'changes'] as const;
const receipt = [
  'noticeId',
  'revision',
  'obligation',
  'occasion',
  'role',
  'firstAttemptAt',
  'deliveredAt',
  'receiverFault',
  'proof',
] as const;
const deadline = ['deadline', 'occasion', 'dueAt'] as const;
const liability = ['revision', 'occasion', 'from', 'until', 'reason'] as const;
const billing = ['month', 'revision', 'model', 'totalOre'] as const;
const month = ['month'] as const;
const nothing = [] as const;

/** The fields of the data that go out, by type. */
const told: Told = {
  'patient.admitted': ['care'],
  'patient.identity-changed': nothing,
  'patient.merged': nothing,
  'patient.transferred': nothing,
  'transfer.cancelled': nothing,
  'patient.on-leave': nothing,
  'patient.returned': nothing,
  'leave.cancelled': nothing,
  'return.cancelled': nothing,
  'need.assessed': ['socialServices', 'municipalHealthCare', 'regionOutpatient'],
  'need.withdrawn': nothing,
  'discharge-estimate.set': ['expectedDischarge'],
  'discharge-estimate.withdrawn': nothing,
  'care-contact.appointed': nothing,
  'consent.recorded': nothing,
  'services.declined': nothing,
  'services.accepted': nothing,
  'planning.called': ['calledBy'],
  'planning.call-withdrawn': nothing,
  'planning.declined': nothing,
  'plan.established': ['plan'],
  'compulsory-care.decided': nothing,
  'court-decision.recorded': nothing,
  'outpatient-care.plan-set': ['exists'],
  'outpatient-care.availability-set': ['availability'],
  'treatment-plan.available': nothing,
  'placement.decided': nothing,
  'secrecy-obstacle.recorded': nothing,
  'patient.discharge-ready': nothing,
  'discharge-readiness.withdrawn': nothing,
  'patient.discharged': nothing,
  'discharge.cancelled': nothing,
  'admission.cancelled': nothing,
  'patient.deceased': nothing,
  'information.transferred': nothing,
  'notice.observed': ['obligation', 'role'],
  'notice.received': ['obligation'],
  'notice.acknowledged': ['obligation'],
  'notice.misdirected': ['obligation'],
  'statement.withdrawn': ['statement', 'at'],
  'stay.linked': ['linkedStayId', 'cause'],
  'stay.unlinked': ['linkedStayId', 'cause'],
  'stay.overlapped': ['otherStayId'],
  'stay.overlap-cleared': ['otherStayId'],
  'notice.issued': notice,
  'notice.corrected': notice,
  'notice.withdrawn': notice,
  'notice.reminded': notice,
  'notice.delivered': receipt,
  'notice.refused': receipt,
  'notice.unresolved': receipt,
  'deadline.set': deadline,
  'deadline.nearing': deadline,
  'deadline.reached': deadline,
  'deadline.met': [...deadline, 'metAt'],
  'deadline.missed': deadline,
  'deadline.cancelled': deadline,
  'liability.started': liability,
  'liability.withheld': ['revision', 'occasion', 'reason', 'status'],
  'liability.ended': liability,
  'liability.revised': liability,
  'liability.revoked': liability,
  'care-days.counted': ['month', 'revision', 'eligible', 'reason', 'readyDays'],
  'settlement.opened': month,
  'settlement.closed': ['month', 'revision', 'cases', 'readyDays'],
  'settlement.reopened': month,
  'billing.recorded': billing,
  'billing.withheld': ['month', 'revision', 'missing', 'missingOn'],
  'billing.adjusted': [...billing, 'differenceOre', 'cause'],
  'billing.approved': ['month', 'revision', 'totalOre', 'invoicedOre', 'issueOn'],
  'billing.approval-withdrawn': ['month', 'revision'],
  'billing.issued': ['month', 'revision', 'kind', 'number', 'issueDate', 'dueDate', 'totalOre'],
  'billing.disputed': ['month', 'number', 'level', 'answerBy', 'cause'],
  'billing.dispute-escalated': ['month', 'number', 'level', 'answerBy', 'cause'],
  'billing.upheld': ['month', 'number'],
  'billing.credited': ['month', 'number'],
  'joint-analysis.due': month,
  'action-plan.suggested': ['month', 'cause'],
};

/** Every type, in the order of the list of events. */
// Object.keys gives strings; these are the keys of the object above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const toldTypes = Object.keys(eventData) as readonly EventType[];

/** The fields of its own data that an event is told with. */
export function toldFields(type: EventType): readonly string[] {
  return told[type];
}

/** What every event has beside its type and data. */
export const envelope = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).describe('The same when it comes again: what was had already is left out'),
  source: z.string().min(1).describe('The system that told it'),
  subject: z
    .string()
    .min(1)
    .describe('The case, by the reference its notices have; or the settlement'),
  time: instant.describe('When it happened'),
  datacontenttype: z.literal('application/json'),
  sequence: z
    .string()
    .regex(/^\d{16}$/)
    .describe('Rises with every event of the gateway: its text order is the order of the journal'),
  partitionkey: z.string().min(1).describe('What has the same is to be handled in order'),
});

/** What every event's data has. */
export const place = z.object({
  county: z
    .string()
    .regex(/^\d{2}$/)
    .describe('SCB code of the region; 00 where it is not known'),
  municipality: z
    .string()
    .regex(/^\d{4}$/)
    .describe('SCB code; 0000 where it is not known, and for a protected person'),
  stayId: z.string().min(1).optional().describe('The stay within the case, a random key'),
});

/** What the data of one type has beside it. */
export function ownData(type: EventType) {
  const fields: readonly string[] = told[type];
  return z.object(
    Object.fromEntries(
      Object.entries(eventData[type].shape).filter(([field]) => fields.includes(field)),
    ),
  );
}

/**
 * Schema of one event as subscribers get it. New fields may come in the same version; what goes or changes its meaning
 * takes a new one.
 */
export function toldSchema(type: EventType) {
  return envelope.extend({
    type: z.literal(cloudEventType(type)),
    data: place.extend(ownData(type).shape),
  });
}
