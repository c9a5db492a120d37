/**
 * A receiver of HL7 v2 that answers as it is told, for whoever builds or tries a sender. It keeps nothing, checks
 * nothing and understands no message: only the gateway's own server does that.
 */
import { createServer as createTcpServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { headerField } from '../wire/mllp-answer.ts';
import { frame, Unframer } from '../wire/mllp.ts';

/**
 * What every message hears: a code of table 0008, `none`, the code AA so many milliseconds `late`, AA to another
 * control id (`wrong-id`), or the connection closed.
 */
export type ReceiverAnswer =
  | { readonly kind: 'code'; readonly code: 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR' }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'none' | 'wrong-id' | 'close' };

export interface ReceiverOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly answer: ReceiverAnswer;
  readonly tls?: TlsOptions;
  /** Called with every whole frame, before it is answered. */
  readonly onMessage?: (raw: Uint8Array) => void;
  /** What else happened, in words without content. */
  readonly onRemark?: (text: string) => void;
}

export interface Receiver {
  readonly host: string;
  readonly port: number;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

const maxFrameBytes = 16 * 1_048_576;
const maxConnections = 256;

/** Listens; resolves when it does. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const sockets = new Set<Socket>();
  const server = makeServer(options, (socket) => serve(socket, options));
  server.maxConnections = maxConnections;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not a TCP address');
  return {
    host: bound.address,
    port: bound.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function makeServer({ tls, onRemark }: ReceiverOptions, take: (socket: Socket) => void): Server {
  const both = { noDelay: true, allowHalfOpen: true };
  if (tls === undefined) return createTcpServer(both, take);
  const server = createTlsServer({ handshakeTimeout: 10_000, ...tls, ...both }, take);
  server.on('tlsClientError', (error: NodeJS.ErrnoException) =>
    onRemark?.(`a TLS handshake failed: ${error.code ?? error.name}`),
  );
  return server;
}

function serve(socket: Socket, options: ReceiverOptions): void {
  const unframer = new Unframer(maxFrameBytes);
  const late = new Set<NodeJS.Timeout>();
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    for (const timer of late) clearTimeout(timer);
  });
  socket.on('end', () => {
    if (unframer.partial) options.onRemark?.('a connection ended within a frame');
    if (late.size === 0) socket.end();
  });
  socket.on('data', (chunk: Buffer) => {
    unframer.push(chunk);
    try {
      for (let raw = unframer.next(); raw !== undefined; raw = unframer.next()) {
        options.onMessage?.(raw);
        if (isMessage(raw)) answer(socket, raw, options.answer, late);
      }
    } catch {
      options.onRemark?.(`a frame larger than ${maxFrameBytes} bytes: connection closed`);
      socket.destroy();
    }
  });
}

/** Without MSH nobody knows what an answer would be to. */
export function isMessage(raw: Uint8Array): boolean {
  const start = raw[0] === 0xef ? 3 : 0;
  return raw[start] === 0x4d && raw[start + 1] === 0x53 && raw[start + 2] === 0x48;
}

function answer(
  socket: Socket,
  raw: Uint8Array,
  told: ReceiverAnswer,
  late: Set<NodeJS.Timeout>,
): void {
  switch (told.kind) {
    case 'code':
      socket.write(frame(answerTo(raw, told.code)));
      break;
    case 'wrong-id':
      socket.write(frame(answerTo(raw, 'AA', 'ANOTHER-ID')));
      break;
    case 'late': {
      // Made now: the bytes of the frame are the connection's own.
      const bytes = frame(answerTo(raw, 'AA'));
      const timer = setTimeout(() => {
        late.delete(timer);
        if (!socket.writable) return;
        socket.write(bytes);
        if (late.size === 0 && socket.readableEnded) socket.end();
      }, told.ms);
      late.add(timer);
      break;
    }
    case 'close':
      socket.end();
      break;
    case 'none':
  }
}

let answered = 0;
/** MSH-13 to MSH-17. */
const emptyFields = ['', '', '', '', ''];

/** An acknowledgement with the sender's own separators, version and character set. */
function answerTo(raw: Uint8Array, code: string, controlId = headerField(raw, 10)): Uint8Array {
  answered += 1;
  const separator = headerField(raw, 1);
  const field = (number: number): string => headerField(raw, number);
  const component = field(2).charAt(0) || '^';
  const trigger = field(9).split(component)[1] ?? '';
  const type = trigger === '' ? 'ACK' : ['ACK', trigger, 'ACK'].join(component);
  const header = [
    `MSH${separator}${field(2)}`,
    ...[5, 6, 3, 4, 7].map(field),
    '',
    type,
    `R${answered}`,
    field(11),
    field(12),
    ...emptyFields,
    field(18),
  ];
  const segments = [header, ['MSA', code, controlId]];
  if (code.endsWith('E') || code.endsWith('R')) {
    const condition = code.endsWith('E') ? '100' : '207';
    segments.push(['ERR', '', '', [condition, '', 'HL70357'].join(component), 'E']);
  }
  const text = segments.map((fields) => `${fields.join(separator)}\r`).join('');
  return Buffer.from(text, 'latin1');
}
