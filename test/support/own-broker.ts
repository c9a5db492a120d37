/** A RabbitMQ of a test's own: it may be stopped, cut off, frozen and alarmed. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'amqplib';
import { temporaryFolder } from './folder.ts';
import {
  freePorts,
  keepWithUs,
  letGo,
  sendSignal,
  signalFamily,
  spawnOurs,
  untilGone,
  untilWorks,
} from './processes.ts';

const run = promisify(execFile);

export interface OwnBroker {
  /** `amqp://guest:guest@127.0.0.1:<port>`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Of the Erlang machine. */
  readonly pid: number;
  /** Ends the broker application; the Erlang machine stays. Connections are closed. */
  stopApp(): Promise<void>;
  startApp(): Promise<void>;
  /** Ends the whole broker in order. The data stay. */
  stop(): Promise<void>;
  /**
   * kill -9. RabbitMQ 3.10 loses the leader of a quorum queue that was declared less than three minutes before: only
   * for brokers with older queues.
   */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Closes every client connection. */
  closeConnections(): Promise<void>;
  /** The memory alarm: publishers are blocked until it is lifted. */
  raiseAlarm(): Promise<void>;
  liftAlarm(): Promise<void>;
  /** Nothing of it runs until `thaw`; connections stay open and silent. */
  freeze(): void;
  thaw(): void;
  /** rabbitmqctl against this broker. @returns what it printed */
  control(...args: string[]): Promise<string>;
  /** Ends it and removes its data, where the folder is not the caller's. */
  close(): Promise<void>;
}

/** Where the server's scripts are; undefined where it is not installed. */
export function brokerPrograms(): string | undefined {
  return [
    ...(process.env['HEMGANG_RABBITMQ_BIN'] ? [process.env['HEMGANG_RABBITMQ_BIN']] : []),
    // Before those of the PATH, which on Debian change the user.
    '/usr/lib/rabbitmq/bin',
    ...(process.env['PATH'] ?? '').split(':'),
  ].find((folder) => existsSync(join(folder, 'rabbitmq-server')));
}

/**
 * Starts one on a free port, with a name, a cookie and a port mapper (epmd) of its own.
 * @param options.folder where its data are kept; a temporary folder without it
 * @param options.user made at the first start in a folder, with its password; guest without it
 * @throws Error when it is not installed or does not start within two minutes
 */
export async function ownBroker(
  options: { folder?: string; port?: number; user?: string; password?: string } = {},
): Promise<OwnBroker> {
  const programs = brokerPrograms();
  if (programs === undefined) throw new Error('RabbitMQ is not installed');
  const own = options.folder === undefined ? temporaryFolder('broker') : undefined;
  const folder = options.folder ?? own?.path ?? '';
  const [freePort = 0, distPort = 0, mapperPort = 0] = await freePorts(3);
  const { port = freePort, user = 'guest', password = 'guest' } = options;
  mkdirSync(folder, { recursive: true });
  writeOnce(join(folder, '.erlang.cookie'), randomBytes(16).toString('hex'), 0o400);
  writeOnce(join(folder, 'enabled_plugins'), '[].\n');
  writeOnce(join(folder, 'rabbitmq.conf'), 'log.console.level = warning\n');
  const pidFile = join(folder, 'broker.pid');
  const logFile = join(folder, 'broker.out');
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: folder,
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: 'hemgang@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_PID_FILE: pidFile,
    RABBITMQ_DEFAULT_USER: user,
    RABBITMQ_DEFAULT_PASS: password,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
  const url = `amqp://${user}:${password}@127.0.0.1:${port}`;
  const output = openSync(logFile, 'a');
  // In the foreground, so that it ends with us: a broker would start one that stays.
  const mapper = spawnOurs('epmd', ['-port', String(mapperPort)], { env, output });
  let pid = 0;

  async function start(): Promise<void> {
    const child = spawnOurs(join(programs ?? '', 'rabbitmq-server'), [], { env, output });
    await untilWorks(`RabbitMQ on port ${port}`, () => knock(url), {
      limitMs: 120_000,
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
      log: () => readFileSync(logFile, 'utf8').split('\n').slice(-30).join('\n'),
    });
    pid = Number(readFileSync(pidFile, 'utf8'));
    keepWithUs(pid);
  }

  async function control(...args: string[]): Promise<string> {
    const program = join(programs ?? '', 'rabbitmqctl');
    const { stdout } = await run(program, ['-q', ...args], { env, timeout: 60_000 });
    return stdout;
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (pid === 0) return;
    signalFamily(pid, 'SIGCONT');
    sendSignal(pid, signal);
    await untilGone(pid, 60_000);
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
    control,
    async stopApp() {
      await control('stop_app');
    },
    async startApp() {
      await control('start_app');
      await untilWorks(`RabbitMQ on port ${port}`, () => knock(url), {
        limitMs: 60_000,
        hasEnded: () => false,
        log: () => '',
      });
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start,
    async closeConnections() {
      await control('close_all_connections', 'closed by a test');
    },
    async raiseAlarm() {
      await control('set_vm_memory_high_watermark', '0');
    },
    async liftAlarm() {
      await control('set_vm_memory_high_watermark', '0.4');
    },
    freeze: () => signalFamily(pid, 'SIGSTOP'),
    thaw: () => signalFamily(pid, 'SIGCONT'),
    async close() {
      await end('SIGTERM');
      if (mapper.pid !== undefined) {
        sendSignal(mapper.pid, 'SIGTERM');
        await untilGone(mapper.pid);
      }
      own?.remove();
    },
  };
}

function writeOnce(file: string, text: string, mode = 0o644): void {
  if (!existsSync(file)) writeFileSync(file, text, { mode });
}

async function knock(url: string): Promise<void> {
  const model = await connect(url, { timeout: 5_000 });
  model.on('error', () => undefined);
  await model.close();
}
