/** A reminder as a municipality reads it: the JSON of a notice, with the case and nothing of the person. Pure. */
import { fillPlaceholders, type MunicipalWords } from '../../../mappings/municipal.ts';
import type { OutboundReminder, Rendered } from '../../adapter.ts';
import type { Block, ReadableDocument } from '../pdf/document.ts';
import { timeOf } from './notice-text.ts';

/** `data.deliveryId` is that of the notice it reminds of; an acknowledgement may name either of the two. */
export function renderReminder(message: OutboundReminder, words: MunicipalWords): Rendered {
  const { event, reminder, deliveryId, caseReference } = message;
  const { obligation, role, municipality, county } = reminder;
  const { title, blocks } = reminderDocument(message, words);
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
      text: { language: 'sv', title, body: blocks.map(({ text }) => text).join('\n') },
    },
  };
  return {
    contentType: 'application/json',
    parts: [{ name: `${deliveryId}.json`, body: `${JSON.stringify(content, null, 2)}\n` }],
  };
}

/** Sentences alone. */
export interface ReminderDocument extends ReadableDocument {
  readonly blocks: readonly Extract<Block, { kind: 'paragraph' }>[];
}

/** The same to be read. */
export function reminderDocument(
  { event, reminder, deliveryId, caseReference }: OutboundReminder,
  words: MunicipalWords,
): ReminderDocument {
  const values: Readonly<Record<string, string>> = {
    notice: words.notices[reminder.obligation].issued.title,
    deliveredAt: timeOf(reminder.deliveredAt).text,
    caseReference,
    role: words.vocabulary.roles[reminder.role],
  };
  const { title, body } = words.reminder;
  return {
    title,
    blocks: body.map((line) => ({
      kind: 'paragraph',
      text: fillPlaceholders(line, (name) => values[name] ?? ''),
    })),
    footer: `Ärende ${caseReference}`,
    createdAt: event.occurredAt,
    id: deliveryId,
  };
}
