/**
 * SQL as both databases take it. What the journal writes and reads is written once, as steps: on SQLite a step runs
 * through at once, on PostgreSQL it waits for each answer, and steps that do not touch may wait together.
 *
 * The statements are SQLite's and PostgreSQL's common words: `?` or `?1` for a value, `body -> 'data' ->> 'reason'` for
 * what stands in JSON, `AS "stayId"` with quotes. Where the two have different words, the statement asks `Sql` for them.
 */

/** What a statement takes. No booleans: SQLite has none, so 0 and 1 stand for them. */
export type Value = string | number | Uint8Array | null;

/** Work on the database. It gives what it waits for, and comes to a result. */
export type Step<R> = Generator<Promise<unknown>, R, unknown>;

export interface Statement {
  /** The first row. */
  get<R>(...values: readonly Value[]): Step<R | undefined>;
  all<R>(...values: readonly Value[]): Step<readonly R[]>;
  /** @returns how many rows it changed */
  run(...values: readonly Value[]): Step<number>;
}

export interface Sql {
  readonly form: 'sqlite' | 'postgres';
  prepare(text: string): Statement;
  /**
   * Steps that need not see each other's work: on PostgreSQL they go out without waiting for each other, their first
   * statements in this order.
   */
  together<R>(steps: Iterable<Step<R>>): Step<readonly R[]>;
  /**
   * From here on to the end of the transaction the command is alone with what has this name. Only where keys that were
   * known beforehand do not show what two commands share: see `keysOf`.
   */
  alone(name: string): Step<void>;
  /** Runs the work; where `keep` says no to its result, everything it wrote is taken back. */
  savepoint<R>(work: Step<R>, keep: (result: R) => boolean): Step<R>;

  /** The values of a JSON list of texts, as a subquery: `lane IN ${list('?1')}`. */
  list(parameter: string): string;
  /** The same of a JSON list of whole numbers. */
  numbers(parameter: string): string;
  /** All values of a column as a JSON list: an aggregate. */
  array(column: string): string;
  /** Whether a column has a name of letters alone, as a resource type has. */
  isPlainName(column: string): string;
  /** SQLite is told which index to take; PostgreSQL finds it by its statistics. */
  indexedBy(index: string): string;
}

/** Two steps of different kinds together. */
export function* both<A, B>(sql: Sql, one: Step<A>, other: Step<B>): Step<readonly [A, B]> {
  const results: readonly (A | B)[] = yield* sql.together<A | B>([one, other]);
  // Results stand in the order of their steps.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return results as unknown as readonly [A, B];
}
