/**
 * Spoils messages, the same way for the same seed: what a broken engine, a wrong character set or an attacker would
 * send. A mutation is one to three of the ways below, one after the other.
 */
import type { Random } from '../../adapters/simulated/random.ts';

type Way = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Buffer;

/** Largest message that a mutation makes, so that a hundred thousand of them end. */
const largestBytes = 40_000;
const carriageReturn = 0x0d;

/** Names that mean something to JavaScript and nothing to HL7. */
const reservedNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
];
/** Bytes that are no UTF-8: a lone continuation, an overlong slash, a surrogate, beyond Unicode, cut short. */
const notUtf8 = ['80', 'c0af', 'eda080', 'f8888080', 'f4908080', 'e282', 'ff', 'fffe'];
const escapes = [
  '\\XEDA080\\',
  '\\XD83D\\',
  '\\XC3\\',
  '\\X\\',
  '\\X0\\',
  '\\X00\\',
  '\\.br\\',
  '\\Zx\\',
  '\\E',
  '\\\\',
  '\\X0D\\',
];
const charsets = [
  '',
  'ASCII',
  '8859/1',
  '8859/15',
  'UNICODE UTF-8',
  'UNICODE UTF-16',
  '8859/1~UNICODE',
  '__proto__',
];
const separators = '|^~\\&\r';

const ways: Readonly<Record<string, Way>> = {
  flipped: (bytes, random) => {
    const spoilt = Buffer.from(bytes);
    for (let left = 1 + random.below(8); left > 0 && spoilt.length > 0; left -= 1) {
      const at = random.below(spoilt.length);
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << random.below(8));
    }
    return spoilt;
  },
  cut: (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  beheaded: (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  gap: (bytes, random) => {
    const [from, to] = stretch(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  doubled: (bytes, random) => {
    const [from, to] = stretch(bytes, random);
    const times = 1 + random.below(random.happens(0.1) ? 200 : 4);
    const again = Array.from({ length: times }, () => bytes.subarray(from, to));
    return Buffer.concat([bytes.subarray(0, to), ...again, bytes.subarray(to)]);
  },
  spliced: (bytes, random, others) => {
    const other = others[random.below(others.length)] ?? bytes;
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
  separatorsExchanged: (bytes, random) => {
    const one = separators.charCodeAt(random.below(separators.length));
    const another = separators.charCodeAt(random.below(separators.length));
    const from = random.happens(0.5) ? 0 : random.below(bytes.length + 1);
    return Buffer.from(
      bytes.map((byte, at) =>
        at < from ? byte : byte === one ? another : byte === another ? one : byte,
      ),
    );
  },
  nested: (bytes, random) => {
    const some = ['^', '&', '~', '\\', '|', '^&~', '&^~\\|', '~^'];
    return inserted(
      bytes,
      random,
      (some[random.below(some.length)] ?? '^').repeat(1 + random.below(2000)),
    );
  },
  repetitions: (bytes, random) =>
    inserted(bytes, random, '~195009072553^^^SKV'.repeat(1 + random.below(1000))),
  segments: (bytes, random) => {
    const all = segmentsOf(bytes);
    const chosen = all[random.below(all.length)] ?? Buffer.alloc(0);
    const rest = all.toSpliced(random.below(all.length + 1), random.below(2), chosen);
    if (random.happens(0.3)) rest.reverse();
    return Buffer.concat(rest);
  },
  lineEnds: (bytes, random) => {
    const ends = ['\n', '\r\n', '\n\r', '\r\r', '', '\n\n', '\u0085', '\u000b', '\u001c'];
    const end = ends[random.below(ends.length)] ?? '';
    return Buffer.from(bytes.toString('latin1').replaceAll('\r', end), 'latin1');
  },
  reserved: (bytes, random) =>
    withField(bytes, random, reservedNames[random.below(reservedNames.length)] ?? ''),
  reservedSegment: (bytes, random) => {
    const name = reservedNames[random.below(reservedNames.length)] ?? '';
    return Buffer.concat([bytes, Buffer.from(`\r${name}|${name}^${name}\r`)]);
  },
  nul: (bytes, random) => inserted(bytes, random, '\0'.repeat(1 + random.below(5))),
  notUtf8: (bytes, random) =>
    insertedBytes(bytes, random, Buffer.from(notUtf8[random.below(notUtf8.length)] ?? '', 'hex')),
  escapes: (bytes, random) => withField(bytes, random, escapes[random.below(escapes.length)] ?? ''),
  longValue: (bytes, random) =>
    withField(
      bytes,
      random,
      ['x', 'å', '\\T\\', '\u{1f600}', '0', '"', ' '][random.below(7)]?.repeat(
        1 + random.below(3000),
      ) ?? '',
    ),
  nulls: (bytes, random) => withField(bytes, random, '""'),
  delimiters: (bytes, random) => {
    const length = random.happens(0.5) ? 4 + random.below(3) : 64;
    const nonsense = Array.from({ length }, () => String.fromCharCode(33 + random.below(94))).join(
      '',
    );
    return Buffer.concat([Buffer.from(`MSH${nonsense}`), bytes.subarray(8)]);
  },
  charset: (bytes, random) => {
    const lines = bytes.toString('latin1').split('\r');
    const fields = (lines[0] ?? '').split('|');
    fields[17] = charsets[random.below(charsets.length)] ?? '';
    return Buffer.from(
      [Array.from(fields, (field) => field ?? '').join('|'), ...lines.slice(1)].join('\r'),
      'latin1',
    );
  },
  byteOrderMark: (bytes) => Buffer.concat([Buffer.from('efbbbf', 'hex'), bytes]),
};
const names = Object.keys(ways);

/**
 * One mutation.
 * @param others messages that parts may be taken from
 * @returns the bytes, and the names of what was done to them
 */
export function mutated(
  raw: Uint8Array,
  random: Random,
  others: readonly Uint8Array[],
): { bytes: Buffer; how: string } {
  let bytes: Buffer = Buffer.from(raw);
  const how: string[] = [];
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const name = names[random.below(names.length)] ?? '';
    bytes = ways[name]?.(bytes, random, others) ?? bytes;
    how.push(name);
  }
  return { bytes: bytes.subarray(0, largestBytes), how: how.join(', ') };
}

function stretch(bytes: Buffer, random: Random): [number, number] {
  const from = random.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + random.below(random.happens(0.5) ? 8 : 400))];
}

function inserted(bytes: Buffer, random: Random, text: string): Buffer {
  return insertedBytes(bytes, random, Buffer.from(text));
}

function insertedBytes(bytes: Buffer, random: Random, more: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
}

/** Puts a text in the place of a field, a component or a name. */
function withField(bytes: Buffer, random: Random, text: string): Buffer {
  const places: number[] = [];
  for (const [at, byte] of bytes.entries()) {
    if (byte === 0x7c || byte === 0x5e || byte === carriageReturn) places.push(at);
  }
  const which = random.below(Math.max(1, places.length));
  const from = (places[which] ?? 0) + 1;
  const to = Math.max(from, places[which + 1] ?? bytes.length);
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(text), bytes.subarray(to)]);
}

function segmentsOf(bytes: Buffer): Buffer[] {
  const segments: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(carriageReturn, start);
    const next = end < 0 ? bytes.length : end + 1;
    segments.push(bytes.subarray(start, next));
    start = next;
  }
  return segments;
}
