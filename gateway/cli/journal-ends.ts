/** Which journal a verb means, opened as one end of a move, and how far the move has come. */
import { z } from 'zod';
import { dataFolder, secretOf, type Config } from '../runtime/config.ts';
import { journalSettings, type PostgresSettings } from '../runtime/config-journal.ts';
import {
  connectionSettings,
  type ConnectionSettings,
} from '../runtime/journal/postgres/connection.ts';
import { openEmbeddedSource } from '../runtime/journal/moves/embedded-source.ts';
import { openEmbeddedTarget } from '../runtime/journal/moves/embedded-target.ts';
import type { JournalSource, Target } from '../runtime/journal/moves/ends.ts';
import type { Tell } from '../runtime/journal/moves/move.ts';
import { openPostgresSource } from '../runtime/journal/moves/postgres-source.ts';
import { openPostgresTarget } from '../runtime/journal/moves/postgres-target.ts';
import type { TableSum } from '../runtime/journal/moves/rows.ts';
import { wrong } from './question.ts';

/** The journal that the configuration names, to read. */
export async function configuredSource(config: Config): Promise<JournalSource> {
  const { journal } = config;
  return journal.form === 'postgres'
    ? await openPostgresSource(connectionOf(journal))
    : openEmbeddedSource(dataFolder(config));
}

/** The journal that the configuration names, to write. */
export async function configuredTarget(config: Config): Promise<Target> {
  const { journal } = config;
  return journal.form === 'postgres'
    ? await openPostgresTarget(connectionOf(journal))
    : openEmbeddedTarget(dataFolder(config));
}

export interface DatabaseOptions {
  readonly schema?: string;
  readonly passwordEnv?: string;
  readonly ca?: string;
}

/**
 * A database as it is typed.
 * @param flag that named it
 * @throws GatewayError configuration-invalid
 */
export function typedDatabase(
  flag: string,
  url: string,
  { schema, passwordEnv, ca }: DatabaseOptions,
): ConnectionSettings {
  const result = journalSettings.safeParse({
    form: 'postgres',
    url,
    ...(schema !== undefined && { schema }),
    ...(passwordEnv !== undefined && { passwordEnv }),
    ...(ca !== undefined && { tls: { ca } }),
  });
  if (!result.success) {
    throw wrong(
      `${flag}: ${z.prettifyError(result.error)}\n  next: write it as postgres://user@host:5432/database`,
    );
  }
  if (result.data.form !== 'postgres') throw wrong(`${flag}: is no database`);
  return connectionOf(result.data);
}

export function connectionOf(settings: PostgresSettings): ConnectionSettings {
  const { passwordEnv } = settings;
  return connectionSettings(
    settings,
    passwordEnv === undefined ? undefined : secretOf(passwordEnv),
  );
}

/** On standard error: on a terminal as it goes, else a line a table. */
export function tellTables(): Tell {
  const isTerminal = process.stderr.isTTY;
  return ({ what, table, rows, isDone }) => {
    if (isTerminal)
      process.stderr.write(`\r\u001B[K${what} ${table}: ${rows}${isDone ? '\n' : ''}`);
    else if (isDone) process.stderr.write(`${what} ${table}: ${rows}\n`);
  };
}

/** What was moved, for people. */
export function sumLines(sums: readonly TableSum[]): readonly string[] {
  const rows = sums.reduce((sum, table) => sum + table.rows, 0);
  const of = (table: string): number => sums.find((sum) => sum.table === table)?.rows ?? 0;
  return [
    `${rows} rows of ${sums.length} tables: ${of('messages')} messages, ${of('events')} events, ${of('stays')} stays, ${of('deliveries')} deliveries`,
  ];
}
