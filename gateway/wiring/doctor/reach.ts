/**
 * Whether receivers and sources can be reached: a connection, and a TLS handshake where there is TLS. A FHIR server that
 * gets notices is asked for a token and what it can do, an SFTP server for its host key. No notice is sent.
 */
import { shownHostKey } from '../../../adapters/wire/sftp-link.ts';
import { lookupFor } from '../../../adapters/wire/target.ts';
import { asGatewayError } from '../../errors.ts';
import type { SftpServer } from '../../runtime/config-line.ts';
import type { Config, ReceiverConfig } from '../../runtime/config.ts';
import { failed, ok, type Check } from './check.ts';
import { fhirReach, tokenCheck } from './fhir-reach.ts';
import { lineCheck, lineTo, reachTimeoutMs } from './line-reach.ts';

type Of<C extends ReceiverConfig['channel']> = Extract<ReceiverConfig, { channel: C }>;

/** Receivers of notices alone, and the access point that carries those by SDK. */
export async function receiverChecks(
  { receivers, sdk }: Pick<Config, 'receivers' | 'sdk'>,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const checks = receivers.map(async (receiver, index): Promise<readonly Check[]> => {
    const name = `receiver ${receiver.id}`;
    switch (receiver.channel) {
      case 'webhook': {
        const tls = { files: receiver.tls, caSetting: `receivers.${index}.tls.ca` };
        return [await lineCheck(name, () => lineTo(receiver.url, receiver.ownNetwork, tls))];
      }
      case 'fhir':
        return await reachFhir(name, receiver, `receivers.${index}`, env);
      case 'sftp':
        return [await reachSftp(name, receiver)];
      case 'mllp':
        return [await reachMllp(name, receiver, `receivers.${index}.tls.ca`)];
      case 'file':
      case 'sdk':
        return [];
    }
  });
  const accessPoint = sdk !== undefined && 'url' in sdk.accessPoint ? sdk.accessPoint : undefined;
  const carried = accessPoint && [
    lineCheck('sdk access point', () =>
      lineTo(accessPoint.url, accessPoint.ownNetwork, {
        files: accessPoint.tls,
        caSetting: 'sdk.accessPoint.tls.ca',
      }),
    ),
  ];
  return [...(await Promise.all(checks)).flat(), ...(await Promise.all(carried ?? []))];
}

export async function reachChecks(
  { receivers, sdk, senders, billing }: Config,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const documents = billing.receivers.flatMap((receiver, index) => {
    const name = `receiver ${receiver.id}`;
    if (receiver.channel === 'sftp') return [reachSftp(name, receiver)];
    return receiver.channel === 'http'
      ? [
          lineCheck(name, () =>
            lineTo(receiver.url, receiver.ownNetwork, {
              files: receiver.tls,
              caSetting: `billing.receivers.${index}.tls.ca`,
            }),
          ),
        ]
      : [];
  });
  const sources = senders.flatMap(({ id, fhir }, index) =>
    (['poll', 'subscriptions'] as const).flatMap((kind) => {
      const server = fhir?.[kind];
      if (!server) return [];
      const setting = `senders.${index}.fhir.${kind}`;
      const name = `${kind} of ${id}`;
      const tls = { files: server.tls, caSetting: `${setting}.tls.ca` };
      return [
        lineCheck(name, () => lineTo(server.base, server.ownNetwork, tls)).then(async (line) => [
          line,
          ...(line.state === 'fail' ? [] : await tokenCheck(name, server, setting, env)),
        ]),
      ];
    }),
  );
  const [notices, others, asked] = await Promise.all([
    receiverChecks({ receivers, sdk }, env),
    Promise.all(documents),
    Promise.all(sources),
  ]);
  return [...notices, ...others, ...asked.flat()];
}

async function reachFhir(
  name: string,
  receiver: Of<'fhir'>,
  setting: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const tls = { files: receiver.tls, caSetting: `${setting}.tls.ca` };
  const line = await lineCheck(name, () => lineTo(receiver.base, receiver.ownNetwork, tls));
  if (line.state === 'fail') return [line];
  const token = await tokenCheck(name, receiver, setting, env);
  if (token.some(({ state }) => state === 'fail')) return [line, ...token];
  return [await fhirReach(line, receiver, setting, env), ...token];
}

async function reachMllp(name: string, receiver: Of<'mllp'>, caSetting: string): Promise<Check> {
  const { host, port, tls, ownNetwork } = receiver;
  return await lineCheck(name, () => ({
    host,
    port,
    lookup: lookupFor(host, tls === undefined ? 'plain' : 'encrypted', ownNetwork, 'host'),
    ...(tls !== undefined && { tls, caSetting }),
  }));
}

/** The host key is looked at, and nobody logs in. */
async function reachSftp(name: string, server: SftpServer): Promise<Check> {
  const { host, port, hostKey, ownNetwork } = server;
  try {
    const lookup = lookupFor(host, 'encrypted', ownNetwork, 'host');
    const shown = await shownHostKey({ host, port, lookup }, reachTimeoutMs);
    if (hostKey.includes(shown)) return ok(name, `${host}:${port} answers, its host key holds`);
    return failed(
      name,
      `${host}:${port} shows the host key ${shown}, which is not in hostKey`,
      'ask the receiver by another way whether the key is theirs; if it is, add it to hostKey',
    );
  } catch (thrown) {
    const { message } = asGatewayError(thrown);
    return failed(
      name,
      `${host}:${port} cannot be reached (${message})`,
      'see that it runs, that the firewall lets us through, and that its address holds (ownNetwork)',
    );
  }
}
