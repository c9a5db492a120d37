/** Notices by signed webhook (Standard Webhooks 1.0). One attempt; when to try again is the journal's matter. */
import { assert, GatewayError } from '../../../gateway/errors.ts';
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { Outbound } from '../../adapter.ts';
import { signerOf } from '../../wire/signature.ts';
import { targetOf } from '../../wire/target.ts';
import { judgeAnswer } from '../../wire/http-receipt.ts';
import { openPostLine, postOnce } from '../../wire/http-post.ts';
import { renderReminder } from './reminder.ts';
import { renderNotice } from './render.ts';

export interface WebhookSettings {
  readonly url: string;
  /** `whsec_…`; two while the secret is being changed. */
  readonly secrets: readonly string[];
  /** For a whole attempt; Standard Webhooks advises 15 000 to 30 000. */
  readonly timeoutMs: number;
  /** The receiver recognises a repeated `webhook-id`. */
  readonly idempotent: boolean;
  readonly words: MunicipalWords;
  /** At the same time; 4 where left out. */
  readonly connections?: number;
  /** The receiver stands in our own network. */
  readonly allowPrivate?: boolean;
  /** The machine's time, not the legal clock: receivers refuse an old signature. */
  readonly nowSeconds: () => number;
}

/**
 * One receiver reached by webhook. `webhook-id` is the delivery id and stays over attempts; the time and signature do not.
 * @throws GatewayError configuration-invalid
 */
export function webhookNotices(settings: WebhookSettings): Outbound & { close(): Promise<void> } {
  const { timeoutMs, words, idempotent, nowSeconds } = settings;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 120_000) {
    throw new GatewayError('configuration-invalid', 'timeoutMs: expected 1 to 120000');
  }
  const target = targetOf(settings.url, settings.allowPrivate ?? false, 'webhook url');
  const sign = signerOf(settings.secrets);
  const line = openPostLine(target, settings);

  return {
    channel: 'webhook',
    idempotent,
    render: (message) => renderNotice(message, words),
    remind: (reminder) => renderReminder(reminder, words),
    async deliver(deliveryId, rendered, signal, traceparent) {
      const part = rendered.parts[0];
      assert(part !== undefined && rendered.parts.length === 1, 'a webhook carries one part');
      const now = nowSeconds();
      const answer = await postOnce({
        line,
        headers: {
          ...sign(deliveryId, part.body, now),
          'content-type': rendered.contentType,
          'user-agent': 'hemgang',
          ...(traceparent !== undefined && { traceparent }),
        },
        body: part.body,
        timeoutMs,
        signal,
      });
      return judgeAnswer(answer, now);
    },
    close: () => line.close(),
  };
}
