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
    const month = monthOf(nowMs, later);
    const from = idFloor(Date.parse(`${month}-01T00:00:00Z`));
    const to = idFloor(
      Date.parse(`${monthOf(Date.parse(`${month}-01T00:00:00Z`), 1)}-01T00:00:00Z`),
    );
    for (const table of partitioned) {
      const name = partitionOf(table, month);
      const { rows } = await client.query('SELECT to_regclass($1) AS there', [name]);
      if (rows[0]?.there !== null) continue;
      const key = table === 'messages' ? 'message_id' : 'stream';
      const { rows: strays } = await client.query(
        `SELECT 1 FROM ${table}_default WHERE ${key} >= $1 AND ${key} < $2 LIMIT 1`,
        [from, to],
      );
      if (strays.length > 0) continue;
      await client.query(
        `CREATE TABLE IF NOT EXISTS ${name} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`,
      );
    }
  }
}
