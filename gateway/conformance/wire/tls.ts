/** Cases: the connection itself, where it is over TLS. */
import { TLSSocket, type ConnectionOptions } from 'node:tls';
import { openSocket } from '../../../adapters/wire/connect.ts';
import type { Bench } from './bench.ts';
import {
  differs,
  failed,
  isAccepted,
  mustAccept,
  passed,
  skipped,
  type Seen,
  type WireCase,
} from './case.ts';

const plain = skipped('not over TLS');
const bcp = 'RFC 9325 (BCP 195): TLS 1.2 or newer, never older';

/** Whether a message over such a connection is accepted. */
async function isServed(bench: Bench, tls: ConnectionOptions | undefined): Promise<boolean> {
  const { host, port } = bench.target;
  const target = tls === undefined ? { host, port } : { host, port, tls };
  try {
    const connection = await bench.connect(target);
    return isAccepted(await bench.exchange(bench.message(), connection));
  } catch {
    return false;
  }
}

function overTls(run: (bench: Bench, tls: ConnectionOptions) => Promise<Seen>): WireCase['run'] {
  return async (bench) =>
    bench.target.tls === undefined ? plain : await run(bench, bench.target.tls);
}

export const tlsCases: readonly WireCase[] = [
  {
    name: 'tls-version',
    level: 'must',
    does: 'connects with TLS 1.2 or newer and sends a message',
    expects: 'a checked certificate, and AA',
    reference: bcp,
    run: overTls(async (bench) => {
      const socket = await openSocket(bench.target, bench.timeoutMs);
      const version = socket instanceof TLSSocket ? socket.getProtocol() : null;
      socket.destroy();
      const message = bench.message();
      const seen = mustAccept(await bench.exchange(message), message.controlId);
      return seen.verdict === 'passed' ? passed(`${version ?? 'TLS'}, ${seen.seen}`) : seen;
    }),
  },
  {
    name: 'tls-old-version',
    level: 'should',
    does: 'connects with TLS 1.0 or 1.1 alone',
    expects: 'the handshake fails',
    reference: bcp,
    run: overTls(async (bench, tls) => {
      const old = { ...tls, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
      const served = await isServed(bench, { ...old, ciphers: 'DEFAULT@SECLEVEL=0' });
      return served ? failed('a message over it was accepted') : passed('not served');
    }),
  },
  {
    name: 'tls-plain-text',
    level: 'must',
    does: 'sends a message without TLS to the same port',
    expects: 'it is not accepted',
    reference: bcp,
    run: overTls(async (bench) =>
      (await isServed(bench, undefined))
        ? failed('a message in plain text was accepted')
        : passed('not served'),
    ),
  },
  {
    name: 'tls-no-client-certificate',
    level: 'should',
    does: 'connects without the client certificate that was given by --cert',
    expects: 'it is not served: both sides show a certificate',
    reference: 'IHE ATNA (ITI-19), node authentication',
    run: overTls(async (bench, { cert, key, ...without }) => {
      if (cert === undefined || key === undefined) return skipped('no --cert given');
      return (await isServed(bench, without))
        ? differs('served without a certificate: the network has to tell who connects')
        : passed('not served');
    }),
  },
];
