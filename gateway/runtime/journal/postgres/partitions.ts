/**
 * Partitions by month. Ids of messages and stays begin with the time at which they were made (UUIDv7, RFC 9562, section
 * 5.7), so a range of ids is a range of time: a statement that knows an id reads one partition, and a month that is
 * over its time is dropped whole. Events stand with the month of their stay; settlements have a partition of their own.
 */
import type { Client } from 'pg';

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
export async function makePartitions(client: Client, nowMs: number): Promise<void> {
  for (let later = 0; later <= monthsAhead; later++) {
    for (const table of partitioned) await makePartition(client, table, monthOf(nowMs, later));
  }
}

async function makePartition(client: Client, table: Partitioned, month: string): Promise<void> {
  const name = partitionOf(table, month);
  const { rows } = await client.query('SELECT to_regclass($1) AS there', [name]);
  if (rows[0]?.there !== null) return;
  const fromMs = Date.parse(`${month}-01T00:00:00Z`);
  const from = idFloor(fromMs);
  const to = idFloor(Date.parse(`${monthOf(fromMs, 1)}-01T00:00:00Z`));
  const key = table === 'messages' ? 'message_id' : 'stream';
  const { rows: strays } = await client.query(
    `SELECT 1 FROM ${table}_default WHERE ${key} >= $1 AND ${key} < $2 LIMIT 1`,
    [from, to],
  );
  if (strays.length > 0) return;
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`,
  );
}

/** Makes the partitions of the months in which these ids were made, where there are none and no rows of them yet. */
export async function makePartitionsOf(
  client: Client,
  table: Partitioned,
  ids: readonly string[],
): Promise<void> {
  const months = new Set(
    ids
      .map(madeAtMs)
      .filter((atMs) => atMs !== undefined)
      .map((atMs) => monthOf(atMs)),
  );
  for (const month of months) await makePartition(client, table, month);
}

/** When an id was made; undefined of one that does not tell. */
function madeAtMs(id: string): number | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
