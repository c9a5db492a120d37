/**
 * The sending side of MLLP: one connection, one message in flight or several, each answer given to the message whose
 * MSH-10 it names in MSA-2. Everything is bounded: connecting, waiting for an answer, its size, closing.
 */
import type { Socket } from 'node:net';
import { GatewayError } from '../../gateway/errors.ts';
import { openSocket, type WireTarget } from './connect.ts';
import { answerCodeOf, headerField, readAnswer } from './mllp-answer.ts';
import { frame, Unframer } from './mllp.ts';

/**
 * An answer nobody waits for: `late`, after its time was up; `further`, to a message that has been answered (enhanced
 * mode answers twice); `unknown`, to a control id that this connection has not sent.
 */
export type UnawaitedReason = 'late' | 'further' | 'unknown';

export interface MllpClientOptions extends WireTarget {
  /** How long connecting and an answer may take, each; 10 seconds where left out. */
  readonly timeoutMs?: number;
  /** How many messages may wait for their answers at once; 1 where left out. */
  readonly maxInFlight?: number;
  /**
   * Whether the connection outlives an answer that did not come. Where it does not (the default), a late answer can
   * never meet a later message under the same control id.
   */
  readonly keepAfterTimeout?: boolean;
  /** Writes each frame in packets of so many bytes; in one piece where left out. */
  readonly packetBytes?: number;
  readonly onUnawaited?: (answer: Uint8Array, reason: UnawaitedReason) => void;
}

interface Waiting {
  readonly controlId: string;
  /** Whether these answers are all that the message asks for. */
  readonly isComplete: (answers: readonly Uint8Array[]) => boolean;
  readonly answers: Uint8Array[];
  readonly resolve: (answers: readonly Uint8Array[]) => void;
  readonly reject: (error: GatewayError) => void;
  timer?: NodeJS.Timeout;
}

const maxAnswerBytes = 1_048_576;
/** How many ids are remembered, to tell a late or a further answer from one to a stranger. */
const rememberedIds = 10_000;

export class MllpClient {
  readonly #socket: Socket;
  readonly #options: MllpClientOptions;
  readonly #timeoutMs: number;
  readonly #unframer = new Unframer(maxAnswerBytes);
  readonly #closed: Promise<void>;
  /** In the order they were sent: of two under one id the older is answered first. */
  readonly #waiting: Waiting[] = [];
  readonly #past = new Map<string, 'late' | 'further'>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(socket: Socket, options: MllpClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
    socket.once('end', () => socket.end());
    socket.once('close', () => this.#failAll('connection closed before the answer'));
  }

  /** @throws GatewayError delivery-failed where no connection came about */
  static async connect(options: MllpClientOptions): Promise<MllpClient> {
    return new MllpClient(await openSocket(options, options.timeoutMs ?? 10_000), options);
  }

  /** Whether nothing can be sent any more. */
  get closed(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }

  /**
   * Sends one message and waits for the first answer that names it.
   * @returns the answer, without framing
   * @throws GatewayError delivery-unknown where no answer came in time or the connection closed before it,
   *   delivery-failed where it had closed already
   */
  async send(raw: Uint8Array): Promise<Uint8Array> {
    const [answer] = await this.#await(raw, ({ length }) => length > 0);
    if (answer === undefined) throw new GatewayError('assertion-failed', 'an answer was awaited');
    return answer;
  }

  /**
   * Sends one message and waits for every answer that its MSH-15 and MSH-16 ask for: none, one or two. Where only a
   * failure (ER) or only a success (SU) is to be told, silence cannot be told from waiting, and nothing is waited for.
   * @throws GatewayError as `send`
   */
  async exchange(raw: Uint8Array): Promise<readonly Uint8Array[]> {
    const accept = headerField(raw, 15);
    const application = headerField(raw, 16);
    if (accept === '' && application === '') return [await this.send(raw)];
    const isComplete = (answers: readonly Uint8Array[]): boolean => {
      const codes = answers.map(answerCodeOf);
      if (codes.some((code) => /^(?:A.|C[ER])$/.test(code))) return true;
      return (accept !== 'AL' || codes.includes('CA')) && application !== 'AL';
    };
    if (!isComplete([])) return await this.#await(raw, isComplete);
    await this.post(raw);
    return [];
  }

  /** Sends a message whose sender asks for no answer (MSH-15 and MSH-16 `NE`). */
  async post(raw: Uint8Array): Promise<void> {
    if (this.closed) throw new GatewayError('delivery-failed', 'the connection is closed');
    this.#remember(headerField(raw, 10), 'further');
    await this.#write(frame(raw));
  }

  /** Ends the connection and waits until it is closed. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#socket.destroy(), this.#timeoutMs);
    await this.#writing;
    this.#socket.end();
    await this.#closed;
    clearTimeout(timer);
  }

  /** Ends the connection at once: whoever waits for an answer hears that there will be none. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #await(raw: Uint8Array, isComplete: Waiting['isComplete']): Promise<readonly Uint8Array[]> {
    if (this.#waiting.length >= (this.#options.maxInFlight ?? 1)) {
      throw new GatewayError('assertion-failed', 'more messages in flight than agreed');
    }
    if (this.closed) throw new GatewayError('delivery-failed', 'the connection is closed');
    return await new Promise((resolve, reject) => {
      const controlId = headerField(raw, 10);
      const waiting: Waiting = { controlId, isComplete, answers: [], resolve, reject };
      this.#waiting.push(waiting);
      void this.#write(frame(raw));
      waiting.timer = setTimeout(() => this.#timeOut(waiting), this.#timeoutMs);
    });
  }

  /** Frames leave one after the other, also where they leave in pieces. */
  #write(framed: Buffer): Promise<void> {
    const size = this.#options.packetBytes;
    if (size === undefined) {
      this.#socket.write(framed);
      return Promise.resolve();
    }
    this.#writing = this.#writing.then(async () => {
      for (let at = 0; at < framed.length && !this.#socket.destroyed; at += size) {
        await written(this.#socket, framed.subarray(at, at + size));
      }
    });
    return this.#writing;
  }

  #take(chunk: Buffer): void {
    this.#unframer.push(chunk);
    try {
      for (let next = this.#unframer.next(); next !== undefined; next = this.#unframer.next()) {
        this.#match(next);
      }
    } catch {
      this.#failAll('the answer is larger than 1 MiB');
      this.#socket.destroy();
    }
  }

  #match(answer: Uint8Array): void {
    const { controlId } = readAnswer(answer);
    const index = this.#waiting.findIndex((waiting) => waiting.controlId === controlId);
    const waiting = this.#waiting[index];
    if (waiting === undefined) {
      this.#options.onUnawaited?.(answer, this.#past.get(controlId) ?? 'unknown');
      return;
    }
    waiting.answers.push(answer);
    if (!waiting.isComplete(waiting.answers)) return;
    this.#waiting.splice(index, 1);
    clearTimeout(waiting.timer);
    this.#remember(controlId, 'further');
    waiting.resolve(waiting.answers);
  }

  #timeOut(waiting: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    this.#remember(waiting.controlId, 'late');
    waiting.reject(new GatewayError('delivery-unknown', 'no answer in time'));
    if (this.#options.keepAfterTimeout !== true) this.#socket.destroy();
  }

  #remember(controlId: string, as: 'late' | 'further'): void {
    this.#past.delete(controlId);
    this.#past.set(controlId, as);
    if (this.#past.size <= rememberedIds) return;
    for (const oldest of this.#past.keys()) {
      this.#past.delete(oldest);
      break;
    }
  }

  #failAll(reason: string): void {
    for (const waiting of this.#waiting.splice(0)) {
      clearTimeout(waiting.timer);
      waiting.reject(new GatewayError('delivery-unknown', reason));
    }
  }
}

/** Resolves when the bytes have left; the next turn lets them leave as a packet of their own. */
export async function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => setImmediate(resolve)));
}
