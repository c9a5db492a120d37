/**
 * A process whose files may not grow beyond 2 MiB (its parent sets the limit): records more than its database file can
 * hold, so that the last checkpoint fails, closes, and opens again. It says how each went; argument: the folder.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { openEmbeddedJournal } from '../../gateway/runtime/journal/embedded.ts';
import { message } from './journal-messages.ts';

const [folder = ''] = process.argv.slice(2);
const limits = { checkpointIntervalMs: 10 };
const sizeOf = (file: string) => statSync(join(folder, file)).size;
// Half of the messages and what the tables take by themselves are less than 2 MiB, all of the messages are more.
const raw = Buffer.alloc(90_000, 'x');

const journal = await openEmbeddedJournal({ folder, limits });
for (let n = 0; n < 12; n += 1) await journal.record(message(n, { raw }));
// Once the first half has left the log, the log has room for the second, and the database has not.
const beside = new DatabaseSync(join(folder, 'hemgang.sqlite'));
const checkpoint = beside.prepare('PRAGMA wal_checkpoint(PASSIVE)');
for (;;) {
  const row: { busy: number; log: number; checkpointed: number } = checkpoint.get();
  if (row.busy === 0 && row.log === row.checkpointed) break;
  await wait(5);
}
beside.close();
for (let n = 12; n < 24; n += 1) await journal.record(message(n, { raw }));
await journal.close();
console.log(sizeOf('hemgang.sqlite-wal') > 0 ? 'closed with a log left' : 'closed');

const again = await openEmbeddedJournal({ folder, limits });
console.log(`opened again with ${(await again.status()).events} events`);
await again.close();
