/** Whether a journal holds together: what its rows refer to, what was counted, and every message's bytes. */
import { hash } from 'node:crypto';
import type { JournalSource } from './ends.ts';
import { references, type Check } from './checks.ts';
import type { Tell } from './move.ts';

export interface Checked {
  /** What is wrong, as a sentence. */
  readonly what: string;
  /** Of how many rows; counted no further than `most`. */
  readonly count: number;
  /** The first of them. */
  readonly ids: readonly string[];
}

export const most = 1000;
const told = 20;

/**
 * @param contentOf what a message of a kind is recognised by, where that is not its bytes: a resource's content
 * @returns what is off; nothing where all is well
 */
export async function verify(
  source: JournalSource,
  contentOf: (kind: string, raw: Uint8Array) => Uint8Array | undefined,
  tell: Tell,
): Promise<readonly Checked[]> {
  const own = source.form === 'embedded' ? await fileIntegrity(source) : await indexes(source);
  const off: Checked[] = [...own];
  for (const check of references) off.push(...(await found(source, check)));
  off.push(...(await messageBytes(source, contentOf, tell)), ...(await eventBodies(source, tell)));
  return off;
}

async function found(source: JournalSource, { what, ids }: Check): Promise<readonly Checked[]> {
  const rows = await source.ask<{ id: string | number }>(
    `SELECT id FROM (${ids}) AS off ORDER BY id LIMIT ${most}`,
  );
  return report(
    what,
    rows.map(({ id }) => String(id)),
  );
}

function report(what: string, ids: readonly string[]): readonly Checked[] {
  return ids.length === 0 ? [] : [{ what, count: ids.length, ids: ids.slice(0, told) }];
}

async function fileIntegrity(source: JournalSource): Promise<readonly Checked[]> {
  const rows = await source.ask<{ integrity_check: string }>('PRAGMA integrity_check(20)');
  const faults = rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
  const strays = await source.ask<{ table: string; rowid: number }>('PRAGMA foreign_key_check');
  return [
    ...report('the database file is damaged', faults),
    ...report(
      'a row refers to what is not there',
      strays.map(({ table, rowid }) => `${table} ${rowid}`),
    ),
  ];
}

async function indexes(source: JournalSource): Promise<readonly Checked[]> {
  const rows = await source.ask<{ id: string }>(
    `SELECT i.indexrelid::regclass::text AS id FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
     WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)`,
  );
  return report(
    'an index is not valid',
    rows.map(({ id }) => id),
  );
}

/** Raw bytes against the digest that was stored with them. Of a body that was emptied the digest alone is left. */
async function messageBytes(
  source: JournalSource,
  contentOf: (kind: string, raw: Uint8Array) => Uint8Array | undefined,
  tell: Tell,
): Promise<readonly Checked[]> {
  const wrong: string[] = [];
  await each(source, 'messages', tell, ({ message_id: id, kind, raw, digest }) => {
    if (!(raw instanceof Uint8Array) || !(digest instanceof Uint8Array) || raw.length === 0) return;
    const expected = Buffer.from(digest).toString('hex');
    if (hash('sha256', raw, 'hex') === expected) return;
    const content = typeof kind === 'string' ? contentOf(kind, raw) : undefined;
    if (content !== undefined && hash('sha256', content, 'hex') === expected) return;
    wrong.push(String(id));
  });
  return report('the bytes of a message are not those of its digest', wrong);
}

async function eventBodies(source: JournalSource, tell: Tell): Promise<readonly Checked[]> {
  const wrong: string[] = [];
  await each(source, 'events', tell, ({ position, type, body }) => {
    if (typeof body === 'string' && typeOf(body) === type) return;
    wrong.push(String(position));
  });
  return report('the body of an event is no JSON of its type', wrong);
}

function typeOf(body: string): unknown {
  try {
    const event: { type?: unknown; id?: unknown } = JSON.parse(body);
    return typeof event.id === 'string' ? event.type : undefined;
  } catch {
    return undefined;
  }
}

async function each(
  source: JournalSource,
  table: string,
  tell: Tell,
  look: (row: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  const shape = (await source.shapes()).find((one) => one.table === table);
  if (shape === undefined) return;
  let count = 0;
  for await (const rows of source.rows(shape)) {
    for (const row of rows) look(row);
    count += rows.length;
    tell({ what: 'reading', table, rows: count, isDone: false });
  }
  tell({ what: 'reading', table, rows: count, isDone: true });
}
