/**
 * A whole gateway and six municipalities, each reached by another channel, each with a marked patient of its own; in the
 * first one lives a seventh, whose identity is protected. Four pay by the agreement of the hospital's region, two live
 * elsewhere and pay by the statute. One configuration file is read by the gateway and by the verbs.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { stringify } from 'yaml';
import { buildMessage, type HospitalStep } from '../../adapters/simulated/hospital.ts';
import {
  simulatedFhirReceiver,
  simulatedMllp,
  simulatedSftp,
  type SimulatedFhirReceiver,
  type SimulatedMllp,
  type SimulatedSftp,
} from '../../adapters/simulated/municipality/index.ts';
import { assert } from '../../gateway/errors.ts';
import {
  cloudEventType,
  type DischargeEvent,
  type EventType,
  type NoticedObligation,
} from '../../gateway/process/events.ts';
import { loadConfig } from '../../gateway/runtime/config.ts';
import type { DeliveryRow } from '../../gateway/runtime/journal/journal.ts';
import { BillingSystems, billingOf } from './billing-systems.ts';
import { BusTap } from './bus-tap.ts';
import { temporaryFolder } from './folder.ts';
import type { Form } from './forms.ts';
import { secret, startTestGateway, type TestGateway } from './gateway.ts';
import { marked } from './marked-person.ts';
import { readPdf } from './read-pdf.ts';
import { addresses, receiptXml } from './sdk.ts';
import { printed, type Printed } from './verbs.ts';

export const needs = {
  socialServices: true,
  municipalHealthCare: false,
  regionOutpatient: true,
};
const password = 'synthetic-password';
const fhirToken = 'f'.repeat(40);

/** Everything of a patient tells whose it is, so it is known again where it must not be. */
const markedBy = (index: number, municipality: string, personnummer: string, name: string) => ({
  visit: `E900${index}`,
  person: {
    municipality,
    personnummer,
    family: `${marked.family}-${name}`,
    given: `${marked.given}-${name}`,
    address: {
      street: `Märkgatan 9${index}x`,
      // With its space it is no part of an id or a count by chance.
      postalCode: `999 9${index}`,
      city: `Markörstad-${name}`,
    },
  },
});
export const patients = (
  [
    ['webhook', '1480', '189002029800', 10],
    ['file', '1481', '189001019802', 5],
    ['fhir', '1482', '189001029819', 10],
    ['sdk', '1490', '189001039800', 5],
    ['sftp', '1384', '189001049817', 10],
    ['mllp', '0580', '189001059808', 5],
  ] as const
).map(([channel, municipality, personnummer, waits], index) => ({
  channel,
  /** Days from the notice of readiness to the discharge. */
  waits,
  ...markedBy(index, municipality, personnummer, channel),
}));
export type Patient = (typeof patients)[number];
export type Channel = Patient['channel'];

export type Told = Pick<Patient, 'visit' | 'person'>;

/** Lives where the first one does, and is told of by SDK to a function of its own, when a named person says so. */
export const protectedPatient = {
  channel: 'protected',
  waits: 5,
  ...markedBy(6, '1480', '189001069815', 'skyddad'),
} as const;
export const everybody = [...patients, protectedPatient];

export function markersOf({ person }: Told): readonly string[] {
  const { personnummer, family, given, address } = person;
  const dashed = `${personnummer.slice(2, 8)}-${personnummer.slice(8)}`;
  return [personnummer.slice(2), dashed, family, given, ...Object.values(address)];
}

export interface Received {
  /** Name of the file, path and headers, head of the message: what others than its reader may see. */
  readonly outside: string;
  readonly body: string;
}

type EventOf<T extends EventType> = Extract<DischargeEvent, { type: T }>;

/** Where their systems are: a folder is theirs too. */
interface Systems {
  readonly folder: string;
  readonly fhir: SimulatedFhirReceiver;
  readonly sftp: SimulatedSftp;
  readonly mllp: SimulatedMllp;
  readonly billing: BillingSystems;
}

export class SixMunicipalities {
  readonly world: TestGateway;
  readonly systems: Systems;
  /** The gateway's configuration, as `--config` takes it. */
  readonly config: string;
  /** Request line and headers of every HTTP call that a server in here heard: theirs, and our own. */
  readonly heard: readonly string[];
  /** Every message of the broker, where there is one. */
  readonly bus: BusTap | undefined;
  /** What every verb printed. */
  readonly printed: string[] = [];
  /** Stops everything. */
  readonly close: () => Promise<void>;

  private constructor(parts: Fields) {
    this.world = parts.world;
    this.systems = parts.systems;
    this.config = parts.config;
    this.heard = parts.heard;
    this.bus = parts.bus;
    this.close = parts.close;
  }

  /** @param start ISO 8601, where the hand-set clock begins */
  static async start(form: Form, start: string): Promise<SixMunicipalities> {
    const heard: string[] = [];
    const listen = (message: unknown): void => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as Node documents this channel
      const { request } = message as { readonly request: IncomingMessage };
      heard.push([request.method, request.url, ...request.rawHeaders].join(' '));
    };
    subscribe('http.server.request.start', listen);
    const [outside, own] = [temporaryFolder('six-municipalities'), temporaryFolder('gateway')];
    const folder = outside.path;
    mkdirSync(join(folder, 'sdk-receipts'));
    const fhir = await simulatedFhirReceiver({ access: { token: fhirToken } });
    const sftp = await simulatedSftp({ user: 'region', letsIn: { password } });
    const mllp = await simulatedMllp();
    const billing = await BillingSystems.start(folder);
    const systems = { folder, fhir, sftp, mllp, billing };
    const { drop, ...place } = form.place();
    const config = join(own.path, 'hemgang.yaml');
    const world = await startTestGateway({
      start,
      folder: own.path,
      change({ receivers: [webhook], senders, deadlines }) {
        assert(webhook?.channel === 'webhook', 'the test ground has a webhook');
        const settings = settingsOf(systems, place, own.path, webhook.url);
        writeFileSync(config, stringify(settings));
        return { ...loadConfig({ env: {}, file: config }).config, senders, deadlines };
      },
      options: { env: environment },
    });
    const bus = await BusTap.on(place.bus);
    const close = async (): Promise<void> => {
      unsubscribe('http.server.request.start', listen);
      await bus?.close();
      await world.close();
      for (const system of [fhir, sftp, mllp, billing]) await system.close();
      await drop();
      for (const one of [outside, own]) one.remove();
    };
    return new SixMunicipalities({ world, systems, config, heard, bus, close });
  }

  /** Every patient is admitted and in need of something; where a line can fail it fails at first. */
  async admitAll(): Promise<void> {
    const { world, systems } = this;
    const at = world.clock.now();
    for (const patient of everybody) await this.tell(patient, { trigger: 'A01', at });
    await world.rest();
    world.receiver.setBehaviour(['busy']);
    systems.fhir.setBehaviour(['busy']);
    systems.sftp.setBehaviour('full');
    systems.mllp.setBehaviour(['busy']);
    for (const patient of everybody) await this.tell(patient, { trigger: 'A08', at, needs });
    await world.rest();
    systems.sftp.setBehaviour('accept');
    await world.passTimeUntil(later(at, 1));
  }

  /** One message of the hospital about a patient. */
  async tell(
    { visit, person }: Told,
    step: Pick<HospitalStep, 'trigger' | 'at'> & Partial<HospitalStep>,
  ): Promise<void> {
    this.#messages += 1;
    const raw = buildMessage('ekliden', {
      visit,
      controlId: `${visit}-${this.#messages}`,
      expectedDischarge: this.expectedDischarge,
      ...(visit === protectedPatient.visit && { protection: 'S' }),
      ...person,
      ...step,
    });
    expect(await this.world.send(raw)).toBe('AA');
  }
  #messages = 0;
  /** Of every patient, as the hospital tells it in its next messages. */
  expectedDischarge = '2022-03-09';

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

  /** Every message by SDK that waits for its receipt gets it. */
  async bringReceipts(): Promise<void> {
    const { deliveries } = this.world.gateway.journal;
    for (const { deliveryId } of await deliveries.byState('awaited', 100)) {
      await this.bringReceipt(deliveryId);
    }
  }

  /**
   * What a partner says of a case by itself.
   * @param by code of a municipality, or `primary-care`
   */
  async say(by: string, type: EventType, subject: string, data: object = {}): Promise<void> {
    const { host, port } = this.world.gateway.http;
    const response = await fetch(`http://${host}:${port}/receipts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokenOf(by)}`,
        'content-type': 'application/cloudevents+json',
      },
      body: JSON.stringify({
        specversion: '1.0',
        id: `${type}-${subject}-${this.world.clock.now()}`,
        source: `/${by}`,
        type: cloudEventType(type),
        subject,
        time: this.world.clock.now(),
        datacontenttype: 'application/json',
        data,
      }),
    });
    expect(await response.text().then(() => response.status)).toBe(202);
  }

  async eventsOf<T extends EventType>(type: T): Promise<EventOf<T>[]> {
    const events = await this.world.gateway.journal.eventsAfter(0, 10_000);
    return events
      .map(({ event }) => event)
      .filter((event): event is EventOf<T> => event.type === type);
  }

  /** A verb with --json, in the name of whose token it needs. @returns what it printed */
  async verb<O extends object>(
    run: (options: O & Verb) => Promise<number>,
    options: O,
    user: keyof typeof userTokens = 'anna',
  ): Promise<Printed['json']> {
    const tokenFile = join(this.systems.folder, user);
    writeFileSync(tokenFile, userTokens[user]);
    const common = { config: this.config, flags: {}, json: true, tokenFile } as const;
    const { text } = await printed(() => run({ ...options, ...common }));
    this.printed.push(text);
    await this.world.rest();
    return JSON.parse(text);
  }

  /** The case of a patient, by its reference. */
  async caseOf({ visit }: Told): Promise<string> {
    const { journal } = this.world.gateway;
    for (const id of await journal.processIds('', 100)) {
      const visits = await journal.told.visitsOf(id);
      if (visits.some(({ number }) => number === visit)) return id;
    }
    assert(false, `nothing is known of the visit ${visit}`);
  }

  /** The last delivery of a notice of a patient to the municipality. */
  async rowOf(patient: Told, obligation: NoticedObligation): Promise<DeliveryRow> {
    const { journal } = this.world.gateway;
    const loaded = await journal.load(await this.caseOf(patient));
    const issued = loaded?.events.findLast(
      ({ event: { type, data } }) =>
        type === 'notice.issued' &&
        data.obligation === obligation &&
        data.role === 'social-services',
    );
    const heads = await journal.deliveries.after(0, 1000);
    const head = heads.findLast(({ eventId }) => eventId === issued?.event.id);
    const row = await journal.deliveries.named(head?.deliveryId ?? '');
    assert(row !== undefined, `there is no delivery of ${obligation} for ${patient.visit}`);
    return row;
  }

  async deliveredBy({ deliveryId }: DeliveryRow): Promise<EventOf<'notice.delivered'>[]> {
    const told = await this.eventsOf('notice.delivered');
    return told.filter(({ data }) => data.deliveryId === deliveryId);
  }

  async #messagesTo(channel: Parameters<typeof functionOf>[0]): Promise<Received[]> {
    const envelopes = filesIn(join(this.systems.folder, 'sdk-out')).filter(({ body }) =>
      body.includes(functionOf(channel).functionAddress),
    );
    return await Promise.all(envelopes.map(opened));
  }

  /** Every specification as its reader has it: by POST, as files over SFTP, as a message of SDK with its files. */
  async specifications(): Promise<readonly Received[]> {
    const { billing, sftp } = this.systems;
    const posted = billing.received
      .filter(({ path, status }) => path === '/specifications' && status < 300)
      .map(({ headers, body }) => ({ outside: JSON.stringify(headers), body }));
    const files = [...sftp.files].filter(([name]) => isSpecification(name));
    const put = files.map(async ([name, bytes]) => ({
      outside: name,
      body: name.endsWith('.pdf') ? (await readPdf(bytes)).text : bytes.toString('utf8'),
    }));
    return [...posted, ...(await Promise.all(put)), ...(await this.#messagesTo('care'))];
  }

  /** What the receiver by this channel has got of notices, as it would read it. */
  async receivedBy(channel: Channel | 'protected' | 'primary-care' | 'calls'): Promise<Received[]> {
    const { folder, fhir, sftp, mllp } = this.systems;
    switch (channel) {
      case 'webhook':
        return this.world.receiver.received.map(({ deliveryId, body }) => ({
          outside: deliveryId,
          body: JSON.stringify(body),
        }));
      case 'file':
        return filesIn(join(folder, 'dropped'));
      case 'primary-care':
      case 'calls':
        return filesIn(join(folder, channel));
      case 'fhir':
        return fhir.received.map(({ path, headers, bundle }) => ({
          outside: `${path} ${JSON.stringify(headers)}`,
          body: JSON.stringify(bundle),
        }));
      case 'sdk':
      case 'protected':
        return await this.#messagesTo(channel);
      case 'sftp':
        return sftp.received
          .filter(({ name }) => !isSpecification(name))
          .map(({ name, body }) => ({ outside: name, body }));
      case 'mllp':
        return mllp.received.map(({ text }) => ({
          outside: text.split('\r')[0] ?? '',
          body: text,
        }));
    }
  }
}

interface Verb {
  readonly config: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly json: true;
  readonly tokenFile: string;
}
/** Named by its region, municipality, month and revision; a notice is named by its delivery. */
const isSpecification = (name: string): boolean => /^\d\d-\d{4}-/.test(name);

type Fields = Pick<SixMunicipalities, 'world' | 'systems' | 'config' | 'heard' | 'bus' | 'close'>;

/** So many minutes later. */
export const later = (at: string, minutes: number): string =>
  new Date(Date.parse(at) + minutes * 60_000).toISOString();

// ---------------------------------------------------------------- configuration

/** The tokens of those who answer for what is done in their name. */
export const userTokens = { anna: 'a'.repeat(40), berit: 'b'.repeat(40) };
const tokenOf = (partner: string): string => partner.repeat(10);
const environment = {
  ...Object.fromEntries(
    patients.map(({ person: { municipality: code } }) => [`TOKEN_${code}`, tokenOf(code)]),
  ),
  TOKEN_PRIMARY_CARE: tokenOf('primary-care'),
  EKLIDEN_FHIR_TOKEN: 'e'.repeat(40),
  NORRTUNA_FHIR_TOKEN: 'n'.repeat(40),
  RECEIVER_SECRET: secret,
  FHIR_RECEIVER_TOKEN: fhirToken,
  SFTP_PASSWORD: password,
  ANNA_TOKEN: userTokens.anna,
  BERIT_TOKEN: userTokens.berit,
};

/** Functions in the federation: what is for the one is not for the other. */
function functionOf(channel: 'sdk' | 'protected' | 'care') {
  const { organisation, functionAddress } = addresses.to;
  return { organisation, functionAddress: functionAddress.replace('hemgang', channel) };
}

function settingsOf(
  { folder, fhir, sftp, mllp, billing }: Systems,
  { journal, bus }: Pick<ReturnType<Form['place']>, 'journal' | 'bus'>,
  data: string,
  webhookUrl: string,
): object {
  const own = { ownNetwork: true };
  const ways: Readonly<Record<Channel, object>> = {
    webhook: { url: webhookUrl, secretEnv: ['RECEIVER_SECRET'], ...own },
    file: { folder: join(folder, 'dropped'), proofReference: 'Routine 1' },
    fhir: {
      base: fhir.url,
      source: 'http://gateway.example/fhir',
      tokenEnv: 'FHIR_RECEIVER_TOKEN',
      ...own,
    },
    sdk: { to: functionOf('sdk') },
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
  const placeOf = ({ person }: Told) => ({ municipalities: [person.municipality] });
  return {
    data,
    journal: journal.form === 'postgres' ? withOnly(journal, ['form', 'url', 'schema']) : journal,
    bus:
      bus.form === 'rabbitmq'
        ? {
            ...withOnly(bus, ['form', 'url', 'prefix', 'partitions']),
            events: { from: 'beginning' },
          }
        : bus,
    mllp: { port: 0 },
    http: { port: 0 },
    receivers: [
      {
        id: 'primary-care',
        channel: 'file',
        roles: ['region-outpatient'],
        folder: join(folder, 'primary-care'),
        proofReference: 'Routine 2',
        protectedIdentity: true,
      },
      ...patients.map(({ channel, ...patient }) => ({
        id: channel,
        channel,
        ...placeOf(patient),
        ...ways[channel],
      })),
      // ADT has no message that calls to planning: it goes by the next line that fits.
      {
        id: 'calls',
        ...placeOf(patients[5]!),
        ...ways.file,
        channel: 'file',
        folder: join(folder, 'calls'),
      },
      {
        id: protectedPatient.channel,
        channel: 'sdk',
        ...placeOf(protectedPatient),
        to: functionOf('protected'),
        protectedIdentity: true,
      },
    ],
    sdk: {
      from: addresses.from,
      accessPoint: { folder: join(folder, 'sdk-out') },
      receipts: { folder: { path: join(folder, 'sdk-receipts'), every: '10ms' } },
    },
    partners: [
      {
        id: 'primary-care',
        kind: 'primary-care',
        tokenEnv: 'TOKEN_PRIMARY_CARE',
        receivers: ['primary-care'],
      },
      ...patients.map(({ channel, person: { municipality } }) => ({
        id: `municipality-${municipality}`,
        kind: 'municipality',
        municipality,
        tokenEnv: `TOKEN_${municipality}`,
        receivers:
          municipality === protectedPatient.person.municipality
            ? [channel, protectedPatient.channel]
            : [channel, ...(channel === 'mllp' ? ['calls'] : [])],
      })),
    ],
    users: [
      { name: 'anna', tokenEnv: 'ANNA_TOKEN', may: ['approve-billing', 'credit-billing'] },
      { name: 'berit', tokenEnv: 'BERIT_TOKEN', may: ['release-protected', 'handle-disputes'] },
    ],
    ...billingOf(
      billing,
      patients.map(({ person }) => person.municipality),
      [
        { id: 'care-by-sftp', channel: 'sftp', ...placeOf(patients[4]!), ...ways.sftp },
        { id: 'care-by-sdk', channel: 'sdk', ...placeOf(patients[3]!), to: functionOf('care') },
      ],
    ),
  };
}

const withOnly = <T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- these keys, of that value
  Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;

// ---------------------------------------------------------------- what was received

function filesIn(folder: string): Received[] {
  return readdirSync(folder).map((name) => ({
    outside: name,
    body: readFileSync(join(folder, name), 'utf8'),
  }));
}

/** What SDK carries beside its text, opened: a notice a second time as a PDF, the files of a specification. */
async function opened({ outside, body }: Received): Promise<Received> {
  let whole = body;
  for (const [, type, content = ''] of body.matchAll(
    /<sdk:contentType>([^<]+)<[^>]+>\s*<sdk:content>([^<]+)</g,
  )) {
    const bytes = Buffer.from(content, 'base64');
    const text = type === 'application/pdf' ? (await readPdf(bytes)).text : bytes.toString('utf8');
    whole = whole.replace(content, () => text);
  }
  expect(whole).not.toBe(body);
  return { outside, body: whole };
}
