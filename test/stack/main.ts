/**
 * `npm run stack`: what docker-compose.yml starts, without containers. Own PostgreSQL and RabbitMQ in a folder, or
 * those that run; two gateways, the simulated hospital and municipality, Prometheus where it is installed. It follows
 * them until Ctrl-C, and stops what it started, each by its process id.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Command, CommanderError } from 'commander';
import { brokerPrograms, ownBroker } from '../support/own-broker.ts';
import { ownPostgres, postgresPrograms } from '../support/own-postgres.ts';
import { freePorts } from '../support/processes.ts';
import { innerPorts, localised, publishedPort, readCompose, type Place } from './compose.ts';
import { isPortFree, isReady, startFollowed, type Followed } from './followed.ts';

const root = resolve(
  import.meta.dirname,
  import.meta.dirname.includes('dist') ? '../../..' : '../..',
);
/** A gateway drains for at most 30 seconds. */
const stopLimitMs = 40_000;

interface StackOptions {
  readonly folder: string;
  readonly postgres?: string;
  readonly rabbitmq?: string;
  readonly hospital: boolean;
  readonly json: boolean;
}

const program = new Command('npm run stack --')
  .description('start what docker-compose.yml starts, without containers, until Ctrl-C')
  .option(
    '--folder <folder>',
    'data, secrets and logs; kept, so that a second start goes on',
    './stack',
  )
  .option('--postgres <url>', 'a PostgreSQL that runs: postgres://user:password@host:5432/database')
  .option('--rabbitmq <url>', 'a RabbitMQ that runs: amqp://user:password@host:5672')
  .option('--no-hospital', 'send no stays')
  .option('--json', 'print where everything is as one JSON object, and nothing else', false)
  .addHelpText(
    'after',
    `
Examples:
  npm run stack
  npm run stack -- --folder /tmp/trial --no-hospital
  npm run stack -- --postgres postgres://me:secret@127.0.0.1:5432/trial --rabbitmq amqp://guest:guest@127.0.0.1:5672
Exit codes: 0 stopped by Ctrl-C or SIGTERM; 1 something did not start; 2 wrong use`,
  )
  .exitOverride();

const closing: (() => Promise<void>)[] = [];
const toStop = new Promise<void>((stop) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
});

try {
  program.parse();
  await Promise.race([runStack(program.opts<StackOptions>()), toStop]);
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exit(thrown.exitCode === 0 ? 0 : 2);
  process.stderr.write(`stack: ${thrown instanceof Error ? thrown.message : 'failed'}\n`);
  process.exitCode = 1;
} finally {
  for (const close of closing.splice(0).toReversed()) await close();
}
process.exit();

/** Starts all in the order of who needs whom; never resolves by itself once all run. */
async function runStack(options: StackOptions): Promise<void> {
  const say = options.json ? () => undefined : (line: string) => process.stdout.write(`${line}\n`);
  const compose = readCompose(join(root, 'docker-compose.yml'));
  const folder = resolve(options.folder);
  const secrets = join(folder, 'secrets');
  mkdirSync(folder, { recursive: true });
  await promisify(execFile)('sh', [join(root, 'test', 'stack', 'secrets.sh'), secrets]);
  const secret = (name: string): string => readFileSync(join(secrets, name), 'utf8').trim();
  const addresses = await chooseAddresses(compose);
  const portOf = (place: Place, inner: number): number => addresses.get(`${place}:${inner}`) ?? 0;

  const servers = await startServers(options, folder, secret('rabbitmq-password'), say);
  const local = (text: string): string => localised(text, addresses, secrets);
  const places: Record<string, unknown> = { ...servers, folder, secrets };

  const gateways = (['gateway-a', 'gateway-b'] as const).map((name) => ({ name, ready: '' }));
  const run = (name: string, args: readonly string[], env: NodeJS.ProcessEnv): Followed => {
    const followed = startFollowed({
      name,
      command: process.execPath,
      args: [join(root, 'dist', 'gateway', 'cli.js'), ...args],
      cwd: join(folder, name),
      env: { PATH: process.env['PATH'], TZ: process.env['TZ'], ...env },
      logFile: join(folder, `${name}.log`),
      say,
      restarts: compose.services[name]?.restart !== 'no',
      stopLimitMs,
    });
    closing.push(() => followed.stop());
    return followed;
  };

  for (const { name } of gateways) {
    const home = join(folder, name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'hemgang.yaml'), local(compose.configs.gateway.content));
    const given = compose.services[name]?.environment ?? {};
    const env = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, local(value)]),
    );
    const environment = {
      ...env,
      HEMGANG_DATA: join(home, 'data'),
      HEMGANG_MLLP_HOST: '127.0.0.1',
      HEMGANG_HTTP_HOST: '127.0.0.1',
      HEMGANG_MLLP_PORT: String(portOf(name, 2575)),
      HEMGANG_HTTP_PORT: String(portOf(name, 8080)),
      HEMGANG_METRICS_HOST: '127.0.0.1',
      HEMGANG_METRICS_PORT: String(portOf(name, 9464)),
      ...servers.environment,
    };
    writeFileSync(join(home, 'environment'), exported(environment), { mode: 0o600 });
    const followed = run(name, ['start'], environment);
    const url = `http://127.0.0.1:${portOf(name, 8080)}`;
    await isReady(`${url}/health/ready`, followed, join(folder, `${name}.log`));
    const mllp = `127.0.0.1:${portOf(name, 2575)}`;
    const metrics = `http://127.0.0.1:${portOf(name, 9464)}/metrics`;
    places[name] = { mllp, http: url, metrics, pid: followed.pid };
    say(`${name}  MLLP ${mllp}  ${url}/health/ready  ${metrics}  pid ${followed.pid}`);
  }

  const simulated = (name: string): readonly string[] =>
    (compose.services[name]?.command ?? []).map(local);
  const municipalityPort = portOf('municipality', 8090);
  mkdirSync(join(folder, 'municipality'), { recursive: true });
  const municipality = run(
    'municipality',
    simulated('municipality').map((word) =>
      word === '0.0.0.0' ? '127.0.0.1' : word === '8090' ? String(municipalityPort) : word,
    ),
    { RECEIVER_SECRET: secret('receiver-secret'), PARTNER_TOKEN: secret('partner-token') },
  );
  await isReady(
    `http://127.0.0.1:${municipalityPort}/`,
    municipality,
    join(folder, 'municipality.log'),
  );
  places['municipality'] = { http: `http://127.0.0.1:${municipalityPort}`, pid: municipality.pid };
  say(`municipality  http://127.0.0.1:${municipalityPort}  pid ${municipality.pid}`);

  places['prometheus'] = await startPrometheus(folder, local, portOf('prometheus', 9090), say);
  if (options.json) process.stdout.write(`${JSON.stringify(places)}\n`);
  say(`look inside:  cd ${join(folder, 'gateway-a')} && . ./environment && npx hemgang status`);
  say(`everything runs; data, secrets and logs are in ${folder}; Ctrl-C stops it`);
  if (options.hospital) {
    mkdirSync(join(folder, 'hospital'), { recursive: true });
    const journeys = ['--journeys', join(root, 'test', 'journeys')];
    run('hospital', [...simulated('hospital'), ...journeys], {});
  }
  await new Promise(() => undefined);
}

/** The published ports where they are free, or else any. */
async function chooseAddresses(
  compose: ReturnType<typeof readCompose>,
): Promise<ReadonlyMap<string, number>> {
  const wanted = Object.entries(innerPorts).flatMap(([place, ports]) =>
    ports.map((inner) => ({
      name: `${place}:${inner}`,
      port: publishedPort(compose, place as Place, inner),
    })),
  );
  const free = await freePorts(wanted.length);
  const chosen = new Map<string, number>();
  for (const [index, { name, port }] of wanted.entries()) {
    const isFree = port !== undefined && (await isPortFree(port));
    chosen.set(name, isFree ? port : (free[index] ?? 0));
  }
  return chosen;
}

interface Servers {
  readonly postgres: string;
  readonly rabbitmq: string;
  /** What the gateways are told instead of the compose file's addresses. */
  readonly environment: NodeJS.ProcessEnv;
}

async function startServers(
  { postgres, rabbitmq }: StackOptions,
  folder: string,
  password: string,
  say: (line: string) => unknown,
): Promise<Servers> {
  if (postgres === undefined && postgresPrograms() === undefined) {
    throw notInstalled('PostgreSQL', 'postgresql', '--postgres postgres://user@host:5432/database');
  }
  if (rabbitmq === undefined && brokerPrograms() === undefined) {
    throw notInstalled('RabbitMQ', 'rabbitmq-server', '--rabbitmq amqp://user:password@host:5672');
  }
  const database =
    postgres ??
    (await started('PostgreSQL', say, async () => {
      const server = await ownPostgres({ folder: join(folder, 'postgres') });
      closing.push(() => server.close());
      return server.url;
    }));
  const broker =
    rabbitmq ??
    (await started('RabbitMQ', say, async () => {
      const server = await ownBroker({ folder: join(folder, 'broker'), user: 'hemgang', password });
      closing.push(() => server.close());
      return server.url;
    }));
  const environment = { HEMGANG_JOURNAL_URL: database, HEMGANG_BUS_URL: broker };
  return { postgres: shown(database), rabbitmq: shown(broker), environment };
}

async function started(
  what: string,
  say: (line: string) => unknown,
  start: () => Promise<string>,
): Promise<string> {
  say(`${what} is started`);
  const url = await start();
  say(`${what}  ${shown(url)}`);
  return url;
}

/** As a shell reads it: who looks into a gateway has the environment it was started with. */
function exported(environment: NodeJS.ProcessEnv): string {
  return Object.entries(environment)
    .map(([name, value = '']) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
}

/** Without its password. */
function shown(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  return parsed.href;
}

/** @returns its URL, or undefined where it is not installed, which is no failure */
async function startPrometheus(
  folder: string,
  local: (text: string) => string,
  port: number,
  say: (line: string) => unknown,
): Promise<string | undefined> {
  const isInstalled = await promisify(execFile)('prometheus', ['--version']).then(
    () => true,
    () => false,
  );
  if (!isInstalled) {
    say('prometheus is not installed; each gateway shows its figures at /metrics');
    return undefined;
  }
  const home = join(folder, 'prometheus');
  mkdirSync(home, { recursive: true });
  for (const file of ['prometheus.yml', 'alerts.yml']) {
    const text = readFileSync(join(root, 'gateway', 'observing', file), 'utf8');
    writeFileSync(join(home, file), local(text));
  }
  const url = `http://127.0.0.1:${port}`;
  const prometheus = startFollowed({
    name: 'prometheus',
    command: 'prometheus',
    args: [
      `--config.file=${join(home, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(home, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    cwd: home,
    env: process.env,
    logFile: join(folder, 'prometheus.log'),
    say: () => undefined,
    restarts: true,
    stopLimitMs,
  });
  closing.push(() => prometheus.stop());
  say(`prometheus  ${url}  pid ${prometheus.pid}`);
  return url;
}

function notInstalled(what: string, debianPackage: string, flag: string): Error {
  return new Error(
    `${what} is not installed\n  next: apt-get install ${debianPackage}, or use one that runs: ${flag}`,
  );
}
