/** Processes that tests start for themselves: on free ports, and gone when the test process is. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Process ids that end with this process, whatever it dies of short of SIGKILL. */
const ours = new Set<number>();
const endOurs = (): void => {
  for (const pid of ours) sendSignal(pid, 'SIGKILL');
};
process.once('exit', endOurs);
// Of a test process: who started it is gone, or wants it gone.
process.once('disconnect', endOurs);
process.once('SIGTERM', () => {
  if (process.listenerCount('SIGTERM') > 0) return;
  endOurs();
  process.kill(process.pid, 'SIGTERM');
});

/** Spawns a process that does not outlive this one. Its output goes where `stdio` says. */
export function spawnOurs(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; uid?: number; gid?: number; cwd?: string; output: number },
): ChildProcess {
  const { output, ...rest } = options;
  // A group of its own: Ctrl-C goes to us, and we stop it in order.
  const child = spawn(command, args, {
    ...rest,
    detached: true,
    stdio: ['ignore', output, output],
  });
  if (child.pid !== undefined) keepWithUs(child.pid);
  child.once('exit', () => child.pid !== undefined && ours.delete(child.pid));
  return child;
}

/** A process that one of ours started ends with us, too. */
export function keepWithUs(pid: number): void {
  ours.add(pid);
}

export function letGo(pid: number): void {
  ours.delete(pid);
}

/** Sends a signal; a process that is gone is no error. @returns whether it was there */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Sends a signal to a process and all below it (Linux). */
export function signalFamily(pid: number, signal: NodeJS.Signals): void {
  for (const member of familyOf(pid)) sendSignal(member, signal);
}

function familyOf(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter((text) => text !== ''),
    );
    return [pid, ...children.flatMap((child) => familyOf(Number(child)))];
  } catch {
    return [pid];
  }
}

/** Waits until the process is gone. @throws Error when it is still there after `limitMs` */
export async function untilGone(pid: number, limitMs = 20_000): Promise<void> {
  for (const giveUpAt = performance.now() + limitMs; sendSignal(pid, 0) && !isZombie(pid);) {
    if (performance.now() > giveUpAt) throw new Error(`process ${pid} does not end`);
    await sleep(20);
  }
  letGo(pid);
}

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, ''));
  } catch {
    return true;
  }
}

/** Tries until it works. @throws Error with the last failure when `limitMs` have passed or `hasEnded` says so */
export async function untilWorks<T>(
  what: string,
  attempt: () => Promise<T>,
  { limitMs, hasEnded, log }: { limitMs: number; hasEnded(): boolean; log(): string },
): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      const why = hasEnded() ? 'it ended' : String(thrown);
      if (hasEnded() || performance.now() > giveUpAt) {
        throw new Error(`${what} does not answer: ${why}\n${log()}`, { cause: thrown });
      }
      await sleep(100);
    }
  }
}

/** Ports of 127.0.0.1 that nobody listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
