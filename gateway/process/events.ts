/**
 * Every event there is, with the schema of its data and its CloudEvents envelope.
 *
 * An event carries codes and random keys only: no name, number or address (those are in the journal's identities).
 * Instants are ISO 8601 in UTC with milliseconds (`2022-03-07T10:59:00.000Z`), so their text order is their time order;
 * dates are `YYYY-MM-DD` in Europe/Stockholm; money is an integer in öre.
 */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';

// ---------------------------------------------------------------- building blocks

export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
export const date = z.string().regex(/^\d{4}-\d\d-\d\d$/);
export const month = z.string().regex(/^\d{4}-\d\d$/);
/** SCB municipality code, four digits. */
export const municipalityCode = z.string().regex(/^\d{4}$/);
/** SCB county code, two digits: it names the region. */
export const countyCode = z.string().regex(/^\d{2}$/);
/** A unit of health care: `SE`, ten digits, a hyphen, and what its organisation calls it (Inera). No person. */
export const hsaId = z
  .string()
  .max(31)
  .regex(/^SE\d{10}-[A-Za-z0-9]+$/);
const empty = z.strictObject({});
const text = z.string().min(1).max(200);

/** What kind of number a person is known by; `local` is one that only its giver knows. */
export type PersonNumberKind = Exclude<(typeof numberKinds)[number], 'none'> | 'local';
export const numberKinds = [
  'personnummer',
  'samordningsnummer',
  'reservnummer',
  'LMA-nummer',
  'none',
] as const;
export const protections = [
  'none',
  'sekretessmarkering',
  'skyddadFolkbokforing',
  'unspecified',
] as const;
/** What the law needs to know of a person, as codes. What is left out was not said: the earlier statement stands. */
export const patientCodes = z.strictObject({
  /** Municipality of civil registration (5 kap. 2 §). */
  municipality: municipalityCode.optional(),
  numberKind: z.enum(numberKinds),
  /** `none` is said, as any other; `unspecified` is a marking that could not be read. */
  protection: z.enum(protections).optional(),
  /** The region-financed outpatient unit that the person is listed at. */
  outpatientUnit: hsaId.optional(),
});
export type PatientCodes = z.infer<typeof patientCodes>;

/** What a notice is about: one duty of the statute, or the end of the stay that the duties were about. */
export const obligations = [
  'admission-notice',
  'discharge-estimate',
  'discharge-ready-notice',
  'information-transfer',
  'planning-call',
  // LPT 7 a § third paragraph, which counts as a notification of readiness (3 kap. 1 § second paragraph).
  'compulsory-care-notice',
  // No section orders these two: they end what the notices of chapters 2 and 3 began.
  'discharge-notice',
  'death-notice',
] as const;
export type Obligation = (typeof obligations)[number];

/** Those told by a notice of ours: the information of 3 kap. 2 § is transferred by inpatient care itself. */
const noticedObligation = z.enum(obligations).exclude(['information-transfer']);
export type NoticedObligation = z.infer<typeof noticedObligation>;
export const noticedObligations: readonly NoticedObligation[] = noticedObligation.options;

/** Who a notice is for, by role: the concerned units of the statute, and the municipality that pays. */
export const recipientRoles = [
  'payer-municipality',
  'social-services',
  'municipal-health-care',
  'region-outpatient',
] as const;
export type RecipientRole = (typeof recipientRoles)[number];

/** The kinds of services of 2 kap. 1 §, as `need.assessed` names them. */
export const needKinds = ['socialServices', 'municipalHealthCare', 'regionOutpatient'] as const;
export type NeedKind = (typeof needKinds)[number];

/** 5 kap. 5 § and reading A43: only `available`, `notNeeded` and `notTheCause` let liability arise. */
export const outpatientAvailability = z.enum([
  'notNeeded',
  'available',
  'unavailable',
  'notTheCause',
  'unknown',
]);

const reference = z.string().min(1).max(300);

/** Fields that a notice may carry. Which of them it does is decided by `profiles/`, and how they read by `mappings/municipal`. */
export const noticeFields = [
  'name',
  'personNumber',
  'address',
  'expectedDischarge',
  'admittedAt',
  'dischargeReadyAt',
  'calledAt',
  'dischargedAt',
  'deceasedOn',
  'hospital',
  'unit',
  'services',
] as const;
export type NoticeField = (typeof noticeFields)[number];

/** What a notice says, as codes and times; name, number and address are joined when it is rendered. */
export const noticeContent = z.strictObject({
  admittedAt: instant.optional(),
  expectedDischarge: z.union([date, instant]).optional(),
  dischargeReadyAt: instant.optional(),
  /** When the fixed care contact called to planning; a date where no more is known. */
  calledAt: z.union([date, instant]).optional(),
  dischargedAt: z.union([date, instant]).optional(),
  deceasedOn: date.optional(),
  hospital: text.optional(),
  unit: text.optional(),
  /** What number the notice names the person by: 2 kap. 2 § asks for the personal identity number (reading A35). */
  numberKind: z.enum(numberKinds).optional(),
  services: z
    .strictObject({
      socialServices: z.boolean(),
      municipalHealthCare: z.boolean(),
      regionOutpatient: z.boolean(),
    })
    .optional(),
});
export type NoticeContent = z.infer<typeof noticeContent>;

const notice = z.strictObject({
  /** Decision key: process, obligation, occasion, recipient role. The same key again is a revision of the same notice. */
  key: text,
  revision: z.int().min(1),
  obligation: noticedObligation,
  /** Id of the fact that raised the duty: this admission, this readiness period, this estimate. */
  occasion: text,
  role: z.enum(recipientRoles),
  /** The treating region. */
  county: countyCode.optional(),
  /** The municipality addressed; absent when the role is the region's own outpatient unit. */
  municipality: municipalityCode.optional(),
  /** The region's own outpatient unit, where a sender has told which: by its HSA-id. */
  outpatientUnit: hsaId.optional(),
  /** The kinds of services that were assessed as needed when it was decided; absent in what is older than the field. */
  needs: z.array(z.enum(needKinds)).optional(),
  /** Held for a person, never routed automatically (protected identity). */
  held: z.boolean().optional(),
  /** Event id of the revision this one corrects or withdraws. */
  corrects: text.optional(),
  /** What it may carry by the law of its place and date; absent in a notice of before that was written down. */
  fields: z.array(z.enum(noticeFields)).max(noticeFields.length).optional(),
  content: noticeContent,
  reference,
});
export type NoticeData = z.infer<typeof notice>;

const receipt = z.strictObject({
  /** Event id of the notice revision that was delivered. */
  noticeId: text,
  key: text,
  revision: z.int().min(1),
  obligation: noticedObligation,
  occasion: text,
  role: z.enum(recipientRoles),
  municipality: municipalityCode.optional(),
  receiver: text,
  deliveryId: text,
  /** First attempt to the right address (reading A10). */
  firstAttemptAt: instant,
  /** Completed hand-over, where the channel gives proof of it. */
  deliveredAt: instant.optional(),
  /** An attempt failed because of the receiver (refused, 5xx, time-out), not because of us. */
  receiverFault: z.boolean(),
  /** First attempt that failed because of the receiver; present exactly where `receiverFault` holds (reading A10). */
  receiverFaultAt: instant.optional(),
  /**
   * `receiver-answer`: the receiver's system answered; `person`: a person found out when it arrived, and gave evidence;
   * `none`: the channel proves nothing (a local file).
   */
  proof: z.enum(['receiver-answer', 'person', 'none']),
  /** Code of what went wrong, for refused and unresolved. */
  detail: text.optional(),
});
export type ReceiptData = z.infer<typeof receipt>;

const reminder = notice.extend({
  /** Who was sent the notice, by which delivery, and when it was handed over. */
  receiver: text,
  deliveryId: text,
  deliveredAt: instant,
});
export type ReminderData = z.infer<typeof reminder>;

const noticeAnswer = z.strictObject({
  deliveryId: text.optional(),
  obligation: z.enum(obligations).optional(),
  receiver: text.optional(),
});

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

const settlementPeriod = {
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

const billingLine = z.strictObject({
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
/** A recorded line as a document has it. An opposite one an invoice takes back, and a credit note asks for. */
const invoicedLine = billingLine.extend({ isOpposite: z.literal(true).optional() });
export type InvoicedLine = z.infer<typeof invoicedLine>;
/** The legal entity that demands, or that is to pay; in the business terms of EN 16931. */
const invoiceParty = z.strictObject({
  name: text,
  organisationNumber: z.string().regex(/^\d{10}$/),
  endpoint: z.strictObject({ scheme: z.enum(['0007', '0088']), id: text }),
  address: z.strictObject({
    street: text.optional(),
    postalCode: text,
    city: text,
    country: z.literal('SE'),
  }),
  vatId: text.optional(),
  fSkatt: z.boolean().optional(),
});
export type InvoiceParty = z.infer<typeof invoiceParty>;
/** Everything of an invoice or a credit note but what issuing gives it: its number, its date and when it is due. */
const invoiceDraft = z.strictObject({
  kind: z.enum(['invoice', 'credit-note']),
  /** Whose numbers it takes: one series a seller. */
  series: text,
  /** What its number begins with: digits, and hyphens between them. */
  numberPrefix: text,
  seller: invoiceParty,
  buyer: invoiceParty,
  buyerReference: text,
  orderReference: text.optional(),
  vat: z.strictObject({
    category: z.enum(['E', 'O']),
    reasonCode: text,
    reason: reference.optional(),
  }),
  payment: z.strictObject({ means: z.enum(['bankgiro', 'plusgiro']), account: text }),
  /** Days from its date until it is due. */
  dueDays: z.int().min(0).max(365),
  /** The specification it refers to: the record of the month, by its revision. */
  specificationNumber: text,
  lines: z.array(invoicedLine).min(1).max(20_000),
  /** Above zero, also of a credit note. */
  totalOre: z.int().min(1),
  corrects: z.strictObject({ number: text, issueDate: date }).optional(),
  note: z.string().min(1).max(1000).optional(),
});
export type InvoiceDraft = z.infer<typeof invoiceDraft>;
const invoiceIssued = invoiceDraft.extend({
  ...settlementPeriod,
  /** One more than that of the last one of its series: no number is left out and none is given twice. */
  sequence: z.int().min(1),
  number: text,
  issueDate: date,
  /** Absent of a credit note. */
  dueDate: date.optional(),
  /** Of the record it follows from. */
  revision: z.int().min(1),
  /** Who approved it, and by which event. */
  by: text,
  decision: text,
  /** Of a credit note after a dispute: what it credits are lines of that invoice, by their places from 1. */
  credits: z.strictObject({ number: text, lines: z.array(z.int().min(1)).min(1) }).optional(),
});
export type IssuedInvoice = z.infer<typeof invoiceIssued>;
/** A named person answered for the record as it stood. */
const approved = z.strictObject({
  ...settlementPeriod,
  key: text,
  revision: z.int().min(1),
  /** SHA-256 of the record that was approved, hexadecimal. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  by: text,
  reason: reference,
  totalOre: z.int(),
  /** What was asked for before, less what was taken back; the draft asks for the difference. */
  invoicedOre: z.int(),
  /** Absent where nothing is due and nothing to be taken back. */
  draft: invoiceDraft.optional(),
  /** The day it is issued, where there is a draft. */
  issueOn: date.optional(),
});
export type Approval = z.infer<typeof approved>;
/** Of an invoice by its number: what a person said, and who takes it up. */
const disputeStep = z.strictObject({
  ...settlementPeriod,
  key: text,
  number: text,
  by: text,
  reason: reference,
});
const disputed = disputeStep.extend({
  /** Of the levels of the agreement, from 1; absent where no agreement names any. */
  level: z.int().min(1).optional(),
  /** Who takes it up at that level, and where that is agreed. */
  who: reference.optional(),
  reference: reference.optional(),
});

// ---------------------------------------------------------------- the list

/** Schema of `data` by type. The order is also the order of facts that happened at the same instant. */
export const eventData = {
  // facts from outside
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
  // decided here
  /** The linked stay continues the case; `cause` is `TRANSFER` or `CONTIGUOUS`. */
  'stay.linked': z.strictObject({ linkedStayId: text, cause: text }),
  /** It stands in the case it leaves and in the stay that leaves. */
  'stay.unlinked': z.strictObject({ linkedStayId: text, cause: text }),
  /** Another stay of the patient overlaps this one and does not continue it. */
  'stay.overlapped': z.strictObject({ otherStayId: text }),
  'stay.overlap-cleared': z.strictObject({ otherStayId: text }),
  'notice.issued': notice,
  'notice.corrected': notice,
  'notice.withdrawn': notice,
  /** Nobody has acknowledged it in the time agreed: its receiver is asked to. It says nothing new and moves no clock. */
  'notice.reminded': reminder,
  'notice.delivered': receipt,
  'notice.refused': receipt,
  'notice.unresolved': receipt,
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
  'billing.approved': approved,
  'billing.issued': invoiceIssued,
  'billing.disputed': disputed,
  'billing.dispute-escalated': disputed,
  /** The dispute ended: the invoice stands. */
  'billing.upheld': disputeStep,
  /** The dispute ended, or there was none: these lines are taken back, by the credit note issued with it. */
  'billing.credited': disputeStep.extend({ lines: z.array(z.int().min(1)).min(1) }),
  'joint-analysis.due': z.strictObject({ ...settlementPeriod, reference }),
  'action-plan.suggested': z.strictObject({
    ...settlementPeriod,
    cause: z.enum(['liability', 'deficiencies']),
    reference,
  }),
} as const;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>;

// Object.keys gives strings; these are the keys of the object above.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const types = Object.keys(eventData) as EventType[];
const ranks = new Map<string, number>(types.map((type, rank) => [type, rank]));
const firstDecision = types.indexOf('stay.linked');

/** Whether a text names an event type. */
export function isEventType(name: string): name is EventType {
  return ranks.has(name);
}

/** Facts came from outside; the others were decided here. */
export function isFact(type: EventType): boolean {
  return rankOf(type) < firstDecision;
}

/** Fixed order of types for facts of the same instant (design: any order of arrival folds to one state). */
export function rankOf(type: EventType): number {
  return ranks.get(type) ?? types.length;
}

// ---------------------------------------------------------------- the envelope

export interface EventOf<T extends EventType> {
  readonly id: string;
  readonly type: T;
  /** The stream: a stay, or `settlement:<county>:<municipality>:<month>`. */
  readonly stayId: string;
  /** When it happened. */
  readonly occurredAt: string;
  /** `day` where the source knew no more than the date; occurredAt is then 00.00 local time. */
  readonly precision?: 'day';
  /** When the source sent it. */
  readonly sentAt?: string;
  /** When we learned it. */
  readonly recordedAt: string;
  readonly source: { readonly sender: string; readonly messageId: string };
  /** The message or event this one follows from. */
  readonly causationId: string;
  readonly correlationId: string;
  /** Ids of events this one replaces (a message translated again under a grown table). */
  readonly supersedes?: readonly string[];
  /** Codes of what was doubtful in reading it: `DST_GAP`, `DST_OVERLAP`. */
  readonly warnings?: readonly string[];
  /** W3C Trace Context of the step that recorded it: for whoever follows a message, and no part of what happened. */
  readonly traceparent?: string;
  readonly data: EventData<T>;
}

/** Any event; narrow it by `type`. */
export type DischargeEvent = { [T in EventType]: EventOf<T> }[EventType];

/** An event as the journal holds it before its stream is known: everything but `stayId`. */
export type EventBody = DischargeEvent extends infer E
  ? E extends DischargeEvent
    ? Omit<E, 'stayId'>
    : never
  : never;

/**
 * Checks the data of one event against its schema.
 * @returns the same data, typed
 * @throws GatewayError `malformed-message` naming the type and the path, never the value
 */
export function checkData<T extends EventType>(type: T, data: unknown): EventData<T> {
  const result = eventData[type].safeParse(data);
  // The schema of T gave it; the compiler cannot follow the index into eventData.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  if (result.success) return result.data as EventData<T>;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  throw new GatewayError(
    'malformed-message',
    `${type}: ${path || 'data'}: ${issue?.code ?? 'invalid'}`,
    {
      location: `${type}.${path}`,
    },
  );
}

/** CloudEvents type of an event: `se.hemgang.patient.admitted.v1`. */
export function cloudEventType(type: EventType): string {
  return `se.hemgang.${type}.v1`;
}

/** The event as a CloudEvent 1.0 in structured JSON (content type `application/cloudevents+json`). */
export function toCloudEvent(event: DischargeEvent): Record<string, unknown> {
  const { id, type, stayId, occurredAt, data, source, ...rest } = event;
  return {
    specversion: '1.0',
    id,
    type: cloudEventType(type),
    source: `hemgang/${source.sender}`,
    subject: stayId,
    time: occurredAt,
    datacontenttype: 'application/json',
    causationid: rest.causationId,
    correlationid: rest.correlationId,
    ...(rest.traceparent !== undefined && { traceparent: rest.traceparent }),
    data,
  };
}
