/**
 * The RabbitMQ bus. The broker carries, the journal stays the truth: attempts, postponements and dead letters are rows
 * there, exactly as in the embedded form, and a message on the broker is a nudge for its lane.
 */
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { Journal, Outbox, QueueName } from '../journal/journal.ts';
import { asBusError } from './broker-error.ts';
import { brokerFound, type BrokerFound } from './broker-found.ts';
import type { Bus, ConsumeOptions, Handle, OnTrouble } from './bus.ts';
import type { EventOutlet } from './events/publication.ts';
import { keepConnected, type BrokerAddress, type Connection } from './connection.ts';
import { noCounts, type BusFigures, type BusObserver } from './figures.ts';
import { createHandover } from './handover.ts';
import { partitionOf, type Partitions } from './partitions.ts';
import { createPublisher, type Publisher } from './publisher.ts';
import { startPump, type Pump } from './pump.ts';
import { subscriptionOf, type Subscription } from './subscription.ts';
import { declare, lacksQueue, queueNameOf, topologyOf } from './topology.ts';
import { startUpkeep } from './upkeep.ts';

export interface RabbitMqBusOptions {
  readonly address: BrokerAddress;
  /** First part of every exchange's and queue's name. */
  readonly prefix: string;
  /** What of the lanes this instance handles. */
  readonly partitions: Pick<Partitions, 'count' | 'held' | 'onChange'>;
  readonly onTrouble?: OnTrouble;
  /** Told which broker answered, at the first connection and when another answers. */
  readonly onFound?: (found: BrokerFound) => void;
  readonly observer?: BusObserver;
  /** Messages published and not yet confirmed; default 500. */
  readonly confirmWindow?: number;
  /** How long one message may wait for its confirm, in milliseconds; default 10 000. */
  readonly confirmTimeoutMs?: number;
  /** Messages of one queue and partition with us and not yet acknowledged; default 64. */
  readonly prefetch?: number;
  /** Messages one queue takes; more wait in the journal. For tests. */
  readonly maxLength?: number;
  /** Time between two looks for what the broker has lost, in milliseconds; default a minute. */
  readonly upkeepMs?: number;
}

export interface RabbitMqBus extends Bus {
  readonly form: 'rabbitmq';
  figures(): BusFigures;
  /** The broker that answered last; undefined before the first. */
  found(): BrokerFound | undefined;
  readonly outlet: EventOutlet;
}

/** What one live connection gives us to publish with. */
interface Link {
  readonly model: ChannelModel;
  readonly internal: Publisher;
  readonly events: Publisher;
}

interface Consumer {
  readonly subscription: Subscription;
  readonly pump: Pump;
}

/**
 * A bus over RabbitMQ. It connects by itself, and again whenever a connection is lost; until then `publishWaiting`
 * rejects and events wait in the journal. It publishes over one connection and consumes over another: a broker that is
 * short of memory stops reading from those who publish, and our acknowledgements shall reach it all the same.
 */
export function rabbitMqBus(
  journal: Journal,
  clock: Clock,
  options: RabbitMqBusOptions,
): RabbitMqBus {
  const { address, prefix, partitions, confirmWindow = 500, prefetch = 64 } = options;
  const { confirmTimeoutMs = 10_000, upkeepMs = 60_000, observer } = options;
  const onTrouble = options.onTrouble ?? (() => undefined);
  const topology = topologyOf(prefix, partitions.count, options.maxLength);
  const counts = noCounts();
  const upkeep = startUpkeep({
    journal,
    clock,
    prefix,
    partitions: partitions.count,
    everyMs: upkeepMs,
  });
  const handover = createHandover({
    journal,
    clock,
    exchange: topology.exchange,
    prefix,
    partitions: partitions.count,
    window: confirmWindow,
    usable() {
      const { internal, model } = usableLink();
      return { publisher: internal, renew: () => publish.renew(model) };
    },
    onTrouble,
  });
  const consumers: Consumer[] = [];
  let found: BrokerFound | undefined;
  let link: Link | undefined;
  let consuming: ChannelModel | undefined;
  let stopping = false;
  let preparing: Promise<unknown> = Promise.resolve();
  const waiting = new Set<() => void>();
  /** Somebody was turned away. One whose messages fail on a connection that stands is not called: it would fail again. */
  let isAwaited = false;

  const publish = connectionFor(
    'publish',
    async (model) => {
      await prepare(model);
      const internal = await openPublisher(model);
      const events = await openPublisher(model);
      link = { model, internal, events };
    },
    () => {
      if (!isAwaited) return;
      isAwaited = false;
      for (const listener of waiting) listener();
    },
  );
  const consume = connectionFor('consume', async (model) => {
    await prepare(model);
    for (const { subscription } of consumers) {
      if (!stopping) await subscription.attach(model);
    }
    consuming = model;
    model.on('close', () => {
      if (consuming === model) consuming = undefined;
    });
  });

  function connectionFor(
    what: string,
    setup: (model: ChannelModel) => Promise<void>,
    whenUsable?: () => void,
  ): Connection {
    return keepConnected({
      address,
      name: `hemgang ${prefix} ${what}`,
      nowMs: () => Date.now(),
      setup,
      ...(whenUsable && { onUsable: whenUsable }),
      onTrouble: (error) => onTrouble(error, {}),
    });
  }

  /** One of our connections at a time, so that one sees the queues that the other has made. */
  async function prepare(model: ChannelModel): Promise<void> {
    const mine = preparing.then(() => prepareBroker(model));
    preparing = mine.catch(() => undefined);
    await mine;
  }

  /**
   * Makes the broker ready for us. What a queue held that is there no longer is published again, before the queue is
   * made anew: should we end in between, it is missing still, and whoever comes next does the same. A connection that was
   * only cut loses nothing, for what was confirmed stands on the broker's disks.
   */
  async function prepareBroker(model: ChannelModel): Promise<void> {
    const answered = brokerFound(model.connection.serverProperties);
    if (answered.version !== found?.version || answered.cluster !== found.cluster) {
      options.onFound?.(answered);
    }
    found = answered;
    if (await lacksQueue(model, topology)) await journal.outbox.unpublishAll();
    const channel = await model.createChannel();
    // Its caller is told: the call that caused it rejects.
    channel.on('error', () => undefined);
    await declare(channel, topology);
    await channel.close();
  }

  async function openPublisher(model: ChannelModel): Promise<Publisher> {
    const channel: ConfirmChannel = await model.createConfirmChannel();
    channel.on('error', (error) => onTrouble(asBusError(error), {}));
    // A channel that is of no more use takes its connection along: all is made anew, in one way.
    channel.on('close', () => {
      if (link?.model === model) link = undefined;
      publish.renew(model);
    });
    return createPublisher(channel, {
      confirmTimeoutMs,
      counts,
      elapsedMs: () => clock.elapsedMs(),
      onConfirmed: (elapsedMs) => observer?.confirmed(elapsedMs),
    });
  }

  async function startConsuming(
    queue: QueueName,
    handle: Handle,
    how: ConsumeOptions,
  ): Promise<void> {
    const subscription = subscriptionOf({
      queue,
      nameOf: (partition) => queueNameOf(prefix, queue, partition),
      partitions,
      journal,
      clock,
      prefetch,
      counts,
      onMessages: () => pump.rouse(),
      onLost: (model) => consume.renew(model),
      onTrouble,
    });
    const parts = { queue, journal, clock, source: subscription, handle, onTrouble };
    const pump = startPump({ ...parts, options: how });
    consumers.push({ subscription, pump });
    // Without a connection its setup attaches it.
    if (consuming !== undefined) await subscription.attach(consuming);
  }

  /** What is held has changed. Resolves when nothing of what is held no longer is in hand. */
  async function follow({ subscription, pump }: Consumer): Promise<void> {
    const lost = await subscription.follow().catch((thrown: unknown) => {
      // The channel went while we asked; a new one consumes from what is held then.
      onTrouble(asBusError(thrown), {});
      return new Set<number>();
    });
    await pump.idle((lane) => !partitions.held().has(partitionOf(lane, partitions.count)));
    subscription.giveBack(lost);
  }

  async function publishWaiting(
    nowMs: number,
    outbox: Pick<Outbox, 'published' | 'bury'> = journal.outbox,
  ): Promise<number> {
    // A connection that is only just being made is no trouble yet.
    await publish.tried;
    const total = await handover.run(nowMs, outbox);
    if (link !== undefined) await inTime(upkeep.look(link.model), confirmTimeoutMs);
    return total;
  }

  /** @throws GatewayError bus-unavailable while there is nothing to publish over */
  function usableLink(): Link {
    // What is sent to a broker that blocks would wait for its confirm in vain.
    const { blocked } = publish.state();
    if (link !== undefined && blocked === undefined) return link;
    isAwaited = true;
    throw new GatewayError(
      'bus-unavailable',
      blocked ? `the broker takes nothing: ${blocked.reason}` : 'no connection to the broker',
    );
  }

  function onUsable(listener: () => void): () => void {
    waiting.add(listener);
    return () => void waiting.delete(listener);
  }

  const outlet: EventOutlet = {
    exchange: topology.events,
    window: confirmWindow,
    onUsable,
    async publish(messages) {
      await publish.tried;
      const outcomes = await usableLink().events.publish(messages);
      const failure = outcomes.find((outcome) => outcome !== undefined);
      if (failure !== undefined) throw failure;
    },
  };

  partitions.onChange(async () => {
    await Promise.all(consumers.map(follow));
  });

  return {
    form: 'rabbitmq',
    consume: startConsuming,
    publishWaiting,
    onUsable,
    outlet,
    found: () => found,
    figures: () => ({
      ...counts,
      full: handover.full(),
      connections: { publish: publish.state(), consume: consume.state() },
      consumers: consumers.reduce((sum, { subscription }) => sum + subscription.consumers(), 0),
    }),
    wake() {
      for (const { pump } of consumers) pump.wake();
    },
    inHand: () =>
      consumers.reduce(
        (sum, { pump, subscription }) => sum + Math.max(pump.inHand(), subscription.held()),
        0,
      ),
    async stop() {
      stopping = true;
      const cancelled = consumers.map(({ subscription }) =>
        subscription.cancel().catch((thrown: unknown) => onTrouble(asBusError(thrown), {})),
      );
      await Promise.all(cancelled);
      await Promise.all(consumers.map(({ pump }) => pump.stop()));
    },
    async close() {
      stopping = true;
      for (const { pump } of consumers) pump.close();
      await Promise.all([publish.close(), consume.close()]);
    },
  };
}

/** A broker that has fallen silent does not keep its caller. @throws GatewayError bus-unavailable */
async function inTime(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new GatewayError('bus-unavailable', 'the broker does not answer');
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
