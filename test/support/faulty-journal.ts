/** A journal whose nth write does not come about, or is the last thing its process does. */
import { GatewayError } from '../../gateway/errors.ts';
import type { Fault } from '../../gateway/play/world.ts';
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../../gateway/runtime/journal/journal.ts';

export type Disturbance =
  /** The write fails and has not happened; the process goes on. */
  | 'fails'
  /** The process dies before the write. */
  | 'dies-before'
  /** The process dies right after the commit, before anyone hears of it. */
  | 'dies-after';

/** What a dead process does not need: ends, listeners, and what is asked without waiting. */
const passing = new Set(['close', 'onCommit', 'onFailure', 'failure']);

const writes = new Set([
  'record',
  'recordTogether',
  'addFindings',
  'reject',
  'retranslate',
  'append',
  'releaseDue',
  'published',
  'attempted',
  'done',
  'postpone',
  'bury',
  'open',
  'set',
  'recordAttempt',
  'recordOutcome',
]);

export interface FaultyJournal extends Fault {
  /** Whether the nth write came to pass in this play. */
  hasStruck(): boolean;
}

/** Counts the writes of a play over all its processes, and strikes at the nth. */
export function faultAt(nth: number, disturbance: Disturbance): FaultyJournal {
  let count = 0;
  let struck = false;
  let dead = false;

  const gone = (): GatewayError => new GatewayError('journal-unavailable', 'disturbed');

  async function write(call: () => Promise<unknown>, name: string): Promise<unknown> {
    // Looking for what is due is a write only when something was: only its outcome can tell.
    if (name === 'releaseDue') {
      const released = await call();
      if (released !== 0 && disturbance === 'dies-after' && ++count === nth) strike();
      if (dead) throw gone();
      return released;
    }
    const isNth = ++count === nth;
    if (isNth && disturbance !== 'dies-after') {
      strike();
      throw gone();
    }
    const result = await call();
    if (isNth) strike();
    if (dead) throw gone();
    return result;
  }

  function strike(): void {
    struck = true;
    dead = disturbance !== 'fails';
  }

  function disturbed<T extends object>(target: T): T {
    return new Proxy(target, {
      get(inner, name) {
        const value: unknown = Reflect.get(inner, name);
        if (name === 'outbox' || name === 'deliveries' || name === 'cursors') {
          return typeof value === 'object' && value !== null ? disturbed(value) : value;
        }
        if (typeof value !== 'function' || passing.has(String(name))) return value;
        return (...args: unknown[]): unknown => {
          const call = (): unknown => Reflect.apply(value, inner, args);
          if (name === 'pending' || name === 'intakeLoad') return dead ? 0 : call();
          if (dead) return Promise.reject(gone());
          return writes.has(String(name))
            ? write(call as () => Promise<unknown>, String(name))
            : call();
        };
      },
    });
  }

  return {
    openJournal: async (folder): Promise<Journal> =>
      disturbed(await openEmbeddedJournal({ folder })),
    isDead: () => dead,
    revive() {
      dead = false;
    },
    hasStruck: () => struck,
  };
}
