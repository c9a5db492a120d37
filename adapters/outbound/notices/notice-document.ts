/** A notice as a document to be read and filed, for the channels that attach one. */
import type { OutboundNotice } from '../../adapter.ts';
import type { Block, ReadableDocument } from '../pdf/document.ts';
import type { NoticeText } from './notice-text.ts';

/** Values that follow one another stand together; a sentence is a paragraph of its own. */
export function noticeDocument(
  {
    event,
    deliveryId,
    caseReference,
  }: Pick<OutboundNotice, 'event' | 'deliveryId' | 'caseReference'>,
  { title, lines, reference }: NoticeText,
): ReadableDocument {
  const blocks: Block[] = [];
  let values: [string, string][] = [];
  for (const { label, text } of lines) {
    if (label === undefined) {
      values = [];
      blocks.push({ kind: 'paragraph', text });
    } else {
      if (values.length === 0) blocks.push({ kind: 'values', rows: values });
      values.push([label, text]);
    }
  }
  return {
    title,
    ...(reference !== undefined && { subtitle: reference }),
    blocks,
    footer: `Ärende ${caseReference}`,
    createdAt: event.occurredAt,
    id: deliveryId,
  };
}
