/** By one POST an attempt: the first part of what was rendered is its body. When to try again is the journal's matter. */
import { assert, GatewayError } from '../../../gateway/errors.ts';
import { openPostLine, postOnce, type LineTls } from '../../wire/http-post.ts';
import { judgeAnswer } from '../../wire/http-receipt.ts';
import { signerOf } from '../../wire/signature.ts';
import { targetOf } from '../../wire/target.ts';
import type { Way } from './way.ts';

export interface PostSettings {
  readonly url: string;
  /** `whsec_…`: signed by Standard Webhooks 1.0, so that `webhook-id` is our delivery id; two while one is changed. */
  readonly secrets?: readonly string[] | undefined;
  /** Bearer token. */
  readonly token?: string | undefined;
  /** For a whole attempt, in milliseconds. */
  readonly timeoutMs: number;
  /** The receiver recognises a repeated delivery id. */
  readonly idempotent: boolean;
  /** At the same time; 4 where left out. */
  readonly connections?: number | undefined;
  /** It stands in our own network. */
  readonly allowPrivate: boolean;
  readonly tls?: LineTls | undefined;
  /** The machine's time, not the legal clock: receivers refuse an old signature. */
  readonly nowSeconds: () => number;
}

interface Named {
  /** What stands there, in an error. */
  readonly name: 'webhook' | 'document' | 'access point';
  /** Our delivery id goes as `Idempotency-Key`, too. */
  readonly isKeyed: boolean;
}

/** @throws GatewayError configuration-invalid for an address that is not allowed, or a secret that is none */
export function byPost(settings: PostSettings, { name, isKeyed }: Named): Way {
  const { timeoutMs, idempotent, token, nowSeconds, secrets } = settings;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 120_000) {
    throw new GatewayError('configuration-invalid', 'timeoutMs: expected 1 to 120000');
  }
  const target = targetOf(settings.url, settings.allowPrivate, `${name} url`);
  const sign = secrets && signerOf(secrets);
  const line = openPostLine(target, settings);
  return {
    idempotent,
    async deliver(deliveryId, rendered, signal, traceparent) {
      const [part] = rendered.parts;
      assert(part !== undefined, 'what is posted has content');
      const now = nowSeconds();
      try {
        const answer = await postOnce({
          line,
          headers: {
            'content-type': rendered.contentType,
            'user-agent': 'hemgang',
            ...(isKeyed && { 'idempotency-key': deliveryId }),
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...sign?.(deliveryId, part.body, now),
            ...(traceparent !== undefined && { traceparent }),
          },
          body: part.body,
          timeoutMs,
          signal,
        });
        return judgeAnswer(answer, now);
      } catch (thrown) {
        throw named(thrown, name);
      }
    },
    close: () => line.close(),
  };
}

/** What is known of the failure is the same, whoever failed. */
function named(thrown: unknown, name: Named['name']): unknown {
  if (!(thrown instanceof GatewayError) || name === 'webhook') return thrown;
  const { code, message, standardCode, retryAfterMs, cause } = thrown;
  return new GatewayError(code, message.replace(/^webhook/, name), {
    ...(standardCode !== undefined && { standardCode }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(cause !== undefined && { cause }),
  });
}
