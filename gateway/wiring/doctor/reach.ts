/** Whether receivers and sources can be reached: a connection, and a TLS handshake where there is TLS. Nothing is sent. */
import { connect as connectPlain } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { readFileSync } from 'node:fs';
import type { Config } from '../../runtime/config.ts';
import { systemClock } from '../../runtime/clock.ts';
import { codeOf, failed, ok, warn, type Check } from './check.ts';

const timeoutMs = 5000;
const dayMs = 86_400_000;
const warnDays = 30;

/** Receivers of notices alone. */
export async function receiverChecks({
  receivers,
}: Pick<Config, 'receivers'>): Promise<readonly Check[]> {
  return await Promise.all(
    receivers.flatMap((receiver) =>
      receiver.channel === 'webhook' ? [reach(`receiver ${receiver.id}`, receiver.url)] : [],
    ),
  );
}

export async function reachChecks({
  receivers,
  senders,
  billing,
}: Config): Promise<readonly Check[]> {
  const documents = billing.receivers.flatMap((receiver) =>
    receiver.channel === 'http' ? [reach(`receiver ${receiver.id}`, receiver.url)] : [],
  );
  const sources = senders.flatMap(({ id, fhir }) =>
    (['poll', 'subscriptions'] as const).flatMap((kind) => {
      const server = fhir?.[kind];
      return server ? [reach(`${kind} of ${id}`, server.base, server.tls?.ca)] : [];
    }),
  );
  return [
    ...(await receiverChecks({ receivers })),
    ...(await Promise.all([...documents, ...sources])),
  ];
}

async function reach(name: string, url: string, ca?: string): Promise<Check> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const at = { host, port: Number(port || (isTls ? 443 : 80)), timeout: timeoutMs };
  try {
    const endsAt = await new Promise<string | undefined>((resolve, reject) => {
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
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
        end(() => resolve(certificate?.valid_to));
      });
      socket.once('error', (thrown) => end(() => reject(thrown)));
      socket.once('timeout', () => end(() => reject(new RangeError('timeout'))));
    });
    return answered(name, `${at.host}:${at.port} answers`, endsAt);
  } catch (thrown) {
    const next = 'see that it runs, that the firewall lets us through, and that its address holds';
    return failed(name, `${at.host}:${at.port} cannot be reached (${codeOf(thrown)})`, next);
  }
}

/** @param endsAt when the certificate of who answers ends, as it says */
function answered(name: string, what: string, endsAt: string | undefined): Check {
  if (endsAt === undefined) return ok(name, what);
  const days = Math.floor((Date.parse(endsAt) - systemClock.nowMs()) / dayMs);
  const told = `${what}, its certificate holds for ${days} days`;
  return days < warnDays ? warn(name, told, 'ask who runs it to renew it') : ok(name, told);
}
