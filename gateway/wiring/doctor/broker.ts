/** The broker: there, of which version, what stands in our queues, what is set over them. */
import { connect, type ChannelModel } from 'amqplib';
import type { RabbitMqSettings } from '../../runtime/config-bus.ts';
import { topologyOf } from '../../runtime/bus/topology.ts';
import { brokerAddress, shownUrl } from '../bus.ts';
import { codeOf, failed, ok, warn, type Check } from './check.ts';

const timeoutMs = 5000;
/** What a policy of theirs would change of ours. */
const overriding =
  /^(message-ttl|expires|max-length|max-length-bytes|overflow|delivery-limit|dead-letter|queue-)/;

export async function brokerChecks(
  settings: RabbitMqSettings,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const { url, tls } = brokerAddress(settings, env);
  let model: ChannelModel;
  try {
    model = await connect(url, { timeout: timeoutMs, ...tls });
  } catch (thrown) {
    const next =
      'see that it runs, that bus.url names it, and that user and password hold; meanwhile events wait in the journal';
    return [
      failed('broker', `${shownUrl(settings.url)} cannot be reached (${codeOf(thrown)})`, next),
    ];
  }
  model.on('error', () => undefined);
  try {
    return [
      found(model, settings),
      ...(await queues(model, settings)),
      await policies(url, settings),
    ];
  } finally {
    await model.close().catch(() => undefined);
  }
}

function found(model: ChannelModel, { url }: RabbitMqSettings): Check {
  const { product, version } = model.connection.serverProperties;
  const what = `${product} ${version} at ${shownUrl(url)}`;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 10)) return ok('broker', what);
  return failed('broker', `${what} is too old`, 'use RabbitMQ 3.10 or later');
}

async function queues(
  model: ChannelModel,
  { prefix, partitions }: RabbitMqSettings,
): Promise<readonly Check[]> {
  const topology = topologyOf(prefix, partitions);
  const missing: string[] = [];
  let waiting = 0;
  let dead = 0;
  for (const { name } of topology.queues) {
    const depth = await depthOf(model, name);
    if (depth === undefined) missing.push(name);
    else if (name === topology.deadLetterQueue) dead = depth;
    else waiting += depth;
  }
  const checks: Check[] = [];
  if (missing.length === topology.queues.length) {
    checks.push(ok('queues', `none of ${prefix} yet; they are made at the first start`));
  } else if (missing.length > 0) {
    const next = 'the gateway makes them again when it connects anew; nothing is lost meanwhile';
    checks.push(warn('queues', `${missing.join(', ')} are not there`, next));
  } else checks.push(ok('queues', `${topology.queues.length} of ${prefix}, ${waiting} waiting`));
  if (dead > 0) {
    const what = `${dead} messages that the broker could not hand over lie in ${topology.deadLetterQueue}`;
    const next = `the journal has their events: hemgang dead-letters list; then purge that queue`;
    checks.push(warn('dead letters of the broker', what, next));
  }
  return checks;
}

/** @returns undefined for a queue that is not there */
export async function depthOf(model: ChannelModel, queue: string): Promise<number | undefined> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  try {
    const { messageCount } = await channel.checkQueue(queue);
    await channel.close();
    return messageCount;
  } catch {
    return undefined;
  }
}

interface QueueSeen {
  readonly name: string;
  readonly policy?: string | null;
  readonly effective_policy_definition?: Readonly<Record<string, unknown>> | null;
}

/** A policy is seen by the management interface alone; where that is not there, it is said how to see it. */
async function policies(url: string, { prefix }: RabbitMqSettings): Promise<Check> {
  const { protocol, hostname, username, password, pathname } = new URL(url);
  const vhost = pathname.length > 1 ? pathname.slice(1) : '%2F';
  const origin = protocol === 'amqps:' ? `https://${hostname}:15671` : `http://${hostname}:15672`;
  const user = `${decodeURIComponent(username || 'guest')}:${decodeURIComponent(password || 'guest')}`;
  try {
    const response = await fetch(`${origin}/api/queues/${vhost}`, {
      headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw new RangeError(String(response.status));
    const listed: readonly QueueSeen[] = JSON.parse(await response.text());
    const changed = listed
      .filter(({ name }) => name.startsWith(`${prefix}.`))
      .filter(({ effective_policy_definition: policy }) =>
        Object.keys(policy ?? {}).some((key) => overriding.test(key)),
      );
    if (changed.length === 0)
      return ok('policies', `none changes what the queues of ${prefix} are`);
    const what = changed.map(({ name, policy }) => `${policy ?? 'one'} on ${name}`).join(', ');
    const next = `rabbitmqctl clear_policy, or let it leave out ${prefix}.*: limits and dead letters are set by the gateway`;
    return warn('policies', what, next);
  } catch {
    return warn(
      'policies',
      `not seen: the management interface at ${origin} does not answer this user`,
      `rabbitmqctl list_policies shows them: none may set ttl, limits, overflow or dead letters of ${prefix}.*`,
    );
  }
}
