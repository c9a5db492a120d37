/**
 * MLLP framing (HL7 transport specification): VT, message, FS, CR. Both directions use it. Release 2 adds the transport's
 * own acknowledgement, a frame of one byte.
 *
 * The unframer takes bytes as they come and gives whole frames. A frame that lies in one packet is not copied; one that
 * comes in pieces is gathered in a buffer that doubles, so a byte at a time costs no more than its sum.
 */
import { GatewayError } from '../../gateway/errors.ts';

const startBlock = 0x0b;
const endBlock = 0x1c;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
/** VT and the name of the first segment: a new message inside one that was cut off. */
const restart = Buffer.from('\x0bMSH');
const firstStoreBytes = 4096;

/** A message as it goes on the wire, in one piece so that it leaves in one write. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 3);
  framed[0] = startBlock;
  framed.set(message, 1);
  framed[message.length + 1] = endBlock;
  framed[message.length + 2] = carriageReturn;
  return framed;
}

/** Several messages, each in its frame, to leave in one write. */
export function frames(messages: readonly Uint8Array[]): Buffer {
  const [only] = messages;
  return only !== undefined && messages.length === 1
    ? frame(only)
    : Buffer.concat(messages.map(frame));
}

const acknowledged = 0x06;
const notAcknowledged = 0x15;
/** Release 2: the frame before it is stored. */
export const positiveCommit: Buffer = frame(Uint8Array.of(acknowledged));
/** Release 2: the frame before it was not stored. */
export const negativeCommit: Buffer = frame(Uint8Array.of(notAcknowledged));

/** @returns what a frame of release 2 says of the one before it; undefined where it is a message */
export function commitOf(content: Uint8Array): 'positive' | 'negative' | undefined {
  if (content.length !== 1) return undefined;
  if (content[0] === acknowledged) return 'positive';
  return content[0] === notAcknowledged ? 'negative' : undefined;
}

/** Takes the bytes of one connection apart into frames. A bare FS ends a frame too; junk between frames is skipped. */
export class Unframer {
  readonly #maxFrameBytes: number;
  /** Bytes not looked at yet, oldest first. */
  readonly #waiting: Buffer[] = [];
  /** The beginning of a frame whose end has not come. */
  #store: Buffer | undefined;
  #stored = 0;
  #inFrame = false;
  #oversize = false;
  /** Bytes outside frames so far; CR and LF after a frame are not counted. */
  junkBytes = 0;
  /** Frames that were cut off by the beginning of another. */
  cutOffFrames = 0;

  /** @param maxFrameBytes the largest message accepted, without its framing */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Takes what the connection brought. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#waiting.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  /**
   * @returns the next whole message without its framing, or undefined until more bytes come
   * @throws GatewayError malformed-message when a frame grows beyond the bound; the connection is of no use after it
   */
  next(): Buffer | undefined {
    if (this.#oversize) throw this.#tooLarge();
    for (let chunk = this.#waiting[0]; chunk !== undefined; chunk = this.#waiting[0]) {
      if (!this.#inFrame) {
        this.#skipTo(chunk);
        continue;
      }
      const end = chunk.indexOf(endBlock);
      const piece = end < 0 ? chunk : chunk.subarray(0, end);
      if (this.#stored + piece.length > this.#maxFrameBytes) {
        this.#keep(piece.subarray(0, this.#maxFrameBytes - this.#stored));
        this.#waiting.length = 0;
        this.#oversize = true;
        throw this.#tooLarge();
      }
      this.#advance(chunk, end < 0 ? chunk.length : end + 1);
      if (end >= 0) return this.#finish(piece);
      this.#keep(piece);
    }
    return undefined;
  }

  /** A frame has begun and not ended. */
  get partial(): boolean {
    return this.#inFrame;
  }

  /** The beginning of the frame in hand; what an answer to an oversize frame is made from. */
  head(): Buffer {
    return this.#store === undefined ? Buffer.alloc(0) : this.#store.subarray(0, this.#stored);
  }

  /** Skips junk up to and with the next VT. */
  #skipTo(chunk: Buffer): void {
    const start = chunk.indexOf(startBlock);
    const skipped = start < 0 ? chunk.length : start;
    for (let at = 0; at < skipped; at += 1) {
      if (chunk[at] !== carriageReturn && chunk[at] !== lineFeed) this.junkBytes += 1;
    }
    this.#inFrame = start >= 0;
    this.#advance(chunk, start < 0 ? chunk.length : start + 1);
  }

  #advance(chunk: Buffer, by: number): void {
    if (by >= chunk.length) this.#waiting.shift();
    else this.#waiting[0] = chunk.subarray(by);
  }

  #keep(piece: Buffer): void {
    const needed = this.#stored + piece.length;
    if (this.#store === undefined || this.#store.length < needed) {
      let size = this.#store?.length ?? firstStoreBytes;
      while (size < needed) size *= 2;
      const larger = Buffer.allocUnsafe(size);
      this.#store?.copy(larger, 0, 0, this.#stored);
      this.#store = larger;
    }
    piece.copy(this.#store, this.#stored);
    this.#stored = needed;
  }

  #finish(lastPiece: Buffer): Buffer {
    let whole = lastPiece;
    if (this.#stored > 0) {
      this.#keep(lastPiece);
      whole = this.head();
    }
    this.#store = undefined;
    this.#stored = 0;
    this.#inFrame = false;
    if (!whole.includes(startBlock)) return whole;
    const again = whole.lastIndexOf(restart);
    if (again < 0) return whole;
    this.cutOffFrames += 1;
    return whole.subarray(again + 1);
  }

  #tooLarge(): GatewayError {
    return new GatewayError('malformed-message', `frame larger than ${this.#maxFrameBytes} bytes`, {
      standardCode: '104',
    });
  }
}
