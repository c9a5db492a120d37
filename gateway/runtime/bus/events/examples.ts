/** One example of every event as subscribers get it: invented, the same at every run. */
import type { EventType } from '../../../process/events.ts';
import type { DischargeEvent } from '../../../process/events.ts';
import { outsideEvent, outsideKey } from './outside-event.ts';
import { toldFields, toldTypes } from './told.ts';

const settled = /^(settlement|billing|joint-analysis|action-plan)\./;
const id = '018f3b52-7c1d-7a44-9e0b-5d1f6a2c3e47';

/** A value for each field that is told, whatever its type. */
const values: Readonly<Record<string, unknown>> = {
  answerBy: '2026-05-04',
  at: '2026-03-02T10:00:00.000Z',
  availability: 'available',
  calledBy: 'fixed-care-contact',
  care: 'somatic',
  cases: 12,
  cause: 'TRANSFER',
  changes: id,
  corrects: id,
  deadline: 'T1',
  deliveredAt: '2026-03-02T10:00:07.000Z',
  differenceOre: -1_140_000,
  dueAt: '2026-03-03T23:00:00.000Z',
  dueDate: '2026-05-20',
  eligible: true,
  exists: true,
  expectedDischarge: '2026-03-06',
  firstAttemptAt: '2026-03-02T10:00:06.000Z',
  from: '2026-03-06',
  invoicedOre: 0,
  issueDate: '2026-04-20',
  issueOn: '2026-04-20',
  kind: 'invoice',
  level: 1,
  linkedStayId: id,
  metAt: '2026-03-02T10:00:07.000Z',
  missing: 'settlement.rate',
  missingOn: '2026-03-01',
  model: 'statute',
  month: '2026-03',
  municipalHealthCare: false,
  noticeId: id,
  number: '14000001',
  obligation: 'discharge-ready-notice',
  occasion: id,
  otherStayId: id,
  plan: 'coordinated-individual-plan',
  proof: 'receiver-answer',
  readyDays: 4,
  reason: 'ADMISSION_NOTICE_LATE',
  receiverFault: false,
  regionOutpatient: true,
  revision: 1,
  role: 'social-services',
  socialServices: true,
  statement: 'patient.discharge-ready',
  status: 'unmet',
  totalOre: 4_560_000,
  until: '2026-03-09',
};
/** Where a field of the same name says something else. */
const otherwise: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'action-plan.suggested': { cause: 'liability' },
  'billing.disputed': { cause: 'days' },
  'billing.dispute-escalated': { cause: 'days', level: 2 },
  'billing.adjusted': { cause: id, revision: 2 },
  'notice.corrected': { revision: 2 },
  'notice.withdrawn': { revision: 2 },
};

export interface EventExample {
  readonly type: EventType;
  readonly routingKey: string;
  readonly event: ReturnType<typeof outsideEvent>;
}

export function eventExamples(): readonly EventExample[] {
  return toldTypes.map((type, at) => {
    const stayId = settled.test(type) ? 'settlement:14:1480:2026-03' : id;
    const place = {
      subject: settled.test(type) ? stayId : '01a1f0c4-5d2e-7b31-8c55-2f9e4d7a6b10',
      stayId: settled.test(type) ? undefined : stayId,
      county: '14',
      municipality: '1480',
    };
    const fields = toldFields(type).map((field) => [field, values[field]]);
    const stored: unknown = {
      id: `5f0c1d9a-3e77-5b21-9a40-${String(at + 1).padStart(12, '0')}`,
      type,
      stayId,
      occurredAt: '2026-03-02T10:00:00.000Z',
      source: { sender: 'ekliden', messageId: id },
      data: { ...Object.fromEntries(fields), ...otherwise[type] },
    };
    // Made of values by field name: the test holds each example against its schema.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const event = stored as DischargeEvent;
    return {
      type,
      routingKey: outsideKey(type, place),
      event: outsideEvent({ position: 1000 + at, event }, place),
    };
  });
}
