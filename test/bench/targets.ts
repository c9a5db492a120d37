/** What is measured, each as a process of its own in a folder of its own. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Started, Stats } from './gateway-process.ts';

export interface Target {
  /** MLLP of the gateway, the one port of a floor. */
  readonly port: number;
  /** HTTP of the gateway. */
  readonly httpPort: number;
  readonly folder: string;
  stats(): Promise<Stats>;
  /** What is decided from now on is not sent before it is told to deliver. */
  collect(): void;
  deliver(): void;
  stop(): Promise<void>;
}

/** Secret of the receiver that notices go to. */
export const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** How it sends: by so many lanes and connections. */
export interface Sending {
  readonly lanes?: number;
  readonly connections?: number;
}

/**
 * @param syncDelayMs added to each commit, to imitate a slower disk
 * @param receiver where notices go; a folder where left out
 * @param mappings folder of overlays
 * @param settings over the defaults, by dotted path
 */
export async function startTarget(
  what: 'gateway' | 'floor' | 'http-floor',
  syncDelayMs: number,
  receiver?: string,
  mappings?: string,
  settings: Readonly<Record<string, string>> = {},
  sending: Sending = {},
): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'hemgang-bench-'));
  const script = join(
    import.meta.dirname,
    what === 'gateway' ? 'gateway-process.js' : `${what}.js`,
  );
  const child =
    what === 'gateway'
      ? fork(script, [folder, String(syncDelayMs), ...(receiver ? [receiver] : [])], {
          env: {
            ...process.env,
            BENCH_SECRET: secret,
            BENCH_SETTINGS: JSON.stringify(settings),
            ...(mappings !== undefined && { BENCH_MAPPINGS: mappings }),
            ...(sending.lanes !== undefined && { BENCH_LANES: String(sending.lanes) }),
            ...(sending.connections !== undefined && {
              BENCH_CONNECTIONS: String(sending.connections),
            }),
          },
        })
      : spawn(process.execPath, [script, folder, String(syncDelayMs)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  const started: Started =
    what === 'gateway' ? ((await message(child)) as Started) : await printedPort(child);
  return {
    ...started,
    folder,
    async stats() {
      const answer = message(child);
      child.send('stats');
      return (await answer) as Stats;
    },
    collect: () => void child.send('collect'),
    deliver: () => void child.send('deliver'),
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (!child.kill('SIGKILL')) return;
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The next message of a child.  */
function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('message', resolve));
}

function printedPort(child: ChildProcess): Promise<Started> {
  return new Promise((resolve) => {
    child.stdout?.once('data', (chunk: Buffer) => {
      const port = Number(chunk.toString().trim());
      resolve({ port, httpPort: port });
    });
  });
}
