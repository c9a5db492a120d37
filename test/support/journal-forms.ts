/** Every form of the journal, for the tests that each must pass. */
import type { Client } from 'pg';
import { afterAll } from 'vitest';
import { openEmbeddedJournal, openJournalReader } from '../../gateway/runtime/journal/embedded.ts';
import type { CountedJournal } from '../../gateway/runtime/journal/assemble.ts';
import { openPostgresJournal } from '../../gateway/runtime/journal/postgres.ts';
import { openPostgresReader } from '../../gateway/runtime/journal/postgres/reader.ts';
import type { JournalReader } from '../../gateway/runtime/journal/reader.ts';
import { has, ownSchema, withPostgres } from './servers.ts';

/** Where a journal lies: opened as often as a test likes. */
export interface JournalPlace {
  open(): Promise<CountedJournal>;
  /** As another process reads it. */
  read(): Promise<JournalReader>;
  remove(): Promise<void>;
}

export interface JournalForm {
  readonly name: 'embedded' | 'postgres';
  /** @param folder for the form that lies in one */
  place(folder: string): JournalPlace;
}

const embedded: JournalForm = {
  name: 'embedded',
  place: (folder) => ({
    open: () => openEmbeddedJournal({ folder }),
    read: () => openJournalReader({ folder }),
    remove: () => Promise.resolve(),
  }),
};

/** One schema a file of tests, emptied after each: making one costs more than most tests. */
let schemaOfFile: ReturnType<typeof ownSchema> | undefined;

const postgres: JournalForm = {
  name: 'postgres',
  place() {
    const own = (schemaOfFile ??= ownSchema());
    return {
      open: () => openPostgresJournal({ settings: postgresSettings(own.url, own.schema) }),
      read: () => openPostgresReader({ settings: postgresSettings(own.url, own.schema) }),
      remove: () => withPostgres(own.url, (client) => emptied(client, own.schema)),
    };
  },
};

async function emptied(client: Client, schema: string): Promise<void> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace
       AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'migrations'
     ORDER BY relname NOT IN ('attempts', 'resource_identifiers')`,
    [schema],
  );
  const { rows: sequences } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'S'`,
    [schema],
  );
  const statements = [
    ...tables.map(({ name }) => `DELETE FROM ${schema}.${name}`),
    ...sequences.map(({ name }) => `ALTER SEQUENCE ${schema}.${name} RESTART`),
  ];
  await client.query(statements.join(';'));
}

afterAll(() => schemaOfFile?.drop());

/** Settings as the configuration would have them. */
export function postgresSettings(url: string, schema: string) {
  const form = 'postgres' as const;
  return { form, url, schema, statementTimeout: 30_000, patience: 2_000 };
}

export const journalForms: readonly JournalForm[] = (await has(
  'the journal in PostgreSQL',
  'PostgreSQL that runs',
))
  ? [embedded, postgres]
  : [embedded];
