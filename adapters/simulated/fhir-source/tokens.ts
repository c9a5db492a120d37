/** SMART backend services as the simulated FHIR server checks them: an assertion signed by the client, each once. */
import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';

export interface SmartAccess {
  readonly clientId: string;
  /** Public keys of the client. */
  readonly jwks: JSONWebKeySet;
  readonly lifeSeconds?: number;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const longestSeconds = 300;

export class TokenDesk {
  readonly #access: SmartAccess;
  readonly #keys: ReturnType<typeof createLocalJWKSet>;
  readonly #usedIds = new Set<string>();
  readonly #tokens = new Set<string>();
  /** How many were given out. */
  given = 0;

  constructor(access: SmartAccess) {
    this.#access = access;
    this.#keys = createLocalJWKSet(access.jwks);
  }

  isValid(authorization: string | undefined): boolean {
    return this.#tokens.has(/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '');
  }

  /** No token that was given is good any more. */
  expireAll(): void {
    this.#tokens.clear();
  }

  /** One call of the token endpoint (SMART App Launch 2.2, "Access token request"). */
  async answer(form: URLSearchParams, tokenUrl: string): Promise<TokenAnswer> {
    if (form.get('grant_type') !== 'client_credentials') return refused('unsupported_grant_type');
    if (form.get('client_assertion_type') !== assertionType) return refused('invalid_request');
    if ((form.get('scope') ?? '') === '') return refused('invalid_scope');
    if (!(await this.#isAuthentic(form.get('client_assertion') ?? '', tokenUrl))) {
      return refused('invalid_client', 401);
    }
    const token = randomUUID();
    this.#tokens.add(token);
    this.given += 1;
    const body = {
      access_token: token,
      token_type: 'bearer',
      expires_in: this.#access.lifeSeconds ?? longestSeconds,
      scope: form.get('scope'),
    };
    return { status: 200, body };
  }

  async #isAuthentic(assertion: string, tokenUrl: string): Promise<boolean> {
    const { clientId } = this.#access;
    try {
      const { payload } = await jwtVerify(assertion, this.#keys, {
        algorithms: ['RS384', 'ES384'],
        issuer: clientId,
        subject: clientId,
        audience: tokenUrl,
        requiredClaims: ['exp', 'jti'],
      });
      const { kid, typ } = decodeProtectedHeader(assertion);
      const { jti = '', exp = 0 } = payload;
      if (kid === undefined || typ !== 'JWT' || this.#usedIds.has(jti)) return false;
      this.#usedIds.add(jti);
      return exp <= Date.now() / 1000 + longestSeconds;
    } catch {
      return false;
    }
  }
}

function refused(error: string, status = 400): TokenAnswer {
  return { status, body: { error, error_description: 'as it was told to' } };
}
