/**
 * The exchanges, queues and bindings of the internal bus, as data. They are declared again at every connect, so a
 * broker that was set up anew is whole again by itself.
 */
import type { Channel } from 'amqplib';
import { eventData, isEventType } from '../../process/events.ts';
import { queueOf, type QueueName } from '../journal/journal.ts';

export interface Topology {
  /** Where the gateway publishes; routing key = event type. */
  readonly exchange: string;
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
 * Times the broker gives a message to us again before it dead-letters it. Our own attempts are counted in the journal;
 * this guards against a message that takes the connection down. RabbitMQ 4 has 20 by default, 3.x none at all.
 */
const deliveryLimit = 20;
/** More waits in the journal: the broker refuses it, and the relay tries again. */
const maxLength = 100_000;

/** Name of the broker's queue for one of ours. */
export function queueNameOf(prefix: string, queue: QueueName): string {
  return `${prefix}.${queue}`;
}

/** The whole topology under one prefix. */
export function topologyOf(prefix: string): Topology {
  const exchange = `${prefix}.internal`;
  const deadLetters = `${prefix}.dead-letters`;
  const quorum = { 'x-queue-type': 'quorum', 'x-max-length': maxLength };
  const working = {
    ...quorum,
    'x-delivery-limit': deliveryLimit,
    'x-dead-letter-exchange': deadLetters,
    // At-least-once dead-lettering needs reject-publish; without it the broker silently falls back to at-most-once.
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
  const queues: readonly QueueName[] = ['advance', 'dispatch'];
  return {
    exchange,
    deadLetterExchange: deadLetters,
    deadLetterQueue: deadLetters,
    exchanges: [
      { name: exchange, type: 'topic' },
      { name: deadLetters, type: 'fanout' },
    ],
    queues: [
      ...queues.map((queue) => ({ name: queueNameOf(prefix, queue), arguments: working })),
      { name: deadLetters, arguments: { ...quorum, 'x-overflow': 'reject-publish' } },
    ],
    bindings: [
      ...Object.keys(eventData).flatMap((type) => {
        const queue = isEventType(type) ? queueOf(type) : undefined;
        return queue === undefined
          ? []
          : [{ queue: queueNameOf(prefix, queue), exchange, routingKey: type }];
      }),
      { queue: deadLetters, exchange: deadLetters, routingKey: '' },
    ],
  };
}

/** Declares it all; what stands already the same way is left as it is. @throws when it stands otherwise */
export async function declare(channel: Channel, topology: Topology): Promise<void> {
  for (const { name, type } of topology.exchanges) {
    await channel.assertExchange(name, type, { durable: true });
  }
  for (const { name, arguments: queueArguments } of topology.queues) {
    await channel.assertQueue(name, { durable: true, arguments: queueArguments });
  }
  await Promise.all(
    topology.bindings.map(({ queue, exchange, routingKey }) =>
      channel.bindQueue(queue, exchange, routingKey),
    ),
  );
}
