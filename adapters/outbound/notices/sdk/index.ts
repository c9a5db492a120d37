/**
 * Notices by SDK (Säker digital kommunikation), handed to the access point that signs, encrypts and carries them. To
 * hand over is not to deliver: the receiver's message service answers with a receipt of its own (`inbound/sdk-receipts`).
 */
import { assert, GatewayError } from '../../../../gateway/errors.ts';
import type { MunicipalWords } from '../../../../mappings/municipal.ts';
import type { DeliveryReceipt, Outbound, Rendered } from '../../../adapter.ts';
import { dropFiles } from '../../../wire/file-drop.ts';
import { openPostLine, postOnce } from '../../../wire/http-post.ts';
import { judgeAnswer } from '../../../wire/http-receipt.ts';
import { targetOf } from '../../../wire/target.ts';
import { noticeText } from '../notice-text.ts';
import { sdkEnvelope, type SdkAddresses } from './message.ts';
import { checkSdk } from './rules.ts';

/** How the access point takes envelopes from us. */
export type HandOver =
  | { readonly by: 'folder'; readonly folder: string }
  | {
      readonly by: 'http';
      readonly url: string;
      /** Sent as a bearer token. */
      readonly token?: string;
      readonly timeoutMs: number;
      /** The access point stands in our own network. */
      readonly allowPrivate: boolean;
      /** It recognises a message id it has taken. */
      readonly idempotent: boolean;
      /** The machine's time, for a Retry-After that is a date. */
      readonly nowSeconds: () => number;
    };

export interface SdkSettings {
  readonly addresses: SdkAddresses;
  readonly words: MunicipalWords;
  readonly handOver: HandOver;
  /** How long to wait for the receiver's receipt; then a person finds out. */
  readonly receiptWithinMs: number;
}

/**
 * One receiver reached by SDK.
 * @throws GatewayError configuration-invalid
 */
export function sdkNotices(settings: SdkSettings): Outbound & { close(): Promise<void> } {
  const { addresses, words, handOver, receiptWithinMs } = settings;
  const way = handOver.by === 'folder' ? byFolder(handOver) : byHttp(handOver);
  return {
    channel: 'sdk',
    idempotent: handOver.by === 'folder' || handOver.idempotent,
    render(message) {
      assert(message.kind === 'notice', 'a notice channel carries notices');
      const body = sdkEnvelope(message, noticeText(message, words), addresses);
      const [broken] = checkSdk(body);
      assert(broken === undefined, `SDK: ${broken?.rule} at ${broken?.where}`);
      return {
        contentType: 'application/xml',
        parts: [{ name: `${message.deliveryId}.xml`, body }],
      };
    },
    async deliver(deliveryId, rendered, signal): Promise<DeliveryReceipt> {
      const detail = await way.deliver(deliveryId, rendered, signal);
      return { proof: 'awaited', detail, withinMs: receiptWithinMs };
    },
    close: () => way.close(),
  };
}

interface Way {
  /** @returns a short code for the log */
  deliver(deliveryId: string, rendered: Rendered, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

function byFolder({ folder }: Extract<HandOver, { by: 'folder' }>): Way {
  return {
    async deliver(_deliveryId, rendered, signal) {
      await dropFiles(folder, rendered.parts, signal);
      return 'given to the access point: file';
    },
    close: async () => {},
  };
}

function byHttp(settings: Extract<HandOver, { by: 'http' }>): Way {
  const { url, token, timeoutMs, allowPrivate, nowSeconds } = settings;
  const target = targetOf(url, allowPrivate, 'access point url');
  const line = openPostLine(target, settings);
  return {
    async deliver(deliveryId, rendered, signal) {
      const [part] = rendered.parts;
      assert(part !== undefined, 'an envelope is one part');
      const answer = await postOnce({
        line,
        headers: {
          'content-type': `${rendered.contentType}; charset=utf-8`,
          'user-agent': 'hemgang',
          'idempotency-key': deliveryId,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: part.body,
        timeoutMs,
        signal,
      }).catch(asAccessPoint);
      try {
        return `given to the access point: ${judgeAnswer(answer, nowSeconds()).detail}`;
      } catch (thrown) {
        return asAccessPoint(thrown);
      }
    },
    close: () => line.close(),
  };
}

/** What is known of the failure is the same; who failed is the access point. */
function asAccessPoint(thrown: unknown): never {
  if (!(thrown instanceof GatewayError)) throw thrown;
  const { code, message, standardCode, retryAfterMs, cause } = thrown;
  throw new GatewayError(code, message.replace(/^webhook/, 'access point'), {
    ...(standardCode !== undefined && { standardCode }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(cause !== undefined && { cause }),
  });
}
