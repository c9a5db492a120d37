/** A reminder as a municipality reads it: the JSON of a notice, with the case and nothing of the person. Pure. */
import { fillPlaceholders, type MunicipalWords } from '../../../mappings/municipal.ts';
import type { OutboundReminder, Rendered } from '../../adapter.ts';
import { timeOf } from './notice-text.ts';

/** `data.deliveryId` is that of the notice it reminds of; an acknowledgement may name either of the two. */
export function renderReminder(message: OutboundReminder, words: MunicipalWords): Rendered {
  const { event, reminder, deliveryId, caseReference } = message;
  const { obligation, role, municipality, county } = reminder;
  const deliveredAt = timeOf(reminder.deliveredAt);
  const values: Readonly<Record<string, string>> = {
    notice: words.notices[obligation].issued.title,
    deliveredAt: deliveredAt.text,
    caseReference,
    role: words.vocabulary.roles[role],
  };
  const { title, body } = words.reminder;
  const lines = body.map((line) => fillPlaceholders(line, (name) => values[name] ?? ''));
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
      deliveredAt: deliveredAt.value,
      text: { language: 'sv', title, body: lines.join('\n') },
    },
  };
  return {
    contentType: 'application/json',
    parts: [{ name: `${deliveryId}.json`, body: `${JSON.stringify(content, null, 2)}\n` }],
  };
}
