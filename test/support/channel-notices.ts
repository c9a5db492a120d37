/** Notices to deliver, as dispatch hands them to a channel. */
import type { OutboundNotice } from '../../adapters/adapter.ts';
import type { NoticeData, NoticedObligation } from '../../gateway/process/events.ts';

export const noticePerson: OutboundNotice['patient'] = {
  numbers: [{ authority: '1.2.752.129.2.1.3.1', value: '195009072553', kind: 'personnummer' }],
  family: 'Påhittad',
  given: 'Testa',
  address: { street: 'Exempelgatan 1', postalCode: '412 50', city: 'Göteborg' },
};

/** What is left out is as most notices have it. */
export function aNotice(
  more: {
    readonly deliveryId?: string;
    readonly obligation?: NoticedObligation;
    readonly action?: OutboundNotice['action'];
    readonly patient?: OutboundNotice['patient'];
    readonly notice?: Partial<NoticeData>;
  } = {},
): OutboundNotice {
  const { action = 'issued', obligation = 'discharge-ready-notice' } = more;
  const data: NoticeData = {
    key: 'case-1|discharge-ready-notice|fact-1|social-services',
    revision: 1,
    obligation,
    occasion: 'fact-1',
    role: 'social-services',
    county: '14',
    municipality: '1480',
    content: {
      admittedAt: '2022-03-01T09:00:00.000Z',
      expectedDischarge: '2022-03-08T11:00:00.000Z',
      dischargeReadyAt: '2022-03-07T10:58:00.000Z',
      hospital: 'Eklidens sjukhus',
      unit: 'Avdelning 7',
    },
    reference: '3 kap. 1 § lag (2017:612)',
    ...more.notice,
  };
  const event = {
    id: 'n-1',
    type: `notice.${action}` as const,
    stayId: 'stay-1',
    occurredAt: '2022-03-07T10:59:00.000Z',
    recordedAt: '2022-03-07T10:59:00.000Z',
    source: { sender: 'hemgang', messageId: 'm-1' },
    causationId: 'fact-1',
    correlationId: 'm-1',
    data,
  };
  return {
    kind: 'notice',
    deliveryId: more.deliveryId ?? '0c8a2e6e-7b1f-5d3a-9e44-2f1d7c90ab12',
    caseReference: 'case-1',
    action,
    patient: more.patient ?? noticePerson,
    event,
    notice: data,
  };
}

/** Names that end a field, a frame, a line or a page where a writer is careless. */
export const hostileNames: readonly string[] = [
  `<&>"'`,
  '|^~\\&',
  'A\u000bB\u001c\rMSH|^~\\&|C\u0000D\nE\u0007F',
  'Å'.repeat(200),
  'שָׁלוֹם \u202eRTL',
];
