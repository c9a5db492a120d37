/** Opens the bus as configured. */
import { readFileSync } from 'node:fs';
import { GatewayError } from '../errors.ts';
import type { Bus, OnTrouble } from '../runtime/bus/bus.ts';
import type { BrokerAddress } from '../runtime/bus/connection.ts';
import { embeddedBus } from '../runtime/bus/embedded.ts';
import { startPublication, type Publication } from '../runtime/bus/events/publication.ts';
import { everyPartition, type Partitions } from '../runtime/bus/partitions.ts';
import { rabbitMqBus, type RabbitMqBus } from '../runtime/bus/rabbitmq.ts';
import type { Clock } from '../runtime/clock.ts';
import type { BusSettings, RabbitMqSettings } from '../runtime/config-bus.ts';
import { secretOf } from '../runtime/config.ts';
import type { Journal } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import type { Observed } from '../runtime/observed.ts';

export interface BusParts {
  readonly settings: BusSettings;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly onTrouble: OnTrouble;
  /** Told what is done; nobody is where it is left out. */
  readonly observed?: Observed;
  /** What of the lanes this instance handles; all of them unless given. */
  readonly partitions?: Pick<Partitions, 'count' | 'held' | 'onChange'>;
}

/**
 * The bus of the configured form, not consuming yet.
 * @throws GatewayError configuration-invalid where a secret is not set or a file cannot be read
 */
export function openBus(parts: BusParts): Bus | RabbitMqBus {
  const { settings, journal, clock, env, log, onTrouble, observed } = parts;
  const confirms = observed?.confirmed.of();
  if (settings.form === 'embedded') return embeddedBus(journal, clock, { onTrouble });
  const { prefix, partitions, confirmWindow, confirmTimeout, prefetch } = settings;
  return rabbitMqBus(journal, clock, {
    address: brokerAddress(settings, env),
    prefix,
    partitions: parts.partitions ?? everyPartition(partitions),
    confirmWindow,
    confirmTimeoutMs: confirmTimeout,
    prefetch,
    onTrouble,
    ...(confirms && { observer: { confirmed: (elapsedMs) => confirms.took(elapsedMs) } }),
    onFound: (found) => log.info({ broker: found }, 'connected to the broker'),
  });
}

/**
 * Publishes every event for subscribers outside the gateway, where the bus is a broker and the configuration says so.
 * One instance does it at a time.
 */
export function publishEvents(
  { settings, journal, onTrouble }: Pick<BusParts, 'settings' | 'journal' | 'onTrouble'>,
  bus: Bus | RabbitMqBus,
): Publication | undefined {
  if (settings.form !== 'rabbitmq' || !settings.events.enabled || !('outlet' in bus))
    return undefined;
  const { from } = settings.events;
  return startPublication({ journal, outlet: bus.outlet, from, onTrouble });
}

/**
 * Where the broker is and how to speak to it: with the password, so it is never logged.
 * @throws GatewayError configuration-invalid where a secret is not set or a file cannot be read
 */
export function brokerAddress(
  { url, passwordEnv, tls }: RabbitMqSettings,
  env: NodeJS.ProcessEnv,
): BrokerAddress {
  const full = new URL(url);
  if (passwordEnv !== undefined && full.password === '') {
    full.password = encodeURIComponent(secretOf(passwordEnv, env));
  }
  if (tls === undefined) return { url: full.href };
  const { ca, cert, key } = tls;
  return {
    url: full.href,
    tls: {
      ...(ca !== undefined && { ca: pem('ca', ca) }),
      ...(cert !== undefined && { cert: pem('cert', cert) }),
      ...(key !== undefined && { key: pem('key', key) }),
    },
  };
}

/** The url as it may be shown: without the password. */
export function shownUrl(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href;
}

function pem(what: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const location = `bus.tls.${what}`;
    throw new GatewayError('configuration-invalid', `${location}: ${file} cannot be read`, {
      cause,
      location,
    });
  }
}
