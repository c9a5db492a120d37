/** A PostgreSQL of a test's own: it may be stopped, killed and frozen. */
import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, openSync, readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { temporaryFolder } from './folder.ts';
import {
  freePorts,
  keepWithUs,
  letGo,
  signalFamily,
  spawnOurs,
  untilGone,
  untilWorks,
} from './processes.ts';

const run = promisify(execFile);

export interface OwnPostgres {
  /** `postgres://hemgang@127.0.0.1:<port>/hemgang`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Of the server process that the others are children of. */
  readonly pid: number;
  /** `fast` ends connections in order, `immediate` as a crash does. The data stay. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** kill -9 of the server and all its processes. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Nothing of it runs until `thaw`; connections stay open and silent. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its data, where the folder is not the caller's. */
  close(): Promise<void>;
}

/** Where the newest installed server's programs are; undefined where it is not installed. */
export function postgresPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  return [
    ...(process.env['HEMGANG_POSTGRES_BIN'] ? [process.env['HEMGANG_POSTGRES_BIN']] : []),
    ...versions.toSorted((a, b) => Number(b) - Number(a)).map((name) => join(debian, name, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ].find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/**
 * Starts one on a free port.
 * @param options.folder where its data are kept; a temporary folder without it
 * @param options.settings of postgresql.conf, such as max_connections
 * @throws Error when it is not installed or does not start within a minute
 */
export async function ownPostgres(
  options: { folder?: string; port?: number; settings?: Readonly<Record<string, string>> } = {},
): Promise<OwnPostgres> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const own = options.folder === undefined ? temporaryFolder('postgres') : undefined;
  const folder = options.folder ?? own?.path ?? '';
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const data = join(folder, 'data');
  const as = await serverUser();
  mkdirSync(folder, { recursive: true });
  if (as) chownSync(folder, as.uid, as.gid);
  if (!existsSync(join(data, 'PG_VERSION'))) {
    const locale = ['--no-locale', '--encoding=UTF8', '--auth=trust', '--username=hemgang'];
    await run(join(programs, 'initdb'), ['-D', data, '--no-sync', ...locale], { ...as, cwd: '/' });
  }
  const logFile = join(folder, 'postgres.log');
  const url = `postgres://hemgang@127.0.0.1:${port}/hemgang`;
  let pid = 0;

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: folder,
      // What is promised is tested on a server that keeps its word.
      fsync: 'on',
      synchronous_commit: 'on',
      shared_buffers: '64MB',
      ...options.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const output = openSync(logFile, 'a');
    const child = spawnOurs(join(programs ?? '', 'postgres'), ['-D', data, ...flags], {
      ...as,
      cwd: '/',
      output,
    });
    pid = child.pid ?? 0;
    keepWithUs(pid);
    await untilWorks(`PostgreSQL on port ${port}`, () => createDatabase(port), {
      limitMs: 60_000,
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
      log: () => readFileSync(logFile, 'utf8').split('\n').slice(-15).join('\n'),
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (pid === 0) return;
    // What is frozen hears nothing.
    signalFamily(pid, 'SIGCONT');
    if (signal === 'SIGKILL') signalFamily(pid, signal);
    else process.kill(pid, signal);
    await untilGone(pid);
    letGo(pid);
    pid = 0;
  }

  await start();
  return {
    url,
    port,
    folder,
    get pid() {
      return pid;
    },
    stop: (mode = 'fast') => end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT'),
    kill: () => end('SIGKILL'),
    start,
    freeze: () => signalFamily(pid, 'SIGSTOP'),
    thaw: () => signalFamily(pid, 'SIGCONT'),
    async close() {
      await end('SIGINT');
      own?.remove();
    },
  };
}

/** PostgreSQL refuses to run as root: then it runs as the user it was installed with. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const numberOf = async (flag: string, user: string): Promise<number> =>
    Number((await run('id', [flag, user])).stdout);
  const user = await run('id', ['-u', 'postgres']).then(
    () => 'postgres',
    () => 'nobody',
  );
  return { uid: await numberOf('-u', user), gid: await numberOf('-g', user) };
}

async function createDatabase(port: number): Promise<void> {
  const client = new Client({
    connectionString: `postgres://hemgang@127.0.0.1:${port}/postgres`,
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks is told by the call that uses it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'hemgang'`);
    if (rowCount === 0) await client.query('CREATE DATABASE hemgang');
  } finally {
    await client.end().catch(() => undefined);
  }
}
