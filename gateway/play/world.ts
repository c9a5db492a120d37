/**
 * The world of a play: a whole gateway over real sockets, receivers that answer it, and legal time set by hand.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HospitalLink } from '../../adapters/simulated/hospital.ts';
import {
  simulatedMunicipality,
  type SimulatedMunicipality,
} from '../../adapters/simulated/municipality/index.ts';
import { loadProfiles, type Profiles } from '../../profiles/index.ts';
import { GatewayError, assert } from '../errors.ts';
import { startGateway, type Gateway } from '../main.ts';
import { HandSetClock } from '../runtime/clock.ts';
import { loadConfig, type Config } from '../runtime/config.ts';
import type { Journal, StoredEvent } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import { instantOf, type Journey } from './journey.ts';

export interface PlayOptions {
  readonly journeys: readonly Journey[];
  /** Data folder of the gateway. */
  readonly folder: string;
  readonly log: Log;
  /** The embedded bus unless told otherwise. */
  readonly bus?: Config['bus'];
  /** The embedded journal unless told otherwise. */
  readonly journal?: Config['journal'];
  /** For fault tests: opens a journal that fails or dies at a chosen step. */
  readonly fault?: Fault;
  /** Called after each step and each due time, when everything that follows has come to rest. */
  readonly onMoment?: (moment: Moment) => Promise<void> | void;
}

/** A disturbance: the gateway goes on, or is started anew where its process would have died. */
export interface Fault {
  openJournal(folder: string): Promise<Journal>;
  /** The process would be dead now: nothing it does reaches the journal any more. */
  isDead(): boolean;
  revive(): void;
}

/** What one moment of legal time brought. */
export interface Moment {
  readonly at: string;
  readonly journey: Journey | undefined;
  /** The message or fact that came in; absent when only time passed. */
  readonly input:
    { readonly from: string; readonly what: string; readonly answer: string } | undefined;
  readonly events: readonly StoredEvent[];
  /** What the law says behind a decision on liability, by event id. */
  readonly why: ReadonlyMap<string, string>;
  /** Which journey a stay belongs to. */
  journeyOf(streamId: string): Journey | undefined;
}

/** Real time after which something in flight is stuck. */
const quietLimitMs = 60_000;

export interface World {
  readonly options: PlayOptions;
  readonly clock: HandSetClock;
  readonly profiles: Profiles;
  readonly secret: string;
  readonly tokens: Tokens;
  gateway: Gateway;
  readonly hospitals: Map<string, HospitalLink>;
  readonly receivers: ReadonlyMap<string, SimulatedMunicipality>;
  readonly processOf: Map<Journey, string>;
  readonly journeyOfStay: Map<string, Journey>;
  /** Everything up to this position has been told. */
  position: number;
  controlIds: number;
}

/** Opens it; resolves when the gateway listens. */
export async function openWorld(options: PlayOptions): Promise<World> {
  const { journeys, folder } = options;
  mkdirSync(folder, { recursive: true });
  const first = journeys
    .flatMap((journey) => journey.steps.map((step) => instantOf(step.at)))
    .toSorted()[0];
  assert(first, 'a play needs at least one journey');
  const clock = new HandSetClock(first);
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const tokens = {
    MUNICIPALITY_TOKEN: randomBytes(32).toString('base64url'),
    PRIMARY_CARE_TOKEN: randomBytes(32).toString('base64url'),
  };
  const receivers = new Map<string, SimulatedMunicipality>();
  for (const municipality of new Set(journeys.map((journey) => journey.patient.municipality))) {
    receivers.set(municipality, await simulatedMunicipality({ secrets: [secret] }));
  }
  const primaryCare = await simulatedMunicipality({ secrets: [secret] });
  receivers.set(primaryCareId, primaryCare);
  const world: World = {
    options,
    clock,
    profiles: loadProfiles(),
    secret,
    tokens,
    gateway: await launch(options, clock, receivers, secret, tokens),
    hospitals: new Map(),
    receivers,
    processOf: new Map(),
    journeyOfStay: new Map(),
    position: 0,
    controlIds: 0,
  };
  connectReceivers(world);
  return world;
}

interface Tokens {
  readonly [name: string]: string;
  readonly MUNICIPALITY_TOKEN: string;
  readonly PRIMARY_CARE_TOKEN: string;
}

async function launch(
  options: PlayOptions,
  clock: HandSetClock,
  receivers: World['receivers'],
  secret: string,
  tokens: Tokens,
): Promise<Gateway> {
  const { config } = loadConfig({ env: {}, file: null });
  const { fault } = options;
  return await startGateway({
    config: {
      ...config,
      data: options.folder,
      bus: options.bus ?? config.bus,
      journal: options.journal ?? config.journal,
      mllp: { ...config.mllp, port: 0 },
      http: { ...config.http, port: 0 },
      deadlines: { ...config.deadlines, grace: 0 },
      // The months of the patients' municipalities, and not of the seventy that are party to an agreement.
      billing: {
        ...config.billing,
        municipalities: options.journeys.map(({ patient }) => patient.municipality),
      },
      receivers: receiversOf(receivers),
      partners: [
        {
          id: 'municipality',
          kind: 'municipality',
          tokenEnv: 'MUNICIPALITY_TOKEN',
          receivers: [...receivers.keys()].filter((id) => id !== primaryCareId).map(receiverId),
        },
        {
          id: 'primary-care',
          kind: 'primary-care',
          tokenEnv: 'PRIMARY_CARE_TOKEN',
          receivers: [primaryCareId],
        },
      ],
    },
    log: options.log,
    clock,
    env: { ...tokens, RECEIVER_SECRET: secret },
    ...(fault && { openJournal: (folder: string) => fault.openJournal(folder) }),
  });
}

function connectReceivers({ gateway, receivers, tokens, clock }: World): void {
  const gatewayUrl = `http://${gateway.http.host}:${gateway.http.port}`;
  for (const [id, receiver] of receivers) {
    const token = id === primaryCareId ? tokens.PRIMARY_CARE_TOKEN : tokens.MUNICIPALITY_TOKEN;
    receiver.connect({ gatewayUrl, token, now: () => clock.now() });
  }
}

/** Where the process would have died: another one on the same folder. @returns whether there was need of it */
export async function reviveIfDead(world: World): Promise<boolean> {
  if (!world.options.fault?.isDead()) return false;
  for (const hospital of world.hospitals.values()) await hospital.close();
  world.hospitals.clear();
  await world.gateway.stop();
  world.options.fault.revive();
  world.gateway = await launch(
    world.options,
    world.clock,
    world.receivers,
    world.secret,
    world.tokens,
  );
  connectReceivers(world);
  return true;
}

export const primaryCareId = 'primary-care';
const receiverId = (municipality: string): string => `municipality-${municipality}`;

function receiversOf(receivers: ReadonlyMap<string, SimulatedMunicipality>): Config['receivers'] {
  return [...receivers].map(([id, receiver]) => ({
    id: id === primaryCareId ? id : receiverId(id),
    channel: 'webhook' as const,
    mode: 'live' as const,
    url: receiver.url,
    secretEnv: ['RECEIVER_SECRET'],
    timeout: 2000,
    ownNetwork: true,
    recognisesRepeats: true,
    ...(id === primaryCareId
      ? { roles: ['region-outpatient' as const] }
      : { municipalities: [id] }),
  }));
}

export async function closeWorld(world: World): Promise<void> {
  for (const hospital of world.hospitals.values()) await hospital.close();
  await world.gateway.stop();
  for (const receiver of world.receivers.values()) await receiver.close();
}

/** Waits until nothing is in flight. @throws GatewayError assertion-failed when that does not come about */
export async function comeToRest(world: World): Promise<void> {
  const { receivers, clock } = world;
  const start = clock.elapsedMs();
  for (let quiet = 0; quiet < 2;) {
    await reviveIfDead(world);
    const { gateway } = world;
    const answering = [...receivers.values()].some((receiver) => receiver.inFlight() > 0);
    quiet = !answering && (await isQuiet(world)) ? quiet + 1 : 0;
    if (clock.elapsedMs() - start > quietLimitMs) {
      const status = JSON.stringify((await gateway.status()).outbox);
      throw new GatewayError('assertion-failed', `the gateway does not come to rest: ${status}`);
    }
    await sleep(quiet === 0 ? 2 : 1);
  }
}

/** A journal that has just died cannot be asked. */
async function isQuiet(world: World): Promise<boolean> {
  try {
    return await world.gateway.isQuiet();
  } catch (thrown) {
    if (world.options.fault?.isDead()) return false;
    throw thrown;
  }
}
