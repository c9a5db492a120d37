/** Every form of the journal, for the tests that each must pass. */
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import type { CountedJournal } from '../../gateway/runtime/journal/assemble.ts';
import { openPostgresJournal } from '../../gateway/runtime/journal/postgres.ts';
import { has, ownSchema } from './servers.ts';

/** Where a journal lies: opened as often as a test likes. */
export interface JournalPlace {
  open(): Promise<CountedJournal>;
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
    remove: () => Promise.resolve(),
  }),
};

const postgres: JournalForm = {
  name: 'postgres',
  place() {
    const { url, schema, drop } = ownSchema();
    return {
      open: () => openPostgresJournal({ settings: postgresSettings(url, schema) }),
      remove: drop,
    };
  },
};

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
