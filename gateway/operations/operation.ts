/**
 * What an operator has done to a journal: by the gateway that runs, or by the command itself where none does. An
 * operation is named, its input is checked, and it is audited before anything is changed.
 */
import type { z } from 'zod';
import type { Profiles } from '../../profiles/index.ts';
import { GatewayError } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import type { Reloading } from '../wiring/in-force.ts';
import type { Intake } from '../wiring/intake.ts';
import type { Users } from '../wiring/users.ts';

/** What it comes to is plain data: it may go through a socket. */
export interface Operation<I, O> {
  run(parts: OperationParts, input: I): Promise<O>;
  /**
   * The same with an input that nobody has checked.
   * @throws GatewayError configuration-invalid naming what is wrong with it
   */
  take(parts: OperationParts, input: unknown): Promise<O>;
}

/** An operation from what its input looks like and what it does. */
export function operation<I, O>(
  input: z.ZodType<I>,
  run: (parts: OperationParts, input: I) => Promise<O>,
): Operation<I, O> {
  return {
    run,
    async take(parts, given) {
      const read = input.safeParse(given);
      if (read.success) return await run(parts, read.data);
      const [issue] = read.error.issues;
      const where = issue?.path.join('.') ?? '';
      const what = `${where}${where === '' ? '' : ': '}${issue?.message ?? 'invalid'}`;
      throw new GatewayError('configuration-invalid', what);
    },
  };
}

/** Who wants it, and why: it stands in the audit. */
export interface Order {
  readonly who: string;
  readonly reason: string;
}

export interface OperationParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the gateway that runs, and else the one of the command. */
  readonly config: Config;
  /** What is in force of what may change while a gateway runs. */
  readonly current: () => InForceNow;
  /** Translates by the mappings in force. */
  readonly intake: () => Intake;
  /** Undefined where no gateway runs here: what was written is taken up at the next start. */
  readonly running: RunningGateway | undefined;
  readonly order: Order;
  /** Aborted when nobody waits for the result any more, or the gateway stops. */
  readonly signal: AbortSignal;
  /** How far it has come, for whoever waits. */
  readonly tell: (done: number, of: number) => void;
  /**
   * Writes down what is about to be done by this order.
   * @param about the id of what it is done to
   */
  readonly audit: (what: string, about: string) => Promise<void>;
}

export interface InForceNow {
  readonly config: Config;
  readonly profiles: Profiles;
  readonly users: Users;
}

/** What only a gateway that runs can do. */
export interface RunningGateway {
  /** Looks at once for what is due. */
  wake(): void;
  readonly reload: Reloading['reload'];
  readonly compare: Reloading['compare'];
}
