/**
 * npm run bench -- region-year [--stays 200000] [--runs 3] [--workers 2] [--seed 1] [--folder DIR] [--json]
 *
 * One region-year from the journal: what folding, assessing and settling it costs, and what one event costs in journals
 * of growing size. Filling, running and measuring are processes of their own.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Filled } from './fill.ts';
import type { OneEvent, Times } from './one-event.ts';
import { steps } from './page.ts';
import type { YearRun } from './run.ts';

/** Smaller journals beside the whole one, to see what grows. */
const smallerJournals = [1000, 20_000];

/** @param args what follows `region-year` on the command line */
export async function benchRegionYear(args: readonly string[]): Promise<void> {
  const { values: given } = parseArgs({
    args: [...args],
    options: {
      stays: { type: 'string', default: '200000' },
      runs: { type: 'string', default: '3' },
      workers: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
      folder: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const stays = Number(given.stays);
  const say = (line: string): void => {
    if (!given.json) process.stdout.write(`${line}\n`);
  };
  const parent = mkdtempSync(join(given.folder ?? tmpdir(), 'hemgang-region-year-'));
  try {
    const load = loadavg()[0] ?? 0;
    say(
      `${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}, Node ${process.version}; load before it began ${load.toFixed(1)}`,
    );
    const journals: Journal[] = [];
    for (const count of [...smallerJournals.filter((smaller) => smaller < stays), stays]) {
      const folder = join(parent, String(count));
      const filled = await child<Filled>('fill', [folder, String(count), given.seed]);
      sayFilled(say, filled);
      journals.push({ folder, filled });
    }
    const whole = journals.at(-1);
    if (whole === undefined) return;
    const runs: YearRun[] = [];
    while (runs.length < Math.max(1, Number(given.runs))) {
      runs.push(await child<YearRun>('run', [whole.folder, given.workers]));
    }
    sayRuns(say, runs, whole.filled);
    const measured: OneEvent[] = [];
    for (const { folder } of journals) measured.push(await child<OneEvent>('one-event', [folder]));
    sayOneEvent(say, measured);
    if (given.json)
      process.stdout.write(
        `${JSON.stringify({ filled: journals.map(({ filled }) => filled), runs, measured }, null, 2)}\n`,
      );
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

interface Journal {
  readonly folder: string;
  readonly filled: Filled;
}
type Say = (line: string) => void;

/** Runs a module beside this one as a process. @returns the one thing it says */
function child<T>(stem: string, args: readonly string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    let said: T | undefined;
    const process = fork(join(import.meta.dirname, `${stem}.js`), args);
    process.on('message', (message: T) => (said = message));
    process.once('error', reject);
    process.once('exit', (code) => {
      if (said !== undefined && code === 0) resolve(said);
      else reject(new Error(`${stem} ended with ${code}`));
    });
  });
}

function sayFilled(say: Say, filled: Filled): void {
  const need = Math.round((100 * filled.withNeed) / filled.stays);
  say(
    `filled: ${whole(filled.stays)} stays (${need} % with a municipal need), ${whole(filled.events)} events, ` +
      `${Math.round(filled.megabytes)} MB, in ${filled.seconds.toFixed(0)} s; ${whole(filled.patterns)} histories ` +
      'played through the rules, stamped with random keys (synchronous=OFF while filling)',
  );
  const [first] = filled.malformed;
  if (first !== undefined)
    say(`  ${filled.malformed.length} events MALFORMED, the first: ${first}`);
}

/** The run of median time, with the range of all. */
function sayRuns(say: Say, runs: readonly YearRun[], filled: Filled): void {
  const sorted = runs.toSorted((left, right) => secondsOf(left) - secondsOf(right));
  const [fastest, run, slowest] = [0, Math.floor(sorted.length / 2), -1].map((at) => sorted.at(at));
  if (!fastest || !run || !slowest) return;
  const { start, cases, settlement } = run.seconds;
  const perStay = steps.map((step) => `${step} ${run.perStay[step].toFixed(0)}`).join(', ');
  const range = `${secondsOf(fastest).toFixed(1)}–${secondsOf(slowest).toFixed(1)} s`;
  const peakMb = Math.max(...runs.map((each) => each.peakMb));
  const row = (what: string, seconds: number, more: string): void =>
    say(`  ${what.padEnd(30)}${seconds.toFixed(1).padStart(5)} s   ${more}`.trimEnd());
  say(`\none region-year, ${run.workers} worker threads with a read-only connection each:`);
  row('start', start, '');
  row(
    'read, fold, assess, decide',
    cases,
    `${whole(run.stays / cases)} stays/s; a stay on its thread: ${perStay} µs`,
  );
  row(
    'settlement',
    settlement,
    `${whole(run.settlements)} months of municipalities, ${whole(run.counts)} cases, ${whole(run.lines)} lines`,
  );
  row(
    'together (goal: 60 s, 500 MB)',
    secondsOf(run),
    `median of ${runs.length}, ${range}; ${run.cpuSeconds.toFixed(1)} s of CPU; largest peak ${Math.round(peakMb)} MB with the workers`,
  );
  const agrees = run.totalOre === filled.billedOre ? 'as the gateway itself' : 'UNLIKE the gateway';
  say(
    `  billed ${whole(run.totalOre / 100)} kr, ${agrees} billed the same journal; ${run.withheld} months withheld; ` +
      `decided anew: ${run.undecided}; counted otherwise than recorded: ${run.differing}`,
  );
}

const secondsOf = ({ seconds }: YearRun): number =>
  seconds.start + seconds.cases + seconds.settlement;

function sayOneEvent(say: Say, measured: readonly OneEvent[]): void {
  const durability = measured[0]?.durability ?? '';
  say(`\none event's advance (goal: 2 ms), real clock, ${durability}, median / p99 in ms:`);
  const heads = ['all facts', 'late withdrawal', 'nothing new', 'new case', 'its settlement'];
  say(['   events', ...[...heads, 'bare commit'].map((head) => head.padStart(16))].join(' '));
  for (const { events, advance, kinds, commit } of measured) {
    const { lateWithdrawal, nothingNew, newCase, settlement } = kinds;
    const cells = [advance, lateWithdrawal, nothingNew, newCase, settlement, commit];
    say([whole(events).padStart(9), ...cells.map((times) => cell(times))].join(' '));
  }
  say('\none month settled from its stream, medians:');
  for (const { events, months } of measured) {
    for (const { settlement, rows, readMs, settleMs } of months) {
      say(
        `  ${whole(events).padStart(9)} events: ${settlement}: ${whole(rows)} rows read in ` +
          `${readMs.toFixed(2)} ms and settled in ${settleMs.toFixed(2)} ms`,
      );
    }
  }
}

const cell = ({ medianMs, p99Ms }: Times): string =>
  `${medianMs.toFixed(2)} / ${p99Ms.toFixed(2)}`.padStart(16);

/** A whole number with its thousands apart. */
const whole = (number: number): string =>
  Math.round(number)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
