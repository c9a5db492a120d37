/** Which broker answered, and what follows from it: told at start, so that nobody has to guess. */
import type { ServerProperties } from 'amqplib';

export interface BrokerFound {
  readonly product: string;
  readonly version: string;
  readonly cluster: string;
  /** By whose rules it works: they differ in what they do where nothing is said, so everything is said. */
  readonly semantics: '3' | '4' | 'unknown';
  /** What an operator should know of it; one sentence each. */
  readonly remarks: readonly string[];
}

/** What the broker says of itself when it is connected to. */
export function brokerFound(properties: ServerProperties): BrokerFound {
  const { product, version } = properties;
  const cluster = textOf(properties['cluster_name']);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const base = { product, version, cluster };
  if (product !== 'RabbitMQ' || major < 3) {
    const remark =
      'not a broker this program was tried with: RabbitMQ 3.10 is, and 4 by its documentation';
    return { ...base, semantics: 'unknown', remarks: [remark] };
  }
  if (major >= 4) {
    const remarks = [
      'quorum queues have a delivery limit of 20 by default; ours is set and the same',
      'a queue type or a mirroring policy of RabbitMQ 3 has no meaning here',
    ];
    return { ...base, semantics: '4', remarks };
  }
  const remarks = ['quorum queues have no delivery limit by default; ours have one'];
  if (minor < 10) remarks.push('before 3.10 there is no dead-lettering at least once: upgrade');
  else {
    remarks.push(
      'dead-lettering at least once needs the feature flag stream_queue, which cannot be seen from here: rabbitmqctl list_feature_flags',
    );
  }
  return { ...base, semantics: '3', remarks };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
