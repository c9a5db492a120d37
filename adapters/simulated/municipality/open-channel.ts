/** Each channel opened for a trial run: what the gateway's configuration says of it, and what it may be told to do. */
import { join } from 'node:path';
import { GatewayError } from '../../../gateway/errors.ts';
import { simulatedAccessPoint } from './access-point.ts';
import { moreOf, wordsOf, type Channel, type Late, type Status } from './behaviour.ts';
import type { ServerCertificates } from './certificates.ts';
import { simulatedDocuments } from './documents.ts';
import { simulatedFhirReceiver } from './fhir.ts';
import { simulatedFolder } from './file.ts';
import type { Certificate } from './http-server.ts';
import { simulatedMllp } from './mllp.ts';
import type { Arrival } from './received.ts';
import type { Secrets } from './secrets.ts';
import { simulatedSftp } from './sftp.ts';
import { simulatedMunicipality } from './webhook.ts';

export interface OpenChannel {
  readonly channel: Channel;
  /** Where it is: an address or a folder. */
  readonly where: string;
  /** Of what is no receiver of notices by itself. */
  readonly url?: string;
  /** Lines of its receiver in the configuration, beside id and place. */
  readonly receiver: readonly string[];
  /** @param text a word of its own, `late:5s`, a status or an acknowledgement code; @throws GatewayError */
  behave(text: string, times?: number): Promise<void>;
  setCertificate?(certificate: Certificate): void;
  close(): Promise<void>;
}

export interface OpenSettings {
  readonly host: string;
  /** 0 lets the system choose; a folder has none. */
  readonly ports: Readonly<Partial<Record<Channel, number>>>;
  /** Folders that both sides see lie in it. */
  readonly folder: string;
  readonly secrets: Secrets;
  readonly gatewayUrl: string;
  readonly certificates?: ServerCertificates | undefined;
  readonly now: () => string;
  readonly onArrival: (arrival: Arrival) => void;
  /** What became of a receipt by SDK. */
  readonly onReceipt: (messageId: string, result: string) => void;
}

/** Opens one; resolves when it listens. */
export async function openChannel(channel: Channel, settings: OpenSettings): Promise<OpenChannel> {
  return await opening[channel](settings);
}

const opening: Readonly<Record<Channel, (settings: OpenSettings) => Promise<OpenChannel>>> = {
  async webhook(settings) {
    const secret = settings.secrets.of('RECEIVER_SECRET');
    const server = await simulatedMunicipality({
      ...common('webhook', settings),
      secrets: [secret],
    });
    return {
      channel: 'webhook',
      where: server.url,
      receiver: [
        `url: ${server.url}`,
        'secretEnv: [RECEIVER_SECRET]',
        ...trust(settings),
        'ownNetwork: true',
      ],
      behave: async (text, times) =>
        server.setBehaviour(repeated(late(text) ?? status(text) ?? word('webhook', text), times)),
      setCertificate: (certificate) => server.setCertificate(certificate),
      close: () => server.close(),
    };
  },
  async file({ folder, onArrival }) {
    const server = await simulatedFolder({ folder: join(folder, 'files'), onArrival });
    return {
      channel: 'file',
      where: server.folder,
      receiver: [
        `folder: ${server.folder}`,
        'proofReference: trial run # without one a file proves no hand-over',
      ],
      behave: async (text, times) =>
        await server.setBehaviour(standing('file', times, word('file', text))),
      close: () => server.close(),
    };
  },
  async sftp({ host, ports, secrets, onArrival }) {
    const server = await simulatedSftp({
      host,
      port: ports.sftp ?? 0,
      user: 'region',
      letsIn: { password: secrets.of('SFTP_PASSWORD') },
      keys: secrets.hostKey(),
      onArrival,
    });
    return {
      channel: 'sftp',
      where: `sftp://region@${reached(host)}:${server.port}/in, host key ${server.hostKey()}`,
      receiver: [
        `host: ${reached(host)}`,
        `port: ${server.port}`,
        'user: region',
        `hostKey: ['${server.hostKey()}']`,
        'passwordEnv: SFTP_PASSWORD',
        'folder: in',
        'ownNetwork: true',
      ],
      behave: async (text, times) => {
        const behaviour = late(text) ?? word('sftp', text);
        server.setBehaviour(standing('sftp', times, behaviour));
      },
      close: () => server.close(),
    };
  },
  async mllp(settings) {
    const server = await simulatedMllp(common('mllp', settings));
    const isTls = settings.certificates !== undefined;
    return {
      channel: 'mllp',
      where: `${isTls ? 'mllps' : 'mllp'}://${reached(settings.host)}:${server.port}`,
      receiver: [
        `host: ${isTls ? 'localhost' : reached(settings.host)}`,
        `port: ${server.port}`,
        ...trust(settings),
        'ownNetwork: true',
      ],
      behave: async (text, times) => {
        const behaviour = late(text) ?? code(text) ?? word('mllp', text);
        server.setBehaviour(repeated(behaviour, times));
      },
      setCertificate: (certificate) => server.setCertificate(certificate),
      close: () => server.close(),
    };
  },
  async fhir(settings) {
    const access = { token: settings.secrets.of('FHIR_RECEIVER_TOKEN') };
    const server = await simulatedFhirReceiver({ ...common('fhir', settings), access });
    return {
      channel: 'fhir',
      where: server.url,
      receiver: [
        `base: ${server.url}`,
        `source: ${settings.gatewayUrl}/fhir`,
        'tokenEnv: FHIR_RECEIVER_TOKEN',
        ...trust(settings),
        'ownNetwork: true',
      ],
      behave: async (text, times) =>
        server.setBehaviour(repeated(late(text) ?? status(text) ?? word('fhir', text), times)),
      setCertificate: (certificate) => server.setCertificate(certificate),
      close: () => server.close(),
    };
  },
  async sdk({ folder, secrets, gatewayUrl, ...settings }) {
    const folders = {
      envelopes: join(folder, 'sdk', 'out'),
      receipts: join(folder, 'sdk', 'receipts'),
    };
    const server = await simulatedAccessPoint({
      host: settings.host,
      port: settings.ports.sdk ?? 0,
      token: secrets.of('ACCESS_POINT_TOKEN'),
      folders,
      gateway: { url: gatewayUrl, token: secrets.of('SDK_RECEIPTS_TOKEN') },
      now: settings.now,
      onArrival: settings.onArrival,
      onReceipt: settings.onReceipt,
    });
    return {
      channel: 'sdk',
      where: `${server.url}, or by the folder ${folders.envelopes}`,
      url: server.url,
      receiver: [
        'to: { organisation: 0203:kommun.example.se, functionAddress: sdk.hemgang.0203:kommun.example.se }',
      ],
      behave: async (text, times) =>
        server.setBehaviour(repeated(late(text) ?? status(text) ?? word('sdk', text), times)),
      close: () => server.close(),
    };
  },
  async billing({ host, ports, secrets, onArrival }) {
    const token = secrets.of('BILLING_TOKEN');
    const server = await simulatedDocuments({ host, port: ports.billing ?? 0, token, onArrival });
    return {
      channel: 'billing',
      where: server.url,
      url: server.url,
      receiver: [],
      behave: async (text, times) =>
        server.setBehaviour(repeated(late(text) ?? status(text) ?? word('billing', text), times)),
      close: () => server.close(),
    };
  },
};

function common(
  channel: Channel,
  { host, ports, certificates, onArrival }: OpenSettings,
): {
  readonly host: string;
  readonly port: number;
  readonly onArrival: OpenSettings['onArrival'];
  readonly tls?: Certificate;
} {
  const port = ports[channel] ?? 0;
  return { host, port, onArrival, ...(certificates && { tls: certificates.right }) };
}

/** 0.0.0.0 is where one listens, and nowhere to go to. */
const reached = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host);

const trust = ({ certificates }: OpenSettings): string[] =>
  certificates === undefined ? [] : [`tls: { ca: ${certificates.caFile} }`];

// ---------------------------------------------------------------- what it is told

function word<C extends Channel>(channel: C, text: string): (typeof wordsOf)[C][number] {
  const words: readonly (typeof wordsOf)[C][number][] = wordsOf[channel];
  const found = words.find((one) => one === text);
  if (found !== undefined) return found;
  const more = moreOf[channel];
  const can = [...words, ...(more === undefined ? [] : [more])].join(', ');
  throw new GatewayError('configuration-invalid', `${channel} cannot ${text}; it can ${can}`);
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

function late(text: string): Late | undefined {
  const [, number, unit = ''] = /^late:(\d{1,6})(ms|s|m)$/.exec(text) ?? [];
  return number === undefined ? undefined : { late: Number(number) * (unitMs[unit] ?? 1) };
}

function status(text: string): Status | undefined {
  return /^[2-5]\d\d$/.test(text) ? { status: Number(text) } : undefined;
}

function code(text: string): { code: string; condition?: string } | undefined {
  const [, answer, condition] = /^([AC][AER])(?::(\d{3}))?$/.exec(text) ?? [];
  if (answer === undefined) return undefined;
  return { code: answer, ...(condition !== undefined && { condition }) };
}

/** For the next messages, or from now on. */
function repeated<B>(behaviour: B, times: number | undefined): B | B[] {
  return times === undefined ? behaviour : Array.from({ length: times }, () => behaviour);
}

/** A server that stands so until it is told otherwise has no next message. */
function standing<B>(channel: Channel, times: number | undefined, behaviour: B): B {
  if (times === undefined) return behaviour;
  const what = `${channel} stands as it is told until it is told to accept again: say it without a number`;
  throw new GatewayError('configuration-invalid', what);
}
