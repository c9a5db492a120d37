/** The real broker, where there is one. */
import { busSettings, type RabbitMqSettings } from '../../gateway/runtime/config-bus.ts';
import { brokerUrl, has } from './servers.ts';

export { brokerUrl, removeTopology } from './servers.ts';

/** Whether tests that need RabbitMQ run. */
export async function shallRunBroker(what: string): Promise<boolean> {
  return await has(what, 'RabbitMQ that runs');
}

/** Queues of each kind that tests have unless they are about the number: quorum queues take their time. */
export const testPartitions = 2;

/** The bus over the real broker, under a prefix of its own. */
export function brokerSettings(prefix: string): RabbitMqSettings {
  const set = { form: 'rabbitmq', url: brokerUrl, prefix, partitions: testPartitions };
  const settings = busSettings.parse(set);
  if (settings.form !== 'rabbitmq') throw new Error('not RabbitMQ');
  return settings;
}
