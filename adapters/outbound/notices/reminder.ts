/** A reminder as a municipality reads it: as a notice, with the case and nothing of the person. Pure. */
import { fillPlaceholders, type MunicipalWords } from '../../../mappings/municipal.ts';
import type { OutboundReminder, Rendered } from '../../adapter.ts';
import { lineOf, plainText, timeOf, type NoticeText } from './notice-text.ts';

/** `data.deliveryId` is that of the notice it reminds of; an acknowledgement may name either of the two. */
export function renderReminder(message: OutboundReminder, words: MunicipalWords): Rendered {
  const { event, reminder, deliveryId, caseReference } = message;
  const { obligation, role, municipality, county } = reminder;
  const text = reminderText(message, words);
  const content = {
    type: 'notice.reminded',
    timestamp: event.occurredAt,
    data: {
      caseReference,
      deliveryId: reminder.deliveryId,
      obligation,
      role,
      ...(county === undefined ? {} : { county }),
      ...(municipality === undefined ? {} : { municipality }),
      deliveredAt: timeOf(reminder.deliveredAt).value,
      text: { language: 'sv', title: text.title, body: plainText(text) },
    },
  };
  return {
    contentType: 'application/json',
    parts: [{ name: `${deliveryId}.json`, body: `${JSON.stringify(content, null, 2)}\n` }],
  };
}

/** The same in words. */
export function reminderText(
  { reminder, caseReference }: OutboundReminder,
  words: MunicipalWords,
): NoticeText {
  const values: Readonly<Record<string, string>> = {
    notice: words.notices[reminder.obligation].issued.title,
    deliveredAt: timeOf(reminder.deliveredAt).text,
    caseReference,
    role: words.vocabulary.roles[reminder.role],
  };
  const fill = (pattern: string): string =>
    fillPlaceholders(pattern, (name) => values[name] ?? words.vocabulary.missing);
  const { title, body } = words.reminder;
  return { title, lines: body.map((line) => lineOf(line, fill)), content: {}, missing: [] };
}
