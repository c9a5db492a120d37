/**
 * npm run bench -- notices: decided notices of as many cases, rendered and delivered by webhook to one receiver that answers
 * after 20 ms; then a day in which the receiver is down, with the clock set by hand, and what of memory it costs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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
import { secret, startTarget } from './targets.ts';

const notices = 4000;
const answerMs = 20;
const connections = 32;
const lanes = 64;

export async function benchNotices(say: (line: string) => void, runs: number): Promise<void> {
  const results: Result[] = [];
  for (let run = 0; run < runs; run++) results.push(await deliverAll());
  const middle = (key: keyof Result): number =>
    results.map((one) => one[key]).toSorted((x, y) => x - y)[Math.floor(runs / 2)] ?? 0;
  say(
    `${notices} notices to a receiver that answers after ${answerMs} ms, ${connections} connections, ${lanes} lanes: ` +
      `${Math.round(middle('perSecond'))}/s, ${middle('cpuMs').toFixed(1)} ms of processor time and ` +
      `${middle('commits').toFixed(2)} commits a notice (medians of ${runs} runs: ` +
      `${results.map(({ perSecond }) => Math.round(perSecond)).join(', ')}; SQLite WAL, synchronous=FULL)`,
  );
  say(await dayOfRetries());
}

interface Result {
  readonly perSecond: number;
  readonly cpuMs: number;
  readonly commits: number;
}

/** The notices are in the journal, decided and not yet sent; the gateway starts and sends them. */
async function deliverAll(): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-bench-'));
  const filled = await openEmbeddedJournal({ folder });
  await fill(filled, notices);
  await filled.close();
  const receiver = await listen(answerMs);
  const target = await startTarget(
    'gateway',
    0,
    receiver.url,
    undefined,
    {},
    { folder, lanes, connections },
  );
  try {
    while (receiver.times.length < notices) await sleep(20);
    const stats = await target.stats();
    const [first = 0] = receiver.times;
    const seconds = ((receiver.times.at(-1) ?? 0) - first) / 1000;
    return {
      perSecond: notices / seconds,
      cpuMs: stats.cpuMs / notices,
      commits: stats.commits / notices,
    };
  } finally {
    await target.stop();
    receiver.server.close();
    receiver.server.closeAllConnections();
  }
}

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

/** Every call's arrival, in milliseconds. */
async function listen(delayMs: number): Promise<{ server: Server; url: string; times: number[] }> {
  const times: number[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      times.push(performance.now());
      setTimeout(() => response.writeHead(204).end(), delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/notices`, times };
}

// ---------------------------------------------------------------- a day of retries

const downCases = 500;

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
