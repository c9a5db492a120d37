/** Who speaks: by a token of its own, an access token of its authorisation server, or its certificate. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../../../gateway/errors.ts';
import { accessTokens, type OAuthClients } from './access-token.ts';
import { clientCertificateOf, type CertificateRule } from './certificate.ts';
import type { FhirSender, Identify } from './identity.ts';

/** A sender and how it may be known; several ways are one sender. */
export interface KnownSender extends Omit<FhirSender, 'may'> {
  /** SHA-256 of its own bearer token, 32 bytes: the token itself is nowhere in the gateway. */
  readonly tokenSha256?: Uint8Array;
  readonly oauth?: Omit<OAuthClients, 'sender'>;
  readonly certificates?: readonly CertificateRule[];
}

/**
 * Whoever brings a token is who the token says, whatever certificate the connection has: one that is not good is not made
 * good by it.
 * @param nowMs the machine's time of day
 * @throws GatewayError configuration-invalid where two senders have one token or one certificate
 */
export function identifyBy(senders: readonly KnownSender[], nowMs: () => number): Identify {
  checkApart(senders);
  const known = senders.map((sender) => ({
    ...sender,
    whole: { ...withoutCredentials(sender), may: () => true },
  }));
  const readAccessToken = accessTokens(
    senders.flatMap((sender) =>
      sender.oauth ? [{ ...sender.oauth, sender: withoutCredentials(sender) }] : [],
    ),
    nowMs,
  );

  /** Compares with every sender, in constant time, so that the time taken tells nothing of which one came near. */
  function byOwnToken(token: string): FhirSender | undefined {
    const digest = createHash('sha256').update(token).digest();
    let found: FhirSender | undefined;
    for (const { tokenSha256, whole } of known) {
      if (tokenSha256 && timingSafeEqual(digest, tokenSha256)) found = whole;
    }
    return found;
  }

  function byCertificate(request: IncomingMessage): FhirSender | undefined {
    const certificate = clientCertificateOf(request);
    if (certificate === undefined) return undefined;
    const met = known.filter(({ certificates }) =>
      certificates?.some((rule) => certificate.meets(rule)),
    );
    // A certificate that two could have is nobody's.
    return met.length === 1 ? met[0]?.whole : undefined;
  }

  return async (request) => {
    if (request.headers.authorization === undefined) return byCertificate(request);
    const token = bearerOf(request.headers.authorization);
    if (token === undefined) return undefined;
    const sender = byOwnToken(token);
    if (sender !== undefined || !isJwt(token)) return sender;
    return await readAccessToken(token, clientCertificateOf(request)?.sha256);
  };
}

function withoutCredentials({
  id,
  kind,
  municipality,
  receivers,
}: KnownSender): Omit<FhirSender, 'may'> {
  return {
    id,
    kind,
    ...(municipality !== undefined && { municipality }),
    ...(receivers !== undefined && { receivers }),
  };
}

/** RFC 6750 section 2.1. */
function bearerOf(authorization: string): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i.exec(authorization)?.[1];
}

function isJwt(token: string): boolean {
  return token.split('.').length === 3;
}

function checkApart(senders: readonly KnownSender[]): void {
  const seen = new Map<string, string>();
  for (const { id, tokenSha256, certificates } of senders) {
    const marks = [
      ...(tokenSha256 ? [`token ${Buffer.from(tokenSha256).toString('hex')}`] : []),
      ...(certificates ?? []).map((rule) => `certificate ${JSON.stringify(rule)}`),
    ];
    for (const mark of marks) {
      const other = seen.get(mark);
      if (other !== undefined && other !== id) {
        const [what] = mark.split(' ');
        const text = `${id} and ${other} have the same ${what}: nobody could tell them apart`;
        throw new GatewayError('configuration-invalid', text, { location: 'senders' });
      }
      seen.set(mark, id);
    }
  }
}
