/** A bare connection to the receiver: bytes out as a case wants them, whole frames in, nothing hidden. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { openSocket, type WireTarget } from '../../../adapters/wire/connect.ts';
import { readAnswer, type Answer } from '../../../adapters/wire/mllp-answer.ts';
import { written } from '../../../adapters/wire/mllp-client.ts';
import { Unframer } from '../../../adapters/wire/mllp.ts';

export class WireConnection {
  readonly #socket: Socket;
  readonly #unframer = new Unframer(1_048_576);
  readonly #answers: Answer[] = [];
  readonly #wakes = new Set<() => void>();
  /** The other side has said that it sends no more, or the connection broke; not that we have closed it. */
  closed = false;
  #left = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => this.#close());
    socket.on('end', () => this.#close());
    socket.on('close', () => this.#close());
  }

  /** @throws GatewayError delivery-failed where no connection came about */
  static async open(target: WireTarget, timeoutMs: number): Promise<WireConnection> {
    return new WireConnection(await openSocket(target, timeoutMs));
  }

  /** Writes the bytes as one packet, as far as the system lets it be one. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#socket.destroyed && this.#socket.writable) await written(this.#socket, bytes);
  }

  /** Hands the bytes over without waiting for them to leave: for a receiver that may not read on. */
  push(bytes: Uint8Array): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes);
  }

  /** Writes the bytes in packets of so many. */
  async inPieces(bytes: Uint8Array, size: number, pauseMs = 0): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      await this.write(bytes.subarray(at, at + size));
      if (pauseMs > 0) await this.wait(pauseMs);
    }
  }

  /** Every answer so far, once there are `count`, the connection is closed, or the time is up. */
  async answers(count: number, withinMs: number): Promise<readonly Answer[]> {
    const until = performance.now() + withinMs;
    while (this.#answers.length < count && !this.closed) {
      const left = until - performance.now();
      if (left <= 0) break;
      await this.#change(left);
    }
    return this.#answers;
  }

  /** @returns whether the other side closed within the time */
  async closes(withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    while (!this.closed && performance.now() < until) {
      await this.#change(until - performance.now());
    }
    return this.closed;
  }

  /** Lets time pass. */
  async wait(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Reads no more, so that what the other side writes piles up there. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Says that we send no more; answers may still come. */
  end(): void {
    this.#socket.end();
  }

  /** Breaks the connection off, as a crash or a cut cable does. */
  abort(): void {
    this.#left = true;
    // A TLS socket cannot send a reset of its own.
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** Closes both directions, as a sender that is done does. */
  close(): void {
    this.#left = true;
    this.#socket.destroy();
  }

  async #change(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(1, withinMs));
      this.#wakes.add(wake);
    });
  }

  #take(chunk: Buffer): void {
    this.#unframer.push(chunk);
    try {
      for (let next = this.#unframer.next(); next !== undefined; next = this.#unframer.next()) {
        this.#answers.push(readAnswer(next));
      }
    } catch {
      this.#socket.destroy();
    }
    this.#wake();
  }

  #close(): void {
    if (!this.#left) this.closed = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
  }
}
