/**
 * npm run bench -- notices: the notices of cases that were told over MLLP, rendered and delivered by webhook to one receiver
 * that answers after 20 ms; then a day in which the receiver is down, with the clock set by hand, and what of memory it
 * costs. Gateway, receiver and load generator are a process each.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { webhookNotices } from '../../adapters/outbound/notices/webhook.ts';
import { createDispatch } from '../../gateway/dispatch.ts';
import type { Routes } from '../../gateway/delivery.ts';
import { HandSetClock } from '../../gateway/runtime/clock.ts';
import {
  openEmbeddedJournal,
  type CountedJournal,
} from '../../gateway/runtime/journal/embedded.ts';
import { createLog } from '../../gateway/runtime/log.ts';
import { loadMunicipalWords } from '../../mappings/municipal.ts';
import {
  at,
  message,
  noticeIssued,
  personnummerAuthority,
  testNumbers,
} from '../support/journal-messages.ts';
import { adtFrames, runLoad } from './load.ts';
import type { Heard } from './receiver-process.ts';
import { secret, startTarget, type Target } from './targets.ts';

/** Two notices each: of admission, and the call to planning. */
const stays = 4000;
const warmUpStays = 1000;
const answerMs = 20;
const connections = 32;
const lanes = 64;

export async function benchNotices(say: (line: string) => void, runs: number): Promise<void> {
  const results: Result[] = [];
  for (let run = 0; run < runs; run++) results.push(await deliverAll());
  const middle = (key: keyof Result): number =>
    results.map((one) => one[key]).toSorted((x, y) => x - y)[Math.floor(runs / 2)] ?? 0;
  const cpu = (key: keyof Result): string => middle(key).toFixed(2);
  say(
    `${middle('notices')} notices of ${stays} cases to a receiver that answers after ${answerMs} ms, ${connections} connections, ` +
      `${lanes} lanes: ${Math.round(middle('perSecond'))}/s (medians of ${runs} runs: ` +
      `${results.map(({ perSecond }) => Math.round(perSecond)).join(', ')}); a notice costs the gateway ${cpu('cpuMs')} ms of ` +
      `processor time and ${cpu('commits')} commits, the receiver ${cpu('receiverCpuMs')} ms (SQLite WAL, synchronous=FULL)`,
  );
  say(await dayOfRetries());
}

interface Result {
  readonly notices: number;
  readonly perSecond: number;
  /** Of the gateway, all its threads, until the cases have been told of every receipt. */
  readonly cpuMs: number;
  readonly commits: number;
  readonly receiverCpuMs: number;
}

/**
 * Cases are told and decided while deliveries rest; then all their notices go at once. A first, smaller lot is not
 * measured: a gateway runs for months, and its first seconds are the compiler's.
 */
async function deliverAll(): Promise<Result> {
  const receiver = await startReceiver();
  // No deadline falls due meanwhile: its events would be counted with the notices.
  const settings = { 'deadlines.grace': '2h' };
  const sending = { lanes, connections };
  const target = await startTarget('gateway', 0, receiver.url, undefined, settings, sending);
  try {
    await deliverLot(target, receiver, 'W', warmUpStays);
    return await deliverLot(target, receiver, 'N', stays);
  } finally {
    await target.stop();
    receiver.stop();
  }
}

async function deliverLot(
  target: Target,
  receiver: Receiver,
  lot: string,
  count: number,
): Promise<Result> {
  target.collect();
  const frame = adtFrames(`${lot}${Date.now().toString(36).toUpperCase()}`);
  // Of three messages a stay the first two: admitted, and its needs stated.
  const told = (index: number): Buffer => frame(Math.floor(index / 2) * 3 + (index % 2));
  const load = { port: target.port, connections: 8, messages: 2 * count, limitMs: 600_000 };
  await runLoad({ ...load, frame: told });
  const before = await untilStats(target, ({ undecided }) => undecided === 0);
  const heardBefore = await receiver.heard('anew');
  target.deliver();
  await untilSilent(receiver);
  const after = await untilStats(target, ({ waiting }) => waiting === 0);
  const heard = await receiver.heard();
  const notices = heard.calls;
  return {
    notices,
    perSecond: notices / ((heard.lastMs - heard.firstMs) / 1000),
    cpuMs: (after.cpuMs - before.cpuMs) / notices,
    commits: (after.commits - before.commits) / notices,
    receiverCpuMs: (heard.cpuMs - heardBefore.cpuMs) / notices,
  };
}

/** Until nothing has come for a while. The gateway is not asked: to count what waits costs it something, too. */
async function untilSilent({ heard }: Receiver): Promise<void> {
  for (let calls = -1, last = 0; calls !== last || calls === 0;) {
    calls = last;
    await sleep(1000);
    last = (await heard()).calls;
  }
}

async function untilStats(
  target: Target,
  isReached: (stats: Awaited<ReturnType<Target['stats']>>) => boolean,
): Promise<Awaited<ReturnType<Target['stats']>>> {
  for (;;) {
    const stats = await target.stats();
    if (isReached(stats)) return stats;
    await sleep(500);
  }
}

interface Receiver {
  readonly url: string;
  /** What came since it was last asked with `anew`. */
  heard(anew?: 'anew'): Promise<Heard>;
  stop(): void;
}

async function startReceiver(): Promise<Receiver> {
  const child = fork(join(import.meta.dirname, 'receiver-process.js'), [String(answerMs)]);
  const next = <T>(): Promise<T> => new Promise((resolve) => child.once('message', resolve));
  return {
    url: await next<string>(),
    heard: async (anew) => {
      const answer = next<Heard>();
      child.send(anew ?? 'heard');
      return await answer;
    },
    stop: () => child.disconnect(),
  };
}

// ---------------------------------------------------------------- a day of retries

const downCases = 500;

/** Cases with one notice each. */
async function fill(journal: CountedJournal, count: number): Promise<void> {
  const records: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    const number = testNumbers[n % testNumbers.length] ?? '';
    const numbers = [
      { authority: personnummerAuthority, value: number, kind: 'personnummer' },
    ] as const;
    records.push(
      journal.record(
        message(n, {
          sender: 'ekliden',
          patient: { numbers, family: 'Testsson', given: 'Åsa' },
          events: [noticeIssued(`n${n}`)],
        }),
      ),
    );
  }
  await Promise.all(records);
}

/** A receiver that refuses connections for a day: every attempt of its time, and the heap after each hour. */
async function dayOfRetries(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-bench-'));
  const journal = await openEmbeddedJournal({ folder });
  const clock = new HandSetClock(at);
  const webhook = webhookNotices({
    url: 'http://127.0.0.1:9/notices',
    secrets: [secret],
    timeoutMs: 1000,
    idempotent: true,
    words: loadMunicipalWords(),
    allowPrivate: true,
    nowSeconds: () => Math.floor(clock.nowMs() / 1000),
  });
  const receiver = { id: 'down', outbound: webhook, isLive: () => true };
  const routes: Routes = {
    ofNotice: () => receiver,
    ofBilling: () => undefined,
    ofDocument: () => undefined,
    byId: () => receiver,
    isSenderLive: () => true,
  };
  const minutes = [0.1, 0.5, 2, 10, 30, ...Array.from({ length: 48 }, () => 30)];
  const dispatch = createDispatch({
    journal,
    routes,
    clock,
    log: createLog({ level: 'silent' }),
    retryDelaysMs: minutes.map((one) => one * 60_000),
    signal: new AbortController().signal,
  });
  let attempts = 0;
  const heaps: number[] = [];
  try {
    await fill(journal, downCases);
    const end = Date.parse(at) + 24 * 3_600_000;
    for (let hour = Date.parse(at) + 3_600_000; clock.nowMs() < end;) {
      const rows = await journal.outbox.ready('dispatch', clock.nowMs(), 2000, []);
      for (const row of rows) {
        await dispatch(row.lane, [{ ...row, attempt: row.attempts + 1 }]);
        attempts += 1;
      }
      await journal.outbox.done(rows);
      if (rows.length > 0) continue;
      const due = await journal.nextDue();
      clock.advanceTo(
        due === undefined || Date.parse(due) > end ? new Date(end).toISOString() : due,
      );
      await journal.releaseDue(clock.now(), { deadlines: false });
      if (clock.nowMs() < hour) continue;
      hour += 3_600_000;
      globalThis.gc?.();
      heaps.push(process.memoryUsage().heapUsed / 1024 / 1024);
    }
  } finally {
    await webhook.close();
    await journal.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const told = [0, 6, 12, 18, heaps.length - 1].map((hour) => (heaps[hour] ?? 0).toFixed(0));
  return (
    `a day with the receiver down: ${downCases} cases, ${attempts} attempts; heap after hours 1, 7, 13, 19 and the last: ` +
    `${told.join(', ')} MB${globalThis.gc === undefined ? ' (not collected before: node --expose-gc)' : ''}`
  );
}
