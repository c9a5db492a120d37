/**
 * The exchanges, queues and bindings of the bus, as data. They are declared again at every connect, so a broker that was
 * set up anew is whole again by itself.
 */
import type { Channel, ChannelModel } from 'amqplib';
import { GatewayError } from '../../errors.ts';
import type { QueueName } from '../journal/journal.ts';

export interface Topology {
  /** Where the gateway publishes for itself; routing key: `<queue>.<partition>.<event type>`. */
  readonly exchange: string;
  /** Where it publishes for others; routing key: `<event type>.<county>.<municipality>`. */
  readonly events: string;
  readonly deadLetterExchange: string;
  readonly deadLetterQueue: string;
  readonly exchanges: readonly { readonly name: string; readonly type: 'topic' | 'fanout' }[];
  readonly queues: readonly {
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  }[];
  readonly bindings: readonly {
    readonly queue: string;
    readonly exchange: string;
    readonly routingKey: string;
  }[];
}

/**
 * Times the broker gives a message to us again before it dead-letters it. Our own attempts are counted in the journal,
 * whose limit is lower; this guards against a message that takes the connection down before it is read. RabbitMQ 4 has
 * 20 by default, 3.x none at all.
 */
const deliveryLimit = 20;
/** Messages one queue takes. More wait in the journal: the broker refuses them, and the relay tries again. */
const longest = 100_000;

const queues: readonly QueueName[] = ['advance', 'dispatch'];

/** Name of the broker's queue for a partition of one of ours. */
export function queueNameOf(prefix: string, queue: QueueName, partition: number): string {
  return `${prefix}.${queue}.${partition}`;
}

/** Routing key of an event on the internal exchange. */
export function routingKeyOf(queue: QueueName, partition: number, type: string): string {
  return `${queue}.${partition}.${type}`;
}

/** The whole topology under one prefix, with so many partitions of each queue. */
export function topologyOf(prefix: string, partitions: number, maxLength = longest): Topology {
  const exchange = `${prefix}.internal`;
  const events = `${prefix}.events`;
  const deadLetters = `${prefix}.dead-letters`;
  const quorum = { 'x-queue-type': 'quorum', 'x-max-length': maxLength };
  const working = {
    ...quorum,
    // Leases decide who consumes a partition; this guards where two believe they hold it.
    'x-single-active-consumer': true,
    'x-delivery-limit': deliveryLimit,
    'x-dead-letter-exchange': deadLetters,
    // At-least-once dead-lettering needs reject-publish; without it the broker silently falls back to at-most-once.
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
  const parts = queues.flatMap((queue) =>
    Array.from({ length: partitions }, (_, partition) => ({
      name: queueNameOf(prefix, queue, partition),
      routingKey: routingKeyOf(queue, partition, '#'),
    })),
  );
  return {
    exchange,
    events,
    deadLetterExchange: deadLetters,
    deadLetterQueue: deadLetters,
    exchanges: [
      { name: exchange, type: 'topic' },
      { name: events, type: 'topic' },
      { name: deadLetters, type: 'fanout' },
    ],
    queues: [
      ...parts.map(({ name }) => ({ name, arguments: working })),
      { name: deadLetters, arguments: { ...quorum, 'x-overflow': 'reject-publish' } },
    ],
    bindings: [
      ...parts.map(({ name, routingKey }) => ({ queue: name, exchange, routingKey })),
      { queue: deadLetters, exchange: deadLetters, routingKey: '' },
    ],
  };
}

/**
 * Declares it all; what stands already the same way is left as it is.
 * @throws GatewayError configuration-invalid where a queue or exchange stands otherwise, with its name and the next step
 */
export async function declare(channel: Channel, topology: Topology): Promise<void> {
  for (const { name, type } of topology.exchanges) {
    await channel
      .assertExchange(name, type, { durable: true })
      .catch((thrown: unknown) => otherwise('exchange', name, thrown));
  }
  for (const { name, arguments: queueArguments } of topology.queues) {
    await channel
      .assertQueue(name, { durable: true, arguments: queueArguments })
      .catch((thrown: unknown) => otherwise('queue', name, thrown));
  }
  await Promise.all(
    topology.bindings.map(({ queue, exchange, routingKey }) =>
      channel.bindQueue(queue, exchange, routingKey),
    ),
  );
}

/**
 * Whether any queue is not there: the broker is new, lost its data, or somebody deleted the queue with all it held.
 * @throws what the broker's library throws
 */
export async function lacksQueue(model: ChannelModel, topology: Topology): Promise<boolean> {
  const channel = await model.createChannel();
  // The channel is closed by the broker for asking after a queue that is not there; the answer says so.
  channel.on('error', () => undefined);
  try {
    for (const { name } of topology.queues) await channel.checkQueue(name);
  } catch (thrown) {
    if (isNotFound(thrown)) return true;
    throw thrown;
  }
  await channel.close();
  return false;
}

/** AMQP 0-9-1 reply code NOT_FOUND. */
export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof Error && /\b404 \(NOT-FOUND\)/.test(thrown.message);
}

function otherwise(kind: 'queue' | 'exchange', name: string, thrown: unknown): never {
  const text = thrown instanceof Error ? thrown.message : '';
  if (!/\b406 \(PRECONDITION-FAILED\)/.test(text)) throw thrown;
  const [, property] = /inequivalent arg '([\w-]+)'/.exec(text) ?? [];
  const which = property === undefined ? 'other properties' : `another ${property}`;
  const next =
    kind === 'queue'
      ? `stop the instances that use it and delete it: rabbitmqctl delete_queue ${name}. Nothing is lost: what it holds is in the journal and is published anew`
      : `delete it (rabbitmqctl has no verb for it: the management console, or rabbitmqadmin delete exchange name=${name}), or take another bus.prefix`;
  throw new GatewayError(
    'configuration-invalid',
    `${kind} ${name} stands on the broker with ${which} than this program declares\n  next: ${next}`,
    { cause: thrown, location: 'bus', standardCode: '406' },
  );
}
