/** Publishing with confirm: a message counts as published when the broker has said so and, where it must, a queue has it. */
import type { ConfirmChannel, Options } from 'amqplib';
import { GatewayError } from '../../errors.ts';
import { asBusError } from './broker-error.ts';
import type { BusCounts } from './figures.ts';

export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: string;
  /** `messageId` is what a receiver knows a repeat by. */
  readonly properties: Options.Publish & { readonly messageId: string };
}

export interface Publisher {
  /**
   * Publishes a window of messages and waits until each is confirmed or has failed. Never rejects.
   * @returns what became of each, in the same order: undefined when it is safely taken over
   */
  publish(messages: readonly OutgoingMessage[]): Promise<readonly (GatewayError | undefined)[]>;
}

export interface PublisherParts {
  /** How long one message may wait for its confirm. */
  readonly confirmTimeoutMs: number;
  readonly counts: BusCounts;
  readonly elapsedMs: () => number;
  readonly onConfirmed: (elapsedMs: number) => void;
}

/** AMQP 0-9-1 reply code NO_ROUTE: the message was returned because no queue is bound for it. */
export const noRoute = '312';

/** A publisher on one channel. */
export function createPublisher(channel: ConfirmChannel, parts: PublisherParts): Publisher {
  const { confirmTimeoutMs, counts } = parts;
  /** Returned by the broker as unroutable; the return arrives before the confirm. */
  const returned = new Set<unknown>();
  channel.on('return', (message) => returned.add(message.properties.messageId));

  /** @returns what becomes of it, and whether there is room for more */
  function send({ exchange, routingKey, body, properties }: OutgoingMessage): Sent {
    const beganMs = parts.elapsedMs();
    let hasRoom = true;
    let timer: NodeJS.Timeout | undefined;
    counts.outstanding += 1;
    const confirmed = new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new GatewayError('bus-unavailable', 'the broker did not confirm in time'));
      }, confirmTimeoutMs);
      const content = Buffer.from(body);
      hasRoom = channel.publish(exchange, routingKey, content, properties, (error) => {
        if (error) reject(asBusError(error));
        else resolve();
      });
    }).finally(() => {
      clearTimeout(timer);
      counts.outstanding -= 1;
    });
    const outcome = confirmed.then(
      () => {
        // An unroutable message is confirmed all the same: nothing but its return tells.
        if (returned.delete(properties.messageId)) {
          counts.returned += 1;
          const what = `no queue is bound for ${routingKey}`;
          return new GatewayError('bus-unavailable', what, { standardCode: noRoute });
        }
        counts.confirmed += 1;
        parts.onConfirmed(parts.elapsedMs() - beganMs);
        return undefined;
      },
      (thrown: unknown) => {
        const error = asBusError(thrown);
        if (isRefusal(error)) counts.refused += 1;
        else counts.unconfirmed += 1;
        return error;
      },
    );
    return { outcome, hasRoom };
  }

  /** The socket takes more again; or the channel is gone, or time is up: what is sent then fails by itself. */
  async function room(): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        channel.off('drain', end);
        channel.off('close', end);
        resolve();
      };
      const timer = setTimeout(end, confirmTimeoutMs);
      channel.on('drain', end);
      channel.on('close', end);
    });
  }

  return {
    async publish(messages) {
      returned.clear();
      const outcomes: Promise<GatewayError | undefined>[] = [];
      for (const message of messages) {
        const { outcome, hasRoom } = send(message);
        outcomes.push(outcome);
        if (!hasRoom) await room();
      }
      return await Promise.all(outcomes);
    },
  };
}

interface Sent {
  readonly outcome: Promise<GatewayError | undefined>;
  readonly hasRoom: boolean;
}

/** Whether the broker itself said no (nack): the queue is full, or has no leader. */
export function isRefusal(outcome: GatewayError | undefined): boolean {
  return outcome?.cause instanceof Error && outcome.cause.message === 'message nacked';
}
