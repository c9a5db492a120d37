/** `hemgang journal migrate`: an embedded journal into PostgreSQL. */
import { dataFolder, loadConfig, type Config } from '../runtime/config.ts';
import { lockFolder } from '../runtime/journal/embedded/lock.ts';
import { openEmbeddedSource } from '../runtime/journal/moves/embedded-source.ts';
import type { Source } from '../runtime/journal/moves/ends.ts';
import { differences, move, sumsOf } from '../runtime/journal/moves/move.ts';
import { openPostgresSource } from '../runtime/journal/moves/postgres-source.ts';
import { openPostgresTarget } from '../runtime/journal/moves/postgres-target.ts';
import { NotEmpty } from '../runtime/journal/moves/room.ts';
import type { TableSum } from '../runtime/journal/moves/rows.ts';
import { placeOf, type ConnectionSettings } from '../runtime/journal/postgres/connection.ts';
import {
  connectionOf,
  sumLines,
  tellTables,
  typedDatabase,
  type DatabaseOptions,
} from './journal-ends.ts';
import { answer, wrong, type QuestionOptions } from './question.ts';

export interface MigrateOptions extends DatabaseOptions {
  readonly to?: string;
}

/** @returns the exit code: 0 when all of it is there */
export async function journalMigrate(options: QuestionOptions & MigrateOptions): Promise<number> {
  const { config } = loadConfig({ file: options.config, flags: options.flags });
  const connection = targetOf(config, options);
  const folder = dataFolder(config);
  const { from, isNew, tables } = await withStopped(folder, (source) =>
    moveOnce(source, connection),
  );
  const to = `PostgreSQL at ${placeOf(connection)}`;
  const next =
    config.journal.form === 'postgres'
      ? 'start the gateway'
      : 'set journal.form: postgres with this url and schema in the configuration, then start the gateway';
  answer(options.json, { from, to, moved: isNew, tables, next }, () => [
    isNew
      ? `${from} is in ${to}: read again, and equal`
      : `${from} was in ${to} already: read again, and equal`,
    ...sumLines(tables),
    `The files in ${folder} are as they were. Start no gateway on them any more; keep them until the new journal has been backed up.`,
    `next: ${next}`,
  ]);
  return 0;
}

/** Reads a journal that no gateway can open meanwhile. */
async function withStopped<R>(folder: string, work: (source: Source) => Promise<R>): Promise<R> {
  // A folder without a journal gets no lock.
  await openEmbeddedSource(folder).close();
  const unlock = lockFolder(folder);
  try {
    const source = openEmbeddedSource(folder);
    try {
      return await work(source);
    } finally {
      await source.close();
    }
  } finally {
    unlock();
  }
}

interface Moved {
  readonly from: string;
  /** False where an earlier run had moved it. */
  readonly isNew: boolean;
  readonly tables: readonly TableSum[];
}

/** An earlier run may have been ended after its commit: what is there then is what would be moved. */
async function moveOnce(source: Source, connection: ConnectionSettings): Promise<Moved> {
  const from = source.place;
  try {
    const tables = await move(source, await openPostgresTarget(connection), tellTables());
    return { from, isNew: true, tables };
  } catch (error) {
    if (!(error instanceof NotEmpty)) throw error;
    const tables = await sumsOf(source, tellTables());
    const found = await sumsAt(connection);
    if (differences(tables, found).length > 0) throw error;
    return { from, isNew: false, tables };
  }
}

async function sumsAt(connection: ConnectionSettings): Promise<readonly TableSum[]> {
  const source = await openPostgresSource(connection);
  try {
    return await sumsOf(source, tellTables());
  } finally {
    await source.close();
  }
}

function targetOf({ journal }: Config, { to, ...options }: MigrateOptions): ConnectionSettings {
  if (to !== undefined) return typedDatabase('--to', to, options);
  if (journal.form === 'postgres') return connectionOf(journal);
  throw wrong(
    'nothing says where to\n  next: add --to postgres://user@host:5432/database, or set journal.form: postgres with its url',
  );
}
