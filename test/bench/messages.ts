/**
 * npm run bench -- messages: what reading and mapping costs by trigger event, what large messages cost, and how long
 * messages of 100,000 segments keep others waiting in a real gateway (SQLite WAL, synchronous=FULL, answer after the
 * commit): in its event loop, and until their answer, which waits for the disk too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { frame } from '../../adapters/wire/mllp.ts';
import { hl7v2Inbound, meaningOf } from '../../adapters/inbound/hl7v2/index.ts';
import { packageRoot } from '../../gateway/data-files.ts';
import { loadMappings } from '../../mappings/index.ts';
import type { Stats } from './gateway-process.ts';
import { adtFrames, runLoad } from './load.ts';
import { sampleMessage } from './reading.ts';

const context = {
  answerId: '0190f3a4-5b6c-7d8e-9f01-23456789abcd',
  now: '2022-03-07T10:59:00.000Z',
};
const inbound = hl7v2Inbound(loadMappings());

interface Gateway {
  readonly port: number;
  stats(): Promise<Stats>;
}

/** @param say takes a line @param withGateway runs a measurement against a gateway of its own */
export async function benchMessages(
  say: (line: string) => void,
  withGateway: <T>(measure: (gateway: Gateway) => Promise<T>) => Promise<T>,
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

/** What another connection sends meanwhile. */
const company = [
  { name: 'alone', beside: undefined },
  { name: 'beside usual messages', beside: { isLong: false, pauseMs: 0 } },
  { name: 'beside one of 100,000 segments', beside: { isLong: true, pauseMs: 500 } },
  { name: 'beside one after the other', beside: { isLong: true, pauseMs: 0 } },
] as const;
type Beside = (typeof company)[number]['beside'];

async function comparePauses(
  say: (line: string) => void,
  withGateway: <T>(measure: (gateway: Gateway) => Promise<T>) => Promise<T>,
): Promise<void> {
  const results = company.map((): Pause[] => []);
  for (let run = 0; run < 3; run += 1) {
    for (const [index, { beside }] of company.entries()) {
      results[index]?.push(await withGateway((gateway) => pause(gateway, beside)));
    }
  }
  for (const [index, { name }] of company.entries()) {
    const sorted = (key: keyof Pause): number[] =>
      (results[index] ?? []).map((one) => one[key]).toSorted((a, b) => a - b);
    const middle = (key: keyof Pause): string => (sorted(key)[1] ?? 0).toFixed(1).padStart(7);
    say(
      `  ${name.padEnd(32)}p50${middle('p50Ms')}  p99${middle('p99Ms')}  longest${middle('longestMs')}` +
        `  event loop late at most${middle('loopDelayMs')} (${sorted('loopDelayMs').at(-1)?.toFixed(1)} of all runs)`,
    );
  }
}

interface Pause {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly loopDelayMs: number;
}

const seconds = 5;

/** One connection sends usual messages of many patients, and another what it is to send beside them. */
async function pause({ port, stats }: Gateway, beside: Beside): Promise<Pause> {
  const run = String(Math.floor(performance.now() * 1000));
  const usual = adtFrames(run);
  const load = { port, connections: 1, messages: 100_000 };
  const limitMs = seconds * 1000;
  await runLoad({ ...load, limitMs: 1000, frame: usual });
  await stats();
  let sent = 0;
  const other = (): Buffer => {
    sent += 1;
    // Every third is an admission: a stay and a patient of its own.
    const plain = usual(3 * (100_000 + sent));
    return beside?.isLong ? frame(Buffer.concat([plain.subarray(1, -2), manySegments])) : plain;
  };
  const pauseMs = beside?.pauseMs || undefined;
  const [result, others] = await Promise.all([
    runLoad({ ...load, limitMs, frame: (index) => usual(index + 50_000) }),
    beside && runLoad({ ...load, limitMs, ...(pauseMs && { pauseMs }), frame: other }),
  ]);
  if (result.refused > 0 || others?.refused) throw new Error('messages were refused');
  const { loopDelayMs } = await stats();
  return { ...result, loopDelayMs };
}
