/** How far a poll has come, and what hinders it: one row of the journal a sender. */
import { Temporal } from 'temporal-polyfill';
import { backOffMs } from '../../../wire/retry.ts';

/** What is written down of failures: when it is tried again is a time, not a timer. */
export interface Trouble {
  /** In a row. */
  readonly failures: number;
  /** Not before it, legal time. */
  readonly nextAt: string;
  /** Code and text of the error; without content. */
  readonly error: string;
}

export interface TypeState {
  /** By the source's clock: all that was changed before it has been taken. */
  readonly until?: string;
  /** What hinders this type alone. */
  readonly trouble?: Trouble;
}

export interface PollState {
  /** By type as it is configured: `Encounter?class=IMP`. */
  readonly types: Readonly<Record<string, TypeState>>;
  /** What hinders all of it. */
  readonly trouble?: Trouble;
  /** The last round that was not hindered, legal time. */
  readonly polledAt?: string;
  /** In the last round. */
  readonly taken?: number;
  readonly refused?: number;
}

/** Name of the row in the journal's cursors. */
export const pollCursor = (sender: string): string => `fhir-poll/${sender}`;

/** What stands in the row; a row that nobody can read begins anew, which repeats and loses nothing. */
export function readPollState(text: string | undefined): PollState {
  if (text === undefined) return { types: {} };
  try {
    const state: PollState = JSON.parse(text);
    return typeof state.types === 'object' && state.types !== null ? state : { types: {} };
  } catch {
    return { types: {} };
  }
}

const longestWaitMs = 900_000;
const shortestWaitMs = 1000;

/**
 * What is written down of one more failure: the wait doubles with each, to a quarter of an hour.
 * @param everyMs the usual time between two rounds
 * @param nowMs legal time
 */
export function troubleAfter(
  before: Trouble | undefined,
  error: {
    readonly code: string;
    readonly message: string;
    readonly retryAfterMs?: number | undefined;
  },
  everyMs: number,
  nowMs: number,
): Trouble {
  const failures = (before?.failures ?? 0) + 1;
  const usualMs = Math.max(everyMs, shortestWaitMs);
  const backedOffMs = backOffMs(usualMs, failures, longestWaitMs);
  const waitMs = Math.max(backedOffMs, usualMs, error.retryAfterMs ?? 0);
  return {
    failures,
    nextAt: instantText(Math.ceil(nowMs + waitMs)),
    error: `${error.code}: ${error.message}`,
  };
}

// ---------------------------------------------------------------- instants of a source

/** @returns undefined for what is not an instant with a zone */
export function instantMs(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

/** ISO 8601 UTC with milliseconds. */
export function instantText(ms: number): string {
  return Temporal.Instant.fromEpochMilliseconds(ms).toString({ smallestUnit: 'millisecond' });
}
