/** The real broker, where there is one. */
import { has } from './servers.ts';

export { brokerUrl, removeTopology } from './servers.ts';

/** Whether tests that need RabbitMQ run. */
export async function shallRunBroker(what: string): Promise<boolean> {
  return await has(what, 'RabbitMQ that runs');
}
