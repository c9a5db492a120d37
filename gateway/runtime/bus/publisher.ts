/** Publishing with confirm: an event counts as published when the broker has said so and a queue has taken it. */
import type { ConfirmChannel } from 'amqplib';
import { GatewayError } from '../../errors.ts';
import { toCloudEvent, type DischargeEvent } from '../../process/events.ts';
import type { OutboxRow } from '../journal/journal.ts';

export type UnpublishedRow = OutboxRow & { readonly event: DischargeEvent };

export interface Published {
  readonly confirmed: readonly UnpublishedRow[];
  /** The first failure, when not all were confirmed. */
  readonly failure: GatewayError | undefined;
}

export interface Publisher {
  /** Publishes a window of rows at once and waits until each is confirmed or has failed. Never rejects. */
  publish(rows: readonly UnpublishedRow[]): Promise<Published>;
}

/** AMQP 0-9-1 reply code NO_ROUTE: the message was returned because no queue is bound for it. */
export const noRoute = '312';

/** Headers carry keys for routing alone; what an event says is in its body. */
export interface MessageHeaders {
  readonly position: number;
  readonly lane: string;
  readonly stream: string;
}

/**
 * A publisher on one channel.
 * @param confirmTimeoutMs how long one message may wait for its confirm
 */
export function createPublisher(
  channel: ConfirmChannel,
  exchange: string,
  confirmTimeoutMs: number,
): Publisher {
  /** Returned by the broker as unroutable; the return arrives before the confirm. */
  const returned = new Set<unknown>();
  channel.on('return', (message) => returned.add(message.properties.messageId));

  /** @throws GatewayError `bus-unavailable` */
  async function publishOne(row: UnpublishedRow): Promise<void> {
    const headers: MessageHeaders = {
      position: row.position,
      lane: row.lane,
      stream: row.streamId,
    };
    await new Promise<void>((resolve, reject) => {
      // The window bounds what amqplib buffers, so its `drain` need not be waited for.
      channel.publish(
        exchange,
        row.type,
        Buffer.from(JSON.stringify(toCloudEvent(row.event))),
        {
          contentType: 'application/cloudevents+json',
          persistent: true,
          mandatory: true,
          messageId: row.eventId,
          type: row.type,
          headers,
        },
        (error) => {
          clearTimeout(timer);
          if (error) reject(asBusUnavailable(error));
          else resolve();
        },
      );
      const timer = setTimeout(
        () => reject(new GatewayError('bus-unavailable', 'the broker did not confirm in time')),
        confirmTimeoutMs,
      );
    });
    // An unroutable message is confirmed all the same: nothing but its return tells.
    if (returned.delete(row.eventId)) {
      throw new GatewayError('bus-unavailable', `no queue is bound for ${row.type}`, {
        standardCode: noRoute,
      });
    }
  }

  return {
    async publish(rows) {
      returned.clear();
      const outcomes = await Promise.allSettled(rows.map((row) => publishOne(row)));
      const confirmed = rows.filter((_, at) => outcomes[at]?.status === 'fulfilled');
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      return { confirmed, failure: failed && asBusUnavailable(failed.reason) };
    },
  };
}

/** Whatever the broker's library throws (a lost socket, a closed channel, a refusal), with AMQP's reply code. */
export function asBusUnavailable(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const reply = thrown instanceof Error ? /\b(\d{3}) \(([A-Z-]+)\)/.exec(thrown.message) : null;
  return new GatewayError(
    'bus-unavailable',
    reply ? `the broker refused: ${reply[1]} ${reply[2]}` : 'the broker cannot be reached',
    { cause: thrown, ...(reply?.[1] && { standardCode: reply[1] }) },
  );
}
