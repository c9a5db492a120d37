/** The real broker, where there is one. */
import { connect } from 'amqplib';
import { topologyOf } from '../../gateway/runtime/bus/topology.ts';

export const brokerUrl =
  process.env['HEMGANG_TEST_AMQP_URL'] ?? 'amqp://guest:guest@127.0.0.1:5672';

/**
 * Whether tests that need RabbitMQ run: where it answers, and always with CI=true, so that a missing service is a
 * failure there. Says so loudly where they do not.
 */
export async function shallRunBroker(what: string): Promise<boolean> {
  try {
    const model = await connect(brokerUrl, { timeout: 5_000 });
    await model.close();
    return true;
  } catch {
    if (process.env['CI'] === 'true') return true;
    process.stderr.write(`SKIPPED: ${what}: no RabbitMQ answers at ${new URL(brokerUrl).host}\n`);
    return false;
  }
}

/** Deletes the queues and exchanges of a prefix. */
export async function removeTopology(prefix: string): Promise<void> {
  const model = await connect(brokerUrl);
  const channel = await model.createChannel();
  const { exchanges, queues } = topologyOf(prefix);
  for (const { name } of queues) await channel.deleteQueue(name);
  for (const { name } of exchanges) await channel.deleteExchange(name);
  await model.close();
}
