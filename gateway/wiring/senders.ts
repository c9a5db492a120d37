/** Senders and the MLLP server's keys, from the configuration. */
import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import type { Mappings } from '../../mappings/index.ts';
import { GatewayError } from '../errors.ts';
import type { Config } from '../runtime/config.ts';

/** The mappings of the senders that are configured; another one is an unknown sender. */
export function sendersOf(config: Config, mappings: Mappings): Mappings {
  const known = new Map(mappings.senders.map((sender) => [sender.id, sender]));
  const senders = config.senders.map(({ id }) => {
    const sender = known.get(id);
    if (sender) return sender;
    throw new GatewayError(
      'configuration-invalid',
      `senders: ${id} has no overlay in mappings/senders; there are ${[...known.keys()].join(', ')}`,
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
    cert: readKey(tls.cert),
    key: readKey(tls.key),
    ...(tls.ca !== undefined && { ca: readKey(tls.ca) }),
    requestCert: tls.requestClientCertificate,
    rejectUnauthorized: tls.requestClientCertificate,
  };
}

function readKey(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new GatewayError('configuration-invalid', `mllp.tls: ${file} cannot be read`);
  }
}
