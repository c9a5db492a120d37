/** Who a JWT access token is of, by the keys of the authorisation server that signed it (RFC 7519, RFC 9068). */
import { createHash } from 'node:crypto';
import { decodeJwt, errors, jwtVerify, type JWTPayload, type LocalJWKSet } from 'jose';
import type { FhirSender } from './identity.ts';
import type { KeySource } from './keys.ts';
import { mayByScopes } from './scopes.ts';

/** The clients of one authorisation server that are one sender. */
export interface OAuthClients {
  readonly sender: Omit<FhirSender, 'may'>;
  readonly issuer: string;
  /** `aud` must name one of them. */
  readonly audience: readonly string[];
  readonly clients: readonly string[];
  /** The claim that says the client id; `client_id`, and `azp` without it, where left out. */
  readonly clientClaim?: string;
  readonly keys: KeySource;
}

/**
 * @param certificateSha256 of the client that brings the token, lower-case hex: a token may be bound to it
 * @returns undefined for every token that is not good, whatever is wrong with it
 */
export type ReadAccessToken = (
  token: string,
  certificateSha256: string | undefined,
) => Promise<FhirSender | undefined>;

/** Signatures with a key pair alone: what we know of a server must not let us, or anybody, sign as it. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384'];
/** Two machines' clocks differ. */
const skewSeconds = 30;
/** A signature is checked again after so long, so that a key that was taken back is soon out of use. */
const rememberedMs = 30_000;
const mostRemembered = 1000;

interface Good {
  readonly sender: FhirSender;
  /** Certificate that the token is bound to, SHA-256 in hex. */
  readonly boundTo?: string;
  readonly untilMs: number;
}

/** @param nowMs the machine's time of day: a token is of today, whatever day a test has set */
export function accessTokens(known: readonly OAuthClients[], nowMs: () => number): ReadAccessToken {
  const remembered = new Map<string, Good>();

  async function check(token: string): Promise<Good | undefined> {
    const payload = await verified(token);
    if (payload === undefined) return undefined;
    const of = known.find(
      (one) =>
        one.issuer === payload.iss &&
        one.clients.includes(clientOf(payload, one.clientClaim)) &&
        [payload.aud ?? []].flat().some((name) => one.audience.includes(name)),
    );
    if (of === undefined) return undefined;
    const binding = bindingOf(payload);
    if (binding === null) return undefined;
    const expiresMs = ((payload.exp ?? 0) + skewSeconds) * 1000;
    return {
      sender: { ...of.sender, may: mayByScopes(payload['scope'] ?? payload['scp']) },
      ...(binding !== undefined && { boundTo: binding }),
      untilMs: Math.min(expiresMs, nowMs() + rememberedMs),
    };
  }

  /** The signature first: whoever cannot sign learns nothing of clients and audiences. */
  async function verified(token: string): Promise<JWTPayload | undefined> {
    const issuer = issuerOf(token);
    const sources = new Set(known.filter((one) => one.issuer === issuer).map(({ keys }) => keys));
    for (const source of sources) {
      const payload = await verifiedBy(source, token);
      if (payload !== undefined) return payload;
    }
    return undefined;
  }

  async function verifiedBy(source: KeySource, token: string): Promise<JWTPayload | undefined> {
    const keys = await source.current();
    if (keys === undefined) return undefined;
    try {
      return await verify(token, keys, nowMs());
    } catch (thrown) {
      // No such key, or another under its name (servers that give their keys no names): they may have been exchanged.
      const mayBeNew =
        thrown instanceof errors.JWKSNoMatchingKey ||
        thrown instanceof errors.JWSSignatureVerificationFailed;
      if (!mayBeNew) return undefined;
    }
    const renewed = await source.renewed();
    return renewed && (await verify(token, renewed, nowMs()).catch(() => undefined));
  }

  return async (token, certificateSha256) => {
    const digest = createHash('sha256').update(token).digest('base64');
    let good = remembered.get(digest);
    if (good === undefined || good.untilMs <= nowMs()) {
      remembered.delete(digest);
      good = await check(token);
      if (good === undefined) return undefined;
      const [oldest] = remembered.keys();
      if (remembered.size >= mostRemembered && oldest !== undefined) remembered.delete(oldest);
      remembered.set(digest, good);
    }
    const isOfBringer = good.boundTo === undefined || good.boundTo === certificateSha256;
    return isOfBringer ? good.sender : undefined;
  };
}

/** @throws jose's errors */
async function verify(token: string, keys: LocalJWKSet, nowMs: number): Promise<JWTPayload> {
  const options = {
    algorithms,
    clockTolerance: skewSeconds,
    currentDate: new Date(nowMs),
    requiredClaims: ['exp', 'iss', 'aud'],
  };
  const { payload, protectedHeader } = await jwtVerify(token, keys, options).catch(
    async (thrown: unknown) => {
      if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) throw thrown;
      // A token that names no key, and a server that has several.
      for await (const key of thrown) {
        const tried = await jwtVerify(token, key, options).catch(signatureFails);
        if (tried !== undefined) return tried;
      }
      throw new errors.JWSSignatureVerificationFailed();
    },
  );
  // A logout token, an ID token's cousin: signed by the same key, and no access token (RFC 8725 section 3.11).
  const type = (protectedHeader.typ ?? 'JWT').toLowerCase().replace(/^application\//, '');
  if (type !== 'jwt' && type !== 'at+jwt') throw new errors.JWTInvalid('not an access token');
  return payload;
}

function signatureFails(thrown: unknown): undefined {
  if (!(thrown instanceof errors.JWSSignatureVerificationFailed)) throw thrown;
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function clientOf(payload: JWTPayload, claim: string | undefined): string {
  const value = claim === undefined ? (payload['client_id'] ?? payload['azp']) : payload[claim];
  return typeof value === 'string' ? value : '';
}

/**
 * RFC 8705 section 3.1: a token that only the holder of a certificate may bring.
 * @returns the certificate's SHA-256 in hex; null for another way of binding, which we cannot check
 */
function bindingOf(payload: JWTPayload): string | null | undefined {
  const confirmation: unknown = payload['cnf'];
  if (confirmation === undefined) return undefined;
  if (typeof confirmation !== 'object' || confirmation === null) return null;
  const thumbprint: unknown = Object.entries(confirmation).find(([key]) => key === 'x5t#S256')?.[1];
  if (typeof thumbprint !== 'string' || Object.keys(confirmation).length !== 1) return null;
  return Buffer.from(thumbprint, 'base64url').toString('hex');
}
