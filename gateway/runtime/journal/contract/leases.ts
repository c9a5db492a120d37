/**
 * Leases: what one instance does at a time, and which instances there are.
 *
 * Time is the database's: it decides when a lease ends and who is alive. A lease may be renewed beside the writes, but it
 * changes hands in turn with them, so a write that was let through under a lease is seen by whoever has it next. The
 * embedded journal belongs to one process, which has whatever it asks for until the process ends.
 */

export interface Lease {
  /** `relay`, `partition:3`, `poll:ekliden` … */
  readonly name: string;
  /** Id of the instance. */
  readonly holder: string;
  /** One more with each new holder; a holder that comes back to a lease nobody took has the same. */
  readonly epoch: number;
}

/** What a write is made under: refused when the lease has changed hands. */
export type Fence = Pick<Lease, 'name' | 'epoch'>;

export interface StandingLease extends Lease {
  /** What is left of it, in milliseconds; not above 0: free to be taken. */
  readonly leftMs: number;
}

/** An instance as it tells of itself. */
export interface Instance {
  readonly id: string;
  readonly roles: readonly string[];
  /** Of the program. */
  readonly version: string;
  /** Digests of what it goes by, by name; none of a program that did not tell yet. Instances should have the same. */
  readonly inForce: Readonly<Record<string, string>>;
}

export interface SeenInstance extends Instance {
  /** ISO 8601, by the database's clock. */
  readonly startedAt: string;
  /** Since its last sign of life, in milliseconds. */
  readonly silentMs: number;
  readonly isAlive: boolean;
}

export interface Leases {
  /** False where the journal belongs to one process: nobody else can want what it has. */
  readonly isShared: boolean;
  /**
   * Renews those of `names` that `holder` has, and takes those that nobody has.
   * @param ttlMs they last so long from now, by the database's clock
   * @returns those of `names` that `holder` has now; one that waits too long for its turn is left for the next time
   */
  claim(holder: string, names: readonly string[], ttlMs: number): Promise<readonly Lease[]>;
  /** Gives up those that `holder` has: free at once, and the other instances are told. */
  release(holder: string, names: readonly string[]): Promise<void>;
  /** Every lease there ever was, by name. */
  all(): Promise<readonly StandingLease[]>;
  /** A sign of life: alive for `ttlMs` from now. @returns every instance of late, the dead ones too */
  beat(instance: Instance, ttlMs: number): Promise<readonly SeenInstance[]>;
  /** Every instance of late, without a sign of life. */
  instances(): Promise<readonly SeenInstance[]>;
  /** Gives up all that the instance has, and takes it out of the list. */
  leave(id: string): Promise<void>;
  /** Called when another instance has come, left or given something up: there may be something to take. */
  onChange(listener: () => void): void;
}
