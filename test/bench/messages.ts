/**
 * npm run bench -- messages: what reading and mapping costs by trigger event, what large messages cost, and how long a
 * message of 100,000 segments keeps others waiting in a real gateway (SQLite WAL, synchronous=FULL, answer after the
 * commit).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { frame } from '../../adapters/wire/mllp.ts';
import { hl7v2Inbound, meaningOf } from '../../adapters/inbound/hl7v2/index.ts';
import { packageRoot } from '../../mappings/files.ts';
import { loadMappings } from '../../mappings/index.ts';
import { adtFrames, runLoad } from './load.ts';
import { sampleMessage } from './reading.ts';

const context = {
  answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
  now: '2022-03-07T10:59:00.000Z',
};
const inbound = hl7v2Inbound(loadMappings());

interface Port {
  readonly port: number;
}

/** @param say takes a line @param withGateway runs a measurement against a gateway of its own */
export async function benchMessages(
  say: (line: string) => void,
  withGateway: <T>(measure: (gateway: Port) => Promise<T>) => Promise<T>,
): Promise<void> {
  say('Reader, mapping and answer, one thread, microseconds a message (median of 9 rounds)');
  for (const [kind, messages] of byTrigger()) {
    say(`  ${kind.padEnd(10)}${costOf(messages, 2000).toFixed(1).padStart(9)}`);
  }
  say('Large messages, milliseconds (median of 9)');
  for (const [name, message] of large()) {
    const ms = costOf([message], 1) / 1000;
    say(
      `  ${name.padEnd(22)}${(message.length / 1024).toFixed(0).padStart(6)} kB${ms.toFixed(1).padStart(9)}`,
    );
  }
  say(
    'Answer to another connection, one message in flight, milliseconds (median of 3 runs in turns)',
  );
  await comparePauses(say, withGateway);
}

/** The accepted messages of our own corpus, by trigger event. */
function byTrigger(): [string, Uint8Array[]][] {
  const folder = join(packageRoot(), 'test/corpus/hl7v2');
  const found = new Map<string, Uint8Array[]>();
  const names = readdirSync(folder).filter((one) => !one.startsWith('.'));
  for (const name of names) {
    const raw = readFileSync(join(folder, name, 'message.hl7'));
    const { message, translation } = meaningOf(inbound, raw);
    if (message === undefined || translation === undefined || translation.ignored) continue;
    const { kind } = message.head;
    found.set(kind, [...(found.get(kind) ?? []), raw]);
  }
  return [...found].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function costOf(messages: readonly Uint8Array[], atLeast: number): number {
  const repeats = Math.ceil(atLeast / messages.length);
  const round = (): number => {
    const start = performance.now();
    for (let index = 0; index < repeats; index += 1) {
      for (const raw of messages) {
        const { message, verdict } = meaningOf(inbound, raw);
        inbound.acknowledge(message, raw, verdict, context);
      }
    }
    return ((performance.now() - start) * 1000) / (repeats * messages.length);
  };
  round();
  return Array.from({ length: 9 }, round).toSorted((left, right) => left - right)[4] ?? 0;
}

function large(): [string, Uint8Array][] {
  const segment = 'OBX|1|TX|NOTE||Exempel||||||F\r';
  return [
    ['70 kB', filled(segment, 70 * 1024)],
    ['1 MB', filled(segment, 1024 * 1024 - 100)],
    ['1 MB in one field', filled(`NTE|1||${'x'.repeat(1024 * 1024 - 2000)}\r`, 1024 * 1024 - 900)],
    ['100,000 segments', Buffer.concat([sampleMessage(0), manySegments])],
  ];
}

/** The usual message, and one segment again and again up to so many bytes. */
function filled(segment: string, bytes: number, index = 0): Uint8Array {
  const message = sampleMessage(index);
  const count = Math.max(1, Math.floor((bytes - message.length) / segment.length));
  return Buffer.concat([message, Buffer.from(segment.repeat(count))]);
}
const manySegments = Buffer.from('ZZZ|1\r'.repeat(100_000));

async function comparePauses(
  say: (line: string) => void,
  withGateway: <T>(measure: (gateway: Port) => Promise<T>) => Promise<T>,
): Promise<void> {
  const alone: Pause[] = [];
  const beside: Pause[] = [];
  for (let run = 0; run < 3; run += 1) {
    alone.push(await withGateway(({ port }) => pause(port, false)));
    beside.push(await withGateway(({ port }) => pause(port, true)));
  }
  const line = (name: string, runs: readonly Pause[]): void => {
    const middle = (key: keyof Pause): string =>
      (runs.map((one) => one[key]).toSorted((a, b) => a - b)[1] ?? 0).toFixed(1).padStart(8);
    say(
      `  ${name.padEnd(34)}p50${middle('p50Ms')}  p99${middle('p99Ms')}  longest${middle('longestMs')}`,
    );
  };
  line('alone', alone);
  line('beside one of 100,000 segments', beside);
}

interface Pause {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

const seconds = 5;

/** One connection sends usual messages; where asked for, another sends what is long, one every half second. */
async function pause(port: number, isBeside: boolean): Promise<Pause> {
  const run = String(Math.floor(performance.now() * 1000));
  const usual = adtFrames(run);
  const load = { port, connections: 1, messages: 100_000 };
  await runLoad({ ...load, limitMs: 1000, frame: usual });
  let sent = 0;
  const long = (): Buffer => {
    sent += 1;
    // Every third is an admission: a stay and a patient of its own.
    return frame(Buffer.concat([usual(3 * (100_000 + sent)).subarray(1, -2), manySegments]));
  };
  const [result] = await Promise.all([
    runLoad({ ...load, limitMs: seconds * 1000, frame: (index) => usual(index + 50_000) }),
    isBeside ? runLoad({ ...load, limitMs: seconds * 1000, pauseMs: 500, frame: long }) : undefined,
  ]);
  if (isBeside && sent === 0) throw new Error('nothing was sent beside');
  return result;
}
