/** Whether receivers and sources can be reached: a connection, and a TLS handshake where there is TLS. Nothing is sent. */
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readFileSync } from 'node:fs';
import type { Config } from '../../runtime/config.ts';
import { codeOf, failed, ok, type Check } from './check.ts';

const timeoutMs = 5000;

export async function reachChecks({ receivers, senders }: Config): Promise<readonly Check[]> {
  const webhooks = receivers.flatMap((receiver) =>
    receiver.channel === 'webhook' ? [reach(`receiver ${receiver.id}`, receiver.url)] : [],
  );
  const sources = senders.flatMap(({ id, fhir }) =>
    (['poll', 'subscriptions'] as const).flatMap((kind) => {
      const server = fhir?.[kind];
      return server ? [reach(`${kind} of ${id}`, server.base, server.tls?.ca)] : [];
    }),
  );
  return await Promise.all([...webhooks, ...sources]);
}

async function reach(name: string, url: string, ca?: string): Promise<Check> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const at = { host, port: Number(port || (isTls ? 443 : 80)), timeout: timeoutMs };
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = isTls
        ? connectTls({
            ...at,
            servername: host,
            ...(ca !== undefined && { ca: readFileSync(ca) }),
          })
        : connectPlain(at);
      const end = (then: () => void): void => {
        socket.destroy();
        then();
      };
      socket.once(isTls ? 'secureConnect' : 'connect', () => end(resolve));
      socket.once('error', (thrown) => end(() => reject(thrown)));
      socket.once('timeout', () => end(() => reject(new RangeError('timeout'))));
    });
    return ok(name, `${at.host}:${at.port} answers${isTls ? ', its certificate holds' : ''}`);
  } catch (thrown) {
    const next = 'see that it runs, that the firewall lets us through, and that its address holds';
    return failed(name, `${at.host}:${at.port} cannot be reached (${codeOf(thrown)})`, next);
  }
}
