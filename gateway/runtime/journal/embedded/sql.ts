/** SQL on a SQLite connection: every step runs through without waiting. */
import { assert } from '../../../errors.ts';
import type { Sql, Statement, Step, Value } from '../sql.ts';
import type { Database } from './connection.ts';

/** @param db every statement is prepared on it once, when it is named */
export function sqliteSql(db: Database): Sql {
  return {
    form: 'sqlite',
    prepare: (text) => statementOn(db, text),
    *together<R>(steps: Iterable<Step<R>>) {
      const results: R[] = [];
      for (const step of steps) results.push(yield* step);
      return results;
    },
    // One command runs after the other.
    *alone() {},
    *savepoint<R>(work: Step<R>, keep: (result: R) => boolean) {
      db.exec('SAVEPOINT work');
      const result = yield* work;
      if (!keep(result)) db.exec('ROLLBACK TO work');
      db.exec('RELEASE work');
      return result;
    },
    list: (parameter) => `(SELECT value FROM json_each(${parameter}))`,
    numbers: (parameter) => `(SELECT value FROM json_each(${parameter}))`,
    array: (column) => `json_group_array(${column})`,
    isPlainName: (column) => `${column} GLOB '[A-Z][a-z]*' AND ${column} NOT GLOB '*[^A-Za-z]*'`,
    indexedBy: (index) => `INDEXED BY ${index}`,
  };
}

/** The result of a step that waits for nothing. */
export function runNow<R>(step: Step<R>): R {
  const { done, value } = step.next();
  assert(done === true, 'on SQLite a step waits for nothing');
  return value;
}

function statementOn(db: Database, text: string): Statement {
  const statement = db.prepare(text);
  // The type of a row is said where the statement stands, beside its columns.
  return {
    *get<R>(...values: readonly Value[]): Step<R | undefined> {
      const row: R | undefined = statement.get(...values);
      return row;
    },
    *all<R>(...values: readonly Value[]): Step<readonly R[]> {
      const rows: readonly R[] = statement.all(...values);
      return rows;
    },
    *run(...values) {
      return statement.run(...values).changes;
    },
  };
}
