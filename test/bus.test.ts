import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../gateway/errors.ts';
import { partitionOf } from '../gateway/runtime/bus/partitions.ts';
import { topologyOf } from '../gateway/runtime/bus/topology.ts';
import { HandSetClock } from '../gateway/runtime/clock.ts';
import { openEmbeddedJournal } from '../gateway/runtime/journal/embedded.ts';
import type { Journal } from '../gateway/runtime/journal/journal.ts';
import { v7 } from 'uuid';
import { brokerUrl, removeTopology, shallRunBroker, testPartitions } from './support/broker.ts';
import {
  advanceQueueOf,
  append,
  atRest,
  closing,
  door,
  eventOf,
  happen,
  messageOf,
  newPlace,
  nothingWaits,
  notice,
  openHouse,
  quick,
  recorder,
  until,
  withChannel,
} from './support/bus.ts';
import { journalForms } from './support/journal-forms.ts';
import { message as messageIn } from './support/journal-messages.ts';
import { startProxy } from './support/proxy.ts';

const runBroker = await shallRunBroker('the RabbitMQ form of the bus');

// ---------------------------------------------------------------- the contract

const forms = runBroker ? (['embedded', 'rabbitmq'] as const) : (['embedded'] as const);

const contracted = journalForms.flatMap((journal) =>
  forms.map((form) => [form, journal.name, journal] as const),
);

describe.each(contracted)('the %s bus on the %s journal', (form, _name, journalForm) => {
  it('hands each event to its queue once, and nothing is left waiting', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    const advance = recorder();
    const dispatch = recorder();
    await bus.consume('advance', advance.handle, quick);
    await bus.consume('dispatch', dispatch.handle, quick);
    await append(journal, [
      eventOf('a', 'fact-1'),
      eventOf('b', 'fact-2'),
      eventOf('a', 'notice-1', notice),
      eventOf('a', 'at-rest', atRest),
    ]);
    await until(nothingWaits(journal));
    expect(advance.ids().toSorted()).toEqual(['fact-1', 'fact-2']);
    expect(dispatch.ids()).toEqual(['notice-1']);
    await until(() => bus.inHand() === 0);
  });

  it('takes one nudge for the facts of a message to the process they belong to', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    const { calls, handle } = recorder();
    await bus.consume('advance', handle, quick);
    const bytes = new TextEncoder().encode('MSH|');
    await journal.record({
      messageId: v7(),
      sender: 'ekliden',
      controlId: '1',
      controlIdReuse: 'refused',
      kind: 'ADT^A01',
      digest: bytes,
      raw: bytes,
      receivedAt: '2026-03-02T10:00:00.000Z',
      mappingRevision: 'r1',
      stay: { by: 'visit', authority: 'EK', number: 'V1' },
      events: [eventOf('', 'fact-1').body, eventOf('', 'fact-2').body],
      unmapped: [],
      warnings: [],
      answer: bytes,
    });
    await until(nothingWaits(journal));
    expect(calls.flatMap(({ ids }) => ids)).toEqual(['fact-2']);
    const process = await journal.load(calls[0]?.lane ?? '');
    expect(process?.events.map(({ event }) => event.id)).toEqual(['fact-1', 'fact-2']);
  });

  // A slow disk can be imitated in the embedded form alone.
  it.skipIf(journalForm.name !== 'embedded')(
    'gives way to intake, and yet goes on handling while messages keep coming',
    async () => {
      const { journal, bus } = await openHouse(await newPlace(form, journalForm), {
        syncDelayMs: 10,
      });
      const handled = { underLoad: 0, most: 0 };
      let inside = 0;
      const { handle } = recorder(async () => {
        inside += 1;
        handled.most = Math.max(handled.most, inside);
        if (journal.intakeLoad() > 0.9) handled.underLoad += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside -= 1;
      });
      let n = 0;
      const keepRecording = async () => {
        while (handled.underLoad < 12 && n < 5000) await journal.record(messageIn((n += 1)));
      };
      const intake = Promise.all(Array.from({ length: 8 }, keepRecording));
      await until(() => journal.intakeLoad() > 0.9);
      await bus.consume('advance', handle, { ...quick, lanes: 32 });
      await intake;
      expect(handled.underLoad).toBeGreaterThanOrEqual(12);
      expect(handled.most).toBeLessThanOrEqual(4);
      await until(nothingWaits(journal));
    },
  );

  it('keeps the order of a lane and never has two calls for it at once', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    const inside = new Set<string>();
    const { calls, handle } = recorder(async ({ lane }) => {
      expect(inside.has(lane)).toBe(false);
      inside.add(lane);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside.delete(lane);
    });
    await bus.consume('advance', handle, quick);
    const expected = Array.from({ length: 30 }, (_, n) => `e${n}`);
    for (const id of expected) {
      await append(journal, [eventOf('a', `a-${id}`), eventOf('b', `b-${id}`)]);
    }
    await until(nothingWaits(journal));
    for (const lane of ['a', 'b']) {
      const ids = calls.filter((call) => call.lane === lane).flatMap((call) => call.ids);
      expect(ids).toEqual(expected.map((id) => `${lane}-${id}`));
    }
  });

  it('handles lanes in parallel, as many as it may and no more', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    const both = door();
    let inside = 0;
    let most = 0;
    const { handle } = recorder(async () => {
      inside += 1;
      most = Math.max(most, inside);
      if (inside === 2) both.open();
      await both.opened;
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
    });
    await bus.consume('advance', handle, { ...quick, lanes: 2 });
    await append(
      journal,
      Array.from({ length: 8 }, (_, n) => eventOf(`lane-${n}`, `e${n}`)),
    );
    await until(nothingWaits(journal));
    expect(most).toBe(2);
  });

  it('lets what comes in be taken between the lanes of a page', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    let turn = 0;
    let isCounting = true;
    const count = (): void => {
      turn += 1;
      if (isCounting) setImmediate(count);
    };
    count();
    const turns: number[] = [];
    const { handle } = recorder(() => void turns.push(turn));
    await append(
      journal,
      Array.from({ length: 8 }, (_, n) => eventOf(`lane-${n}`, `e${n}`)),
    );
    await bus.consume('advance', handle, { ...quick, lanes: 8 });
    await until(nothingWaits(journal));
    isCounting = false;
    expect(turns).toHaveLength(8);
    expect(new Set(turns).size).toBe(8);
  });

  it('hands over in one call what gathered in a lane meanwhile', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    const first = door();
    const { calls, handle } = recorder(async ({ ids }) => {
      if (ids[0] === 'e1') await first.opened;
    });
    await bus.consume('advance', handle, quick);
    await happen(journal, 'a', 'e1');
    await until(() => calls.length === 1);
    await happen(journal, 'a', 'e2');
    await happen(journal, 'a', 'e3', 'e4');
    first.open();
    await until(nothingWaits(journal));
    expect(calls.map(({ ids }) => ids)).toEqual([['e1'], ['e2', 'e3', 'e4']]);
  });

  it('tries a failed event again, makes it a dead letter at the limit, and others go on', async () => {
    const { journal, bus, troubles } = await openHouse(await newPlace(form, journalForm));
    const { calls, handle } = recorder(({ lane }) => {
      if (lane === 'bad') throw new GatewayError('unroutable', 'nobody takes it');
    });
    await bus.consume('advance', handle, quick);
    await happen(journal, 'bad', 'bad-1');
    await happen(journal, 'good', 'good-1');
    await until(nothingWaits(journal));
    const attempts = calls.filter(({ lane }) => lane === 'bad').flatMap((call) => call.attempts);
    expect(attempts).toEqual([1, 2, 3]);
    expect(calls.some(({ lane }) => lane === 'good')).toBe(true);
    expect(await journal.outbox.deadLetters(10)).toMatchObject([
      { eventId: 'bad-1', lane: 'bad', error: 'unroutable: nobody takes it' },
    ]);
    expect(troubles.map(({ code }) => code)).toEqual(Array(3).fill('unroutable'));
  });

  it.each(['disk-full', 'journal-unavailable', 'stale-version', 'bus-unavailable'] as const)(
    'tries for as long as it takes when the failure is transient: %s',
    async (code) => {
      const { journal, bus } = await openHouse(await newPlace(form, journalForm));
      const { calls, handle } = recorder(() => {
        if (calls.length <= 5) throw new GatewayError(code, 'away');
      });
      await bus.consume('advance', handle, quick);
      await happen(journal, 'a', 'e1', 'e2');
      await until(nothingWaits(journal));
      expect(calls.map(({ attempts }) => attempts[0])).toEqual([1, 2, 3, 4, 5, 6]);
      expect(calls.every(({ ids }) => ids.join() === 'e1,e2')).toBe(true);
      expect(await journal.outbox.deadLetters(1)).toEqual([]);
    },
  );

  it('counts what fails for good apart from what failed transiently', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    const { calls, handle } = recorder(() => {
      throw calls.length % 2 === 0
        ? new GatewayError('disk-full', 'no room')
        : new GatewayError('unroutable', 'nobody takes it');
    });
    await bus.consume('advance', handle, quick);
    await happen(journal, 'a', 'e1');
    await until(nothingWaits(journal));
    expect(calls).toHaveLength(5);
    expect(await journal.outbox.deadLetters(1)).toMatchObject([{ attempts: 5, excused: 2 }]);
  });

  it('writes down what became of a call without making the call again', async () => {
    let refusals = 4;
    const disturb = (journal: Journal): Journal => ({
      ...journal,
      outbox: {
        ...journal.outbox,
        done: (rows) => {
          refusals -= 1;
          if (refusals < 0) return journal.outbox.done(rows);
          return Promise.reject(new GatewayError('disk-full', 'no room'));
        },
      },
    });
    const { journal, bus, troubles } = await openHouse(await newPlace(form, journalForm), {
      disturb,
    });
    const { calls, handle } = recorder();
    await bus.consume('advance', handle, quick);
    await happen(journal, 'a', 'e1');
    await until(nothingWaits(journal));
    expect(calls).toHaveLength(1);
    expect(troubles.map(({ code }) => code)).toEqual(Array(4).fill('disk-full'));
  });

  it('parks the one event with a bug in it and not those it was merged with', async () => {
    const place = await newPlace(form, journalForm);
    const { journal, bus } = await openHouse(place);
    const { handle } = recorder(({ ids }) => {
      if (ids.includes('bug')) throw new TypeError('of a person: Kalle Testsson');
    });
    await happen(journal, 'a', 'before', 'bug', 'after');
    await bus.consume('advance', handle, quick);
    await until(nothingWaits(journal));
    const dead = await journal.outbox.deadLetters(10);
    expect(dead.map(({ eventId }) => eventId)).toEqual(['bug']);
    expect(dead[0]?.error).toBe('assertion-failed: unexpected TypeError');
  });

  it('handles a dead letter again when an operator redrives it', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    let broken = true;
    const { calls, handle } = recorder(() => {
      if (broken) throw new GatewayError('assertion-failed', 'a bug');
    });
    await bus.consume('advance', handle, { ...quick, attemptLimit: 1 });
    await happen(journal, 'a', 'e1');
    await until(async () => (await journal.outbox.deadLetters(1)).length === 1);
    broken = false;
    const [letter] = await journal.outbox.deadLetters(1);
    expect(letter && (await journal.outbox.redrive(letter))).toBe(true);
    bus.wake();
    await until(nothingWaits(journal));
    expect(calls.map(({ attempts }) => attempts)).toEqual([[1], [1]]);
    expect(await journal.outbox.deadLetters(1)).toEqual([]);
  });

  it('counts an attempt before it is made: one that never ended is seen after a restart', async () => {
    const place = await newPlace(form, journalForm);
    const before = await openHouse(place);
    const hanging = recorder(() => new Promise<void>(() => undefined));
    await before.bus.consume('advance', hanging.handle, quick);
    await happen(before.journal, 'a', 'e1');
    await until(() => hanging.calls.length === 1);
    expect(before.bus.inHand()).toBe(1);
    await before.abandon();

    const after = await openHouse(place);
    const { calls, handle } = recorder();
    await after.bus.consume('advance', handle, quick);
    await until(nothingWaits(after.journal));
    expect(calls).toEqual([{ lane: 'a', ids: ['e1'], attempts: [2] }]);
  });

  it('gives up an event that took the process down as often as it may be tried', async () => {
    const place = await newPlace(form, journalForm);
    for (const attempt of [1, 2, 3]) {
      const house = await openHouse(place);
      const hanging = recorder(() => new Promise<void>(() => undefined));
      await house.bus.consume('advance', hanging.handle, quick);
      if (attempt === 1) await happen(house.journal, 'a', 'e1');
      await until(() => hanging.calls.length === 1);
      expect(hanging.calls[0]?.attempts).toEqual([attempt]);
      await house.abandon();
    }
    const house = await openHouse(place);
    const { calls, handle } = recorder();
    await house.bus.consume('advance', handle, quick);
    await happen(house.journal, 'a', 'e2');
    await until(nothingWaits(house.journal));
    expect(calls).toEqual([{ lane: 'a', ids: ['e2'], attempts: [1] }]);
    expect(await house.journal.outbox.deadLetters(9)).toMatchObject([{ eventId: 'e1' }]);
  });

  it('waits, when stopped, for what is in hand and takes nothing new', async () => {
    const { journal, bus } = await openHouse(await newPlace(form, journalForm));
    const gate = door();
    const { calls, handle } = recorder(() => gate.opened);
    await bus.consume('advance', handle, quick);
    await happen(journal, 'a', 'e1');
    await until(() => calls.length === 1);
    let stopped = false;
    const stopping = bus.stop().then(() => (stopped = true));
    await happen(journal, 'b', 'e2');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(stopped).toBe(false);
    gate.open();
    await stopping;
    expect(calls).toHaveLength(1);
    expect(bus.inHand()).toBe(0);
    expect((await journal.outbox.backlog()).advance).toBe(1);
  });

  it('loses nothing when it is let go midway and opened again', async () => {
    const place = await newPlace(form, journalForm);
    const before = await openHouse(place);
    const started = recorder(async ({ ids }) => {
      if (Number(ids[0]) > 40) await new Promise<void>(() => undefined);
    });
    await before.bus.consume('advance', started.handle, quick);
    const ids = Array.from({ length: 100 }, (_, n) => String(n));
    await append(
      before.journal,
      ids.map((id) => eventOf(`lane-${Number(id) % 20}`, id)),
    );
    await until(() => started.calls.length >= 4);
    await before.abandon();

    const after = await openHouse(place);
    const rest = recorder();
    await after.bus.consume('advance', rest.handle, quick);
    await until(nothingWaits(after.journal));
    expect(new Set([...started.ids(), ...rest.ids()])).toEqual(new Set(ids));
  });

  it('lets a postponed event hold up its own lane alone, until legal time has come', async () => {
    const clock = new HandSetClock('2026-03-02T10:00:00.000Z');
    const { journal, bus, relay } = await openHouse(await newPlace(form, journalForm), { clock });
    let broken = true;
    const { calls, handle } = recorder(({ ids }) => {
      if (broken && ids.includes('a1')) throw new GatewayError('stale-version', 'later');
    });
    await bus.consume('advance', handle, { ...quick, retryDelaysMs: [3_600_000] });
    await happen(journal, 'a', 'a1');
    await until(
      async () => (await journal.outbox.postponedLanes('advance', clock.nowMs())).size > 0,
    );
    broken = false;
    await happen(journal, 'a', 'a2');
    await happen(journal, 'b', 'b1');
    await until(async () => (await journal.outbox.backlog()).advance === 2);
    await relay.tick();
    expect(calls.map(({ ids }) => ids)).toEqual([['a1'], ['b1']]);

    clock.advanceTo('2026-03-02T11:00:00.000Z');
    await relay.tick();
    bus.wake();
    await until(nothingWaits(journal));
    const ofLaneA = calls.filter(({ lane }) => lane === 'a').flatMap(({ ids }) => ids);
    expect(ofLaneA).toEqual(['a1', 'a1', 'a2']);
  });
});

// ---------------------------------------------------------------- what only a broker can do to us

async function lineToBroker() {
  const line = await startProxy({ port: Number(new URL(brokerUrl).port || 5672) });
  closing.push(() => line.close());
  return { line, broker: { address: { url: line.url(brokerUrl) } } };
}

describe.skipIf(!runBroker)('the rabbitmq bus and its broker', () => {
  it('publishes structured CloudEvents with nothing but keys beside the body', async () => {
    const place = await newPlace('rabbitmq');
    const { journal } = await openHouse(place);
    await happen(journal, 'lane-key', 'e1');
    await until(async () => (await journal.outbox.unpublished(Date.now(), 1)).length === 0);
    const message = await messageOf(advanceQueueOf(place, 'lane-key'));
    const headers = Object.entries(message.properties.headers ?? {});
    expect(Object.fromEntries(headers.filter(([name]) => !name.startsWith('x-')))).toEqual({
      position: expect.any(Number),
      lane: 'lane-key',
      stream: 'stay-of-lane-key',
    });
    expect(message.properties).toMatchObject({
      contentType: 'application/cloudevents+json',
      messageId: 'e1',
      type: 'need.withdrawn',
      deliveryMode: 2,
    });
    const partition = partitionOf('lane-key', testPartitions);
    expect(message.fields.routingKey).toBe(`advance.${partition}.need.withdrawn`);
    expect(JSON.parse(message.content.toString())).toMatchObject({
      specversion: '1.0',
      id: 'e1',
      type: 'se.hemgang.need.withdrawn.v1',
    });
  });

  it('does not take an event for published that no queue is bound for, and mends the binding', async () => {
    const place = await newPlace('rabbitmq');
    const { journal, bus, relay } = await openHouse(place);
    await bus.publishWaiting(Date.now());
    await relay.close();
    await withChannel((channel) =>
      channel.unbindQueue(
        advanceQueueOf(place, 'a'),
        topologyOf(place.prefix, testPartitions).exchange,
        `advance.${partitionOf('a', testPartitions)}.#`,
      ),
    );
    await append(journal, [eventOf('a', 'lost-on-the-way'), eventOf('b', 'n1', notice)]);
    await expect(bus.publishWaiting(Date.now())).rejects.toThrow('no queue is bound');
    const left = await journal.outbox.unpublished(Date.now(), 10);
    expect(left.map(({ eventId }) => eventId)).toEqual(['lost-on-the-way']);
    await until(async () => (await bus.publishWaiting(Date.now()).catch(() => 0)) > 0);
    expect(await journal.outbox.unpublished(Date.now(), 10)).toEqual([]);
  });

  it('recovers when the connection is cut, and every event is handled', async () => {
    const place = await newPlace('rabbitmq');
    const wire = await lineToBroker();
    const { journal, bus, troubles } = await openHouse(place, { broker: wire.broker });
    const { ids, handle } = recorder(() => new Promise((resolve) => setTimeout(resolve, 2)));
    await bus.consume('advance', handle, quick);
    const all = Array.from({ length: 60 }, (_, n) => `e${n}`);
    const half = all.slice(0, 30).map((id, n) => eventOf(`lane-${n % 7}`, id));
    await append(journal, half);
    await until(() => ids().length >= 5);
    wire.line.cutOff();
    await append(
      journal,
      all.slice(30).map((id, n) => eventOf(`lane-${n % 7}`, id)),
    );
    await until(() => troubles.some(({ code }) => code === 'bus-unavailable'));
    wire.line.mend();
    await until(nothingWaits(journal));
    expect(new Set(ids())).toEqual(new Set(all));
    expect(await journal.outbox.deadLetters(1)).toEqual([]);
  });

  it('makes a dead letter of an event that cannot be read, and the others go on in order', async () => {
    const place = await newPlace('rabbitmq');
    const written = await openEmbeddedJournal({ folder: place.folder });
    await happen(written, 'a', 'no-json', 'a1', 'no-source', 'a2');
    await happen(written, 'b', 'b1');
    await written.close();
    const db = new DatabaseSync(join(place.folder, 'hemgang.sqlite'));
    db.exec(`UPDATE events SET body = json_remove(body, '$.source') WHERE body ->> 'id' = 'no-source';
      UPDATE events SET body = '{' WHERE body ->> 'id' = 'no-json'`);
    db.close();

    const { journal, bus, troubles } = await openHouse(place);
    const { ids, handle } = recorder();
    await bus.consume('advance', handle, quick);
    await until(nothingWaits(journal));
    expect(ids().filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2']);
    expect(ids().toSorted()).toEqual(['a1', 'a2', 'b1']);
    const error = expect.stringContaining('the event cannot be read');
    expect(await journal.outbox.deadLetters(9)).toMatchObject([
      { eventId: 'no-json', error },
      { eventId: 'no-source', error },
    ]);
    expect((await journal.status()).outbox.advance.dead).toBe(2);
    expect(troubles.map(({ code }) => code)).toEqual(['assertion-failed', 'assertion-failed']);
  });

  it('keeps events in the journal while there is no broker', async () => {
    const place = await newPlace('rabbitmq');
    const { journal, bus, relay } = await openHouse(place, {
      broker: { address: { url: 'amqp://127.0.0.1:1' } },
    });
    await relay.close();
    await happen(journal, 'a', 'e1');
    await expect(bus.publishWaiting(Date.now())).rejects.toMatchObject({ code: 'bus-unavailable' });
    expect(await journal.outbox.unpublished(Date.now(), 10)).toHaveLength(1);
  });

  it('does not handle again what the broker repeats', async () => {
    const place = await newPlace('rabbitmq');
    const { journal, bus, relay } = await openHouse(place);
    await happen(journal, 'a', 'e1');
    await until(async () => (await journal.outbox.unpublished(Date.now(), 1)).length === 0);
    expect(await journal.outbox.unpublishAll()).toBe(1);
    await relay.tick();
    const { calls, handle } = recorder();
    await bus.consume('advance', handle, quick);
    await until(nothingWaits(journal));
    await happen(journal, 'b', 'e2');
    await until(nothingWaits(journal));
    await until(() => bus.inHand() === 0);
    expect(calls.map(({ ids }) => ids)).toEqual([['e1'], ['e2']]);
  });

  it.each(forms)('loses nothing with the broker: the %s bus takes it up anew', async (form) => {
    const place = await newPlace('rabbitmq');
    const before = await openHouse(place);
    await happen(before.journal, 'a', 'e1');
    await until(async () => (await before.journal.outbox.unpublished(Date.now(), 1)).length === 0);
    await before.abandon();
    await removeTopology(place.prefix);

    const { journal, bus } = await openHouse({ ...place, form });
    const { ids, handle } = recorder();
    await bus.consume('advance', handle, quick);
    await until(nothingWaits(journal));
    expect(ids()).toEqual(['e1']);
  });

  it('acknowledges what is settled, so that the broker goes on sending', async () => {
    const { journal, bus } = await openHouse(await newPlace('rabbitmq'), {
      broker: { prefetch: 2 },
    });
    const { ids, handle } = recorder(({ lane }) => {
      if (lane === 'lane-0') throw new GatewayError('assertion-failed', 'a bug');
    });
    await bus.consume('advance', handle, quick);
    await append(
      journal,
      Array.from({ length: 12 }, (_, n) => eventOf(`lane-${n}`, `e${n}`)),
    );
    await until(nothingWaits(journal));
    expect(new Set(ids()).size).toBe(12);
  });

  it('sends a message that is not one of ours to the dead letters', async () => {
    const place = await newPlace('rabbitmq');
    const { journal, bus, troubles } = await openHouse(place);
    const { calls, handle } = recorder();
    await bus.consume('advance', handle, quick);
    await bus.publishWaiting(Date.now());
    const { exchange, deadLetterQueue } = topologyOf(place.prefix, testPartitions);
    await withChannel(async (channel) => {
      channel.publish(exchange, 'advance.0.need.withdrawn', Buffer.from('not ours'));
      await channel.checkExchange(exchange);
    });
    const dead = await messageOf(deadLetterQueue);
    expect(dead.content.toString()).toBe('not ours');
    expect(troubles.map(({ code }) => code)).toEqual(['malformed-message']);
    await happen(journal, 'a', 'e1');
    await until(nothingWaits(journal));
    expect(calls.map(({ ids }) => ids)).toEqual([['e1']]);
  });

  it('publishes again what a queue held when it was taken away', async () => {
    const place = await newPlace('rabbitmq');
    const { journal, bus } = await openHouse(place, { broker: { prefetch: 1 } });
    const inHand = door();
    const { ids, handle } = recorder(() => inHand.opened);
    await bus.consume('advance', handle, { ...quick, lanes: 1 });
    await happen(journal, 'a', 'e1');
    await until(() => ids().length === 1);
    await append(
      journal,
      ['b', 'c', 'd'].map((lane) => eventOf(lane, `e-${lane}`)),
    );
    await until(async () => (await journal.outbox.unpublished(Date.now(), 1)).length === 0);
    await withChannel((channel) => channel.deleteQueue(advanceQueueOf(place, 'a')));
    inHand.open();
    await until(nothingWaits(journal));
    expect(ids().toSorted()).toEqual(['e-b', 'e-c', 'e-d', 'e1']);
  });

  it('makes its queues anew when they are taken away under it', async () => {
    const place = await newPlace('rabbitmq');
    const { journal, bus } = await openHouse(place);
    const { ids, handle } = recorder();
    await bus.consume('advance', handle, quick);
    await bus.publishWaiting(Date.now());
    await withChannel((channel) => channel.deleteQueue(advanceQueueOf(place, 'a')));
    await happen(journal, 'a', 'e1');
    await until(nothingWaits(journal));
    expect(ids()).toEqual(['e1']);
  });
});
