/** A bare MLLP connection: what is written leaves as it is, what comes is kept frame by frame. */
import { connect, type Socket } from 'node:net';
import { frame, Unframer } from '../../adapters/wire/mllp.ts';

export class BareConnection {
  readonly #socket: Socket;
  readonly #unframer = new Unframer(1_048_576);
  readonly #frames: string[] = [];
  #wake: () => void = () => {};
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#unframer.push(chunk);
      for (let next = this.#unframer.next(); next !== undefined; next = this.#unframer.next()) {
        this.#frames.push(next.toString('latin1'));
      }
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<BareConnection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new BareConnection(socket);
  }

  send(...messages: readonly (Uint8Array | string)[]): void {
    const framed = messages.map((one) => frame(Buffer.from(one)));
    this.#socket.write(Buffer.concat(framed));
  }

  /** Everything that came since the last call, once there are so many frames or the connection has closed. */
  async frames(count: number): Promise<string[]> {
    while (this.#frames.length < count && !this.#closed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#frames.splice(0);
  }

  /** Resolves when the other side has closed. */
  async closed(): Promise<void> {
    while (!this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}
