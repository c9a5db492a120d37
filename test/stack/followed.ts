/** A process that is started, followed line by line, started again when it ends by itself, and stopped by its id. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepWithUs, letGo, sendSignal, untilGone } from '../support/processes.ts';

export interface Followed {
  /** Of the process that runs now. */
  readonly pid: number;
  /** How it ended, while it does not run. */
  readonly ended: string | undefined;
  /** SIGTERM, and SIGKILL when that took too long. */
  stop(): Promise<void>;
}

export interface FollowedOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly say: (line: string) => unknown;
  /** Whether it is started again, as a container engine would. */
  readonly restarts: boolean;
  readonly stopLimitMs: number;
}

const restartPauseMs = 1_000;

export function startFollowed(options: FollowedOptions): Followed {
  const { name, say, logFile } = options;
  const log = createWriteStream(logFile, { flags: 'a' });
  let child: ChildProcess;
  let ended: string | undefined;
  let isStopping = false;
  let restart: NodeJS.Timeout | undefined;
  launch();

  function launch(): void {
    ended = undefined;
    child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      // A group of its own: Ctrl-C is ours, and it is stopped in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid !== undefined) keepWithUs(pid);
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        say(`${name} | ${line}`);
      });
    }
    child.once('error', (error) => (ended = error.message));
    child.once('exit', (code, signal) => {
      if (pid !== undefined) letGo(pid);
      ended = `ended with ${signal ?? `code ${code}`}`;
      if (isStopping) return;
      say(`${name} ${ended}`);
      if (options.restarts) restart = setTimeout(launch, restartPauseMs);
    });
  }

  return {
    get pid() {
      return child.pid ?? 0;
    },
    get ended() {
      return ended;
    },
    async stop() {
      isStopping = true;
      clearTimeout(restart);
      const { pid } = child;
      if (pid === undefined || ended !== undefined) return;
      sendSignal(pid, 'SIGTERM');
      try {
        await untilGone(pid, options.stopLimitMs);
      } catch {
        say(`${name} does not end: killed`);
        sendSignal(pid, 'SIGKILL');
      }
      log.end();
    },
  };
}

/** Waits until it answers well; anything but /health/ready by any answer of its own. @throws Error when it ended, or did not answer within a minute, with its last lines */
export async function isReady(url: string, followed: Followed, logFile: string): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
    if (answer?.ok || (answer && answer.status < 500 && !url.endsWith('/ready'))) return;
    if (followed.ended !== undefined || performance.now() > giveUpAt) {
      const why = followed.ended ?? `does not answer (${answer?.status ?? 'no connection'})`;
      const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
      throw new Error(`${url}: ${why}\n${tail}\n  next: ${logFile} says more`);
    }
    await sleep(100);
  }
}

/** Whether nobody listens on a port of this machine. */
export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
