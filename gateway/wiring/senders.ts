/** Senders, from the configuration. */
import type { Mappings } from '../../mappings/index.ts';
import { GatewayError } from '../errors.ts';
import type { Config } from '../runtime/config.ts';

/** The mappings of the senders that are configured; another one is an unknown sender. */
export function sendersOf(config: Config, mappings: Mappings): Mappings {
  const known = new Map(mappings.senders.map((sender) => [sender.id, sender]));
  const senders = config.senders.map(({ id }, index) => {
    const sender = known.get(id);
    if (sender) return sender;
    throw new GatewayError(
      'configuration-invalid',
      `${id} has no overlay in mappings/senders; there are ${[...known.keys()].join(', ')}`,
      { location: `senders.${index}.id` },
    );
  });
  return { ...mappings, senders };
}

/** As the gateway itself judges it (`routesOf`): a sender that is not configured sends nothing. */
export function liveSenders(
  config: Pick<Config, 'senders'>,
): (sender: string, now: string) => boolean {
  return (id, now) =>
    config.senders.some(
      (sender) => sender.id === id && sender.mode === 'live' && (sender.liveFrom ?? '') <= now,
    );
}
