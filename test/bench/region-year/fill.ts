/**
 * Fills an embedded journal with a made-up region-year, in a process of its own. The rows are those that the journal's
 * writer would have written; only the messages, deliveries and identities behind them are left out. Its months are then
 * settled by the gateway itself.
 */
import { mkdirSync, statSync } from 'node:fs';
import { checkData } from '../../../gateway/process/events.ts';
import { loadProfiles } from '../../../profiles/index.ts';
import {
  databaseFile,
  openForWriting,
  type Database,
} from '../../../gateway/runtime/journal/embedded/connection.ts';
import { openJournalReader } from '../../../gateway/runtime/journal/embedded.ts';
import { migrate } from '../../../gateway/runtime/journal/embedded/migrations.ts';
import { drawKeys, stamp, type PatternStay, type StayKeys } from './history.ts';
import { inOrder, planStays } from './plan.ts';
import { Random } from '../../../adapters/simulated/random.ts';
import { settleMonths } from './settle-months.ts';

export interface Filled {
  readonly stays: number;
  readonly withNeed: number;
  readonly patterns: number;
  readonly events: number;
  readonly megabytes: number;
  /** What the gateway billed for all months together. */
  readonly billedOre: number;
  /** Events of settlements that do not have the form their type says. */
  readonly malformed: readonly string[];
  readonly seconds: number;
}

const eventsPerTransaction = 50_000;
const sender = 'benchmark';

/** @returns what was written */
async function fill(folder: string, count: number, seed: number): Promise<Filled> {
  const startedAt = performance.now();
  mkdirSync(folder, { recursive: true });
  const db = openForWriting(folder);
  migrate(db);
  // Filled anew where it breaks off, so nothing waits for the disk; the journal is opened in its usual way afterwards.
  db.exec(
    'PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -256000',
  );
  const { stays, withNeed, patterns } = planStays(count, seed, loadProfiles());
  const write = writesOf(db);
  const random = new Random(seed + 1);
  const open = new Map<number, StayKeys>();
  let events = 0;
  let lastAtMs = 0;
  db.exec('BEGIN');
  for (const { stay, place } of inOrder(stays)) {
    const planned = stays[stay];
    const event = planned?.pattern.events[place];
    if (planned === undefined || event === undefined) throw new RangeError('an event out of order');
    const keys = open.get(stay) ?? drawKeys(random, planned.pattern, planned.municipality);
    if (place === 0) {
      open.set(stay, keys);
      write.stay(keys, stay, random.key());
    }
    write.event(event, keys);
    lastAtMs = event.atMs;
    if (place === planned.pattern.events.length - 1) {
      write.deadlines(planned.pattern, keys);
      open.delete(stay);
    }
    events += 1;
    if (events % eventsPerTransaction === 0) db.exec('COMMIT; BEGIN');
  }
  write.sender(count, new Date(lastAtMs).toISOString());
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  await settleMonths(folder);
  return {
    stays: count,
    withNeed,
    patterns,
    events,
    megabytes: statSync(databaseFile(folder)).size / 1e6,
    ...(await billedAfter(folder, events)),
    seconds: (performance.now() - startedAt) / 1000,
  };
}

function writesOf(db: Database) {
  const insertStay = db.prepare(
    'INSERT INTO stays (stay_id, authority, number, process_id, patient_key, sender) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertEvent = db.prepare(
    'INSERT INTO events (stream, also_stream, type, body) VALUES (?, ?, ?, ?)',
  );
  const insertDeadline = db.prepare(
    `INSERT INTO deadlines (key, stream, lane, due_at, data, state, times_reached)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertSender = db.prepare(
    'INSERT INTO senders (sender, accepted, last_at, processes) VALUES (?, ?, ?, ?)',
  );
  const processOf = ({ keys }: StayKeys): string => keys[0] ?? '';
  return {
    stay(keys: StayKeys, number: number, patientKey: string): void {
      const visit = `B${String(number).padStart(6, '0')}`;
      insertStay.run(keys.stayId, '1.2.3', visit, processOf(keys), patientKey, sender);
    },
    event(
      { type, body, settlement }: PatternStay['events'][number],
      { stayId, keys }: StayKeys,
    ): void {
      const alsoStream = settlement === undefined ? null : stamp(settlement, keys);
      insertEvent.run(stayId, alsoStream, type, stamp(body, keys));
    },
    deadlines({ deadlines }: PatternStay, keys: StayKeys): void {
      for (const { key, dueAt, data, state } of deadlines) {
        insertDeadline.run(
          stamp(key, keys.keys),
          keys.stayId,
          processOf(keys),
          dueAt,
          stamp(data, keys.keys),
          state,
          state === 'reached' ? 1 : 0,
        );
      }
    },
    sender(count: number, lastAt: string): void {
      insertSender.run(sender, count, lastAt, count);
    },
  };
}

/** Sum of the billing that follows a position, records and what adjusted them; and what has no right form there. */
async function billedAfter(
  folder: string,
  position: number,
): Promise<Pick<Filled, 'billedOre' | 'malformed'>> {
  const reader = await openJournalReader({ folder });
  const malformed: string[] = [];
  let billedOre = 0;
  let after = position;
  for (let events = await reader.eventsAfter(after, 100); events.length > 0;) {
    for (const { event } of events) {
      if (event.type === 'billing.recorded') billedOre += event.data.totalOre;
      if (event.type === 'billing.adjusted') billedOre += event.data.differenceOre;
      try {
        checkData(event.type, event.data);
      } catch (error) {
        malformed.push(`${event.stayId}: ${String(error)}`);
      }
    }
    after = events.at(-1)?.position ?? after;
    events = await reader.eventsAfter(after, 100);
  }
  await reader.close();
  return { billedOre, malformed };
}

const [folder = '.', count = '0', seed = '1'] = process.argv.slice(2);
const filled = await fill(folder, Number(count), Number(seed));
process.send?.(filled);
if (!process.send) process.stdout.write(`${JSON.stringify(filled)}\n`);
