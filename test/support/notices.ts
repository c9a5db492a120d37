/** Notices to render and deliver: one person, one stay, every obligation and action. */
import type { OutboundNotice, OutboundReminder } from '../../adapters/adapter.ts';
import type { NoticeData, NoticedObligation, ReminderData } from '../../gateway/process/events.ts';
import { decisionId, deliveryIdOf } from '../../gateway/process/ids.ts';

export const receiverId = 'provkommunen';
export const noticePerson: OutboundNotice['patient'] = {
  numbers: [{ authority: '1.2.752.129.2.1.3.1', value: '195009072553', kind: 'personnummer' }],
  family: 'Påhittad',
  given: 'Testa',
  address: { street: 'Exempelgatan 1', postalCode: '412 50', city: 'Göteborg' },
};

/** Everything that a notice could know; what it carries is for its words to say. */
const content: NoticeData['content'] = {
  admittedAt: '2022-03-01T08:00:00.000Z',
  expectedDischarge: '2022-03-09T11:00:00.000Z',
  previousExpectedDischarge: '2022-03-11',
  dischargeReadyAt: '2022-03-07T10:58:00.000Z',
  calledAt: '2022-03-07T12:30:00.000Z',
  dischargedAt: '2022-03-08T09:15:00.000Z',
  deceasedOn: '2022-03-08',
  hospital: 'Eklidens sjukhus',
  unit: 'Avdelning 7',
};

/** The section of the law that the rules give each notice: where no section orders it, they say so. */
const references: Readonly<Record<NoticedObligation, string>> = {
  'admission-notice': '2 kap. 1–3 §§ lag (2017:612)',
  'discharge-estimate': '2 kap. 4 § lag (2017:612)',
  'discharge-ready-notice': '3 kap. 1 § lag (2017:612)',
  'compulsory-care-notice': '3 kap. 1 § andra stycket lag (2017:612), 7 a § lag (1991:1128)',
  'planning-call': '4 kap. 3 § lag (2017:612)',
  'discharge-notice':
    'Följer av 3 kap. 2 § lag (2017:612), som räknar från utskrivningsdagen; ingen paragraf föreskriver meddelandet',
  'death-notice':
    'Avslutar planeringen enligt 2 kap. 6 § lag (2017:612); ingen paragraf föreskriver meddelandet',
};

/** Decision key of a notice of that case. */
export const keyOf = (obligation: NoticeData['obligation']): string =>
  `c-7f3a|${obligation}|fact-1|social-services`;

/**
 * A notice as dispatch hands it to a channel. Revision 2 corrects, and 3 withdraws; a change of the estimate names the
 * admission notice.
 */
export function noticeOf(
  obligation: NoticeData['obligation'] = 'discharge-ready-notice',
  action: OutboundNotice['action'] = 'issued',
  change: Partial<NoticeData> = {},
  more: Partial<OutboundNotice> = {},
): OutboundNotice {
  const key = keyOf(obligation);
  const changedKey = obligation === 'discharge-estimate' ? keyOf('admission-notice') : undefined;
  const revision = { issued: 1, corrected: 2, withdrawn: 3 }[action];
  const notice: NoticeData = {
    key,
    revision,
    obligation,
    occasion: 'fact-1',
    role: 'social-services',
    county: '14',
    municipality: '1480',
    ...(revision > 1 && { corrects: decisionId(key, revision - 1) }),
    ...(changedKey !== undefined && { changes: decisionId(changedKey, 1) }),
    content,
    reference: references[obligation],
    ...change,
  };
  const id = decisionId(key, revision);
  const at = '2022-03-07T10:59:00.000Z';
  return {
    kind: 'notice',
    deliveryId: deliveryIdOf(id, receiverId),
    caseReference: 'c-7f3a',
    action,
    ...(changedKey !== undefined && { changedKey }),
    ...((revision > 1 || changedKey !== undefined) && { replacedAt: '2022-03-02T09:12:00.000Z' }),
    patient: noticePerson,
    notice,
    event: {
      id,
      type: `notice.${action}`,
      stayId: 'stay-1',
      occurredAt: at,
      recordedAt: at,
      source: { sender: 'hemgang', messageId: 'm-1' },
      causationId: 'fact-1',
      correlationId: 'm-1',
      data: notice,
    },
    ...more,
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

/** The reminder of such a notice, as dispatch hands it to a channel. */
export function reminderOf(
  obligation: NoticeData['obligation'] = 'discharge-ready-notice',
  deliveryId = noticeOf(obligation).deliveryId,
): OutboundReminder {
  const { event, notice, caseReference, changedKey } = noticeOf(obligation);
  const reminder: ReminderData = {
    ...notice,
    content: {},
    receiver: receiverId,
    deliveryId,
    deliveredAt: '2022-03-07T11:00:02.000Z',
  };
  const at = '2022-03-07T15:00:02.000Z';
  const id = decisionId(`reminder|${deliveryId}`, 1);
  return {
    deliveryId: deliveryIdOf(id, receiverId),
    event: {
      ...event,
      id,
      type: 'notice.reminded',
      occurredAt: at,
      recordedAt: at,
      data: reminder,
    },
    reminder,
    caseReference,
    ...(changedKey !== undefined && { changedKey }),
  };
}
