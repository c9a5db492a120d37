/**
 * Signatures as Standard Webhooks 1.0 writes them: `webhook-id`, `webhook-timestamp`, `webhook-signature`,
 * signed content `id.timestamp.body`, HMAC-SHA256. While a secret is being changed both sign, side by side.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { GatewayError } from '../../gateway/errors.ts';

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * Makes the signer of one receiver.
 * @param secrets one, or two while the secret is being changed; `whsec_` and base64 of 24–64 bytes
 * @returns headers for one attempt; the id stays over attempts, the time (seconds since 1970, the machine's) does not
 * @throws GatewayError configuration-invalid; it never quotes a secret
 */
export function signerOf(
  secrets: readonly string[],
): (id: string, body: string, nowSeconds: number) => SignedHeaders {
  const keys = keysOf(secrets).map((secret) =>
    createSecretKey(secret.slice('whsec_'.length), 'base64'),
  );
  return (id, body, nowSeconds) => {
    const timestamp = String(Math.floor(nowSeconds));
    const content = `${id}.${timestamp}.${body}`;
    // By Node's own HMAC: the library's is of JavaScript, and takes four times as long.
    const sign = (key: KeyObject): string =>
      `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': keys.map(sign).join(' '),
    };
  };
}

/**
 * Makes the check a receiver does: true where one of its secrets signed exactly these bytes within five minutes.
 * @throws GatewayError configuration-invalid
 */
export function verifierOf(
  secrets: readonly string[],
): (headers: Record<string, string>, body: Buffer) => boolean {
  const keys = keysOf(secrets).map((secret) => new Webhook(secret));
  return (headers, body) => keys.some((key) => agrees(key, headers, body));
}

function agrees(key: Webhook, headers: Record<string, string>, body: Buffer): boolean {
  try {
    key.verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false; // The library says no by throwing, whatever the reason.
  }
}

/** The same secrets, when each is one. */
function keysOf(secrets: readonly string[]): readonly string[] {
  if (secrets.length < 1 || secrets.length > 2) {
    throw new GatewayError('configuration-invalid', 'a webhook has one secret, or two in a change');
  }
  for (const [index, secret] of secrets.entries()) {
    const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
    const bytes = Buffer.from(encoded ?? '', 'base64').length;
    if (encoded === undefined || encoded.length % 4 !== 0 || bytes < 24 || bytes > 64) {
      throw new GatewayError(
        'configuration-invalid',
        `secret ${index + 1}: expected whsec_ and base64 of 24 to 64 bytes`,
      );
    }
  }
  return secrets;
}
