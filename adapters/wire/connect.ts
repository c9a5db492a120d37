/** One way to open a connection over TCP or TLS, for whoever speaks MLLP or SFTP outwards. */
import { connect as connectTcp, isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { GatewayError } from '../../gateway/errors.ts';

export interface WireTarget {
  readonly host: string;
  readonly port: number;
  /** Over TLS when given: `ca`, `cert`, `key`, `servername`. */
  readonly tls?: ConnectionOptions;
  /** How the host's name is resolved (`target.ts`); as the system does where left out. */
  readonly lookup?: LookupFunction;
}

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: ' (nothing listens there: is it started, and on this port?)',
  ENOTFOUND: ' (no such host: is the name right?)',
  EADDRBLOCKED: ' (not an address that the receiver may have: is ownNetwork right?)',
};

/**
 * Opens a connection and, under TLS, waits for the handshake.
 * @param timeoutMs how long both may take together
 * @throws GatewayError delivery-failed with the system's reason where no connection came about
 */
export async function openSocket(target: WireTarget, timeoutMs: number): Promise<Socket> {
  const { host, port, tls, lookup } = target;
  // The other side may end first and still have to hear us out, and the other way round.
  const both = { host, port, allowHalfOpen: true, ...(lookup && { lookup }) };
  const socket =
    tls === undefined
      ? connectTcp(both)
      : connectTls({ ...both, ...(isIP(host) === 0 && { servername: host }), ...tls });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string): void => {
      socket.destroy();
      const place = `${host}:${port}${tls === undefined ? '' : ' over TLS'}`;
      const why = `no connection to ${place}: ${reason}${hints[reason] ?? ''}`;
      // A refused connection is an answer of the other machine; what else is wrong may be our own fault (reading A10).
      const detail = reason === 'ECONNREFUSED' ? { standardCode: reason } : {};
      reject(new GatewayError('delivery-failed', why, detail));
    };
    const timer = setTimeout(() => fail('time-out'), timeoutMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(error.code ?? error.name);
    });
  });
  return socket;
}
