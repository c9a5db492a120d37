/**
 * The journal in PostgreSQL: instances share it. A worker does every write of this instance, in turns with the other
 * instances' workers; this thread reads on connections of its own.
 */
import type { PostgresSettings } from '../config-journal.ts';
import { newId } from '../ids.ts';
import { assemble, type CountedJournal } from './assemble.ts';
import { leasesChannel, outboxChannel } from './postgres/channel.ts';
import { connectionSettings, placeOf } from './postgres/connection.ts';
import { listen } from './postgres/listener.ts';
import { postgresLeases } from './postgres/leases.ts';
import { openPool } from './postgres/pool.ts';
import { readingOn } from './postgres/reader.ts';
import type { PostgresWriterStart } from './postgres/writer.ts';
import { refusedDefaults, WriterQueue, type QueueLimits } from './writer-queue.ts';
import type { RefusedLimits } from './writes/refused-bodies.ts';

export interface PostgresLimits extends QueueLimits {
  readonly refused: RefusedLimits;
  /** For measuring only: an added wait at each commit, to imitate a slower disk. */
  readonly syncDelayMs: number;
}

/**
 * Opens the journal in a schema, and makes both schema and tables where they do not exist.
 * @param options.password of the settings' `passwordEnv`
 * @throws GatewayError `journal-unavailable` when the database cannot be reached; `configuration-invalid` when a newer
 *   program made the journal
 */
export async function openPostgresJournal(options: {
  readonly settings: PostgresSettings;
  readonly password?: string | undefined;
  readonly limits?: Partial<PostgresLimits>;
}): Promise<CountedJournal> {
  const connection = connectionSettings(options.settings, options.password);
  const { refused = refusedDefaults, syncDelayMs = 0, waiting = 100_000 } = options.limits ?? {};
  const instance = newId();
  const start: PostgresWriterStart = { connection, refused, instance, syncDelayMs };
  const queue = await WriterQueue.start('postgres/writer', start, { waiting });
  const pool = openPool(connection, 'reader');
  const { leases, announce } = postgresLeases(connection, pool, instance);
  const stopListening = listen(connection, instance, {
    [outboxChannel(connection.schema)]: () => queue.announce(),
    [leasesChannel(connection.schema)]: announce,
  });
  const durability = `PostgreSQL ${queue.version} at ${placeOf(connection)}, synchronous_commit=on, group commit`;
  return assemble(queue, readingOn(pool), { form: 'postgres', durability, leases }, async () => {
    await queue.drain();
    await stopListening();
    await pool.close();
    await queue.close();
  });
}
