/** Senders and the MLLP server's keys, from the configuration. */
import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
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

/**
 * Keys and certificates of the MLLP server.
 * @throws GatewayError configuration-invalid naming the file that cannot be read
 */
export function tlsOf(config: Config): TlsOptions | undefined {
  const { tls } = config.mllp;
  if (!tls) return undefined;
  return {
    cert: readKey('cert', tls.cert),
    key: readKey('key', tls.key),
    ...(tls.ca !== undefined && { ca: readKey('ca', tls.ca) }),
    requestCert: tls.requestClientCertificate,
    rejectUnauthorized: tls.requestClientCertificate,
  };
}

function readKey(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new GatewayError('configuration-invalid', `${file} cannot be read`, {
      location: `mllp.tls.${name}`,
    });
  }
}
