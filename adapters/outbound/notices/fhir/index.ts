/**
 * Notices as messages of FHIR R4, to `$process-message` or created as a Bundle. One attempt; when to try again is the
 * journal's matter.
 */
import { assert } from '../../../../gateway/errors.ts';
import type { MunicipalWords } from '../../../../mappings/municipal.ts';
import type { Outbound, OutboundMessage, Rendered, OutboundReminder } from '../../../adapter.ts';
import type { FhirClient } from '../../../wire/fhir-client.ts';
import { noticeText, type NoticeText } from '../notice-text.ts';
import { reminderText } from '../reminder.ts';
import { judgeNoticeAnswer } from './answer.ts';
import { deliverySystem, noticeBundle, type Ends, type Told } from './bundle.ts';

export interface FhirNoticeSettings {
  /** Id of the receiver in the configuration. */
  readonly receiverId: string;
  /** The way to its server. */
  readonly client: Pick<FhirClient, 'base' | 'post' | 'close'>;
  /**
   * `process-message`: POST to `[base]/$process-message`, answered by a message. `create`: POST to `[base]/Bundle`, where
   * no other has its identifier (If-None-Exist).
   */
  readonly operation: 'process-message' | 'create';
  /** MessageHeader.source.endpoint: who we are. */
  readonly source: string;
  /** The receiver recognises a message by MessageHeader.id, or a Bundle by its identifier. */
  readonly idempotent: boolean;
  readonly words: MunicipalWords;
}

/** One receiver reached by FHIR. */
export function fhirNotices(settings: FhirNoticeSettings): Outbound & { close(): Promise<void> } {
  const { receiverId, client, operation, source, idempotent, words } = settings;
  const destination = client.base.href.replace(/\/+$/, '');
  const to = operation === 'create' ? 'Bundle' : '$process-message';
  const ends = { receiverId, destination, source };

  return {
    channel: 'fhir',
    idempotent,
    render: async (message) => renderFhir(message, words, ends),
    remind: async (reminder) => renderFhirReminder(reminder, words, ends),
    async deliver(deliveryId, rendered, signal, traceparent) {
      const part = rendered.parts[0];
      assert(part !== undefined && rendered.parts.length === 1, 'a message is one part');
      const answer = await client.post({
        to,
        body: part.body,
        headers: {
          ...(operation === 'create' && {
            'if-none-exist': `identifier=${encodeURIComponent(deliverySystem)}|${deliveryId}`,
          }),
          ...(traceparent !== undefined && { traceparent }),
        },
        signal,
      });
      return judgeNoticeAnswer(answer, { deliveryId, what: `POST ${to}` });
    },
    close: () => client.close(),
  };
}

/** Pure. @throws GatewayError unroutable for a notice that is held for a person */
export function renderFhir(message: OutboundMessage, words: MunicipalWords, ends: Ends): Rendered {
  assert(message.kind === 'notice', 'a notice channel carries notices');
  return bundled(message, noticeText(message, words), ends);
}

/** Pure. A reminder is a message of its own, which names the one it reminds of. */
export function renderFhirReminder(
  message: OutboundReminder,
  words: MunicipalWords,
  ends: Ends,
): Rendered {
  const { reminder: notice, deliveryId, event, caseReference } = message;
  const about = { deliveryId, event, caseReference, notice, patient: { numbers: [] } };
  const told = { ...about, action: 'reminded', remindsOf: notice.deliveryId } as const;
  return bundled(told, reminderText(message, words), ends);
}

function bundled(message: Told, text: NoticeText, ends: Ends): Rendered {
  const bundle = noticeBundle(message, text, ends);
  return {
    contentType: 'application/fhir+json',
    parts: [{ name: `${message.deliveryId}.json`, body: `${JSON.stringify(bundle, null, 2)}\n` }],
  };
}
