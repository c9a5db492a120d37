/** The journal: reached, up to date, durable, how large; and whether its clock and ours agree. */
import { existsSync, statSync } from 'node:fs';
import { asGatewayError } from '../../errors.ts';
import type { PostgresSettings } from '../../runtime/config-journal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { dataFolder, secretOf, type Config } from '../../runtime/config.ts';
import { databaseFile } from '../../runtime/journal/embedded/connection.ts';
import { openJournalReader } from '../../runtime/journal/open.ts';
import { connect, connectionSettings, placeOf } from '../../runtime/journal/postgres/connection.ts';
import { codeOf, failed, ok, warn, type Check } from './check.ts';
import { gibibytes } from './machine.ts';

export async function journalChecks(
  config: Config,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const { journal } = config;
  if (journal.form === 'postgres') {
    const server = await postgresChecks(journal, env);
    const isReached = !server.some(({ name, state }) => name === 'database' && state === 'fail');
    return isReached ? [...server, ...(await contents(config, env))] : server;
  }
  const file = databaseFile(dataFolder(config));
  if (!existsSync(file)) return [ok('journal', 'is made at the first start')];
  const size = ok('journal size', gibibytes(statSync(file).size));
  return [size, ...(await contents(config, env))];
}

async function contents(config: Config, env: NodeJS.ProcessEnv): Promise<readonly Check[]> {
  try {
    const journal = await openJournalReader(config, env);
    try {
      const dead = await journal.outbox.deadLetters(100);
      const pauses = await journal.pauses.all();
      return [
        ok('journal', 'has the schema of this program'),
        ...(dead.length === 0
          ? []
          : [warn('dead letters', `${dead.length}`, 'hemgang dead-letters list shows why')]),
        ...pauses.map(({ queue, by, reason }) =>
          warn(
            `queue ${queue}`,
            `rests by ${by}: ${reason}`,
            `hemgang queue resume ${queue} when its reason is gone`,
          ),
        ),
      ];
    } finally {
      await journal.close();
    }
  } catch (thrown) {
    const { code, message } = asGatewayError(thrown);
    // Nothing was made yet, or by another program: a start says the same.
    const next = 'start the gateway once; it makes what is missing, or says what to do';
    return [
      code === 'configuration-invalid'
        ? warn('journal', message.split('\n')[0] ?? '', next)
        : failed('journal', message.split('\n')[0] ?? '', next),
    ];
  }
}

/** Spare connections that a server should have beside those of the instances. */
const spareConnections = 10;
const skew = { warnMs: 1000, failMs: 10_000 } as const;

async function postgresChecks(
  settings: PostgresSettings,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const { passwordEnv } = settings;
  const password = passwordEnv === undefined ? undefined : secretOf(passwordEnv, env);
  const where = connectionSettings(settings, password);
  let client: Awaited<ReturnType<typeof connect>>;
  try {
    client = await connect(where, 'doctor');
  } catch (thrown) {
    const what = `${placeOf(where)} cannot be reached (${codeOf(thrown)})`;
    const next = 'see that it runs, that journal.url names it, and that user and password hold';
    return [failed('database', what, next)];
  }
  try {
    const ask = async (text: string): Promise<string> => {
      const { rows } = await client.query<{ value: string | number }>(text);
      return String(rows[0]?.value ?? '');
    };
    const setting = async (name: string): Promise<string> =>
      await ask(`SELECT current_setting('${name}') AS value`);
    const version = await setting('server_version');
    const checks: Check[] = [ok('database', `PostgreSQL ${version} at ${placeOf(where)}`)];
    for (const name of ['fsync', 'full_page_writes'] as const) {
      if ((await setting(name)) === 'on') continue;
      const next = `set ${name} = on: without it a crash of the server may lose what was acknowledged`;
      checks.push(failed(`database ${name}`, 'is off', next));
    }
    if ((await setting('autovacuum')) !== 'on') {
      const next = 'set autovacuum = on: rows that are done with are never cleared away otherwise';
      checks.push(warn('database autovacuum', 'is off', next));
    }
    if ((await setting('synchronous_commit')) === 'off') {
      const next = 'let the server take synchronous_commit from its clients';
      checks.push(failed('database synchronous_commit', 'is off for our connections', next));
    }
    const most = Number(await setting('max_connections'));
    const used = Number(await ask('SELECT count(*) AS value FROM pg_stat_activity'));
    const connections = `${used} of ${most} connections in use`;
    checks.push(
      most - used < spareConnections
        ? warn('database connections', connections, 'raise max_connections')
        : ok('database connections', connections),
    );
    const bytes = Number(
      await ask(
        `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) AS value FROM pg_class AS c
         JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = '${settings.schema}' AND c.relkind = 'r'`,
      ),
    );
    checks.push(ok('journal size', gibibytes(bytes)), await clockCheck(ask));
    return checks;
  } catch (thrown) {
    const next = 'see in the log of the server what it refuses to this user';
    return [failed('database', `gives no answer (${codeOf(thrown)})`, next)];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Leases go by the database's clock and legal times by ours. */
async function clockCheck(ask: (text: string) => Promise<string>): Promise<Check> {
  const beforeMs = systemClock.nowMs();
  const theirs = Number(await ask('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS value'));
  const afterMs = systemClock.nowMs();
  // Half of the way there is unknown.
  const apartMs = Math.max(0, beforeMs - theirs, theirs - afterMs);
  const what = `${Math.round(apartMs)} ms apart from the database's`;
  const next = 'set both machines by network time';
  if (apartMs >= skew.failMs) return failed('clock skew', what, next);
  return apartMs >= skew.warnMs ? warn('clock skew', what, next) : ok('clock skew', what);
}
