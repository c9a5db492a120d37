/**
 * npm run bench -- conformance: `conformance run` over 10,000 files made in a temporary folder, from the build, with
 * every report: wall time and largest memory of the process.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const files = 10_000;
const runs = 3;

export async function benchConformance(say: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-conformance-'));
  try {
    makeFiles(join(folder, 'messages'));
    const results: Result[] = [];
    for (let run = 0; run < runs; run += 1) results.push(await runOnce(folder));
    const middle = (key: keyof Result): number =>
      results.map((one) => one[key]).toSorted((left, right) => left - right)[1] ?? 0;
    say(
      `conformance run of ${files} files with junit, html and json: ${middle('seconds').toFixed(1)} s ` +
        `(${results.map(({ seconds }) => seconds.toFixed(1)).join(', ')}), ${Math.round(middle('megabytes'))} MB at most`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A generated stream of Swedish stays, of which the first 10,000 messages are kept. */
function makeFiles(folder: string): void {
  const stays = ['--seed', '1', '--count', '1800'];
  execFileSync(process.execPath, [cli, 'gen', ...stays, '--out', folder], { stdio: 'ignore' });
  const made = readdirSync(folder).toSorted();
  if (made.length < files) throw new Error(`only ${made.length} messages were made`);
  for (const name of made.slice(files)) rmSync(join(folder, name));
}

const cli = join(import.meta.dirname, '../../gateway/cli.js');

interface Result {
  readonly seconds: number;
  readonly megabytes: number;
}

async function runOnce(folder: string): Promise<Result> {
  const args = ['conformance', 'run', join(folder, 'messages'), '--report', 'junit,html,json'];
  const start = performance.now();
  const child = spawn(process.execPath, [cli, ...args, '--out', join(folder, 'report')], {
    stdio: 'ignore',
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let megabytes = 0;
  while (child.exitCode === null) {
    megabytes = Math.max(megabytes, largestSoFar(child.pid ?? 0));
    await Promise.race([gone, sleep(100)]);
  }
  return { seconds: (performance.now() - start) / 1000, megabytes };
}

/** The kernel's own mark of the largest resident size. */
function largestSoFar(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
