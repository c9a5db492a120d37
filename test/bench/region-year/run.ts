/**
 * The region-year, in a process of its own so that its memory is its own: every case is read, folded and assessed by the
 * workers; this thread hands out pages of cases, gathers their counts and settles every municipality and month of them.
 */
import { Worker } from 'node:worker_threads';
import { settlementStreamOf } from '../../../gateway/advance.ts';
import type { CareDaysData, Carry } from '../../../gateway/process/events.ts';
import { openJournalReader } from '../../../gateway/runtime/journal/embedded.ts';
import { settlementBasis } from '../../../gateway/rules/settling/settlement-basis.ts';
import { loadProfiles } from '../../../profiles/index.ts';
import { afterTheYear, county, months, municipalities } from './courses.ts';
import { steps, type Spent, type WorkedPage, type WorkerStart } from './page.ts';

export interface YearRun {
  readonly workers: number;
  readonly stays: number;
  readonly events: number;
  readonly seconds: { readonly start: number; readonly cases: number; readonly settlement: number };
  /** Seconds of processor time of all threads: what does not depend on who else uses the machine. */
  readonly cpuSeconds: number;
  /** Microseconds one stay takes on its thread, by the clock. */
  readonly perStay: Spent;
  /** Largest resident set of the process with its workers, MB. */
  readonly peakMb: number;
  readonly counts: number;
  readonly undecided: number;
  readonly differing: number;
  readonly settlements: number;
  /** Settlements for which a figure is missing. */
  readonly withheld: number;
  readonly lines: number;
  readonly totalOre: number;
}

const nowMs = Date.parse(afterTheYear);
const idsAPage = 200;
/** So that a worker never waits for the next page. */
const pagesAhead = 2;

type Counts = Map<string, CareDaysData[]>;

async function runYear(folder: string, workers: number): Promise<YearRun> {
  const watch = watchMemory();
  const startedAt = performance.now();
  const counts: Counts = new Map();
  const texts: Texts = new Map();
  const sum = { stays: 0, events: 0, counts: 0, undecided: 0, differing: 0 };
  const spent = { read: 0, fold: 0, assess: 0, decide: 0 };
  let firstAt = 0;
  await workThrough(folder, workers, (page) => {
    if (firstAt === 0) firstAt = performance.now() - stepsOf(page.spent);
    sum.stays += page.stays;
    sum.events += page.events;
    sum.counts += page.counts.length;
    sum.undecided += page.undecided;
    sum.differing += page.differing;
    for (const step of steps) spent[step] += page.spent[step];
    for (const count of page.counts) keep(counts, texts, count);
  });
  const workedAt = performance.now();
  const settled = settleAll(counts);
  const settledAt = performance.now();
  const { user, system } = process.cpuUsage();
  for (const step of steps) spent[step] = (spent[step] * 1000) / Math.max(1, sum.stays);
  return {
    workers,
    ...sum,
    seconds: {
      start: (firstAt - startedAt) / 1000,
      cases: (workedAt - firstAt) / 1000,
      settlement: (settledAt - workedAt) / 1000,
    },
    cpuSeconds: (user + system) / 1e6,
    perStay: spent,
    peakMb: watch(),
    ...settled,
  };
}

const stepsOf = (spent: Spent): number => steps.reduce((sum, step) => sum + spent[step], 0);

function keep(counts: Counts, texts: Texts, received: CareDaysData): void {
  const settlement = settlementStreamOf(received);
  const count = withSharedTexts(received, texts);
  const known = counts.get(settlement);
  if (known === undefined) counts.set(settlement, [count]);
  else known.push(count);
}

/** Texts that many counts have in common. */
type Texts = Map<string, string>;

/** What comes from another thread has texts of its own; here those that many counts share are kept once. */
function withSharedTexts(count: CareDaysData, texts: Texts): CareDaysData {
  const shared = (text: string): string => {
    const kept = texts.get(text);
    if (kept === undefined) texts.set(text, text);
    return kept ?? text;
  };
  const { dischargedOn, readyOn } = count;
  return {
    ...count,
    county: shared(count.county),
    municipality: shared(count.municipality),
    month: shared(count.month),
    dates: count.dates.map(shared),
    reason: shared(count.reason),
    reference: shared(count.reference),
    ...(dischargedOn !== undefined && { dischargedOn: shared(dischargedOn) }),
    ...(readyOn !== undefined && { readyOn: shared(readyOn) }),
  };
}

/** Hands every case to a worker; resolves when all are done and the workers have ended. */
async function workThrough(
  folder: string,
  workers: number,
  gather: (page: WorkedPage) => void,
): Promise<void> {
  const reader = await openJournalReader({ folder });
  let after = '';
  let reading = Promise.resolve();
  const nextPage = async (): Promise<readonly string[] | 'end'> => {
    const page = reading.then(async () => {
      const ids = await reader.processIds(after, idsAPage);
      after = ids.at(-1) ?? after;
      return ids;
    });
    reading = page.then(() => undefined);
    const ids = await page;
    return ids.length === 0 ? 'end' : ids;
  };
  const start: WorkerStart = { folder, nowMs };
  await Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: start });
      await workWith(worker, nextPage, gather);
    }),
  );
  await reader.close();
}

function workWith(
  worker: Worker,
  nextPage: () => Promise<readonly string[] | 'end'>,
  gather: (page: WorkedPage) => void,
): Promise<void> {
  let ended = false;
  const hand = async (): Promise<void> => {
    if (ended) return;
    const page = await nextPage();
    if (page !== 'end') worker.postMessage(page, []);
    else if (!ended) {
      ended = true;
      worker.postMessage('end', []);
    }
  };
  return new Promise((resolve, reject) => {
    worker.on('message', (page: WorkedPage) => {
      gather(page);
      hand().catch(reject);
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve());
    for (let ahead = 0; ahead < pagesAhead; ahead++) hand().catch(reject);
  });
}

/** Every municipality's months in order, each with what the month before handed over. */
function settleAll(
  counts: Counts,
): Pick<YearRun, 'settlements' | 'withheld' | 'lines' | 'totalOre'> {
  const profiles = loadProfiles();
  const settled = { settlements: 0, withheld: 0, lines: 0, totalOre: 0 };
  const payers = new Set(municipalities);
  for (const [first] of counts.values()) if (first) payers.add(first.municipality);
  for (const municipality of payers) {
    const parameters = profiles.parametersOf({ county, municipality });
    let before: Carry | undefined;
    for (const month of months) {
      const period = { county, municipality, month };
      const cases = counts.get(settlementStreamOf(period)) ?? [];
      const basis = settlementBasis(cases, parameters, period, before);
      settled.settlements += 1;
      if ('missing' in basis) {
        settled.withheld += 1;
        before = undefined;
        continue;
      }
      settled.lines += basis.lines.length;
      settled.totalOre += basis.totalOre;
      before = basis.carry;
    }
  }
  return settled;
}

/** @returns a function that stops watching and tells the largest resident set in MB: sampled, and the system's own */
function watchMemory(): () => number {
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  return () => {
    clearInterval(timer);
    return Math.max(peak, process.memoryUsage.rss(), process.resourceUsage().maxRSS * 1024) / 1e6;
  };
}

const [folder = '.', workers = '2'] = process.argv.slice(2);
const result = await runYear(folder, Number(workers));
process.send?.(result);
if (!process.send) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
