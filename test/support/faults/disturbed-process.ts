/**
 * Loaded before the gateway (`node --import`) in a process that is to be disturbed from within, by the environment:
 *
 * - HEMGANG_FAULT_KILL=`<thread>:<n>:<when>`: SIGKILL at the nth write to a socket, in the thread `main` or `writer`
 *   (the journal's), `before` it is made or `after` the kernel has it.
 * - HEMGANG_FAULT_CLOCK=`<file>`: the clock is off by as many milliseconds as the file says, also while it runs.
 */
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isMainThread, type WorkerOptions } from 'node:worker_threads';

/** Through it goes every write of a socket, one buffer or many. */
const writing = '_writeGeneric';
const kill = process.env['HEMGANG_FAULT_KILL'];
const clockFile = process.env['HEMGANG_FAULT_CLOCK'];
if (kill !== undefined) killAtWrite(kill);
if (clockFile !== undefined) stepClock(clockFile);
if (isMainThread) followIntoWorkers();

function killAtWrite(setting: string): void {
  const [thread, nth, when] = setting.split(':');
  if ((thread === 'main') !== isMainThread) return;
  let count = 0;
  const prototype: object = Object(Socket.prototype);
  const write: unknown = Reflect.get(prototype, writing);
  if (typeof write !== 'function') throw new Error('this Node writes to sockets in another way');
  Reflect.set(prototype, writing, function disturbed(this: unknown, ...args: unknown[]): unknown {
    count += 1;
    const isNth = count === Number(nth);
    if (isNth && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result: unknown = Reflect.apply(write, this, args);
    if (isNth) process.kill(process.pid, 'SIGKILL');
    return result;
  });
}

function stepClock(file: string): void {
  const RealDate = Date;
  const realNow = Date.now;
  let offsetMs = 0;
  const look = (): void => {
    offsetMs = Number(readFileSync(file, 'utf8'));
  };
  look();
  setInterval(look, 20).unref();
  const now = (): number => realNow() + offsetMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

/** Workers are started without our options. */
function followIntoWorkers(): void {
  const threads: { Worker: typeof import('node:worker_threads').Worker } = createRequire(
    import.meta.url,
  )('node:worker_threads');
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(entry: string | URL, options: WorkerOptions = {}) {
      super(entry, { ...options, execArgv: ['--import', import.meta.url] });
    }
  };
  syncBuiltinESMExports();
}
