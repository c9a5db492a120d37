/** Chance that comes out the same for the same seed, and keys made of it. */

/** sfc32 by Chris Doty-Humphrey (PractRand, public domain): small, fast, the same on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = 0x9e3779b9;
    this.#b = 0x243f6a88;
    this.#c = seed | 0;
    for (let round = 0; round < 12; round++) this.bits();
  }

  /** 32 random bits, as a number from 0. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 up to and not including 1. */
  share(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** A whole number from 0 up to and not including the bound. */
  below(bound: number): number {
    return Math.floor(this.share() * bound);
  }

  /** Whether something of this probability happens. */
  happens(probability: number): boolean {
    return this.share() < probability;
  }

  /** Shaped as a UUIDv4. */
  key(): string {
    const first = this.bits();
    return this.#shaped(first, (this.bits() & 0xffff0fff) | 0x4000);
  }

  /** Shaped as a UUIDv7: rises with time, as the keys of stays and processes do. */
  keyAt(atMs: number): string {
    const high = Math.floor(atMs / 0x1_0000);
    return this.#shaped(high, ((atMs % 0x1_0000) << 16) | 0x7000 | (this.bits() & 0x0fff));
  }

  #shaped(first: number, second: number): string {
    const third = hex((this.bits() & 0x3fffffff) | 0x80000000);
    const middle = hex(second);
    return `${hex(first)}-${middle.slice(0, 4)}-${middle.slice(4)}-${third.slice(0, 4)}-${third.slice(4)}${hex(this.bits())}`;
  }
}

const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex(word: number): string {
  return (
    (bytes[word >>> 24] ?? '') +
    (bytes[(word >>> 16) & 0xff] ?? '') +
    (bytes[(word >>> 8) & 0xff] ?? '') +
    (bytes[word & 0xff] ?? '')
  );
}
