/**
 * The MLLP server, over TCP or TLS. One frame of a connection is in hand at a time, so the answers keep their order
 * and a sender that pipelines waits in its own socket. Everything is bounded: frame, connections, idle time, draining.
 */
import { createServer as createTcpServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { asGatewayError, GatewayError } from '../../../gateway/errors.ts';
import type { Answers, Receive, Reply } from '../../adapter.ts';
import {
  commitOf,
  frame,
  frames,
  negativeCommit,
  positiveCommit,
  Unframer,
} from '../../wire/mllp.ts';

/** Names for the log and the metrics; `detail` never holds content. */
export type ServerEvent =
  | 'connection-opened'
  | 'connection-closed'
  | 'connection-refused'
  | 'connection-failed'
  | 'idle-closed'
  | 'frame-oversize'
  | 'frame-cut-off'
  | 'frame-unanswered'
  | 'answer-not-committed'
  | 'junk-skipped'
  | 'receive-failed'
  | 'server-failed';

export interface Hl7v2ServerOptions {
  /**
   * Takes one message and gives the answers, none or several. No answer that can be addressed, or a throw (nothing was
   * taken), closes the connection.
   */
  readonly receive: Receive;
  /**
   * The answers to a frame that is too large, made from its beginning; without it the connection just closes.
   * `error` has code 104 of table 0357: sent again it is as long, so the answer is AE.
   */
  readonly refuseOversize?: (head: Uint8Array, error: GatewayError) => Answers | undefined;
  /**
   * MLLP release 2: each frame is first answered by a commit acknowledgement of the transport, positive once it is
   * stored, negative where nothing was; 1 where left out.
   */
  readonly release?: 1 | 2;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Key and certificate; `requestCert` and `rejectUnauthorized` with `ca` ask for client certificates. */
  readonly tls?: TlsOptions;
  /** Largest message in bytes; 1 MiB where left out. */
  readonly maxFrameBytes?: number;
  /** A connection that completes no frame for so long is closed (up to a quarter later); 10 minutes where left out. */
  readonly idleMs?: number;
  /** 256 where left out. */
  readonly maxConnections?: number;
  /** How long `close` waits for what is in hand; 10 seconds where left out. */
  readonly drainMs?: number;
  readonly onEvent?: (name: ServerEvent, detail: Readonly<Record<string, unknown>>) => void;
}

export interface Hl7v2Server {
  /** @returns where it listens */
  listen(): Promise<{ host: string; port: number }>;
  /** Stops accepting, finishes and answers what is in hand, then ends every connection. */
  close(): Promise<void>;
  /** Messages taken and not yet answered. */
  inHand(): number;
}

const sweepsPerIdle = 4;

/**
 * Makes the server; it listens when told to.
 * @throws GatewayError configuration-invalid for client certificates that any public authority may have signed
 */
export function createHl7v2Server(options: Hl7v2ServerOptions): Hl7v2Server {
  const { idleMs = 600_000, maxConnections = 256, drainMs = 10_000 } = options;
  const connections = new Set<Connection>();
  const take = (socket: Socket): void => {
    const connection = new Connection(socket, options);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  };
  const server = makeServer(options, take);
  // Under TLS a socket exists before its connection does: the handshake has its own time.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.maxConnections = maxConnections;
  server.on('drop', () => options.onEvent?.('connection-refused', { maxConnections }));
  let sweeper: NodeJS.Timeout | undefined;
  return {
    listen: async () => {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.off('error', reject);
          // A connection that cannot be taken (no file descriptor left) ends nothing else.
          server.on('error', (error: NodeJS.ErrnoException) =>
            options.onEvent?.('server-failed', { reason: error.code ?? error.name }),
          );
          resolve();
        });
      });
      sweeper = setInterval(() => {
        for (const connection of connections) connection.sweep();
      }, idleMs / sweepsPerIdle).unref();
      const bound = server.address();
      if (bound === null || typeof bound === 'string') throw new Error('not a TCP address');
      return { host: bound.address, port: bound.port };
    },
    close: async () => {
      clearInterval(sweeper);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of connections) connection.drain();
      const late = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, drainMs);
      await closed;
      clearTimeout(late);
    },
    inHand: () => {
      let busy = 0;
      for (const connection of connections) if (connection.busy) busy += 1;
      return busy;
    },
  };
}

function makeServer(options: Hl7v2ServerOptions, take: (socket: Socket) => void): Server {
  // A sender may end its side and still wait for the answer.
  const both = { noDelay: true, allowHalfOpen: true };
  if (options.tls === undefined) return createTcpServer(both, take);
  if (options.tls.requestCert === true && options.tls.ca === undefined) {
    throw new GatewayError(
      'configuration-invalid',
      'mllp.tls.requestClientCertificate: needs mllp.tls.ca, the authority of the senders',
    );
  }
  const server = createTlsServer({ handshakeTimeout: 10_000, ...options.tls, ...both }, take);
  server.on('tlsClientError', (error: NodeJS.ErrnoException) =>
    options.onEvent?.('connection-failed', { reason: error.code ?? error.name }),
  );
  return server;
}

class Connection {
  readonly #socket: Socket;
  readonly #options: Hl7v2ServerOptions;
  readonly #unframer: Unframer;
  /** A message of this connection is with `receive`, or its answer has not left yet. */
  busy = false;
  #ended = false;
  #draining = false;
  #quietSweeps = 0;
  #junkSeen = 0;
  #cutOffSeen = 0;

  constructor(socket: Socket, options: Hl7v2ServerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#unframer = new Unframer(options.maxFrameBytes ?? 1_048_576);
    options.onEvent?.('connection-opened', {});
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', (error: NodeJS.ErrnoException) =>
      options.onEvent?.('connection-failed', { reason: error.code ?? error.name }),
    );
    socket.once('close', () => options.onEvent?.('connection-closed', {}));
  }

  /** Closes what has completed no frame for the idle time; a partial frame does not keep a connection alive. */
  sweep(): void {
    if (this.busy && !this.#socket.writableNeedDrain) return;
    this.#quietSweeps += 1;
    if (this.#quietSweeps <= (this.#draining ? 1 : sweepsPerIdle)) return;
    this.#options.onEvent?.('idle-closed', { partial: this.#unframer.partial });
    this.destroy();
  }

  /** Takes no more; ends when what is in hand is answered. */
  drain(): void {
    this.#draining = true;
    if (!this.busy) this.#finish();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (this.#draining) return;
    this.#unframer.push(chunk);
    if (this.busy) this.#socket.pause();
    else this.#next();
  }

  #next(): void {
    let message: Buffer | undefined;
    try {
      message = this.#nextMessage();
    } catch (thrown) {
      this.#refuse(asGatewayError(thrown));
      return;
    }
    this.#count();
    if (message === undefined) {
      if (this.#ended) this.#finish();
      else if (this.#socket.isPaused()) this.#socket.resume();
      return;
    }
    this.busy = true;
    this.#quietSweeps = 0;
    try {
      this.#options.receive(message).then(
        (reply) => this.#answer(reply),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  /** In release 2 the sender's transport says of an answer whether it was stored; that is no message. */
  #nextMessage(): Buffer | undefined {
    for (;;) {
      const message = this.#unframer.next();
      if (this.#options.release !== 2 || message === undefined) return message;
      const commit = commitOf(message);
      if (commit === undefined) return message;
      if (commit === 'negative') this.#options.onEvent?.('answer-not-committed', {});
    }
  }

  #answer(reply: Reply): void {
    const socket = this.#socket;
    const out =
      this.#options.release === 2 ? committed(reply) : reply.answers && frames(reply.answers);
    if (reply.answers === undefined) {
      this.#options.onEvent?.('frame-unanswered', {});
      if (out !== undefined) socket.write(out);
      this.#finish();
    } else if (socket.destroyed) {
      this.busy = false;
    } else if (out === undefined || out.length === 0 || socket.write(out)) {
      this.#done();
    } else {
      socket.once('drain', () => this.#done());
    }
  }

  #done(): void {
    this.busy = false;
    this.#quietSweeps = 0;
    if (this.#draining) this.#finish();
    else this.#next();
  }

  #failed(error: unknown): void {
    const reason = error instanceof Error ? error.name : typeof error;
    this.#options.onEvent?.('receive-failed', { reason });
    this.busy = false;
    this.destroy();
  }

  #refuse(error: GatewayError): void {
    this.#options.onEvent?.('frame-oversize', { junkBytes: this.#unframer.junkBytes });
    const answers = this.#options.refuseOversize?.(this.#unframer.head(), error) ?? [];
    if (this.#options.release === 2) this.#socket.write(negativeCommit);
    if (answers.length > 0) this.#socket.write(frames(answers));
    this.#finish();
  }

  #end(): void {
    this.#ended = true;
    if (this.#unframer.partial) this.#options.onEvent?.('frame-cut-off', {});
    if (!this.busy) this.#finish();
  }

  /** Says no more after what was written, and reads away what still comes. */
  #finish(): void {
    this.busy = false;
    this.#draining = true;
    this.#socket.end();
    this.#socket.resume();
  }

  #count(): void {
    const { junkBytes, cutOffFrames } = this.#unframer;
    if (junkBytes > this.#junkSeen) {
      this.#options.onEvent?.('junk-skipped', { bytes: junkBytes - this.#junkSeen });
      this.#junkSeen = junkBytes;
    }
    if (cutOffFrames > this.#cutOffSeen) {
      this.#options.onEvent?.('frame-cut-off', { frames: cutOffFrames - this.#cutOffSeen });
      this.#cutOffSeen = cutOffFrames;
    }
  }
}

/** Release 2: the transport's own acknowledgement first. What was not stored is sent again, so it has no other answer. */
function committed({ outcome, answers }: Reply): Buffer {
  if (outcome === 'untaken' || answers === undefined) return negativeCommit;
  return Buffer.concat([positiveCommit, ...answers.map(frame)]);
}
