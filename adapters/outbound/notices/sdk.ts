/** Notices by SDK (Säker digital kommunikation): the text to be read at once, and the same as a PDF to be filed. */
import { assert } from '../../../gateway/errors.ts';
import { decisionId, deliveryIdOf } from '../../../gateway/process/ids.ts';
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound, OutboundNotice, OutboundReminder, Rendered } from '../../adapter.ts';
import type { MakePdf } from '../pdf/document.ts';
import { renderSdk, type SdkAddresses, type SdkMessage } from '../sdk/envelope.ts';
import { byAccessPoint, type HandOver } from '../ways/access-point.ts';
import { noticeDocument } from './notice-document.ts';
import { noticeText, plainText, type NoticeText } from './notice-text.ts';
import { reminderText } from './reminder.ts';

export interface SdkNoticeSettings {
  readonly addresses: SdkAddresses;
  readonly words: MunicipalWords;
  readonly pdf: MakePdf;
  readonly handOver: HandOver;
  /** How long to wait for the receiver's receipt; then a person finds out. */
  readonly receiptWithinMs: number;
}

/**
 * One receiver reached by SDK.
 * @throws GatewayError configuration-invalid
 */
export function sdkNotices(settings: SdkNoticeSettings): Outbound & { close(): Promise<void> } {
  const { addresses, words, pdf, handOver, receiptWithinMs } = settings;
  return {
    ...byAccessPoint(handOver, receiptWithinMs),
    channel: 'sdk',
    async render(message) {
      assert(message.kind === 'notice', 'a notice channel carries notices');
      const thread = threadOf(message, addresses.receiver);
      return await enveloped(message, noticeText(message, words), thread);
    },
    async remind(reminder) {
      const { deliveryId: of, key } = reminder.reminder;
      const first = firstOf(reminder.changedKey ?? key, addresses.receiver);
      const thread = { conversationId: first, refersTo: of };
      return await enveloped(reminder, reminderText(reminder, words), thread);
    },
  };

  async function enveloped(
    message: OutboundNotice | OutboundReminder,
    text: NoticeText,
    thread: Thread,
  ): Promise<Rendered> {
    const { deliveryId, event, caseReference } = message;
    const body = await pdf(noticeDocument(message, text));
    const content: SdkMessage = {
      id: deliveryId,
      ...thread,
      createdAt: event.occurredAt,
      label: text.title,
      reference: { label: 'Ärende', value: caseReference },
      text: plainText(text),
      files: [{ name: `${deliveryId}.pdf`, kind: 'pdf', body }],
    };
    return renderSdk(content, addresses);
  }
}

type Thread = Pick<SdkMessage, 'conversationId' | 'refersTo'>;

/** Ids by which a receiver puts messages together: corrections, changes and a withdrawal go on with the thread of the first. */
function threadOf(
  { deliveryId, notice: { key, corrects, changes }, changedKey = key }: OutboundNotice,
  receiver: string,
): Thread {
  const before = corrects ?? changes;
  if (before === undefined) return { conversationId: deliveryId };
  const refersTo = deliveryIdOf(before, receiver);
  return { conversationId: firstOf(changedKey, receiver), refersTo };
}

/** A thread bears the name of its first message. */
const firstOf = (key: string, receiver: string): string =>
  deliveryIdOf(decisionId(key, 1), receiver);
