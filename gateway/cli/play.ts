/**
 * Plays journeys through a whole gateway over real sockets: a simulated hospital sends, simulated receivers answer,
 * legal time is set by hand and moves only when nothing is in flight.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Temporal } from 'temporal-polyfill';
import { answerCodeOf, HospitalLink } from '../../adapters/simulated/hospital.ts';
import {
  simulatedMunicipality,
  type SimulatedMunicipality,
} from '../../adapters/simulated/municipality.ts';
import { loadProfiles } from '../../profiles/index.ts';
import { placeOf } from '../advance.ts';
import { GatewayError, assert } from '../errors.ts';
import { startGateway, type Gateway } from '../main.ts';
import { fold } from '../process/state.ts';
import { assess } from '../rules/index.ts';
import { HandSetClock } from '../runtime/clock.ts';
import { loadConfig, type Config } from '../runtime/config.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import type { Log } from '../runtime/log.ts';
import { instantOf, messageOf, type Journey, type Step } from './journey.ts';

export interface PlayOptions {
  readonly journeys: readonly Journey[];
  /** Data folder of the gateway. */
  readonly folder: string;
  readonly log: Log;
  /** The embedded bus unless told otherwise. */
  readonly bus?: Config['bus'];
  /** Called after each step and each due time, when everything that follows has come to rest. */
  readonly onMoment?: (moment: Moment) => Promise<void> | void;
}

/** What one moment of legal time brought. */
export interface Moment {
  readonly at: string;
  readonly journey: Journey | undefined;
  /** The message or fact that came in; absent when only time passed. */
  readonly input:
    { readonly from: string; readonly what: string; readonly answer: string } | undefined;
  readonly events: readonly StoredEvent[];
  /** Which journey a stay belongs to. */
  journeyOf(streamId: string): Journey | undefined;
}

export interface JourneyResult {
  readonly journey: Journey;
  readonly careDays: number;
  readonly amountOre: number;
  readonly liabilityFrom: string | undefined;
  readonly reason: string | undefined;
  readonly findings: readonly string[];
  readonly notices: readonly string[];
  /** What differs from what the file expects; empty when it ended as it says. */
  readonly differences: readonly string[];
}

export interface SettlementResult {
  readonly county: string;
  readonly municipality: string;
  readonly month: string;
  readonly days: number;
  readonly amountOre: number;
  readonly excluded: readonly { readonly caseReference: string; readonly reason: string }[];
}

export interface PlayResult {
  readonly journeys: readonly JourneyResult[];
  readonly settlements: readonly SettlementResult[];
  readonly messages: number;
  readonly events: number;
  readonly billingFolder: string;
}

/** Legal time goes on this long after the last step, so that the month is settled. */
const horizonDays = 45;
/** Real time after which something in flight is stuck. */
const quietLimitMs = 60_000;

/**
 * Plays all journeys side by side on one time line.
 * @throws GatewayError assertion-failed when the gateway does not come to rest
 */
export async function playJourneys(options: PlayOptions): Promise<PlayResult> {
  const world = await openWorld(options);
  try {
    const steps = options.journeys
      .flatMap((journey) =>
        journey.steps.map((step) => ({ journey, step, at: instantOf(step.at) })),
      )
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    for (const { journey, step, at } of steps) {
      await passTimeUntil(world, at);
      world.clock.advanceTo(at);
      world.gateway.wake();
      const input = await takeStep(world, journey, step, at);
      await comeToRest(world);
      await tell(world, journey, input);
    }
    const last = Date.parse(steps.at(-1)?.at ?? world.clock.now());
    await passTimeUntil(world, new Date(last + horizonDays * 86_400_000).toISOString());
    return await evaluate(world);
  } finally {
    await closeWorld(world);
  }
}

// ---------------------------------------------------------------- the world

interface World {
  readonly options: PlayOptions;
  readonly clock: HandSetClock;
  readonly gateway: Gateway;
  readonly hospitals: Map<string, HospitalLink>;
  readonly receivers: ReadonlyMap<string, SimulatedMunicipality>;
  readonly processOf: Map<Journey, string>;
  readonly journeyOfStay: Map<string, Journey>;
  /** Everything up to this position has been told. */
  position: number;
  controlIds: number;
}

async function openWorld(options: PlayOptions): Promise<World> {
  const { journeys, folder, log } = options;
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
  const { config } = loadConfig({ env: {}, file: undefined });
  const gateway = await startGateway({
    config: {
      ...config,
      data: folder,
      bus: options.bus ?? config.bus,
      mllp: { ...config.mllp, port: 0 },
      http: { ...config.http, port: 0 },
      deadlines: { grace: 0 },
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
    log,
    clock,
    env: { ...tokens, RECEIVER_SECRET: secret },
  });
  const url = `http://${gateway.http.host}:${gateway.http.port}`;
  for (const [id, receiver] of receivers) {
    receiver.connect({
      gatewayUrl: url,
      token: id === primaryCareId ? tokens.PRIMARY_CARE_TOKEN : tokens.MUNICIPALITY_TOKEN,
      now: () => clock.now(),
    });
  }
  return {
    options,
    clock,
    gateway,
    hospitals: new Map(),
    receivers,
    processOf: new Map(),
    journeyOfStay: new Map(),
    position: 0,
    controlIds: 0,
  };
}

const primaryCareId = 'primary-care';
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

async function closeWorld(world: World): Promise<void> {
  for (const hospital of world.hospitals.values()) await hospital.close();
  await world.gateway.stop();
  for (const receiver of world.receivers.values()) await receiver.close();
}

// ---------------------------------------------------------------- steps and time

async function takeStep(
  world: World,
  journey: Journey,
  step: Step,
  at: string,
): Promise<Moment['input']> {
  if (step.receiver) world.receivers.get(journey.patient.municipality)?.setBehaviour(step.receiver);
  if (step.hospital) return await sendFromHospital(world, journey, step.hospital, at);
  const [who, fact] = step.primaryCare
    ? ([primaryCareId, step.primaryCare] as const)
    : ([journey.patient.municipality, step.municipality] as const);
  if (!fact) return undefined;
  const receiver = world.receivers.get(who);
  const caseReference = world.processOf.get(journey);
  assert(receiver && caseReference, `${journey.file}: a fact before the first admission`);
  const status = await receiver.answer({
    caseReference,
    type: fact.type,
    data: fact.data,
    time: at,
  });
  const from = who === primaryCareId ? 'primary care' : 'the municipality';
  return { from, what: fact.type, answer: `HTTP ${status}` };
}

async function sendFromHospital(
  world: World,
  journey: Journey,
  step: NonNullable<Step['hospital']>,
  at: string,
): Promise<Moment['input']> {
  let hospital = world.hospitals.get(journey.sender);
  if (!hospital) {
    hospital = await HospitalLink.connect(world.gateway.mllp);
    world.hospitals.set(journey.sender, hospital);
  }
  world.controlIds += 1;
  const controlId = `${journey.visit}-${world.controlIds}`;
  const answer = await hospital.send(
    messageOf(journey, step, at, { visit: journey.visit, controlId }),
  );
  return { from: journey.sender, what: `ADT^${step.trigger}`, answer: answerCodeOf(answer) };
}

/** Moves legal time from one due row to the next, letting each come to rest. */
async function passTimeUntil(world: World, limit: string): Promise<void> {
  for (;;) {
    const due = await world.gateway.journal.nextDue();
    if (due === undefined || due > limit) return;
    world.clock.advanceTo(due);
    world.gateway.wake();
    await comeToRest(world);
    await tell(world, undefined, undefined);
  }
}

async function comeToRest(world: World): Promise<void> {
  const { gateway, receivers, clock } = world;
  const start = clock.elapsedMs();
  for (let quiet = 0; quiet < 2;) {
    const answering = [...receivers.values()].some((receiver) => receiver.inFlight() > 0);
    quiet = !answering && (await gateway.isQuiet()) ? quiet + 1 : 0;
    if (clock.elapsedMs() - start > quietLimitMs) {
      const status = JSON.stringify((await gateway.status()).outbox);
      throw new GatewayError('assertion-failed', `the gateway does not come to rest: ${status}`);
    }
    await sleep(quiet === 0 ? 2 : 1);
  }
}

async function tell(
  world: World,
  journey: Journey | undefined,
  input: Moment['input'],
): Promise<void> {
  const events = await world.gateway.journal.eventsAfter(world.position, 10_000);
  world.position = events.at(-1)?.position ?? world.position;
  for (const { event } of events) {
    if (!journey || event.type !== 'patient.admitted') continue;
    world.journeyOfStay.set(event.stayId, journey);
    const loaded = await world.gateway.journal.load(event.stayId);
    if (loaded) world.processOf.set(journey, loaded.processId);
  }
  if (events.length === 0 && !input) return;
  await world.options.onMoment?.({
    at: world.clock.now(),
    journey,
    input,
    events,
    journeyOf: (streamId) => world.journeyOfStay.get(streamId),
  });
}

// ---------------------------------------------------------------- what came of it

async function evaluate(world: World): Promise<PlayResult> {
  const { journal } = world.gateway;
  const events = await journal.eventsAfter(0, 100_000);
  const settlements = settlementsOf(events);
  const journeys: JourneyResult[] = [];
  for (const journey of world.options.journeys) {
    journeys.push(await evaluateJourney(world, journey, events));
  }
  const status = await journal.status();
  return {
    journeys,
    settlements,
    messages: status.messages.accepted,
    events: status.events,
    billingFolder: join(world.options.folder, 'billing'),
  };
}

async function evaluateJourney(
  world: World,
  journey: Journey,
  events: readonly StoredEvent[],
): Promise<JourneyResult> {
  const processId = world.processOf.get(journey);
  const loaded = processId === undefined ? undefined : await world.gateway.journal.load(processId);
  assert(processId !== undefined && loaded, `${journey.file}: no process came of it`);
  const process = fold(loaded.events, processId);
  const parameters = loadProfiles().parametersOf(placeOf(process));
  const findings = assess(process, parameters, Temporal.Instant.from(world.clock.now()));
  const own = loaded.events.map(({ event }) => event);
  const notices = own.flatMap((event) =>
    event.type === 'notice.issued' ||
    event.type === 'notice.corrected' ||
    event.type === 'notice.withdrawn'
      ? [`${event.type.slice('notice.'.length)} ${event.data.obligation} ${event.data.role}`]
      : [],
  );
  const liability = own.findLast((event) => event.type === 'liability.started');
  const counted = own.findLast((event) => event.type === 'care-days.counted');
  const withheld = own.findLast((event) => event.type === 'liability.withheld');
  const amountOre = sum(
    billedLines(events)
      .filter((line) => line.caseReference === processId)
      .map((line) => line.amountOre),
  );
  const found: Omit<JourneyResult, 'differences'> = {
    journey,
    careDays:
      counted?.type === 'care-days.counted' && counted.data.eligible
        ? counted.data.dates.length
        : 0,
    amountOre,
    liabilityFrom: liability?.type === 'liability.started' ? liability.data.from : undefined,
    reason:
      (withheld?.type === 'liability.withheld' ? withheld.data.reason : undefined) ??
      (counted?.type === 'care-days.counted' ? counted.data.reason : undefined),
    findings: findings.map((finding) => finding.reason),
    notices,
  };
  return { ...found, differences: differencesFrom(journey, found) };
}

function differencesFrom(journey: Journey, found: Omit<JourneyResult, 'differences'>): string[] {
  const { expect } = journey;
  const differences: string[] = [];
  const compare = (what: string, expected: unknown, actual: unknown): void => {
    const [left, right] = [JSON.stringify(expected), JSON.stringify(actual)];
    if (left !== right) differences.push(`${what}: expected ${left}, found ${right ?? 'nothing'}`);
  };
  compare('care days', expect.careDays, found.careDays);
  compare('amount in kr', expect.amountKr, found.amountOre / 100);
  compare('notices', expect.notices.toSorted(), found.notices.toSorted());
  if (expect.liabilityFrom !== undefined) {
    compare('liability from', expect.liabilityFrom, found.liabilityFrom);
  }
  if (expect.reason !== undefined) compare('reason', expect.reason, found.reason);
  if (expect.finding !== undefined && !found.findings.includes(expect.finding)) {
    differences.push(`finding ${expect.finding} is not told`);
  }
  return differences;
}

/** The lines in force: the last billing event of each settlement holds all of them. */
function billedLines(
  events: readonly StoredEvent[],
): readonly { caseReference: string; amountOre: number; days: number }[] {
  return [...lastBilling(events).values()].flatMap((billing) => billing.lines);
}

function settlementsOf(events: readonly StoredEvent[]): SettlementResult[] {
  return [...lastBilling(events).values()]
    .map(({ county, municipality, month, lines, totalOre, excluded }) => ({
      county,
      municipality,
      month,
      days: sum(lines.map((line) => line.days)),
      amountOre: totalOre,
      excluded,
    }))
    .toSorted((a, b) =>
      `${a.county}${a.municipality}`.localeCompare(`${b.county}${b.municipality}`),
    );
}

function lastBilling(
  events: readonly StoredEvent[],
): Map<
  string,
  Extract<StoredEvent['event'], { type: 'billing.recorded' | 'billing.adjusted' }>['data']
> {
  const last = new Map();
  for (const { event } of events) {
    if (event.type === 'billing.recorded' || event.type === 'billing.adjusted') {
      last.set(event.stayId, event.data);
    }
  }
  return last;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
