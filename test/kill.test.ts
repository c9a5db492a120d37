/** kill -9 under load: what was acknowledged is there, once, and the database is whole. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedJournal, openJournalReader } from '../gateway/runtime/journal/embedded.ts';
import { builtFile } from './support/built-program.ts';
import { message } from './support/journal-messages.ts';

const rounds = 5;
const seed = 20_220_307;
const root = fileURLToPath(new URL('..', import.meta.url));
const child = builtFile('test/support/journal-child.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hemgang-kill-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('every acknowledged message is there exactly once after kill -9 at any moment', async () => {
  const random = randomOf(seed);
  const acknowledged = new Set<number>();
  for (let round = 0; round < rounds; round += 1) {
    const killAfter = 1 + Math.floor(random() * 1500);
    const delayMs = Math.floor(random() * 5);
    for (const n of await recordUntilKilled(round * 1_000_000, killAfter, delayMs)) {
      acknowledged.add(n);
    }
    // Another process may look before anybody has cleaned up.
    const reader = await openJournalReader({ folder });
    expect((await reader.status()).events).toBeGreaterThanOrEqual(acknowledged.size);
    await reader.close();
    check(acknowledged);
  }
  expect(acknowledged.size).toBeGreaterThan(rounds);

  // The folder is free again, the answers are kept, and a resend adds nothing.
  const journal = await openEmbeddedJournal({ folder });
  const before = await journal.status();
  for (const n of [...acknowledged].slice(-20)) {
    const { outcome } = await journal.record(message(n));
    expect(outcome).toBe('duplicate');
  }
  expect(await journal.status()).toEqual(before);
  expect(before.messages.accepted).toBe(before.events);
  await journal.close();
});

test('of messages recorded together all are there after kill -9, or none', async () => {
  const random = randomOf(seed + 1);
  const acknowledged = new Set<number>();
  for (let round = 0; round < rounds; round += 1) {
    const killAfter = 1 + Math.floor(random() * 900);
    const numbers = await recordUntilKilled(round * 3_000_000, killAfter, 1, 'together');
    for (const n of numbers) acknowledged.add(n);
    check(acknowledged);
    const db = new DatabaseSync(join(folder, 'hemgang.sqlite'));
    const stored = counts(
      db,
      `SELECT substr(control_id, 2) / 3 AS id, count(*) AS count FROM messages GROUP BY 1`,
    );
    const resources = counts(
      db,
      `SELECT substr(id, 2) / 3 AS id, count(*) AS count FROM resources GROUP BY 1`,
    );
    const tally: { accepted: number } = db
      .prepare('SELECT sum(accepted) AS accepted FROM senders')
      .get();
    db.close();
    expect(new Set(stored.values())).toEqual(new Set([3]));
    expect(resources).toEqual(stored);
    expect(tally.accepted).toBe(3 * stored.size);
  }
  expect(acknowledged.size).toBeGreaterThan(rounds);
});

/** @returns the numbers of the messages that were acknowledged */
async function recordUntilKilled(
  first: number,
  killAfter: number,
  delayMs: number,
  how?: 'together',
): Promise<number[]> {
  const args = [child, folder, String(first), ...(how ? [how] : [])];
  const process = spawn(globalThis.process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(process, 'exit');
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: process.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === killAfter) setTimeout(() => process.kill('SIGKILL'), delayMs);
  }
  const [, signal]: unknown[] = await ended;
  expect(signal).toBe('SIGKILL');
  return acknowledged;
}

/** Opens the file as the crash left it. */
function check(acknowledged: ReadonlySet<number>): void {
  const db = new DatabaseSync(join(folder, 'hemgang.sqlite'));
  expect(db.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
  expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
  const stored = counts(db, 'SELECT control_id AS id, count(*) AS count FROM messages GROUP BY 1');
  const events = counts(
    db,
    `SELECT body ->> '$.id' AS id, count(*) AS count FROM events GROUP BY 1`,
  );
  const rows = counts(
    db,
    `SELECT body ->> '$.id' AS id, count(*) AS count
     FROM outbox JOIN events USING (position) GROUP BY 1`,
  );
  db.close();
  for (const count of [...stored.values(), ...events.values()]) expect(count).toBe(1);
  for (const n of acknowledged) {
    expect([n, stored.get(`C${n}`)]).toEqual([n, 1]);
    expect([n, events.get(`event-${n}`), rows.get(`event-${n}`)]).toEqual([n, 1, 1]);
  }
  expect(events.size).toBe(stored.size);
}

function counts(db: DatabaseSyncInstance, sql: string): Map<string, number> {
  const rows: { id: string; count: number }[] = db.prepare(sql).all();
  return new Map(rows.map(({ id, count }) => [id, count]));
}

/** The same numbers between 0 and 1 for the same seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
