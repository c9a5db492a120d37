/**
 * Partitions by month. Ids of messages and stays begin with the time at which they were made (UUIDv7, RFC 9562, section
 * 5.7), so a range of ids is a range of time: a statement that knows an id reads one partition, and a month that is
 * over its time is dropped whole. Events stand with the month of their stay; settlements have a partition of their own.
 */
import type { Sql, Step } from './sql.ts';

export const partitioned = ['messages', 'events'] as const;
export type Partitioned = (typeof partitioned)[number];

/** Months that are made ahead: an instance that is never restarted and a task that fails for weeks do no harm. */
const monthsAhead = 3;

/** `2026-11` of an instant, and months after it. */
export function monthOf(atMs: number, later = 0): string {
  const date = new Date(atMs);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later))
    .toISOString()
    .slice(0, 7);
}

/** The lowest UUIDv7 of an instant, as far as it tells the time. */
export function idFloor(atMs: number): string {
  const hex = atMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** Name of the partition of a month. */
export function partitionOf(table: Partitioned, month: string): string {
  return `${table}_${month.replace('-', '_')}`;
}

/**
 * Makes the partitions of this month and the next ones where they are missing. A month of which rows lie in the default
 * partition already stays there.
 */
export function* makePartitions(sql: Sql, nowMs: number): Step<void> {
  for (let later = 0; later <= monthsAhead; later += 1) {
    for (const table of partitioned) yield* makePartition(sql, table, monthOf(nowMs, later));
  }
}

/** Makes the partitions of the months in which these ids were made, where there are none and no rows of them yet. */
export function* makePartitionsOf(
  sql: Sql,
  table: Partitioned,
  ids: readonly string[],
): Step<void> {
  const made = ids.map(madeAtMs).filter((atMs) => atMs !== undefined);
  const months = new Set(made.map((atMs) => monthOf(atMs)));
  for (const month of months) yield* makePartition(sql, table, month);
}

/** When an id was made; undefined of one that does not tell. */
function madeAtMs(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * Makes the partitions of the months to come, and drops those of past months in which nothing is left: their room is
 * free at once. SQLite has none.
 * @param nowMs of the machine: ids are made by its clock
 */
export function* tidyPartitions(sql: Sql, nowMs: number): Step<void> {
  if (sql.form === 'sqlite') return;
  // Who reads a table for long must not hold up the writer, and with it everybody.
  yield* sql.prepare(`SELECT set_config('lock_timeout', '2s', true)`).all();
  yield* makePartitions(sql, nowMs);
  for (const table of partitioned) yield* dropEmpty(sql, table, monthOf(nowMs));
}

function* makePartition(sql: Sql, table: Partitioned, month: string): Step<void> {
  const name = partitionOf(table, month);
  const there = yield* sql
    .prepare('SELECT to_regclass(?1) IS NULL AS missing')
    .get<{ missing: boolean }>(name);
  if (there?.missing !== true) return;
  const beginMs = Date.parse(`${month}-01T00:00:00Z`);
  const [from, to] = [idFloor(beginMs), idFloor(Date.parse(`${monthOf(beginMs, 1)}-01T00:00:00Z`))];
  const key = table === 'messages' ? 'message_id' : 'stream';
  const strays = sql.prepare(
    `SELECT 1 FROM ${table}_default WHERE ${key} >= ? AND ${key} < ? LIMIT 1`,
  );
  if ((yield* strays.get(from, to)) !== undefined) return;
  const make = `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`;
  yield* sql.prepare(make).run();
}

function* dropEmpty(sql: Sql, table: Partitioned, thisMonth: string): Step<void> {
  const partitions = sql.prepare(
    `SELECT c.relname AS name FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
     WHERE i.inhparent = to_regclass(?1) ORDER BY c.relname`,
  );
  const first = partitionOf(table, thisMonth);
  for (const { name } of yield* partitions.all<{ name: string }>(table)) {
    if (!/_\d{4}_\d{2}$/.test(name) || name >= first) continue;
    if ((yield* sql.prepare(`SELECT 1 FROM ${name} LIMIT 1`).get()) !== undefined) continue;
    yield* sql.prepare(`DROP TABLE ${name}`).run();
  }
}
