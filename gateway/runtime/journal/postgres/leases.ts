/**
 * Leases that instances share, on a connection of their own: a sign of life does not queue behind the writes. A lease is
 * renewed beside them and changes hands in turn with them.
 */
import type { QueryResult } from 'pg';
import type { Instance, Lease, Leases, SeenInstance, StandingLease } from '../contract/leases.ts';
import { leasesChannel, writeTurn } from './channel.ts';
import { connect, type ConnectionSettings } from './connection.ts';
import { postgresError } from './failure.ts';
import { schemaVersion } from './migrations.ts';
import type { Pool } from './pool.ts';
import { allEnded } from './sql.ts';

/** Longest wait for the turn in which a lease may be taken; then it is left for the next time. */
const turnTimeoutMs = 2_000;
/** Dead instances are shown for a day. */
const shownFor = `interval '1 day'`;

const ends = `clock_timestamp() + $2 * interval '1 millisecond'`;
const renew = {
  name: 'lease-renew',
  text: `UPDATE leases SET until = ${ends} WHERE holder = $1 AND name = ANY($3::text[])
    RETURNING name, holder, epoch`,
};
const take = {
  name: 'lease-take',
  text: `INSERT INTO leases (name, holder, epoch, until)
    SELECT name, $1, 1, ${ends} FROM unnest($3::text[]) AS name ORDER BY name
    ON CONFLICT (name) DO UPDATE
      SET holder = excluded.holder, epoch = leases.epoch + 1, until = excluded.until
      WHERE leases.until <= clock_timestamp()
    RETURNING name, holder, epoch`,
};
const seen = `SELECT id, roles, version, coalesce(in_force, '{}') AS "inForce",
    to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "startedAt",
    (extract(epoch FROM clock_timestamp() - beat_at) * 1000)::float8 AS "silentMs",
    until > clock_timestamp() AS "isAlive"
  FROM instances WHERE beat_at > clock_timestamp() - ${shownFor} ORDER BY started_at, id`;

/**
 * @param pool for what needs no turn
 * @param self by which the others know whose notification it is
 */
export function postgresLeases(
  settings: ConnectionSettings,
  pool: Pool,
  self: string,
): { readonly leases: Leases; readonly announce: () => void } {
  const listeners: (() => void)[] = [];
  const announce = (): void => {
    for (const listener of listeners) listener();
  };
  const tell = async (): Promise<void> => {
    await pool.query({
      name: 'notify',
      text: 'SELECT pg_notify($1, $2)',
      values: [leasesChannel(settings.schema), self],
    });
    announce();
  };

  async function takeFree(
    holder: string,
    names: readonly string[],
    ttlMs: number,
  ): Promise<readonly Lease[]> {
    const client = await connect(settings, 'leases');
    try {
      const done = await allEnded<QueryResult>([
        client.query(`BEGIN; SET LOCAL lock_timeout = ${turnTimeoutMs}`),
        client.query({ text: `SELECT ${writeTurn}`, values: [settings.schema] }),
        client.query({ ...take, values: [holder, ttlMs, names] }),
        client.query('COMMIT'),
      ]);
      const leases: Lease[] = done[2]?.rows ?? [];
      return leases;
    } catch (error) {
      if (isTurnLate(error)) return [];
      throw postgresError(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function instances(): Promise<readonly SeenInstance[]> {
    const { rows } = await pool.query({ name: 'instances', text: seen });
    return rows.map(toInstance);
  }

  const leases: Leases = {
    isShared: true,
    async claim(holder, names, ttlMs) {
      if (names.length === 0) return [];
      const { rows: held }: { rows: Lease[] } = await pool.query({
        ...renew,
        values: [holder, ttlMs, names],
      });
      const missing = names.filter((name) => held.every((lease) => lease.name !== name));
      // Looked at before the turn is asked for: mostly somebody has it.
      const free = missing.length === 0 ? [] : await freeOf(pool, missing);
      return free.length === 0 ? held : [...held, ...(await takeFree(holder, free, ttlMs))];
    },
    async release(holder, names) {
      await pool.query({
        name: 'lease-release',
        text: `UPDATE leases SET until = clock_timestamp() WHERE holder = $1 AND name = ANY($2::text[])`,
        values: [holder, names],
      });
      await tell();
    },
    async all() {
      const { rows }: { rows: StandingLease[] } = await pool.query({
        name: 'leases',
        text: `SELECT name, holder, epoch,
            (extract(epoch FROM until - clock_timestamp()) * 1000)::float8 AS "leftMs"
          FROM leases ORDER BY name`,
      });
      return rows;
    },
    async beat({ id, roles, version, inForce }: Instance, ttlMs) {
      const { rows } = await pool.query({
        name: 'beat',
        text: `INSERT INTO instances (id, roles, version, schema, in_force, started_at, beat_at, until)
          VALUES ($1, $3, $4, $5, $6, clock_timestamp(), clock_timestamp(), ${ends})
          ON CONFLICT (id) DO UPDATE SET roles = excluded.roles, version = excluded.version,
            schema = excluded.schema, in_force = excluded.in_force, beat_at = excluded.beat_at,
            until = excluded.until
          RETURNING xmax::text = '0' AS "isNew"`,
        values: [id, ttlMs, JSON.stringify(roles), version, schemaVersion, JSON.stringify(inForce)],
      });
      const [row]: { isNew: boolean }[] = rows;
      if (row?.isNew === true) await tell();
      return await instances();
    },
    instances,
    async leave(id) {
      await pool.query({
        name: 'leave',
        text: `WITH gone AS (DELETE FROM instances WHERE id = $1)
          UPDATE leases SET until = clock_timestamp() WHERE holder = $1 AND until > clock_timestamp()`,
        values: [id],
      });
      await tell();
    },
    onChange: (listener) => void listeners.push(listener),
  };
  return { leases, announce };
}

async function freeOf(pool: Pool, names: readonly string[]): Promise<readonly string[]> {
  const { rows }: { rows: { name: string }[] } = await pool.query({
    name: 'lease-free',
    text: `SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (
      SELECT 1 FROM leases AS l WHERE l.name = name.name AND l.until > clock_timestamp())`,
    values: [names],
  });
  return rows.map(({ name }) => name);
}

/** `lock_not_available`. */
function isTurnLate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** JSON comes as its text. */
type InstanceRow = Omit<SeenInstance, 'roles' | 'inForce'> &
  Readonly<Record<'roles' | 'inForce', string>>;

function toInstance(row: InstanceRow): SeenInstance {
  const roles: readonly string[] = JSON.parse(row.roles);
  const inForce: SeenInstance['inForce'] = JSON.parse(row.inForce);
  return { ...row, roles, inForce };
}
