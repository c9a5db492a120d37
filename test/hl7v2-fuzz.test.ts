/**
 * Bad input: whatever comes is answered, or the connection closed; nothing breaks, nothing of a person is said.
 * `npm run test:long` takes 100,000 mutations; HEMGANG_CORPUS names a folder of other people's messages to spoil too.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readHeader } from '../adapters/inbound/hl7v2/answers/acknowledge.ts';
import { explain, renderExplanation } from '../adapters/inbound/hl7v2/explain.ts';
import { hl7v2Inbound } from '../adapters/inbound/hl7v2/index.ts';
import { Hl7Message } from '../adapters/inbound/hl7v2/message/message.ts';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { Random } from '../adapters/simulated/random.ts';
import { frame, Unframer } from '../adapters/wire/mllp.ts';
import { asGatewayError } from '../gateway/errors.ts';
import { loadMappings } from '../mappings/index.ts';
import { corpusCases, foreignMessages } from './support/corpus.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { hostileMessages } from './support/hostile.ts';
import { mutated } from './support/mutations.ts';

const seed = 20260;
const isLong = process.env['HEMGANG_LONG'] === '1';
const corpusFolder = process.env['HEMGANG_CORPUS'];
const mutations = isLong ? 100_000 : 4000;
/** explain is for people, and looks every field up in the dictionary: each nth is enough. */
const explainEvery = 10;
/** How often a translation may ask the reader for a value, whatever the message is. */
const mostReads = 2000;
/** An answer is an MSH of 4 kB at most, echoed, and our own words; there are two at most. */
const longestAnswer = 20_000;

const mappings = loadMappings();
const inbound = hl7v2Inbound(mappings);
const context = {
  answerId: 'OUR-OWN-ID',
  now: '2022-03-07T10:59:00.000Z',
};
const built = new Set(Object.getOwnPropertyNames(Object.prototype));

/** What the reader gives for one message: its answer, and every word that leaves the gateway with it. */
interface Outcome {
  readonly accepted: boolean;
  readonly answer: string | undefined;
  readonly words: string;
}

function take(bytes: Uint8Array): Outcome {
  let message: ReturnType<typeof inbound.read> | undefined;
  try {
    message = inbound.read(bytes);
    const translation = inbound.translate(message);
    const { warnings, ignored = '', facts, unmapped } = translation;
    if (facts.length + unmapped.length + warnings.length > 200) expect.fail('too much of it');
    // Half a character would be refused by a database, or changed by it.
    if (/\\ud[89a-f]/.test(JSON.stringify(translation))) expect.fail('half a character');
    const answer = inbound.acknowledge(message, bytes, { accepted: true, warnings }, context);
    return { accepted: true, answer: textOf(answer), words: [...warnings, ignored].join('\n') };
  } catch (thrown) {
    const error = asGatewayError(thrown);
    if (error.code === 'assertion-failed') throw thrown;
    const answer = inbound.acknowledge(message, bytes, { accepted: false, error }, context);
    const cause = error.cause instanceof Error ? error.cause.message : '';
    const words = `${error.message} ${error.location ?? ''} ${cause}`;
    return { accepted: false, answer: textOf(answer), words };
  }
}

/** All answers to one message: none, one, or both of the enhanced mode; undefined where MSH cannot be read. */
const textOf = (answers: readonly Uint8Array[] | undefined): string | undefined =>
  answers?.map((answer) => Buffer.from(answer).toString('latin1')).join('');

/** Person fields of a message, long enough to be recognised; as bytes read one to a character. */
function markersOf(raw: Uint8Array): string[] {
  const text = Buffer.from(raw).toString('latin1');
  const person = /(?:^|[\r\n])PID\|([^\r\n]*)/.exec(text)?.[1]?.split('|') ?? [];
  return [person[2], person[4], person[10]]
    .flatMap((field) => field?.split(/[~^&]/) ?? [])
    .filter((value) => value.length >= 6);
}

/** Spoils the messages in turn, and holds every outcome against what is promised. @returns how many were accepted */
async function spoil(messages: readonly Uint8Array[], count: number): Promise<number> {
  const random = new Random(seed);
  const reads = vi.spyOn(Hl7Message.prototype, 'value');
  const markers = messages.map(markersOf);
  let accepted = 0;
  try {
    for (let index = 0; index < count; index += 1) {
      const original = index % messages.length;
      const { bytes, how } = mutated(messages[original] ?? new Uint8Array(), random, messages);
      const name = `mutation ${index} (${how}) of message ${original}, seed ${seed}`;
      reads.mockClear();
      const outcome = await named(name, () => take(bytes));
      if (outcome.accepted) accepted += 1;
      if (reads.mock.calls.length > mostReads)
        expect.fail(`${name}: ${reads.mock.calls.length} reads`);
      reads.mockClear();
      check(name, bytes, outcome, markers[original] ?? []);
      if (index % explainEvery === 0) {
        await named(name, async () => renderExplanation(await explain(bytes, mappings)));
      }
    }
  } finally {
    reads.mockRestore();
  }
  return accepted;
}

function check(
  name: string,
  bytes: Uint8Array,
  { answer, words }: Outcome,
  markers: readonly string[],
): void {
  const header = readHeader(bytes);
  if ((answer === undefined) !== (header === undefined))
    expect.fail(`${name}: answered without MSH, or not with it`);
  if (answer !== undefined && answer !== '' && !answer.includes('\rMSA'))
    expect.fail(`${name}: no answer`);
  if (answer !== undefined && answer.length > longestAnswer)
    expect.fail(`${name}: answer too long`);
  for (const marker of markers) {
    // What the mutation itself moved into MSH is echoed: an answer must name its message.
    if (header?.text.includes(marker) === true) continue;
    if (answer?.includes(marker) === true || words.includes(marker))
      expect.fail(`${name}: says ${marker}`);
  }
}

/** Names the mutation in what is thrown, so that it can be made again. */
async function named<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw new Error(`${name}: ${String(thrown)}`, { cause: thrown });
  }
}

const own = corpusCases().map(({ raw }) => raw);

describe('spoilt messages', () => {
  test(`${mutations} of our own are answered, and say nothing of a person`, async () => {
    const accepted = await spoil(own, mutations);
    // Neither all refused nor all taken: else nothing beyond the header was tried.
    expect(accepted / mutations).toBeGreaterThan(0.1);
    expect(accepted / mutations).toBeLessThan(0.9);
  }, 600_000);

  test.skipIf(corpusFolder === undefined)(
    'and so are those of HEMGANG_CORPUS',
    async () => {
      const messages = foreignMessages(corpusFolder ?? '').map(({ raw }) => asOurs(raw));
      for (const raw of messages) check('a whole message', raw, take(raw), markersOf(raw));
      await spoil(messages, Math.max(mutations, 100_000));
    },
    1_200_000,
  );

  test('the same seed spoils the same way', () => {
    const run = (): string[] => {
      const random = new Random(seed);
      return own.map((raw) => mutated(raw, random, own).bytes.toString('hex'));
    };
    expect(run()).toEqual(run());
  });

  test('nothing was added to what every object inherits', () => {
    const now = Object.getOwnPropertyNames(Object.prototype);
    expect(now.filter((name) => !built.has(name))).toEqual([]);
    expect(Object.keys(Array.prototype)).toEqual([]);
  });
});

/** A message of a stranger as one of a sender we know, with the line ends of the wire: what is behind MSH is tried. */
function asOurs(raw: Uint8Array): Uint8Array {
  const text = Buffer.from(raw).toString('latin1').replace(/\r?\n/g, '\r');
  return Buffer.from(
    text.replace(/^(?:\xef\xbb\xbf)?(MSH.....)[^|]*\|[^|]*/, '$1NORRTUNA-VIS|NORRTUNA'),
    'latin1',
  );
}

test('a sender whose name cannot be read is refused, and told so', () => {
  const text = String.raw`MSH|^~\&|\X80\|NORRTUNA|||20220303||ADT^A01|N1|P|2.5`;
  expect(take(Buffer.from(text)).answer).toMatch(/\rMSA\|AE\|N1\r/);
});

test('a code that is cut where it is kept is cut between characters', () => {
  const code = `${'x'.repeat(99)}\u{1f600}`;
  const ready = corpusCases().find(({ name }) => name === 'norrtuna-a16-ready');
  const text = Buffer.from(ready?.raw ?? []).toString('utf8');
  const { unmapped } = inbound.translate(
    inbound.read(Buffer.from(text.replace('|KLAR', `|${code}`))),
  );
  expect(unmapped.map((one) => one.code)).toEqual(['x'.repeat(99)]);
});

describe('a message made to cost much', () => {
  test.each(hostileMessages(100_000))('$name costs no more than its length', ({ raw }) => {
    const looks = countLooks(() => {
      take(raw);
    });
    // Decoding, one pass for segments, and one for each value that is asked for of one field.
    expect(looks / raw.length).toBeLessThan(130);
  });

  test.each(hostileMessages(100_000))(
    '$name is explained at no more than its length',
    async ({ raw }) => {
      const names = new Hl7Message(raw, Buffer.from(raw).toString('latin1'), 'latin1');
      const looks = countLooks(() => {
        for (const _ of names.rawFields());
      });
      expect(looks / raw.length).toBeLessThan(10);
    },
  );
});

/** Counts the characters that are looked at: steps, not time. */
function countLooks(work: () => void): number {
  const { charCodeAt, indexOf } = String.prototype;
  let looks = 0;
  // oxlint-disable-next-line no-extend-native
  String.prototype.charCodeAt = function counted(this: string, at: number) {
    looks += 1;
    return charCodeAt.call(this, at);
  };
  // oxlint-disable-next-line no-extend-native
  String.prototype.indexOf = function counted(this: string, what: string, from = 0) {
    const found = indexOf.call(this, what, from);
    looks += (found < 0 ? this.length : found) - from + 1;
    return found;
  };
  try {
    work();
  } finally {
    // oxlint-disable-next-line no-extend-native
    Object.assign(String.prototype, { charCodeAt, indexOf });
  }
  return looks;
}

describe('over a real socket', () => {
  let world: TestGateway;
  beforeAll(async () => {
    world = await startTestGateway({ start: '2022-03-03T08:00:00.000Z' });
  });
  afterAll(() => world.close());

  /** Sends all of it and ends; resolves when the gateway has closed. @returns its answers */
  function exchange(bytes: Uint8Array): Promise<string[]> {
    const { host, port } = world.gateway.mllp;
    const answers: string[] = [];
    return new Promise((resolve) => {
      const unframer = new Unframer(1_048_576);
      const socket = connect({ host, port }, () => socket.end(bytes));
      socket.on('data', (chunk: Buffer) => {
        unframer.push(chunk);
        for (let one = unframer.next(); one !== undefined; one = unframer.next()) {
          answers.push(one.toString('latin1'));
        }
      });
      socket.on('error', () => socket.destroy());
      socket.once('close', () => resolve(answers));
    });
  }

  const admission = (controlId: string): Uint8Array =>
    buildMessage('ekliden', {
      trigger: 'A01',
      at: '2022-03-03T08:00:00Z',
      visit: 'E9001',
      personnummer: '195009072553',
      family: 'Testsson',
      given: 'Åsa',
      controlId,
    });

  test('spoilt messages are answered or the connection closed, and a good one is taken after', async () => {
    const random = new Random(seed);
    const count = isLong ? 3000 : 300;
    const before = process.memoryUsage().rss;
    let answered = 0;
    for (let index = 0; index < count; index += 1) {
      const { bytes } = mutated(own[index % own.length] ?? new Uint8Array(), random, own);
      answered += (await exchange(frame(bytes))).length;
    }
    for (const { raw } of hostileMessages(1_000_000)) {
      const [answer, ...more] = await exchange(frame(raw));
      expect(answer).toMatch(/\rMSA\|A[AER]\|/);
      expect(more).toEqual([]);
    }
    expect(answered).toBeGreaterThan(count / 2);
    expect(await exchange(frame(admission('GOOD-1')))).toEqual([
      expect.stringContaining('MSA|AA|GOOD-1'),
    ]);
    const grown = (process.memoryUsage().rss - before) / 1_048_576;
    expect(grown, 'megabytes').toBeLessThan(500);
  }, 300_000);

  test('bytes that are no frame at all are closed on, and a good message is taken after', async () => {
    const random = new Random(seed);
    for (let index = 0; index < 50; index += 1) {
      const { bytes } = mutated(own[index % own.length] ?? new Uint8Array(), random, own);
      await exchange(bytes);
    }
    expect(await exchange(frame(admission('GOOD-2')))).toEqual([
      expect.stringContaining('MSA|AA|GOOD-2'),
    ]);
  });

  test('the log names no person', () => {
    const log = world.logged.join('');
    expect(log).toContain('message refused');
    for (const marker of new Set(own.flatMap(markersOf))) expect(log).not.toContain(marker);
  });
});
