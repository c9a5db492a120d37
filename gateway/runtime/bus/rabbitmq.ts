/**
 * The RabbitMQ bus. The broker carries, the journal stays the truth: attempts, postponements and dead letters are rows
 * there, exactly as in the embedded form, and a message on the broker is a nudge for its lane.
 */
import { connect, type ChannelModel, type RecoveringChannelModel } from 'amqplib';
import { GatewayError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import type { Journal, QueueName } from '../journal/journal.ts';
import type { Bus, ConsumeOptions, Handle, OnTrouble } from './bus.ts';
import { asBusUnavailable, createPublisher, noRoute, type Publisher } from './publisher.ts';
import { startPump, type Pump } from './pump.ts';
import { subscriptionOf, type Subscription } from './subscription.ts';
import { declare, queueNameOf, topologyOf } from './topology.ts';

export interface RabbitMqBusOptions {
  /** `amqp://user:password@host:port/vhost`, or `amqps`. */
  readonly url: string;
  /** First part of every exchange's and queue's name. */
  readonly prefix: string;
  readonly onTrouble?: OnTrouble;
  /** Messages published and not yet confirmed; default 500. */
  readonly confirmWindow?: number;
  /** How long one message may wait for its confirm, in milliseconds; default 10 000. */
  readonly confirmTimeoutMs?: number;
  /** Messages of one queue with us and not yet acknowledged; default 256. */
  readonly prefetch?: number;
}

/** What one live connection gives us. */
interface Link {
  readonly model: ChannelModel;
  readonly publisher: Publisher;
  /** The broker is short of memory or disk and takes nothing. */
  blocked: boolean;
  /** Rows published over earlier connections are waiting to be published again. */
  isSwept: boolean;
}

const reconnect = { initialDelay: 100, maxDelay: 5_000, jitter: 0.2 } as const;
const connectTimeoutMs = 10_000;
/** Windows published in one call; the relay comes again at once. */
const windowsAtOnce = 20;

/**
 * A bus over RabbitMQ. It connects by itself, and again whenever the connection is lost; until then `publishWaiting`
 * rejects and events wait in the journal.
 */
export function rabbitMqBus(journal: Journal, clock: Clock, options: RabbitMqBusOptions): Bus {
  const { url, prefix, confirmWindow = 500, confirmTimeoutMs = 10_000, prefetch = 256 } = options;
  const onTrouble = options.onTrouble ?? (() => undefined);
  const topology = topologyOf(prefix);
  const consumers: { readonly subscription: Subscription; readonly pump: Pump }[] = [];
  let link: Link | undefined;
  let stopping = false;
  let closed = false;

  const report = (thrown: unknown) => {
    if (!closed) onTrouble(asBusUnavailable(thrown), {});
  };

  async function setup(model: ChannelModel): Promise<void> {
    // First of all: an error on the connection that nobody listens to ends the process.
    model.on('error', report);
    const channel = await model.createConfirmChannel();
    channel.on('error', report);
    await declare(channel, topology);
    const made: Link = {
      model,
      publisher: createPublisher(channel, topology.exchange, confirmTimeoutMs),
      blocked: false,
      isSwept: false,
    };
    model.on('blocked', () => (made.blocked = true));
    model.on('unblocked', () => (made.blocked = false));
    channel.on('close', () => {
      if (link === made) link = undefined;
      dropConnection(model);
    });
    for (const { subscription } of consumers) {
      if (!stopping) await subscription.attach(model);
    }
    link = made;
  }

  /**
   * What went over an earlier connection the broker may have lost: a queue was deleted, a node came back empty, a nudge
   * was dead-lettered. All of it is published again; what the broker still has it repeats, which is harmless.
   */
  async function sweep(usable: Link): Promise<void> {
    if (usable.isSwept) return;
    await journal.outbox.unpublishAll();
    usable.isSwept = true;
  }

  /** A channel that is of no more use takes its connection along: recovery then makes everything anew, in one way. */
  function dropConnection(model: ChannelModel): void {
    if (closed) return;
    // Already closing or closed is as good.
    void Promise.resolve()
      .then(() => model.close())
      .catch(() => undefined);
  }

  const triedOnce = signal();
  const connection = openConnection(url, setup, report, triedOnce.give);

  async function consume(queue: QueueName, handle: Handle, how: ConsumeOptions): Promise<void> {
    const subscription = subscriptionOf({
      queue,
      brokerQueue: queueNameOf(prefix, queue),
      journal,
      clock,
      prefetch,
      onMessages: () => pump.wake(),
      onLost: dropConnection,
      onTrouble,
    });
    const parts = { queue, journal, clock, source: subscription, handle, onTrouble };
    const pump = startPump({ ...parts, options: how });
    consumers.push({ subscription, pump });
    // Without a connection `setup` attaches it.
    if (link !== undefined) await subscription.attach(link.model);
  }

  async function publishWaiting(nowMs: number): Promise<number> {
    // A connection that is only just being made is no trouble yet.
    await triedOnce.given;
    let total = 0;
    for (let window = 0; window < windowsAtOnce; window += 1) {
      const usable = usableLink();
      const { model, publisher } = usable;
      await sweep(usable);
      const rows = await journal.outbox.unpublished(nowMs, confirmWindow);
      const { confirmed, failure } = await publisher.publish(rows);
      if (confirmed.length > 0) await journal.outbox.published(confirmed, nowMs);
      total += confirmed.length;
      if (failure !== undefined) {
        // Somebody took a queue or binding away: a new connection declares all and consumes from all again.
        if (failure.standardCode === noRoute) dropConnection(model);
        throw failure;
      }
      if (rows.length < confirmWindow) break;
    }
    return total;
  }

  function usableLink(): Link {
    if (link === undefined || link.blocked) {
      const why = link === undefined ? 'no connection to the broker' : 'the broker takes nothing';
      throw new GatewayError('bus-unavailable', why);
    }
    return link;
  }

  return {
    form: 'rabbitmq',
    consume,
    publishWaiting,
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
      await Promise.all(consumers.map(({ subscription }) => subscription.cancel().catch(report)));
      await Promise.all(consumers.map(({ pump }) => pump.stop()));
    },
    async close() {
      stopping = true;
      closed = true;
      triedOnce.give();
      for (const { pump } of consumers) pump.close();
      await (await connection).close();
    },
  };
}

/** Connects now and after every loss; amqplib's own recovery waits in between. */
async function openConnection(
  url: string,
  setup: (model: ChannelModel) => Promise<void>,
  report: (thrown: unknown) => void,
  tried: () => void,
): Promise<RecoveringChannelModel> {
  const connection = await connect(url, {
    timeout: connectTimeoutMs,
    recovery: { ...reconnect, setup, waitForConnect: false },
  });
  connection.on('error', report);
  connection.on('connect-failed', report);
  connection.on('disconnect', report);
  connection.on('connect', tried);
  connection.on('connect-failed', tried);
  return connection;
}

function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give!: () => void;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
