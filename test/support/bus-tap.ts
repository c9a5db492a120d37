/** Hears everything that is published on the exchanges of a broker: for us, and for subscribers outside. */
import { connect } from 'amqplib';
import { topologyOf } from '../../gateway/runtime/bus/topology.ts';
import type { BusSettings } from '../../gateway/runtime/config-bus.ts';

export class BusTap {
  /** Exchange, routing key, properties and body of each, as it came. */
  readonly heard: readonly string[];
  readonly close: () => Promise<void>;

  private constructor(heard: readonly string[], close: () => Promise<void>) {
    this.heard = heard;
    this.close = close;
  }

  /** @returns undefined where the bus is no broker: it has no messages, only events */
  static async on(settings: BusSettings): Promise<BusTap | undefined> {
    if (settings.form !== 'rabbitmq') return undefined;
    const { url, prefix, partitions } = settings;
    const { exchanges } = topologyOf(prefix, partitions);
    const heard: string[] = [];
    const model = await connect(url);
    const channel = await model.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    for (const { name } of exchanges) await channel.bindQueue(queue, name, '#');
    await channel.consume(
      queue,
      (message) => {
        if (message === null) return;
        const { fields, properties, content } = message;
        heard.push(`${JSON.stringify({ fields, properties })} ${content.toString('utf8')}`);
      },
      { noAck: true },
    );
    return new BusTap(heard, () => model.close());
  }
}
