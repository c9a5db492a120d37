/** SQL on PostgreSQL connections: a step waits for its answers, and steps that do not touch wait together. */
import type { QueryConfig, QueryResult } from 'pg';
import type { Sql, Statement, Step, Value } from '../sql.ts';

/** What takes statements: the one connection of a transaction, or whichever of several is free. */
export interface Queryable {
  query(statement: QueryConfig): Promise<QueryResult>;
}

/** What is known of who is at work in a transaction. */
export interface Presence {
  /** @throws Entangled when another command at work has the name */
  alone(name: string): void;
}

/** Two commands that ran beside each other meet in something that their keys did not show. */
export class Entangled extends Error {}

export function postgresSql(connection: Queryable, presence?: Presence): Sql {
  return {
    form: 'postgres',
    prepare: (text) => statementOn(connection, text),
    *together<R>(steps: Iterable<Step<R>>) {
      const results: unknown = yield allEnded(Array.from(steps, (step) => drive(step)));
      // Given back as it was put in; a generator cannot say what it is resumed with.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return results as R[];
    },
    *alone(name) {
      presence?.alone(name);
    },
    *savepoint<R>(work: Step<R>, keep: (result: R) => boolean) {
      yield connection.query({ text: 'SAVEPOINT work' });
      const result = yield* work;
      if (!keep(result)) yield connection.query({ text: 'ROLLBACK TO work' });
      yield connection.query({ text: 'RELEASE work' });
      return result;
    },
    list: (parameter) => `(SELECT json_array_elements_text(CAST(${parameter} AS json)))`,
    numbers: (parameter) =>
      `(SELECT CAST(json_array_elements_text(CAST(${parameter} AS json)) AS bigint))`,
    array: (column) => `json_agg(${column})`,
    isPlainName: (column) => `${column} ~ '^[A-Z][A-Za-z]*$'`,
    indexedBy: () => '',
  };
}

/** Runs a step to its end. */
export async function drive<R>(step: Step<R>): Promise<R> {
  let next = step.next();
  while (next.done !== true) next = await resume(step, next.value);
  return next.value;
}

async function resume<R>(
  step: Step<R>,
  awaited: Promise<unknown>,
): Promise<IteratorResult<Promise<unknown>, R>> {
  let value: unknown;
  try {
    value = await awaited;
  } catch (error) {
    return step.throw(error);
  }
  return step.next(value);
}

/** All of them, also where one fails: none goes on while the transaction of the others is taken back. */
export async function allEnded<R>(works: readonly Promise<R>[]): Promise<readonly R[]> {
  const ended = await Promise.allSettled(works);
  const errors = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (errors.length > 0) throw errors.find((error) => !isConsequence(error)) ?? errors[0];
  return ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** `in_failed_sql_transaction`: another statement failed before. */
function isConsequence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25P02';
}

function statementOn(connection: Queryable, sqlText: string): Statement {
  const text = numbered(sqlText);
  const name = nameOf(text);
  function* ask(values: readonly Value[]): Step<QueryResult> {
    const result: unknown = yield connection.query({ name, text, values: values.map(storable) });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return result as QueryResult;
  }
  return {
    *get<R>(...values: readonly Value[]): Step<R | undefined> {
      const { rows }: { rows: R[] } = yield* ask(values);
      return rows[0];
    },
    *all<R>(...values: readonly Value[]): Step<readonly R[]> {
      const { rows }: { rows: R[] } = yield* ask(values);
      return rows;
    },
    *run(...values) {
      return (yield* ask(values)).rowCount ?? 0;
    },
  };
}

/** `?` and `?1` as `$1`; a question mark inside quotes is text. */
function numbered(text: string): string {
  let count = 0;
  return text.replaceAll(/'[^']*'|\?(\d*)/g, (found: string, number: string | undefined) => {
    if (found.startsWith("'")) return found;
    count += 1;
    return `$${number === undefined || number === '' ? count : number}`;
  });
}

/** Each text has one name for the life of the process: the server plans it once a connection. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `s${names.size + 1}`;
  names.set(text, name);
  return name;
}
const names = new Map<string, string>();

/** PostgreSQL has no NUL in a text; what was sent stands unchanged in the raw bytes. */
function storable(value: Value): Value {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '␀') : value;
}
