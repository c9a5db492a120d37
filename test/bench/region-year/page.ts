/** What the run and its workers say to each other. */
import type { CareDaysData } from '../../../gateway/process/events.ts';

export interface WorkerStart {
  readonly folder: string;
  /** Legal time of the run. */
  readonly nowMs: number;
}
/** What a page of cases gave. */
export interface WorkedPage {
  readonly stays: number;
  readonly events: number;
  readonly counts: readonly CareDaysData[];
  /** What deciding again would add beside counts: nothing, where a history is whole. */
  readonly undecided: number;
  /** Counts that come out otherwise than they were recorded: none. */
  readonly differing: number;
  /** Milliseconds of this thread. */
  readonly spent: Spent;
}
/** `read` is SQLite and the parsing of what it gave. */
export type Spent = Readonly<Record<(typeof steps)[number], number>>;
export const steps = ['read', 'fold', 'assess', 'decide'] as const;
