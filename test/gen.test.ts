/** What `hemgang gen` makes: the same for the same seed, of published numbers, and read by the gateway without a doubt. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { drawSpan, loadPathways } from '../adapters/simulated/pathway.ts';
import { loadNumbers, personOf } from '../adapters/simulated/people.ts';
import { Random } from '../adapters/simulated/random.ts';
import { messageBytes, planStream, type StreamMessage } from '../adapters/simulated/stays.ts';
import { gen, type GenOptions } from '../gateway/cli/gen.ts';
import { loadMappings } from '../mappings/index.ts';
import { loadProfiles } from '../profiles/index.ts';
import { temporaryFolder } from './support/folder.ts';

const root = resolve(import.meta.dirname, '..');
const shipped = join(root, 'adapters/simulated/pathways');
const numbersFile = join(root, 'test/support/test-numbers.txt');
const numbers = loadNumbers(numbersFile);
const pathways = loadPathways(shipped);
const inbound = hl7v2Inbound(loadMappings());

function stream(seed: number, count: number, one?: string): StreamMessage[] {
  const chosen = pathways.filter(({ file }) => one === undefined || file === one);
  return planStream({ pathways: chosen, numbers, seed, count, from: '2026-01-05' });
}

function digestOf(messages: readonly StreamMessage[]): string {
  const hash = createHash('sha256');
  for (const message of messages) hash.update(messageBytes(message, undefined));
  return hash.digest('hex').slice(0, 16);
}

describe('a stream', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(digestOf(stream(1, 50))).toBe(digestOf(stream(1, 50)));
    expect(digestOf(stream(2, 50))).not.toBe(digestOf(stream(1, 50)));
  });

  test.each(pathways.map(({ file }) => file))(
    'of %s is accepted, with nothing unmapped',
    (file) => {
      const events = new Set<string>();
      for (const message of stream(3, 20, file)) {
        const translation = inbound.translate(inbound.read(messageBytes(message, undefined)));
        expect(translation.unmapped).toEqual([]);
        for (const { type } of translation.facts) events.add(type);
        for (const { earlierNumbers, facts } of translation.persons ?? []) {
          expect(earlierNumbers).toHaveLength(1);
          for (const { type } of facts) events.add(type);
        }
      }
      expect([...events]).toContain(proofs[file] ?? 'patient.discharge-ready');
    },
  );

  test('names every message once, and keeps the messages of a stay in order', () => {
    const messages = stream(4, 100);
    expect(new Set(messages.map(({ step }) => step.controlId)).size).toBe(messages.length);
    const recorded = messages.map(({ step }) => Date.parse(step.recordedAt ?? step.at));
    expect(recorded).toEqual(recorded.toSorted((one, other) => one - other));
    const last = new Map<string, number>();
    for (const { step } of messages) {
      const [, stay = '', place = '0'] = /^(.*)-(\d+)$/.exec(step.controlId) ?? [];
      expect(Number(place)).toBe((last.get(stay) ?? 0) + 1);
      last.set(stay, Number(place));
    }
  });

  test('can be written in another character set, and says so', () => {
    const [message] = stream(1, 1);
    if (message === undefined) throw new Error('no message');
    const raw = messageBytes(message, '8859/15');
    expect(Buffer.from(raw).toString('latin1')).toContain('|8859/15\r');
    expect(inbound.read(raw).message.charset).toBe('latin9');
  });
});

/** The event that shows that a pathway tells what it is for; readiness for the others. */
const proofs: Readonly<Record<string, string>> = {
  'admission-cancelled': 'admission.cancelled',
  'class-change': 'patient.admitted',
  death: 'patient.deceased',
  'discharge-cancelled': 'discharge.cancelled',
  'leave-and-return': 'patient.on-leave',
  'pending-discharge': 'discharge-estimate.withdrawn',
  'readiness-withdrawn': 'discharge-readiness.withdrawn',
  'spare-number-merged': 'patient.merged',
};

describe('people', () => {
  test('live in municipalities that there are', () => {
    const { nation } = loadProfiles();
    for (const number of numbers) {
      for (const hospital of ['ekliden', 'norrtuna'] as const) {
        expect(nation.municipalityName(personOf(number, hospital).municipality)).toBeDefined();
      }
    }
  });

  test('have the same name wherever they are met', () => {
    const [number = ''] = numbers;
    expect(personOf(number, 'ekliden').family).toBe(personOf(number, 'norrtuna').family);
  });
});

test('a length of time stays within its span', () => {
  const random = new Random(1);
  const span = { from: 3_600_000, to: 36_000_000, mostly: 7_200_000 };
  for (let draw = 0; draw < 1000; draw += 1) {
    const length = drawSpan(span, random);
    expect(length).toBeGreaterThanOrEqual(span.from);
    expect(length).toBeLessThanOrEqual(span.to);
  }
});

describe('the command', () => {
  const usual: GenOptions = {
    seed: 1,
    count: 2,
    from: '2026-01-05',
    list: false,
    json: false,
    shipped,
    numbers: numbersFile,
  };

  test('writes one file a message, with the line ends that are asked for', async () => {
    const folder = temporaryFolder('gen');
    try {
      const out = join(folder.path, 'stream');
      expect(await gen({ ...usual, out, framing: 'lf', journey: 'death', sender: 'ekliden' })).toBe(
        0,
      );
      const first = readFileSync(join(out, '000001-ekliden-A01.hl7'), 'latin1');
      expect(first).toMatch(/^MSH[^\r]*\nEVN[^\r]*\n$/);
      await expect(gen({ ...usual, out })).rejects.toThrow(/is not empty/);
    } finally {
      folder.remove();
    }
  });

  test.each<[Partial<GenOptions>, RegExp]>([
    [{ count: 0 }, /--count 0: from 1/],
    [{ from: '2026-02-30' }, /--from 2026-02-30: write it as a date/],
    [{ journey: 'no-such' }, /--list shows the shipped ones/],
    [{ framing: 'tcp' }, /--framing tcp: one of mllp, cr, lf/],
    [{ sender: 'other' }, /--sender other: one of ekliden, norrtuna/],
    [{ charset: 'ASCII' }, /--charset ASCII: one of 8859\/1/],
  ])('says what is wrong with %j', async (options, message) => {
    await expect(gen({ ...usual, ...options })).rejects.toThrow(message);
  });
});
