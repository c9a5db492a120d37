/** Notices by SDK (Säker digital kommunikation): the text to be read at once, and the same as a PDF to be filed. */
import { assert } from '../../../gateway/errors.ts';
import { decisionId, deliveryIdOf } from '../../../gateway/process/ids.ts';
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound, OutboundNotice } from '../../adapter.ts';
import type { MakePdf } from '../pdf/document.ts';
import { renderSdk, type SdkAddresses, type SdkMessage } from '../sdk/envelope.ts';
import { byAccessPoint, type HandOver } from '../ways/access-point.ts';
import { noticeDocument } from './notice-document.ts';
import { noticeText, plainText } from './notice-text.ts';

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
      const text = noticeText(message, words);
      const body = await pdf(noticeDocument(message, text));
      const file = { name: `${message.deliveryId}.pdf`, kind: 'pdf', body } as const;
      const { event, caseReference } = message;
      const content: SdkMessage = {
        ...threadOf(message, addresses.receiver),
        createdAt: event.occurredAt,
        label: text.title,
        reference: { label: 'Ärende', value: caseReference },
        text: plainText(text),
        files: [file],
      };
      return renderSdk(content, addresses);
    },
  };
}

/** Ids by which a receiver puts messages together: corrections, changes and a withdrawal go on with the thread of the first. */
function threadOf(
  { deliveryId, notice: { key, corrects, changes }, changedKey = key }: OutboundNotice,
  receiver: string,
): Pick<SdkMessage, 'id' | 'conversationId' | 'refersTo'> {
  const before = corrects ?? changes;
  if (before === undefined) return { id: deliveryId, conversationId: deliveryId };
  const first = deliveryIdOf(decisionId(changedKey, 1), receiver);
  return { id: deliveryId, conversationId: first, refersTo: deliveryIdOf(before, receiver) };
}
