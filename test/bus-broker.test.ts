import { createConnection } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { brokerFound } from '../gateway/runtime/bus/broker-found.ts';
import { everyPartition, partitionOf } from '../gateway/runtime/bus/partitions.ts';
import type { RabbitMqBus } from '../gateway/runtime/bus/rabbitmq.ts';
import { queueNameOf, topologyOf } from '../gateway/runtime/bus/topology.ts';
import { busSettings } from '../gateway/runtime/config-bus.ts';
import { brokerAddress, shownUrl } from '../gateway/wiring/bus.ts';
import { busCondition } from '../gateway/wiring/conditions.ts';
import { brokerUrl, shallRunBroker, testPartitions } from './support/broker.ts';
import {
  advanceQueueOf,
  append,
  closing,
  door,
  eventOf,
  happen,
  messageOf,
  newPlace,
  nothingWaits,
  openHouse,
  quick,
  recorder,
  until,
  withChannel,
  type House,
} from './support/bus.ts';
import { makeCertificates } from './support/certificates.ts';
import { temporaryFolder } from './support/folder.ts';
import { startProxy } from './support/proxy.ts';
import { has, ownBroker } from './support/servers.ts';

const runBroker = await shallRunBroker('what a broker can do to the bus');
const ownBrokers = runBroker && (await has('a broker of the test’s own', 'RabbitMQ installed'));

/** The partitions of one instance, as a test sets them. */
function partitionsOf(count: number, ...held: number[]) {
  const listeners: (() => Promise<void> | void)[] = [];
  let mine: ReadonlySet<number> = new Set(held);
  return {
    count,
    held: () => mine,
    onChange: (listener: () => Promise<void> | void) => void listeners.push(listener),
    /** Resolves when nothing of what is held no longer is in hand. */
    async hold(...numbers: number[]) {
      mine = new Set(numbers);
      for (const listener of listeners) await listener();
    },
  };
}

/** Lanes of a partition. */
function lanesIn(partition: number, count = testPartitions): string[] {
  return Array.from({ length: 60 }, (_, n) => `lane-${n}`).filter(
    (lane) => partitionOf(lane, count) === partition,
  );
}

function figures({ bus }: House) {
  // The houses of this file are of the broker's form.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (bus as RabbitMqBus).figures();
}

// ---------------------------------------------------------------- partitions

describe.skipIf(!runBroker)('an instance', () => {
  it('handles the lanes of the partitions it holds, and others when it gets them', async () => {
    const partitions = partitionsOf(2, 0);
    const house = await openHouse(await newPlace('rabbitmq'), { broker: { partitions } });
    const { calls, handle } = recorder();
    await house.bus.consume('advance', handle, quick);
    const [ours = '', theirs = ''] = [lanesIn(0)[0], lanesIn(1)[0]];
    await append(house.journal, [eventOf(theirs, 'e1'), eventOf(ours, 'e2')]);
    await until(() => calls.length === 1);
    expect(figures(house).consumers).toBe(1);
    expect(calls[0]?.lane).toBe(ours);
    await partitions.hold(0, 1);
    await until(nothingWaits(house.journal));
    expect(calls.map(({ lane }) => lane)).toEqual([ours, theirs]);
  });

  it('finishes what it has in hand of a partition before another has it, and gives the rest back', async () => {
    const place = await newPlace('rabbitmq');
    const first = partitionsOf(2, 0, 1);
    const before = await openHouse(place, { broker: { partitions: first } });
    const gate = door();
    const early = recorder(() => gate.opened);
    await before.bus.consume('advance', early.handle, { ...quick, lanes: 1 });
    const lanes = lanesIn(1).slice(0, 3);
    await append(
      before.journal,
      lanes.map((lane) => eventOf(lane, `e-${lane}`)),
    );
    await until(() => early.calls.length === 1 && before.bus.inHand() === 3);

    const second = partitionsOf(2);
    const after = await openHouse(place, {
      shared: before.journal,
      broker: { partitions: second },
    });
    const late = recorder();
    await after.bus.consume('advance', late.handle, quick);
    let drained = false;
    const giving = first.hold(0).then(() => (drained = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(drained).toBe(false);
    gate.open();
    await giving;
    await second.hold(1);
    await until(nothingWaits(before.journal));
    expect(early.calls).toHaveLength(1);
    expect([...early.ids(), ...late.ids()].toSorted()).toEqual(
      lanes.map((lane) => `e-${lane}`).toSorted(),
    );
  });

  it.each([
    [1, 3],
    [3, 1],
  ])(
    'takes up what was published when there were %i partitions, not %i, and leaves no queue behind',
    async (few, many) => {
      const place = await newPlace('rabbitmq');
      const before = await openHouse(place, { broker: { partitions: everyPartition(few) } });
      const lanes = Array.from({ length: 12 }, (_, n) => `lane-${n}`);
      await append(
        before.journal,
        lanes.map((lane) => eventOf(lane, `e-${lane}`)),
      );
      await until(
        async () => (await before.journal.outbox.unpublished(Date.now(), 1)).length === 0,
      );
      await before.abandon();

      const { journal, bus } = await openHouse(place, {
        broker: { partitions: everyPartition(many), upkeepMs: 20 },
      });
      const { ids, handle } = recorder();
      await bus.consume('advance', handle, quick);
      await until(nothingWaits(journal));
      expect(new Set(ids())).toEqual(new Set(lanes.map((lane) => `e-${lane}`)));
      const last = queueNameOf(place.prefix, 'advance', Math.max(few, many) - 1);
      await until(async () => (await isThere(last)) === many > few);
    },
  );
});

// ---------------------------------------------------------------- what the broker says and does

describe.skipIf(!runBroker)('a broker', () => {
  it('is told of: product, version, and by whose rules it works', async () => {
    const found: string[] = [];
    const onFound = ({ product, semantics }: ReturnType<typeof brokerFound>) =>
      void found.push(`${product} ${semantics}`);
    const { bus } = await openHouse(await newPlace('rabbitmq'), { broker: { onFound } });
    await bus.publishWaiting(Date.now());
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^RabbitMQ [34]$/);
  });

  it('that has a queue of another kind is told of with its name and the next step', async () => {
    const place = await newPlace('rabbitmq');
    const name = queueNameOf(place.prefix, 'advance', 0);
    await withChannel((channel) => channel.assertQueue(name, { durable: true }));
    const { troubles } = await openHouse(place);
    await until(() => troubles.some(({ code }) => code === 'configuration-invalid'));
    const trouble = troubles.find(({ code }) => code === 'configuration-invalid');
    expect(trouble?.message).toContain(`queue ${name} stands on the broker with another x-`);
    expect(trouble?.message).toContain(`next: stop the instances that use it and delete it`);
  });

  it('whose queue was purged gets the events anew', async () => {
    const place = await newPlace('rabbitmq');
    const house = await openHouse(place, { broker: { upkeepMs: 20 } });
    await happen(house.journal, 'a', 'e1');
    await until(async () => (await house.journal.outbox.withBroker(9)).length === 1);
    await withChannel((channel) => channel.purgeQueue(advanceQueueOf(place, 'a')));
    const { ids, handle } = recorder();
    await house.bus.consume('advance', handle, quick);
    await until(nothingWaits(house.journal));
    expect(ids()).toEqual(['e1']);
  });

  it('dead-letters what was given out too often, and the event is handled all the same', async () => {
    const place = await newPlace('rabbitmq');
    const house = await openHouse(place, { broker: { upkeepMs: 20 } });
    await happen(house.journal, 'a', 'e1');
    await until(async () => (await house.journal.outbox.withBroker(9)).length === 1);
    const dead = messageOf(topologyOf(place.prefix, testPartitions).deadLetterQueue);
    await withChannel(async (channel) => {
      await channel.consume(advanceQueueOf(place, 'a'), (message) => {
        if (message) channel.nack(message, false, true);
      });
      expect((await dead).properties.messageId).toBe('e1');
    });
    const { ids, handle } = recorder();
    await house.bus.consume('advance', handle, quick);
    await until(nothingWaits(house.journal));
    expect(ids()).toEqual(['e1']);
  });

  it('that is cut off while it confirms: nothing is lost, and nothing handled twice', async () => {
    const line = await startProxy({ port: Number(new URL(brokerUrl).port || 5672) });
    closing.push(() => line.close());
    const broker = { address: { url: line.url(brokerUrl) } };
    const house = await openHouse(await newPlace('rabbitmq'), { broker });
    await house.bus.publishWaiting(Date.now());
    const events = Array.from({ length: 200 }, (_, n) => eventOf(`lane-${n % 20}`, `e${n}`));
    line.cutAfter(10, 'to-client');
    await append(house.journal, events);
    await until(() => house.troubles.length > 0);
    line.mend();
    const { ids, handle } = recorder();
    await house.bus.consume('advance', handle, quick);
    await until(nothingWaits(house.journal));
    expect(new Set(ids()).size).toBe(200);
    expect(ids()).toHaveLength(200);
    expect(figures(house)).toMatchObject({ outstanding: 0 });
    expect(figures(house).connections.publish.made).toBeGreaterThan(1);
  });

  it('that falls silent is noticed by the confirms that do not come', async () => {
    const line = await startProxy({ port: Number(new URL(brokerUrl).port || 5672) });
    closing.push(() => line.close());
    const broker = { address: { url: line.url(brokerUrl) }, confirmTimeoutMs: 200 };
    const house = await openHouse(await newPlace('rabbitmq'), { broker });
    const { ids, handle } = recorder();
    await house.bus.consume('advance', handle, quick);
    await house.bus.publishWaiting(Date.now());
    line.freeze();
    await happen(house.journal, 'a', 'e1');
    await until(() =>
      house.troubles.some(({ message }) => message.includes('did not confirm in time')),
    );
    expect(await house.journal.outbox.unpublished(Date.now(), 9)).toHaveLength(1);
    line.mend();
    await until(nothingWaits(house.journal));
    expect(ids()).toEqual(['e1']);
  });

  it('that has a full queue gets what is for the others, and the rest when there is room again', async () => {
    const partitions = partitionsOf(2, 1);
    const broker = { partitions, maxLength: 5, confirmWindow: 10 };
    const house = await openHouse(await newPlace('rabbitmq'), { broker });
    const { calls, handle } = recorder();
    await house.bus.consume('advance', handle, quick);
    const [blocked = '', open = ''] = [lanesIn(0)[0], lanesIn(1)[0]];
    const waiting = Array.from({ length: 60 }, (_, n) => `w${n}`);
    await happen(house.journal, blocked, ...waiting);
    const reasons = async () =>
      await busCondition(house.bus, { failingSince: () => undefined }).look();
    await until(async () =>
      (await reasons()).some(({ text }) => text.includes('.advance.0 takes no more')),
    );
    await happen(house.journal, open, 'o1', 'o2');
    const idsOf = (lane: string) =>
      calls.filter((call) => call.lane === lane).flatMap(({ ids }) => ids);
    await until(() => idsOf(open).length === 2);
    expect(house.troubles.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('.advance.0: the broker takes no more'),
    );
    await partitions.hold(0, 1);
    await until(nothingWaits(house.journal));
    expect(idsOf(open)).toEqual(['o1', 'o2']);
    expect(idsOf(blocked)).toEqual(waiting);
    await until(async () => (await reasons()).length === 0);
  });

  it('gets back what is of a queue that rests, but for what is in hand, and hands it out again afterwards', async () => {
    const place = await newPlace('rabbitmq');
    const house = await openHouse(place);
    const { journal, bus } = house;
    const inHand = door();
    const { ids, handle } = recorder(() => inHand.opened);
    await bus.consume('advance', handle, { ...quick, lanes: 1 });
    await happen(journal, 'a', 'a1');
    await until(() => ids().length === 1);
    await happen(journal, 'a', 'a2');
    await append(
      journal,
      ['b', 'c', 'd'].map((lane) => eventOf(lane, `${lane}1`)),
    );
    await until(() => bus.inHand() === 5);

    /** Ready to be given out: what is here and not acknowledged is not among them. */
    const readyAtBroker = () =>
      withChannel(async (channel) => {
        let sum = 0;
        for (let n = 0; n < testPartitions; n += 1) {
          sum += (await channel.checkQueue(queueNameOf(place.prefix, 'advance', n))).messageCount;
        }
        return sum;
      });
    const why = { reason: 'a test', by: 'anna', at: '2026-03-02T10:00:00.000Z' };
    await journal.pauses.pause({ queue: 'advance', ...why });
    bus.wake();
    await until(async () => (await readyAtBroker()) === 3);
    expect(bus.inHand()).toBe(2);
    expect(figures(house).consumers).toBe(0);
    inHand.open();
    await until(() => bus.inHand() === 0);
    await until(async () => (await readyAtBroker()) === 4);
    expect(ids()).toEqual(['a1']);

    await journal.pauses.resume('advance');
    bus.wake();
    await until(nothingWaits(journal));
    expect(ids().toSorted()).toEqual(['a1', 'a2', 'b1', 'c1', 'd1']);
  });

  it('counts what it gave out before', async () => {
    const place = await newPlace('rabbitmq');
    const before = await openHouse(place);
    const hanging = recorder(() => new Promise<void>(() => undefined));
    await before.bus.consume('advance', hanging.handle, quick);
    await happen(before.journal, 'a', 'e1');
    await until(() => hanging.calls.length === 1);
    expect(figures(before)).toMatchObject({ confirmed: 1, taken: 1, redelivered: 0 });
    await before.abandon();
    const after = await openHouse(place);
    await after.bus.consume('advance', recorder().handle, quick);
    await until(nothingWaits(after.journal));
    expect(figures(after)).toMatchObject({ redelivered: 1 });
  });
});

describe.skipIf(!ownBrokers)('a broker that is short of memory', () => {
  it('is not published to until it takes again, and what it has is worked off meanwhile', async () => {
    const own = await ownBroker();
    closing.push(() => own.close());
    const place = { ...(await newPlace('embedded')), form: 'rabbitmq' as const };
    const house = await openHouse(place, {
      broker: { address: { url: own.url }, confirmTimeoutMs: 500 },
    });
    const { ids, handle } = recorder();
    await happen(house.journal, 'a', 'e1');
    await until(async () => (await house.journal.outbox.withBroker(9)).length === 1);
    await own.raiseAlarm();
    await happen(house.journal, 'b', 'e2');
    await until(() => figures(house).connections.publish.blocked !== undefined);
    expect(figures(house).connections.publish.blocked).toMatchObject({ reason: 'low on memory' });
    await expect(house.bus.publishWaiting(Date.now())).rejects.toThrow(
      'the broker takes nothing: low on memory',
    );
    await house.bus.consume('advance', handle, quick);
    await until(() => ids().includes('e1'));
    let calls = 0;
    house.bus.onUsable(() => (calls += 1));
    await own.liftAlarm();
    await until(() => calls === 1);
    await until(nothingWaits(house.journal));
    expect(new Set(ids())).toEqual(new Set(['e1', 'e2']));
  }, 180_000);
});

// ---------------------------------------------------------------- TLS and names

describe('the address of a broker', () => {
  it('has the password of the environment, and shows none', () => {
    const set = {
      form: 'rabbitmq',
      url: 'amqps://hemgang@broker.example/v',
      passwordEnv: 'BUS_PASSWORD',
    };
    const settings = busSettings.parse(set);
    if (settings.form !== 'rabbitmq') throw new Error('not RabbitMQ');
    const { url } = brokerAddress(settings, { BUS_PASSWORD: 'p@ss/word' });
    expect(new URL(url).password).toBe('p%40ss%2Fword');
    expect(shownUrl(url)).toBe('amqps://hemgang@broker.example/v');
  });

  it('is known by the rules of its version', () => {
    const of = (version: string) =>
      brokerFound({ host: '', product: 'RabbitMQ', version, platform: '', information: '' });
    expect(of('3.10.8').semantics).toBe('3');
    expect(of('4.1.2').semantics).toBe('4');
    expect(of('3.9.0').remarks.join()).toContain('upgrade');
  });
});

describe.skipIf(!runBroker)('over TLS', () => {
  it.each([
    [true, 'a broker whose certificate is of the configured authority is used'],
    [false, 'any other is refused'],
  ])('%s: %s', async (isTrusted) => {
    const folder = temporaryFolder('bus-tls');
    closing.push(async () => folder.remove());
    const made = makeCertificates(folder.path);
    const tls = createServer(
      { cert: made.pem('server.pem'), key: made.pem('server.key') },
      (near) => {
        const { hostname, port } = new URL(brokerUrl);
        const far = createConnection(Number(port || 5672), hostname);
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          one.on('error', () => other.destroy());
          one.on('close', () => other.destroy());
          one.pipe(other);
        }
      },
    );
    tls.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => tls.close(resolve)));
    const address = tls.address();
    const url = new URL(brokerUrl);
    url.protocol = 'amqps:';
    url.hostname = 'localhost';
    url.port = String(typeof address === 'object' ? address?.port : 0);
    const ca = isTrusted ? { tls: { ca: made.pem('ca.pem') } } : {};
    const house = await openHouse(await newPlace('rabbitmq'), {
      broker: { address: { url: url.href, ...ca } },
    });
    await happen(house.journal, 'a', 'e1');
    if (isTrusted) {
      await until(async () => (await house.journal.outbox.withBroker(9)).length === 1);
      return;
    }
    await until(() => house.troubles.some(({ message }) => message.includes('is not trusted')));
    expect(await house.journal.outbox.unpublished(Date.now(), 9)).toHaveLength(1);
  });
});

async function isThere(queue: string): Promise<boolean> {
  return await withChannel(async (channel) => {
    channel.on('error', () => undefined);
    await channel.checkQueue(queue);
    return true;
  }).catch(() => false);
}
