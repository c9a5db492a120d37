/**
 * npm run bench: what a durable answer costs, beside the bare floor, in one run. Every figure is the median of the
 * runs; gateway and floor take turns, so that a busy machine is busy for both. With `-- messages`: by trigger event and
 * size, see messages.ts; with `-- fhir`: resources over HTTP, see fhir.ts; with `-- forms`: PostgreSQL and
 * RabbitMQ beside the embedded form, see forms.ts; with `-- conformance`: 10,000 files; with `-- region-year`: one region-year from the journal; with
 * `-- invoices`: a month's invoices, see invoices.ts; with `-- notices`: notices by webhook, see notices.ts.
 */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { simulatedMunicipality } from '../../adapters/simulated/municipality/index.ts';
import { adtFrames, runLoad, type LoadResult } from './load.ts';
import { benchConformance } from './conformance.ts';
import { benchFhir } from './fhir.ts';
import { benchForms } from './forms.ts';
import { benchInvoices } from './invoices.ts';
import { benchMessages } from './messages.ts';
import { benchNotices } from './notices.ts';
import { benchReading } from './reading.ts';
import { benchRegionYear } from './region-year/index.ts';
import { secret, startTarget } from './targets.ts';

const args = new Set(process.argv.slice(2));
const json = args.has('--json');
const runs = args.has('--quick') ? 1 : 3;
const secondsPerRun = args.has('--quick') ? 2 : 4;
const million = args.has('--million');
const report: Record<string, unknown> = {};

function say(line: string): void {
  if (!json) process.stdout.write(`${line}\n`);
}

// ---------------------------------------------------------------- measuring

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

interface Measured extends LoadResult {
  readonly commitsPerMessage?: number;
  readonly residentMb?: number;
}

async function measure(
  what: 'gateway' | 'floor',
  connections: number,
  syncDelayMs: number,
  receiver: string,
): Promise<Measured> {
  const target = await startTarget(what, syncDelayMs, receiver);
  try {
    const frame = adtFrames(`${connections}${Math.floor(performance.now())}`);
    await runLoad({ port: target.port, connections, messages: 2000, limitMs: 1000, frame });
    const before = what === 'gateway' ? await target.stats() : undefined;
    const result = await runLoad({
      port: target.port,
      connections,
      messages: 400_000,
      limitMs: secondsPerRun * 1000,
      frame: (index) => frame(index + 3000),
    });
    if (!before) return result;
    const after = await target.stats();
    return {
      ...result,
      commitsPerMessage: (after.commits - before.commits) / result.messages,
      residentMb: after.residentMb,
    };
  } finally {
    await target.stop();
  }
}

async function compare(connections: number, syncDelayMs: number, receiver: string): Promise<void> {
  const gateway: Measured[] = [];
  const floor: Measured[] = [];
  for (let run = 0; run < runs; run++) {
    gateway.push(await measure('gateway', connections, syncDelayMs, receiver));
    floor.push(await measure('floor', connections, syncDelayMs, receiver));
  }
  const of = (results: readonly Measured[], pick: (result: Measured) => number): number =>
    median(results.map(pick));
  const row = {
    connections,
    syncDelayMs,
    gatewayPerSecond: Math.round(of(gateway, (result) => result.perSecond)),
    p50Ms: of(gateway, (result) => result.p50Ms),
    p99Ms: of(gateway, (result) => result.p99Ms),
    commitsPerMessage: of(gateway, (result) => result.commitsPerMessage ?? 0),
    residentMb: Math.round(of(gateway, (result) => result.residentMb ?? 0)),
    floorPerSecond: Math.round(of(floor, (result) => result.perSecond)),
    floorP99Ms: of(floor, (result) => result.p99Ms),
    shareOfFloor:
      of(gateway, (result) => result.perSecond) / of(floor, (result) => result.perSecond),
    refused: gateway.reduce((sum, result) => sum + result.refused, 0),
  };
  report[`${connections} connections${syncDelayMs ? `, ${syncDelayMs} ms a sync` : ''}`] = row;
  say(
    [
      String(connections).padStart(5),
      `${syncDelayMs} ms`.padStart(6),
      String(row.gatewayPerSecond).padStart(9),
      row.p50Ms.toFixed(2).padStart(7),
      row.p99Ms.toFixed(2).padStart(7),
      row.commitsPerMessage.toFixed(3).padStart(9),
      `${row.residentMb}`.padStart(6),
      String(row.floorPerSecond).padStart(9),
      row.floorP99Ms.toFixed(2).padStart(7),
      `${Math.round(row.shareOfFloor * 100)} %`.padStart(6),
      row.refused === 0 ? '' : `${row.refused} REFUSED`,
    ].join('  '),
  );
}

/** A burst, then how long the backlog of cases and notices takes to drain. */
async function drain(receiver: string): Promise<void> {
  const target = await startTarget('gateway', 0, receiver);
  try {
    const burst = await runLoad({
      port: target.port,
      connections: 32,
      messages: 15_000,
      limitMs: 60_000,
      frame: adtFrames('drain'),
    });
    const backlog = (await target.stats()).waiting;
    const start = performance.now();
    let stats = await target.stats();
    while (stats.waiting > 0 && performance.now() - start < 180_000) {
      await sleep(100);
      stats = await target.stats();
    }
    const seconds = (performance.now() - start) / 1000;
    report['drain'] = {
      messages: burst.messages,
      backlog,
      left: stats.waiting,
      seconds,
      events: stats.events,
    };
    say(
      `drain: ${burst.messages} messages at ${Math.round(burst.perSecond)}/s left ${backlog} events waiting; ` +
        `${stats.waiting === 0 ? 'all handled' : `${stats.waiting} left`} after ${seconds.toFixed(1)} s ` +
        `(${Math.round((backlog - stats.waiting) / seconds)}/s); ${stats.events} events in the journal`,
    );
  } finally {
    await target.stop();
  }
}

/** From the message that states a need to the notices at their receiver, one stay after the other. */
async function wholePath(): Promise<void> {
  const receiver = await simulatedMunicipality({ secrets: [secret] });
  const target = await startTarget('gateway', 0, receiver.url);
  try {
    const frame = adtFrames('path');
    const { port } = target;
    const limitMs = 10_000;
    const latencies: number[] = [];
    for (let stay = 0; stay < 150; stay++) {
      const send = (phase: number): Promise<LoadResult> =>
        runLoad({
          port,
          connections: 1,
          messages: 1,
          limitMs,
          frame: () => frame(stay * 3 + phase),
        });
      await send(0);
      const before = receiver.received.length;
      const start = performance.now();
      await send(1);
      while (receiver.received.length < before + 2) await sleep(1);
      latencies.push(performance.now() - start);
    }
    const p99 = latencies.toSorted((x, y) => x - y)[Math.floor(latencies.length * 0.99)] ?? 0;
    report['whole path'] = { stays: latencies.length, medianMs: median(latencies), p99Ms: p99 };
    say(
      `whole path: message sent → both notices of its need at the receiver: median ${median(latencies).toFixed(1)} ms, ` +
        `p99 ${p99.toFixed(1)} ms (${latencies.length} stays, one after the other)`,
    );
  } finally {
    await target.stop();
    await receiver.close();
  }
}

async function coldStart(): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    const target = await startTarget('gateway', 0);
    await runLoad({
      port: target.port,
      connections: 1,
      messages: 1,
      limitMs: 5000,
      frame: adtFrames('cold'),
    });
    times.push(performance.now() - start);
    await target.stop();
  }
  report['coldStartMs'] = median(times);
  say(`cold start to first ACK: ${Math.round(median(times))} ms`);
}

async function millionMessages(receiver: string): Promise<void> {
  const target = await startTarget('gateway', 0, receiver);
  try {
    const frame = adtFrames('million');
    const result = await runLoad({
      port: target.port,
      connections: 32,
      messages: 1_000_000,
      limitMs: 600_000,
      frame,
    });
    const stats = await target.stats();
    report['million'] = { ...result, ...stats };
    say(
      `${result.messages} messages: ${Math.round(result.perSecond)}/s, p99 ${result.p99Ms.toFixed(1)} ms, ` +
        `resident ${Math.round(stats.residentMb)} MB, ${stats.waiting} events waiting`,
    );
  } finally {
    await target.stop();
  }
}

// ---------------------------------------------------------------- the run

const [, , what] = process.argv;
if (what === 'messages') {
  await benchMessages(say, async (using) => {
    const target = await startTarget('gateway', 0);
    try {
      return await using(target);
    } finally {
      await target.stop();
    }
  });
  process.exit();
}
if (what === 'fhir') {
  await benchFhir(say, { runs, secondsPerRun });
  process.exit();
}
if (what === 'forms') {
  const backlog = args.has('--backlog') ? 100_000 : 12_000;
  await benchForms(say, { runs, secondsPerRun, backlog, parts: process.argv.slice(3) });
  process.exit();
}
if (what === 'conformance') {
  await benchConformance(say);
  process.exit();
}
if (what === 'invoices') {
  benchInvoices(say);
  process.exit();
}
if (what === 'notices') {
  await benchNotices(say, runs);
  process.exit();
}
if (what === 'region-year') {
  await benchRegionYear(process.argv.slice(3));
  process.exit();
}
const receiver = await simulatedMunicipality({ secrets: [secret] });
say(
  `${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}, Node ${process.version}; load generator on the same cores`,
);
say('durability: SQLite WAL, synchronous=FULL, group commit; the ACK leaves after the commit');
say('about 1 kB ADT, one in flight per connection; relay, advance and dispatch running\n');
const reading = await benchReading();
report['readingMicroseconds'] = reading.microsecondsPerMessage;
say(`reader and mapping: ${reading.microsecondsPerMessage.toFixed(1)} µs a message`);
await coldStart();
say('\nconns    sync  gateway/s   p50 ms  p99 ms  syncs/msg  RSS MB   floor/s   p99 ms  share');
for (const connections of [1, 8, 32]) await compare(connections, 0, receiver.url);
await compare(32, 2, receiver.url);
say('');
await drain(receiver.url);
await wholePath();
if (million) await millionMessages(receiver.url);
else say('(a million messages, for memory: npm run bench -- --million)');
await receiver.close();
if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
