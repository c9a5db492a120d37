/** An authorisation server as far as a resource server sees one: its keys over HTTP, and tokens signed by them. */
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTHeaderParameters } from 'jose';
import { assert } from '../../gateway/errors.ts';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function signingKey(kid: string, alg = 'ES384'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** A token of a key, with what stands in it. @param header also instead of `kid` */
export async function signed(
  key: SigningKey,
  claims: Record<string, unknown>,
  header: Partial<JWTHeaderParameters> = { kid: key.kid },
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, ...header })
    .sign(key.privateKey);
}

export interface AuthorisationServer {
  readonly issuer: string;
  readonly jwks: string;
  /** What it publishes; set anew it has rotated its keys. */
  keys: readonly SigningKey[];
  /** `down`: 500; `silent`: never answers; else it publishes, or answers with these bytes. */
  behaviour: 'up' | 'down' | 'silent' | 'redirect' | { readonly body: string };
  asked(): number;
  close(): Promise<void>;
}

export async function authorisationServer(
  keys: readonly SigningKey[],
): Promise<AuthorisationServer> {
  let asked = 0;
  const server: Server = createServer((request, response) => {
    asked += 1;
    const behaviour = request.url === '/elsewhere' ? 'up' : self.behaviour;
    if (behaviour === 'silent') return;
    if (behaviour === 'down') response.writeHead(500).end();
    else if (behaviour === 'redirect') response.writeHead(302, { location: '/elsewhere' }).end();
    else {
      const published = JSON.stringify({ keys: self.keys.map(({ jwk }) => jwk) });
      response.setHeader('content-type', 'application/json');
      response.end(behaviour === 'up' ? published : behaviour.body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const self: AuthorisationServer = {
    issuer,
    jwks: `${issuer}/jwks.json`,
    keys,
    behaviour: 'up',
    asked: () => asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}
