/** A municipality's system that follows stays by ADT: it takes messages by MLLP and recognises a repeated MSH-10. */
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { assert } from '../../../gateway/errors.ts';
import { headerField } from '../../wire/mllp-answer.ts';
import { frame, Unframer } from '../../wire/mllp.ts';

/** What the next messages hear. */
export type MllpBehaviour =
  /** AA; where MSH-15 asks for it, CA before it. */
  | 'accept'
  /** CA and no more. */
  | 'commit-only'
  /** Taken, and no answer; or the line closed instead of one, or within one. */
  | 'silent'
  | 'close'
  | 'half'
  /** AA to another message. */
  | 'wrong-id'
  /** An answer that is no HL7. */
  | 'noise'
  /** A code of table 0008 and, in ERR-3, one of table 0357. */
  | { readonly code: string; readonly condition?: string };

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
  readonly host?: string;
  readonly port?: number;
}

export interface SimulatedMllp {
  readonly host: string;
  readonly port: number;
  /** Every message that came, in order, whatever it was answered. */
  readonly received: readonly ReceivedAdt[];
  /** One for all messages, or a list for the next ones, one each, and `accept` after them. */
  setBehaviour(behaviour: MllpBehaviour | MllpBehaviour[]): void;
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
  let always: MllpBehaviour = 'accept';
  let script: MllpBehaviour[] = [];
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
    received.push({
      controlId,
      type: headerField(raw, 9),
      text: Buffer.from(raw).toString('utf8'),
      repeat: taken.has(controlId),
    });
    const behaviour = script.shift() ?? always;
    if (typeof behaviour === 'string') taken.add(controlId);
    answer(socket, raw, behaviour);
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
      always = Array.isArray(behaviour) ? 'accept' : behaviour;
      script = Array.isArray(behaviour) ? [...behaviour] : [];
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

function answer(socket: Socket, raw: Uint8Array, behaviour: MllpBehaviour): void {
  const write = (code: string, condition?: string, controlId?: string): void => {
    socket.write(frame(acknowledgement(raw, code, condition, controlId)));
  };
  if (typeof behaviour === 'object') return write(behaviour.code, behaviour.condition);
  switch (behaviour) {
    case 'accept':
      if (headerField(raw, 15) === 'AL') write('CA');
      return write('AA');
    case 'commit-only':
      return write('CA');
    case 'wrong-id':
      return write('AA', undefined, 'ANOTHER-ID');
    case 'half':
      socket.end(frame(acknowledgement(raw, 'AA')).subarray(0, 40));
      return undefined;
    case 'noise':
      socket.write(frame(Buffer.from('<html>502</html>')));
      return undefined;
    case 'close':
      socket.destroy();
      return undefined;
    case 'silent':
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
