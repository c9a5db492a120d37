/** `hemgang start` as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { builtFile } from './built-program.ts';

const root = join(import.meta.dirname, '..', '..');

export interface Service {
  readonly mllpPort: number;
  readonly httpPort: number;
  readonly output: string;
  /** Sends the signal and waits for nothing. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Lines of its log. */
  readonly logged: string;
  /** The exit code, when it ends by itself; null when it was killed. */
  readonly ended: Promise<number | null>;
  /** Sends the signal and waits for the end. @returns the exit code, null when it was killed */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** Runs the command line. */
export function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [builtFile('gateway/cli.ts'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts the service; resolves when it says where it listens. */
export async function startService(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Service> {
  const child = runCli(['start', '--mllp-port', '0', '--http-port', '0', ...args], env);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let output = '';
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ports = await new Promise<readonly [number, number]>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const mllp = /MLLP\s+127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      const http = /http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      // One that does not receive says so by having no MLLP.
      if (http !== undefined) resolve([Number(mllp ?? 0), Number(http)]);
    });
    void exited.then((code) => reject(new Error(`service ended with ${code}: ${errors}`)));
  });
  return {
    mllpPort: ports[0],
    httpPort: ports[1],
    get output() {
      return output;
    },
    get logged() {
      return errors;
    },
    ended: exited,
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      child.kill(signal);
      return await exited;
    },
  };
}

/** Runs a command to its end. */
export async function runToEnd(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = runCli(args, env);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
