/**
 * Runs a command with the servers that the tests need: those that run already are used, others are started for it on
 * free ports and stopped after it. `tsx test/support/with-services.ts npm test`
 */
import { spawn } from 'node:child_process';
import { brokerPrograms } from './own-broker.ts';
import { postgresPrograms } from './own-postgres.ts';
import { brokerUrl, isThere, ownBroker, ownPostgres, postgresUrl } from './servers.ts';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  process.stderr.write('with-services: which command?\n  next: with-services.ts npm test\n');
  process.exit(2);
}

const closing: (() => Promise<void>)[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The command hears it too, ends, and then we do.
  process.on(signal, () => child?.kill(signal));
}
let child: ReturnType<typeof spawn> | undefined;
let exitCode = 1;
try {
  const env = { ...process.env, ...(await postgres()), ...(await broker()) };
  child = spawn(command, args, { stdio: 'inherit', env });
  exitCode = await new Promise<number>((resolve, reject) => {
    child?.once('exit', (code) => resolve(code ?? 1));
    child?.once('error', reject);
  });
} catch (thrown) {
  process.stderr.write(`with-services: ${thrown instanceof Error ? thrown.message : 'failed'}\n`);
} finally {
  for (const close of closing.toReversed()) await close();
}
process.exit(exitCode);

async function postgres(): Promise<NodeJS.ProcessEnv> {
  if (await isThere('PostgreSQL that runs')) {
    say(`PostgreSQL runs already: ${new URL(postgresUrl).host}`);
    return {};
  }
  say(`PostgreSQL does not answer at ${new URL(postgresUrl).host}: one of our own is started`);
  if (postgresPrograms() === undefined) throw new Error(missing('PostgreSQL', 'postgresql'));
  const server = await ownPostgres();
  closing.push(() => server.close());
  say(`PostgreSQL ${server.url}`);
  return { HEMGANG_TEST_POSTGRES: server.url };
}

async function broker(): Promise<NodeJS.ProcessEnv> {
  if (await isThere('RabbitMQ that runs')) {
    say(`RabbitMQ runs already: ${new URL(brokerUrl).host}`);
    return {};
  }
  say(`RabbitMQ does not answer at ${new URL(brokerUrl).host}: one of our own is started`);
  if (brokerPrograms() === undefined) throw new Error(missing('RabbitMQ', 'rabbitmq-server'));
  const server = await ownBroker();
  closing.push(() => server.close());
  say(`RabbitMQ amqp://127.0.0.1:${server.port}`);
  return { HEMGANG_TEST_RABBITMQ: server.url };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function missing(what: string, debianPackage: string): string {
  return `${what} is not installed\n  next: apt-get install ${debianPackage}`;
}
