/** What the doctor sees of a machine, and of servers that are really there. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeVersion, openFiles, zoneData } from '../gateway/wiring/doctor/machine.ts';
import { examine, type Check } from '../gateway/wiring/doctor/index.ts';
import { brokerUrl, shallRunBroker } from './support/broker.ts';
import { temporaryFolder } from './support/folder.ts';
import { startTestGateway } from './support/gateway.ts';

const runBroker = await shallRunBroker('what the doctor sees of RabbitMQ');
const open: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

function newFolder(): string {
  const folder = temporaryFolder('doctor');
  open.push(() => folder.remove());
  return folder.path;
}

async function look(text: string, reach = false): Promise<readonly Check[]> {
  const folder = newFolder();
  const file = join(folder, 'hemgang.yaml');
  const ports = 'mllp: { port: 0 }\nhttp: { port: 0 }\n';
  writeFileSync(file, `${text.includes('http:') ? '' : ports}${text}`);
  const flags = text.includes('data:') ? {} : { data: join(folder, 'data') };
  return await examine({ file, env: {}, flags }, { reach });
}
const of = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name);

describe('the machine', () => {
  test('has zone data that changes when Swedish law says', () => {
    expect(zoneData(2026)).toMatchObject({ state: 'ok' });
  });

  test('needs a Node that is new enough, and files for its connections', () => {
    expect(nodeVersion('20.18.9').state).toBe('fail');
    expect(nodeVersion('24.1.0').state).toBe('ok');
    const config = { mllp: { maxConnections: 1000 } } as Parameters<typeof openFiles>[0];
    const limits = (soft: string) => `Max open files            ${soft}    524288    files\n`;
    expect(openFiles(config, limits('1024'))).toMatchObject({ state: 'fail' });
    expect(openFiles(config, limits('65536'))).toMatchObject({ state: 'ok' });
  });

  test('must not let others read the data folder', async () => {
    const data = join(newFolder(), 'data');
    mkdirSync(data, { mode: 0o755 });
    chmodSync(data, 0o755);
    const checks = await look(`data: ${data}\n`);
    expect(of(checks, 'data folder')).toMatchObject({
      state: 'fail',
      next: expect.stringContaining('chmod 700'),
    });
  });
});

describe('a port', () => {
  test('that something else has fails, with what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    open.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const checks = await look(`mllp: { port: 0 }\nhttp: { port: ${port} }\n`);
    expect(of(checks, 'port http')).toMatchObject({
      state: 'fail',
      what: expect.stringMatching(/EADDRINUSE/),
    });
  });

  test('that the gateway of the data folder has is ours', async () => {
    const folder = newFolder();
    const world = await startTestGateway({ start: '2022-03-07T09:00:00.000Z', folder });
    open.push(() => world.close());
    const { mllp, http } = world.gateway;
    const checks = await look(
      `data: ${folder}\nmllp: { port: ${mllp.port} }\nhttp: { port: ${http.port} }\n`,
    );
    expect(of(checks, 'port http')).toMatchObject({
      state: 'ok',
      what: expect.stringMatching(/the gateway$/),
    });
    expect(of(checks, 'port mllp')).toMatchObject({ state: 'ok' });
    expect(of(checks, 'journal')).toMatchObject({ state: 'ok' });
  });
});

describe('what is far away', () => {
  test('a broker that is not there fails, and the other checks are made all the same', async () => {
    const checks = await look('bus: { form: rabbitmq, url: amqp://127.0.0.1:1 }\n');
    expect(of(checks, 'broker')).toMatchObject({
      state: 'fail',
      what: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(of(checks, 'zone data')).toMatchObject({ state: 'ok' });
  });

  test.runIf(runBroker)('a broker tells its version and the depth of our queues', async () => {
    const checks = await look(`bus: { form: rabbitmq, url: '${brokerUrl}', prefix: nobody-has }\n`);
    expect(of(checks, 'broker')).toMatchObject({
      state: 'ok',
      what: expect.stringMatching(/^RabbitMQ \d/),
    });
    expect(of(checks, 'queues')).toMatchObject({
      state: 'ok',
      what: expect.stringMatching(/made at the first start/),
    });
  });

  test('a database that is not there fails by its code, never its password', async () => {
    const checks = await look(
      'journal: { form: postgres, url: postgres://someone:hidden@127.0.0.1:1/hemgang }\n',
    );
    expect(of(checks, 'database')).toMatchObject({
      state: 'fail',
      what: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(JSON.stringify(checks)).not.toContain('hidden');
  });

  test('a receiver is tried only when it is asked for, and hears nothing but a connection', async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket) => socket.on('data', (part) => heard.push(part)));
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    open.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const text = (at: number) =>
      `receivers: [{ id: a, channel: webhook, url: 'http://127.0.0.1:${at}/', secretEnv: [NONE], ownNetwork: true }]\n`;
    expect(of(await look(text(port)), 'receiver a')).toBeUndefined();
    expect(of(await look(text(port), true), 'receiver a')).toMatchObject({ state: 'ok' });
    expect(of(await look(text(1), true), 'receiver a')).toMatchObject({ state: 'fail' });
    expect(heard).toEqual([]);
  });

  test('a configuration that a start would refuse fails with file and line', async () => {
    const checks = await look('dispatch: { lanes: 0 }\n');
    expect(of(checks, 'configuration')).toMatchObject({
      state: 'fail',
      what: expect.stringMatching(/hemgang\.yaml:3: dispatch\.lanes/),
    });
  });
});
