/** What the other tests stand on: a line that can be disturbed, servers of our own, and the report of what was skipped. */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { startProxy, type Proxy } from './support/proxy.ts';
import { has, ownBroker, ownPostgres } from './support/servers.ts';
import { reportOf } from './support/skipped-report.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a line that is disturbed', () => {
  test('passes on what comes, both ways, and counts it', async () => {
    const { proxy, client } = await echoed();
    expect(await said(client, 'abc')).toBe('abc');
    expect([proxy.passed('to-server'), proxy.passed('to-client')]).toEqual([3, 3]);
    expect(proxy.connections()).toBe(1);
  });

  test('breaks when it is cut, and takes the next connection', async () => {
    const { proxy, client } = await echoed();
    await said(client, 'abc');
    const broken = closed(client);
    proxy.cut();
    await broken;
    expect(await said(await clientOf(proxy), 'again')).toBe('again');
  });

  test('takes no connection while it is cut off', async () => {
    const { proxy, client } = await echoed();
    await said(client, 'abc');
    const broken = closed(client);
    proxy.cutOff();
    await broken;
    const refused = createConnection({ port: proxy.port, host: '127.0.0.1' });
    refused.on('error', () => undefined);
    await closed(refused);
    proxy.mend();
    expect(await said(await clientOf(proxy), 'again')).toBe('again');
  });

  test('passes on exactly so many bytes before it breaks', async () => {
    const { proxy, client } = await echoed();
    proxy.cutAfter(4, 'to-client');
    let heard = '';
    client.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    client.write('abcdef');
    await once(client, 'end');
    expect(heard).toBe('abcd');
  });

  test('is silent while it is frozen, and passes on in order when it is mended', async () => {
    const { proxy, client } = await echoed();
    await said(client, 'abc');
    proxy.freeze('to-client');
    let heard = '';
    client.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    client.write('1');
    client.write('2');
    await until(() => proxy.passed('to-server') === 5);
    expect(heard).toBe('');
    proxy.mend();
    await until(() => heard === '12');
  });

  test('is later by what it is delayed, in order', async () => {
    const { proxy, client } = await echoed();
    proxy.delay(60);
    const start = performance.now();
    expect(await said(client, 'abc')).toBe('abc');
    expect(performance.now() - start).toBeGreaterThan(100);
  });

  test('ends one direction and goes on in the other', async () => {
    const { proxy, client, server } = await echoed();
    await said(client, 'abc');
    proxy.halfClose('to-client');
    await once(client, 'end');
    client.write('still heard');
    await until(() => server.heard === 'abcstill heard');
  });
});

describe('a server of our own', async () => {
  const hasPostgres = await has('a PostgreSQL of our own', 'PostgreSQL installed');
  const hasBroker = await has('a RabbitMQ of our own', 'RabbitMQ installed');

  test.skipIf(!hasPostgres)(
    'PostgreSQL is silent while it is frozen, and keeps what it committed when it is killed',
    async () => {
      const postgres = await ownPostgres();
      closing.push(() => postgres.close());
      await query(postgres.url, 'CREATE TABLE kept AS SELECT 42 AS n');
      postgres.freeze();
      let answered = false;
      const answer = query(postgres.url, 'SELECT 1 AS n').finally(() => (answered = true));
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(answered).toBe(false);
      postgres.thaw();
      expect(await answer).toEqual([{ n: 1 }]);
      await postgres.kill();
      await expect(query(postgres.url, 'SELECT')).rejects.toThrow('ECONNREFUSED');
      await postgres.start();
      expect(await query(postgres.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    },
  );

  test.skipIf(!hasBroker)(
    'RabbitMQ blocks publishers under its memory alarm, and keeps what it confirmed over a restart',
    async () => {
      const broker = await ownBroker();
      closing.push(() => broker.close());
      const model = await connect(broker.url);
      model.on('error', () => undefined);
      const channel = await model.createConfirmChannel();
      const quorum = { durable: true, arguments: { 'x-queue-type': 'quorum' } };
      await channel.assertQueue('kept', quorum);
      const isBlocked = once(model, 'blocked');
      await broker.raiseAlarm();
      channel.sendToQueue('kept', Buffer.from('one'), { persistent: true });
      await isBlocked;
      await broker.liftAlarm();
      await channel.waitForConfirms();
      await broker.closeConnections();
      await broker.stop();
      await broker.start();
      const again = await connect(broker.url);
      closing.push(() => again.close());
      const reader = await again.createChannel();
      const message = await reader.get('kept', { noAck: true });
      expect(message !== false && message.content.toString()).toBe('one');
    },
    180_000,
  );
});

test('what was skipped is told once for each server, with how to get it', () => {
  const postgres = { need: 'PostgreSQL that runs', next: 'start it' };
  const report = reportOf([
    { ...postgres, what: 'the journal in PostgreSQL' },
    { ...postgres, what: 'the journal in PostgreSQL' },
    { ...postgres, what: 'journeys in full' },
    { need: 'RabbitMQ installed', next: 'install it', what: 'faults' },
  ]);
  expect(report.split('\n')).toEqual([
    'SKIPPED, for there is no PostgreSQL that runs:',
    '    journeys in full',
    '    the journal in PostgreSQL',
    '  next: start it',
    'SKIPPED, for there is no RabbitMQ installed:',
    '    faults',
    '  next: install it',
  ]);
});

// ---------------------------------------------------------------- an echo behind the line

async function echoed(): Promise<{ proxy: Proxy; client: Socket; server: { heard: string } }> {
  const heard = { heard: '' };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      heard.heard += chunk.toString();
      socket.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const proxy = await startProxy({ port });
  closing.push(() => proxy.close());
  return { proxy, client: await clientOf(proxy), server: heard };
}

async function clientOf(proxy: Proxy): Promise<Socket> {
  const client = createConnection({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => undefined);
  closing.push(() => void client.destroy());
  await once(client, 'connect');
  return client;
}

/** Whether it was ended or broken. */
async function closed(client: Socket): Promise<void> {
  await new Promise<void>((resolve) => client.once('close', () => resolve()));
}

async function said(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [chunk]: unknown[] = await once(client, 'data');
  return String(chunk);
}

async function until(condition: () => boolean): Promise<void> {
  for (const giveUpAt = performance.now() + 15_000; !condition();) {
    if (performance.now() > giveUpAt) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
