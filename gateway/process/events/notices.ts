/** What is to be told to whom, as the deciding issues it, and what dispatch learned of the sending. */
import { z } from 'zod';
import {
  countyCode,
  date,
  hsaId,
  instant,
  municipalityCode,
  needKinds,
  noticedObligation,
  numberKinds,
  recipientRoles,
  reference,
  text,
} from './codes.ts';

/** Fields that a notice may carry. Which of them it does is decided by `profiles/`, and how they read by `mappings/municipal`. */
export const noticeFields = [
  'name',
  'personNumber',
  'address',
  'expectedDischarge',
  'previousExpectedDischarge',
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
  /** The estimate that was told before this one. */
  previousExpectedDischarge: z.union([date, instant]).optional(),
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
  /** Id of the fact that raised the duty: this admission, this readiness period. */
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
  /** Event id of the admission notice whose estimate has changed (2 kap. 4 §): it stands, but for the estimate. */
  changes: text.optional(),
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

export const noticeEvents = {
  'notice.issued': notice,
  'notice.corrected': notice,
  'notice.withdrawn': notice,
  /** Nobody has acknowledged it in the time agreed: its receiver is asked to. It says nothing new and moves no clock. */
  'notice.reminded': reminder,
  'notice.delivered': receipt,
  'notice.refused': receipt,
  'notice.unresolved': receipt,
} as const;
