/** A notice as files, for a receiver that takes files: PDF to be filed, text to be read, JSON for a system. */
import { assert } from '../../../gateway/errors.ts';
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { OutboundMessage, OutboundNotice, OutboundReminder, Rendered } from '../../adapter.ts';
import type { MakePdf } from '../pdf/document.ts';
import { noticeDocument } from './notice-document.ts';
import { noticeText, plainText, type NoticeText } from './notice-text.ts';
import { reminderText, renderReminder } from './reminder.ts';
import { renderNotice } from './render.ts';

/** In the order in which they get their names: who sees the last of those it takes has all of them. */
export const noticeParts = ['pdf', 'text', 'json'] as const;
export type NoticePart = (typeof noticeParts)[number];

interface Making {
  readonly words: MunicipalWords;
  /** Which of them; the order is always the same. */
  readonly parts: readonly NoticePart[];
  readonly pdf: MakePdf;
}

/** Pure. @throws GatewayError as `renderNotice` */
export async function renderNoticeFiles(
  message: OutboundMessage,
  making: Making,
): Promise<Rendered> {
  assert(message.kind === 'notice', 'a notice channel carries notices');
  const text = noticeText(message, making.words);
  return await filesOf(message, text, making, () => renderNotice(message, making.words));
}

/** Pure. A reminder has the files that a notice has. */
export async function renderReminderFiles(
  message: OutboundReminder,
  making: Making,
): Promise<Rendered> {
  const text = reminderText(message, making.words);
  return await filesOf(message, text, making, () => renderReminder(message, making.words));
}

async function filesOf(
  message: OutboundNotice | OutboundReminder,
  text: NoticeText,
  { parts, pdf }: Making,
  json: () => Rendered,
): Promise<Rendered> {
  const { deliveryId: id } = message;
  const files: Rendered['parts'][number][] = [];
  if (parts.includes('pdf')) {
    const body = Buffer.from(await pdf(noticeDocument(message, text))).toString('base64');
    files.push({ name: `${id}.pdf`, body, encoding: 'base64' });
  }
  if (parts.includes('text')) {
    files.push({ name: `${id}.txt`, body: `${text.title}\n\n${plainText(text)}\n` });
  }
  if (parts.includes('json')) files.push(...json().parts);
  const contentType = parts.includes('json') ? 'application/json' : 'application/octet-stream';
  return { contentType, parts: files };
}
