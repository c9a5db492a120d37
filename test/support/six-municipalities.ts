/** A whole gateway and six municipalities, each reached by another channel, each with a marked patient of its own. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { buildMessage } from '../../adapters/simulated/hospital.ts';
import {
  simulatedFhirReceiver,
  simulatedMllp,
  simulatedSftp,
  type SimulatedFhirReceiver,
  type SimulatedMllp,
  type SimulatedSftp,
} from '../../adapters/simulated/municipality/index.ts';
import { assert } from '../../gateway/errors.ts';
import type { DischargeEvent, NoticedObligation } from '../../gateway/process/events.ts';
import { receiverSettings } from '../../gateway/runtime/config-receivers.ts';
import { sdkSettings } from '../../gateway/runtime/config-sdk.ts';
import type { Config } from '../../gateway/runtime/config.ts';
import type { DeliveryRow } from '../../gateway/runtime/journal/journal.ts';
import { temporaryFolder } from './folder.ts';
import { secret, startTestGateway, tokens, type TestGateway } from './gateway.ts';
import { marked } from './marked-person.ts';
import { readPdf } from './read-pdf.ts';
import { addresses, receiptXml } from './sdk.ts';

export const admittedAt = '2022-03-07T09:00:00.000Z';
export const readyAt = '2022-03-09T09:00:00.000Z';
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };
const password = 'synthetic-password';
const fhirToken = 'f'.repeat(40);

/** Everything of a patient tells whose it is, so it is known again where it must not be. */
export const patients = (
  [
    ['webhook', '1480', '189002029800'],
    ['file', '1481', '189001019802'],
    ['fhir', '1482', '189001029819'],
    ['sdk', '1490', '189001039800'],
    ['sftp', '1484', '189001049817'],
    ['mllp', '1485', '189001059808'],
  ] as const
).map(([channel, municipality, personnummer], index) => ({
  channel,
  visit: `E900${index}`,
  person: {
    municipality,
    personnummer,
    family: `${marked.family}-${channel}`,
    given: `${marked.given}-${channel}`,
    address: {
      street: `Märkgatan 9${index}x`,
      // With its space it is no part of an id or a count by chance.
      postalCode: `999 9${index}`,
      city: `Markörstad-${channel}`,
    },
  },
}));
export type Patient = (typeof patients)[number];
export type Channel = Patient['channel'];

export function markersOf({ person }: Patient): readonly string[] {
  const { personnummer, family, given, address } = person;
  const dashed = `${personnummer.slice(2, 8)}-${personnummer.slice(8)}`;
  return [personnummer.slice(2), dashed, family, given, ...Object.values(address)];
}

export interface Received {
  /** Name of the file, path and headers, head of the message: what others than its reader may see. */
  readonly outside: string;
  readonly body: string;
}

type Told<T extends DischargeEvent['type']> = Extract<DischargeEvent, { type: T }>;

/** Where their systems are: a folder is theirs too. */
interface Systems {
  readonly folder: string;
  readonly fhir: SimulatedFhirReceiver;
  readonly sftp: SimulatedSftp;
  readonly mllp: SimulatedMllp;
}

export class SixMunicipalities {
  readonly world: TestGateway;
  readonly systems: Systems;
  /** Request line and headers of every HTTP call that a server in here heard: theirs, and our own. */
  readonly heard: readonly string[];
  /** Stops everything. */
  readonly close: () => Promise<void>;

  private constructor(parts: Pick<SixMunicipalities, 'world' | 'systems' | 'heard' | 'close'>) {
    this.world = parts.world;
    this.systems = parts.systems;
    this.heard = parts.heard;
    this.close = parts.close;
  }

  static async start(): Promise<SixMunicipalities> {
    const heard: string[] = [];
    const listen = (message: unknown): void => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as Node documents this channel
      const { request } = message as { readonly request: IncomingMessage };
      heard.push([request.method, request.url, ...request.rawHeaders].join(' '));
    };
    subscribe('http.server.request.start', listen);
    const outside = temporaryFolder('six-municipalities');
    const folder = outside.path;
    mkdirSync(join(folder, 'sdk-receipts'));
    const fhir = await simulatedFhirReceiver({ access: { token: fhirToken } });
    const sftp = await simulatedSftp({ user: 'region', letsIn: { password } });
    const mllp = await simulatedMllp();
    const systems = { folder, fhir, sftp, mllp };
    const world = await startTestGateway({
      start: admittedAt,
      change: (config) => configured(config, systems),
      options: {
        env: {
          ...tokens,
          RECEIVER_SECRET: secret,
          FHIR_RECEIVER_TOKEN: fhirToken,
          SFTP_PASSWORD: password,
        },
      },
    });
    const close = async (): Promise<void> => {
      unsubscribe('http.server.request.start', listen);
      await world.close();
      for (const system of [fhir, sftp, mllp]) await system.close();
      outside.remove();
    };
    return new SixMunicipalities({ world, systems, heard, close });
  }

  /** Every patient is admitted and in need of something; where a line can fail it fails at first. */
  async admitAll(): Promise<void> {
    const { world, systems } = this;
    await this.#tell('A01', 1, admittedAt);
    world.receiver.setBehaviour(['busy']);
    systems.fhir.setFault(['transient-error']);
    systems.sftp.setFault('full');
    systems.mllp.setBehaviour([{ code: 'AR', condition: '207' }]);
    await this.#tell('A08', 2, admittedAt, { needs });
    systems.sftp.setFault(undefined);
    await world.passTimeUntil('2022-03-07T09:01:00.000Z');
  }

  async findAllReady(): Promise<void> {
    this.world.clock.advanceTo(readyAt);
    await this.#tell('A08', 3, readyAt, { needs, readyAt });
  }

  async #tell(trigger: 'A01' | 'A08', nth: number, at: string, more = {}): Promise<void> {
    for (const { visit, person } of patients) {
      const common = { trigger, visit, at, expectedDischarge: '2022-03-09' };
      const step = { ...common, controlId: `${visit}-${nth}`, ...person, ...more };
      expect(await this.world.send(buildMessage('ekliden', step))).toBe('AA');
    }
    await this.world.rest();
  }

  /** The message service's receipt, as the access point leaves it: whole at once. */
  async bringReceipt(id: string): Promise<void> {
    const folder = join(this.systems.folder, 'sdk-receipts');
    writeFileSync(join(folder, `.${id}`), receiptXml({ id }));
    renameSync(join(folder, `.${id}`), join(folder, `${id}.xml`));
    const { deliveries } = this.world.gateway.journal;
    await vi.waitFor(
      async () => expect((await deliveries.named(id))?.state).toBe('delivered'),
      5000,
    );
    await this.world.rest();
  }

  async eventsOf<T extends DischargeEvent['type']>(type: T): Promise<Told<T>[]> {
    const events = await this.world.gateway.journal.eventsAfter(0, 10_000);
    return events
      .map(({ event }) => event)
      .filter((event): event is Told<T> => event.type === type);
  }

  /** The delivery of a notice to the municipality that has this channel. */
  async rowOf(channel: Channel, obligation: NoticedObligation): Promise<DeliveryRow> {
    const place = patients.find((one) => one.channel === channel)?.person.municipality;
    const issued = (await this.eventsOf('notice.issued')).find(
      ({ data }) => data.obligation === obligation && data.municipality === place,
    );
    const { deliveries } = this.world.gateway.journal;
    const heads = await deliveries.after(0, 1000);
    const head = heads.find(({ eventId }) => eventId === issued?.id);
    const row = await deliveries.named(head?.deliveryId ?? '');
    assert(row !== undefined, `there is no delivery of ${obligation} by ${channel}`);
    return row;
  }

  async deliveredBy({ deliveryId }: DeliveryRow): Promise<Told<'notice.delivered'>[]> {
    const told = await this.eventsOf('notice.delivered');
    return told.filter(({ data }) => data.deliveryId === deliveryId);
  }

  /** What the receiver by this channel has got, as it would read it. */
  async receivedBy(channel: Channel): Promise<Received[]> {
    const { folder, fhir, sftp, mllp } = this.systems;
    switch (channel) {
      case 'webhook':
        return this.world.receiver.received.map(({ deliveryId, body }) => ({
          outside: deliveryId,
          body: JSON.stringify(body),
        }));
      case 'file':
        return filesIn(join(folder, 'dropped'));
      case 'fhir':
        return fhir.received.map(({ path, headers, bundle }) => ({
          outside: `${path} ${JSON.stringify(headers)}`,
          body: JSON.stringify(bundle),
        }));
      case 'sdk':
        return await Promise.all(filesIn(join(folder, 'sdk-out')).map(opened));
      case 'sftp':
        return sftp.received.map(({ name, body }) => ({ outside: name, body }));
      case 'mllp':
        return mllp.received.map(({ text }) => ({
          outside: text.split('\r')[0] ?? '',
          body: text,
        }));
    }
  }
}

function configured(config: Config, { folder, fhir, sftp, mllp }: Systems): Config {
  const [webhook] = config.receivers;
  const own = { ownNetwork: true };
  const ways: Readonly<Record<Channel, object>> = {
    webhook: {
      url: webhook?.channel === 'webhook' ? webhook.url : '',
      secretEnv: ['RECEIVER_SECRET'],
      ...own,
    },
    file: { folder: join(folder, 'dropped'), proofReference: 'Routine 1' },
    fhir: {
      base: fhir.url,
      source: 'http://gateway.example/fhir',
      tokenEnv: 'FHIR_RECEIVER_TOKEN',
      ...own,
    },
    sdk: { to: addresses.to },
    sftp: {
      host: sftp.host,
      port: sftp.port,
      user: 'region',
      hostKey: [sftp.hostKey()],
      passwordEnv: 'SFTP_PASSWORD',
      folder: 'in',
      ...own,
    },
    mllp: { host: mllp.host, port: mllp.port, ...own },
  };
  const receivers = patients.map(({ channel, person }) => {
    const municipalities = [person.municipality];
    return { id: channel, channel, mode: 'live', municipalities, ...ways[channel] };
  });
  return {
    ...config,
    receivers: receiverSettings.parse(receivers),
    partners: config.partners.map((partner) => ({
      ...partner,
      receivers: patients.map(({ channel }) => channel),
    })),
    sdk: sdkSettings.parse({
      from: addresses.from,
      accessPoint: { folder: join(folder, 'sdk-out') },
      receipts: { folder: { path: join(folder, 'sdk-receipts'), every: '10ms' } },
    }),
  };
}

function filesIn(folder: string): Received[] {
  return readdirSync(folder).map((name) => ({
    outside: name,
    body: readFileSync(join(folder, name), 'utf8'),
  }));
}

/** SDK carries the notice a second time, as a PDF: with its text in place of its bytes. */
async function opened({ outside, body }: Received): Promise<Received> {
  const content = /<sdk:content>([^<]+)</.exec(body)?.[1] ?? '';
  const { text } = await readPdf(Buffer.from(content, 'base64'));
  return { outside, body: body.replace(content, () => text) };
}
