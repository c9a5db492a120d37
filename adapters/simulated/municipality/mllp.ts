/** A municipality's system that follows stays by ADT: it takes messages by MLLP and recognises a repeated MSH-10. */
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer, type TlsOptions } from 'node:tls';
import { assert } from '../../../gateway/errors.ts';
import { headerField } from '../../wire/mllp-answer.ts';
import { frame, Unframer } from '../../wire/mllp.ts';
import { passed, scriptOf, takes, wordOf, type MllpBehaviour } from './behaviour.ts';
import { proxyPage } from './http-behaviour.ts';
import type { Certificate } from './http-server.ts';
import type { Arrival } from './received.ts';

export interface ReceivedAdt {
  /** MSH-10. */
  readonly controlId: string;
  /** `ADT^A01^ADT_A01`. */
  readonly type: string;
  readonly text: string;
  /** It had been taken before. */
  readonly repeat: boolean;
}

export interface SimulatedMllpSettings {
  readonly tls?: TlsOptions;
  /** Called with every message, before it is answered. */
  readonly onArrival?: (arrival: Arrival) => void;
  readonly host?: string;
  readonly port?: number;
}

export interface SimulatedMllp {
  readonly host: string;
  readonly port: number;
  /** Every message that came, in order, whatever it was answered. */
  readonly received: readonly ReceivedAdt[];
  /** One for all messages, or a list for the next ones, one each, and `accept` after them. */
  setBehaviour(behaviour: MllpBehaviour | readonly MllpBehaviour[]): void;
  /** Another certificate from now on, for every connection. */
  setCertificate(certificate: Certificate): void;
  /** How many connections have been made, and how many stand now. */
  connections(): { readonly made: number; readonly open: number };
  /** Ends every connection, as a restart of theirs does. */
  disconnect(): void;
  close(): Promise<void>;
}

const maxFrameBytes = 1_048_576;

/** Starts a receiver; resolves when it listens. */
export async function simulatedMllp(settings: SimulatedMllpSettings = {}): Promise<SimulatedMllp> {
  const received: ReceivedAdt[] = [];
  const taken = new Set<string>();
  const sockets = new Set<Socket>();
  let script = scriptOf<MllpBehaviour>('accept');
  let made = 0;

  const server = makeServer(settings.tls, (socket) => {
    made += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    const unframer = new Unframer(maxFrameBytes);
    socket.on('data', (chunk: Buffer) => {
      unframer.push(chunk);
      for (let raw = unframer.next(); raw !== undefined; raw = unframer.next()) take(socket, raw);
    });
  });

  function take(socket: Socket, raw: Uint8Array): void {
    const controlId = headerField(raw, 10);
    const text = Buffer.from(raw).toString('utf8');
    const repeat = taken.has(controlId);
    const behaviour = script.shift() ?? 'accept';
    const isTaken = takes(behaviour);
    received.push({ controlId, type: headerField(raw, 9), text, repeat });
    settings.onArrival?.({
      channel: 'mllp',
      messageId: controlId,
      isDuplicate: repeat,
      isTaken,
      behaviour: wordOf(behaviour),
      content: text,
    });
    if (isTaken) taken.add(controlId);
    void answer(socket, raw, behaviour);
  }

  const host = settings.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port ?? 0, host, resolve);
  });
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a TCP server has a port');
  const disconnect = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    host,
    port: address.port,
    received,
    setBehaviour: (behaviour) => {
      script = scriptOf(behaviour);
    },
    setCertificate({ cert, key }) {
      assert(server instanceof TlsServer, 'a server without TLS shows no certificate');
      server.setSecureContext({ cert, key });
      disconnect();
    },
    connections: () => ({ made, open: sockets.size }),
    disconnect,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      disconnect();
      await closed;
    },
  };
}

function makeServer(tls: TlsOptions | undefined, serve: (socket: Socket) => void): Server {
  if (tls === undefined) return createTcpServer(serve);
  return createTlsServer(tls, serve).on('tlsClientError', () => undefined);
}

async function answer(socket: Socket, raw: Uint8Array, behaviour: MllpBehaviour): Promise<void> {
  const write = (code: string, condition?: string, controlId?: string): void => {
    socket.write(frame(acknowledgement(raw, code, condition, controlId)));
  };
  if (typeof behaviour === 'object') {
    if ('code' in behaviour) return write(behaviour.code, behaviour.condition);
    await passed(behaviour.late);
    return write('AA');
  }
  switch (behaviour) {
    case 'accept':
      if (headerField(raw, 15) === 'AL') write('CA');
      return write('AA');
    case 'refuse':
      return write('AE', '101');
    case 'busy':
      return write('AR', '207');
    case 'commit-only':
      return write('CA');
    case 'other-message':
      return write('AA', undefined, 'ANOTHER-ID');
    case 'half':
      socket.end(frame(acknowledgement(raw, 'AA')).subarray(0, 40));
      return undefined;
    case 'html':
      socket.write(frame(Buffer.from(proxyPage)));
      return undefined;
    case 'vanish':
      socket.destroy();
      return undefined;
    case 'hang':
      return undefined;
  }
}

function acknowledgement(
  raw: Uint8Array,
  code: string,
  condition?: string,
  controlId = headerField(raw, 10),
): Buffer {
  const of = (number: number): string => headerField(raw, number);
  const trigger = of(9).split('^')[1] ?? '';
  const head = `MSH|^~\\&|${of(5)}|${of(6)}|${of(3)}|${of(4)}|${of(7)}||ACK^${trigger}^ACK|R${controlId}|P|2.5`;
  const error = condition === undefined ? '' : `ERR||PID^1^5|${condition}^^HL70357|E\r`;
  return Buffer.from(`${head}\rMSA|${code}|${controlId}\r${error}`);
}
