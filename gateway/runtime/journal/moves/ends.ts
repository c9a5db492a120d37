/** The two ends of a move. */
import type { Row, Shape, TableSum } from './rows.ts';

export interface Source {
  /** For people: `the data folder ./data`. */
  readonly place: string;
  /** Its tables that move, in order. */
  shapes(): Promise<readonly Shape[]>;
  /** All rows of one, as they were when the source was opened, in parts that fit in memory. */
  rows(shape: Shape): AsyncIterable<readonly Row[]>;
  close(): Promise<void>;
}

/** A journal itself: it can be asked more. */
export interface JournalSource extends Source {
  readonly form: 'embedded' | 'postgres';
  /** Number of the last migration. */
  readonly schema: number;
  /** In the words that both databases understand: see `sql.ts`. */
  ask<R>(text: string): Promise<readonly R[]>;
}

export interface Target {
  readonly place: string;
  /**
   * Makes room for these tables.
   * @throws GatewayError `configuration-invalid` when it is not empty or other tables are expected
   */
  begin(shapes: readonly Shape[]): Promise<void>;
  write(shape: Shape, rows: readonly Row[]): Promise<void>;
  /** What was written, where the target can read it before it is seen. */
  readonly written?: (shape: Shape) => AsyncIterable<readonly Row[]>;
  /** From here on everything is there; before it nothing. */
  commit(sums: readonly TableSum[]): Promise<void>;
  /** Nothing of it stays. */
  abandon(): Promise<void>;
}
