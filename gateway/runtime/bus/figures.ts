/** What the bus counts about itself, for metrics and `status`: numbers and states, no keys. */
import type { ConnectionState } from './connection.ts';

export interface BusFigures {
  /** Events are published over one connection and taken over another: a broker that blocks the first lets us work off. */
  readonly connections: Readonly<Record<'publish' | 'consume', ConnectionState>>;
  /** Published and not yet confirmed. */
  readonly outstanding: number;
  /** Confirmed since the start. */
  readonly confirmed: number;
  /** Came back because no queue is bound. */
  readonly returned: number;
  /** Refused by the broker (nack): a queue is full. */
  readonly refused: number;
  /** Not confirmed in time, or cut off before. */
  readonly unconfirmed: number;
  /** Messages taken since the start, and those of them that the broker gave out before. */
  readonly taken: number;
  readonly redelivered: number;
  /** Messages that are none of ours. */
  readonly strange: number;
  /** Queues that took nothing more when they were last tried. */
  readonly full: readonly string[];
  /** Consumers that stand: one a queue and partition held. */
  readonly consumers: number;
}

/** The counted part, as the bus keeps it. */
export type BusCounts = {
  -readonly [K in Exclude<keyof BusFigures, 'connections' | 'full' | 'consumers'>]: number;
};

export function noCounts(): BusCounts {
  return {
    outstanding: 0,
    confirmed: 0,
    returned: 0,
    refused: 0,
    unconfirmed: 0,
    taken: 0,
    redelivered: 0,
    strange: 0,
  };
}

/** Told of single things as they happen. */
export interface BusObserver {
  /** A message was confirmed so long after it was published. */
  confirmed(elapsedMs: number): void;
}
