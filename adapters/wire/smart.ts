/**
 * SMART Backend Services (SMART App Launch 2.2): we prove who we are by an assertion signed with our own key, and get a
 * token for a few minutes. The key never leaves the house, and an assertion is good once.
 */
import { createPrivateKey, hash, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { request } from 'undici';
import { GatewayError } from '../../gateway/errors.ts';
import type { Authorizer } from './fhir-client.ts';
import { openLine, unanswered, type HttpLine, type LineSettings } from './http-line.ts';
import { withTimeout, type Machine } from './retry.ts';
import { parseRetryAfter } from './retry-after.ts';

export interface SmartSettings {
  /** The FHIR server's base, where `.well-known/smart-configuration` stands. */
  readonly line: LineSettings;
  /** The token endpoint; what the server says where left out, if that is on the server itself. */
  readonly tokenUrl?: string;
  readonly clientId: string;
  readonly key: ClientKey;
  /** `system/Encounter.rs system/Patient.rs` */
  readonly scope: string;
  readonly timeoutMs: number;
  readonly machine: Machine;
}

/** Our private key, as the assertion needs it. */
export interface ClientKey {
  readonly key: KeyObject;
  readonly algorithm: 'RS384' | 'ES384';
  /** By which the server finds the public one. */
  readonly kid: string;
}

/** An assertion is used at once; five minutes are the most that the specification allows. */
const assertionSeconds = 240;
/** What the specification says a token should live at the most, where the server does not say how long it does. */
const usualLifeSeconds = 300;
const shortestLifeSeconds = 5;
/** A token is renewed so long before its end, or when a fifth of its life is left. */
const renewBeforeMs = 30_000;
const maxAnswerBytes = 256 * 1024;
/** RFC 6749, 5.2. */
const unknownClient = 'invalid_client';
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Reads a private key: a JWK, or PEM. RSA signs by RS384, P-384 by ES384.
 * @param kid name of the key with the server; that of the JWK, or its thumbprint (RFC 7638), where left out
 * @throws GatewayError configuration-invalid; it never quotes the key
 */
export function readClientKey(text: string, kid?: string): ClientKey {
  const trimmed = text.trim();
  const jwk = trimmed.startsWith('{') ? parseJwk(trimmed) : undefined;
  let key: KeyObject;
  try {
    key =
      jwk === undefined ? createPrivateKey(trimmed) : createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    throw invalidKey('not a private key; a JWK or PEM (PKCS #8, PKCS #1 or SEC 1) is expected');
  }
  const algorithm = algorithmOf(key);
  const named = kid ?? jwk?.['kid'];
  if (typeof named === 'string' && named !== '') return { key, algorithm, kid: named };
  return { key, algorithm, kid: thumbprintOf(key) };
}

/** RFC 7638: the required members of the public key in the order of their names, without spaces, by SHA-256. */
function thumbprintOf(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = key.export({ format: 'jwk' });
  return hash('sha256', JSON.stringify({ crv, e, kty, n, x, y }), 'base64url');
}

function parseJwk(text: string): JsonWebKey {
  try {
    const jwk: JsonWebKey = JSON.parse(text);
    return jwk;
  } catch {
    throw invalidKey('not JSON');
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): 'RS384' | 'ES384' {
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048)
    return 'RS384';
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'secp384r1')
    return 'ES384';
  throw invalidKey('RSA of 2048 bits or more, or EC on P-384, is expected');
}

function invalidKey(why: string): GatewayError {
  return new GatewayError('configuration-invalid', `smart key: ${why}`, { location: 'key' });
}

/** @throws GatewayError configuration-invalid for an address that may not be connected to */
export function smartAuthorizer(settings: SmartSettings): Authorizer & { close(): Promise<void> } {
  return new SmartAuthorizer(settings);
}

interface Token {
  readonly value: string;
  /** By the machine's monotonic clock. */
  readonly renewAtMs: number;
}

class SmartAuthorizer implements Authorizer {
  readonly #settings: SmartSettings;
  /** To the FHIR server, and to the token endpoint where it is another one. */
  readonly #lines: readonly HttpLine[];
  #tokenUrl: string | undefined;
  #token: Token | undefined;
  /** One renewal at a time: whoever comes meanwhile waits for it. */
  #renewal: Promise<Token> | undefined;

  constructor(settings: SmartSettings) {
    this.#settings = settings;
    const { line, tokenUrl } = settings;
    const small = { ...line, maxAnswerBytes };
    const urls = tokenUrl === undefined ? [line.url] : [line.url, tokenUrl];
    this.#lines = urls.map((url, index) =>
      openLine({ ...small, url, setting: index === 0 ? line.setting : 'smart.tokenUrl' }),
    );
    this.#tokenUrl = tokenUrl;
  }

  async token(signal: AbortSignal): Promise<string> {
    const { machine } = this.#settings;
    if (this.#token !== undefined && machine.elapsedMs() < this.#token.renewAtMs)
      return this.#token.value;
    return (await this.#renewed(signal)).value;
  }

  async renew(refused: string, signal: AbortSignal): Promise<string> {
    // Another call has renewed it meanwhile.
    if (this.#token !== undefined && this.#token.value !== refused) return this.#token.value;
    this.#token = undefined;
    return (await this.#renewed(signal)).value;
  }

  async close(): Promise<void> {
    for (const line of this.#lines) await line.close();
  }

  async #renewed(signal: AbortSignal): Promise<Token> {
    this.#renewal ??= this.#fetch(signal).finally(() => {
      this.#renewal = undefined;
    });
    this.#token = await this.#renewal;
    return this.#token;
  }

  async #fetch(signal: AbortSignal): Promise<Token> {
    this.#tokenUrl ??= await this.#discover(signal);
    const { clientId, key, scope, machine } = this.#settings;
    const now = Math.floor(machine.nowSeconds());
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'JWT' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(this.#tokenUrl)
      .setIssuedAt(now)
      .setExpirationTime(now + assertionSeconds)
      .setJti(randomUUID())
      .sign(key.key);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope,
      client_assertion_type: assertionType,
      client_assertion: assertion,
    });
    const asked = machine.elapsedMs();
    const line = this.#lines.at(-1);
    const body = form.toString();
    const answer = await this.#call(line, 'token endpoint', this.#tokenUrl, signal, body).catch(
      (thrown: unknown) => {
        if (!(thrown instanceof GatewayError) || thrown.standardCode !== unknownClient)
          throw thrown;
        const { code, message } = thrown;
        const advice = `is the public key with kid ${key.kid} registered there for client ${clientId}?`;
        throw new GatewayError(code, `${message}; ${advice}`, { standardCode: unknownClient });
      },
    );
    return tokenOf(answer, asked);
  }

  /** `token_endpoint` of the server's configuration. */
  async #discover(signal: AbortSignal): Promise<string> {
    const what = 'smart-configuration';
    const [line] = this.#lines;
    const base = line?.url.href.replace(/\/+$/, '') ?? '';
    const found = await this.#call(line, what, `${base}/.well-known/${what}`, signal);
    const { token_endpoint: endpoint } = found;
    const algorithms = found['token_endpoint_auth_signing_alg_values_supported'];
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) {
      throw malformed(`${what}: names no token_endpoint; enter it as smart.tokenUrl`);
    }
    if (new URL(endpoint).origin !== line?.url.origin) {
      const text = `${what}: the token endpoint is on another server; if that is right, enter it as smart.tokenUrl`;
      throw new GatewayError('source-refused', text);
    }
    const { algorithm } = this.#settings.key;
    if (Array.isArray(algorithms) && !algorithms.includes(algorithm)) {
      const text = `${what}: the server does not take ${algorithm}; another kind of key is needed`;
      throw new GatewayError('source-refused', text);
    }
    return endpoint;
  }

  /** @returns the JSON object that was answered */
  async #call(
    line: HttpLine | undefined,
    what: string,
    url: string,
    signal: AbortSignal,
    form?: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { timeoutMs, machine } = this.#settings;
    const late = (): GatewayError =>
      new GatewayError('source-unavailable', `${what}: no answer within ${timeoutMs} ms`, {
        standardCode: 'TIMEOUT',
      });
    const attempt = async (
      ending: AbortSignal,
    ): Promise<{ status: number; text: string; wait: string | undefined }> => {
      const response = await request(url, {
        ...(line && { dispatcher: line.dispatcher }),
        method: form === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          'user-agent': 'hemgang',
          ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(form !== undefined && { body: form }),
        signal: ending,
      });
      const { 'retry-after': wait } = response.headers;
      const text = await response.body.text();
      return {
        status: response.statusCode,
        text,
        wait: typeof wait === 'string' ? wait : undefined,
      };
    };
    const { status, text, wait } = await withTimeout(attempt, timeoutMs, signal, late).catch(
      (thrown: unknown) => {
        if (thrown instanceof GatewayError) throw thrown;
        throw unanswered(thrown, what, true, maxAnswerBytes);
      },
    );
    if (status !== 200)
      throw refusal(what, status, text, parseRetryAfter(wait, machine.nowSeconds()));
    return objectOf(text) ?? fail(malformed(`${what}: the answer is not a JSON object`));
  }
}

function tokenOf(answer: Readonly<Record<string, unknown>>, askedMs: number): Token {
  const { access_token: value, token_type: type, expires_in: life } = answer;
  // RFC 6750, section 2.1: what may stand behind `Bearer`.
  if (typeof value !== 'string' || !/^[A-Za-z0-9._~+/-]+=*$/.test(value)) {
    throw malformed('token endpoint: the answer has no access_token that could be sent');
  }
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') {
    throw malformed('token endpoint: the token is not of type bearer');
  }
  const told = Number(life);
  const seconds = Number.isFinite(told) && told > 0 ? told : usualLifeSeconds;
  const lifeMs = Math.max(seconds, shortestLifeSeconds) * 1000;
  return { value, renewAtMs: askedMs + lifeMs - Math.min(renewBeforeMs, lifeMs / 5) };
}

/** The server's error code is a word of RFC 6749; its description may hold anything. */
function refusal(
  what: string,
  status: number,
  text: string,
  retryAfterMs: number | undefined,
): GatewayError {
  const error = objectOf(text)?.['error'];
  const named = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` (${error})` : '';
  const message = `${what}: HTTP ${status}${named}`;
  // 401 of the token endpoint is about our key, not about a token that could be renewed.
  const standardCode = status === 401 || error === unknownClient ? unknownClient : String(status);
  if (status >= 500 || [408, 425, 429].includes(status)) {
    return new GatewayError('source-unavailable', message, {
      standardCode,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  return new GatewayError('source-refused', message, { standardCode });
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined;
  } catch {
    return undefined;
  }
}

function malformed(text: string): GatewayError {
  return new GatewayError('malformed-message', text);
}

function fail(error: GatewayError): never {
  throw error;
}
