/** Opens the journal that the configuration names. */
import { dataFolder, secretOf, type Config } from '../config.ts';
import type { PostgresSettings } from '../config-journal.ts';
import { openEmbeddedJournal, openJournalReader as openEmbeddedReader } from './embedded.ts';
import type { Journal } from './journal.ts';
import { openPostgresJournal } from './postgres.ts';
import { openPostgresReader } from './postgres/reader.ts';
import type { JournalReader } from './reader.ts';

/**
 * For the gateway: reads and writes.
 * @throws GatewayError `configuration-invalid`, `journal-unavailable`
 */
export async function openJournal(config: Config, env?: NodeJS.ProcessEnv): Promise<Journal> {
  const { journal: settings } = config;
  return settings.form === 'postgres'
    ? await openPostgresJournal({ settings, password: passwordOf(settings, env) })
    : await openEmbeddedJournal({ folder: dataFolder(config) });
}

/**
 * For a question: reads alone, whether a gateway runs or not.
 * @throws GatewayError `configuration-invalid` where there is no journal, `journal-unavailable`
 */
export async function openJournalReader(
  config: Config,
  env?: NodeJS.ProcessEnv,
): Promise<JournalReader> {
  const { journal: settings } = config;
  return settings.form === 'postgres'
    ? await openPostgresReader({ settings, password: passwordOf(settings, env) })
    : await openEmbeddedReader({ folder: dataFolder(config) });
}

function passwordOf(
  { passwordEnv }: PostgresSettings,
  env?: NodeJS.ProcessEnv,
): string | undefined {
  return passwordEnv === undefined ? undefined : secretOf(passwordEnv, env);
}
