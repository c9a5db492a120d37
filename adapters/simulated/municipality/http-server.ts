/** What every simulated receiver by HTTP has: a server with or without TLS, bodies that are bounded, an end. */
import {
  createServer as createPlainServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import { assert } from '../../../gateway/errors.ts';

/** PEM. */
export interface Certificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface HttpServer {
  /** `http://127.0.0.1:8090`; with TLS by the name in the certificate. */
  readonly origin: string;
  /** Another one from now on: every connection ends, and the next sees it. */
  setCertificate(certificate: Certificate): void;
  close(): Promise<void>;
}

/** Starts one; resolves when it listens. */
export async function openHttp(
  settings: {
    /** With `ca` it asks for a certificate of a client. */
    readonly tls?: (Certificate & { readonly ca?: string | Buffer }) | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  },
  serve: RequestListener,
): Promise<HttpServer> {
  const { tls, host = '127.0.0.1', port = 0 } = settings;
  const asks = tls?.ca !== undefined;
  const server: Server =
    tls === undefined
      ? createPlainServer(serve)
      : createTlsServer({ ...tls, requestCert: asks, rejectUnauthorized: asks }, serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
  return {
    origin: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${address.port}`,
    setCertificate({ cert, key }) {
      assert(server instanceof TlsServer, 'a server without TLS shows no certificate');
      server.setSecureContext({ cert, key });
      server.closeAllConnections();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The whole body; undefined where it is too large. */
export async function readBody(
  request: IncomingMessage,
  maxBytes = 32 * 1_048_576,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    assert(Buffer.isBuffer(chunk), 'no encoding is set, so chunks are bytes');
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function flatHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
