/**
 * Starts, joins and stops all parts. It knows all of them and is known by none.
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Router } from 'express';
import { receiveBatches } from '../adapters/inbound/hl7v2/answers/batch-answer.ts';
import type { WatchedFolder } from '../adapters/inbound/hl7v2/folder.ts';
import { createHl7v2Server, type Hl7v2Server } from '../adapters/inbound/hl7v2/server.ts';
import { loadMunicipalWords } from '../mappings/municipal.ts';
import { loadProfiles, type Profiles } from '../profiles/index.ts';
import { createAdvance, openMonths, periodOf, type AdvanceParts } from './advance.ts';
import { createDispatch } from './dispatch.ts';
import { GatewayError, asGatewayError } from './errors.ts';
import type { ReceiveParts } from './receive.ts';
import { foldSettlement } from './rules/settlement.ts';
import { isOfOtherModel } from './rules/settling/other-model.ts';
import { firstDayOf } from './rules/settling/settlement-month.ts';
import type { Bus, OnTrouble } from './runtime/bus/bus.ts';
import { systemClock, type Clock } from './runtime/clock.ts';
import { dataFolder, type Config } from './runtime/config.ts';
import { newId } from './runtime/ids.ts';
import { openEmbeddedJournal } from './runtime/journal/embedded.ts';
import type { Journal, JournalStatus } from './runtime/journal/journal.ts';
import type { Log } from './runtime/log.ts';
import { startRelay } from './runtime/relay.ts';
import { openBus } from './wiring/bus.ts';
import { fhirSendersOf } from './wiring/fhir-senders.ts';
import { openFhirSources } from './wiring/fhir-sources.ts';
import { openFhirSubscriptions } from './wiring/fhir-subscriptions.ts';
import { openFhir } from './wiring/fhir.ts';
import { watchConfigured } from './wiring/folders.ts';
import { openObserving } from './wiring/observing.ts';
import { addressTaken, listenHttp } from './wiring/http.ts';
import { mappingsOf, openIntake } from './wiring/intake.ts';
import { partnersOf } from './wiring/partners.ts';
import { listenForOperators } from './wiring/operate.ts';
import { billingReceiver, receiverOf, routesOf } from './wiring/receivers.ts';
import { mllpTls } from './wiring/tls.ts';
import type { FileToken } from './wiring/tokens.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Log;
  /** The machine's clock unless it is set by hand. */
  readonly clock?: Clock;
  readonly env?: NodeJS.ProcessEnv;
  /** Opens the journal in a folder; the embedded form unless given. */
  readonly openJournal?: (folder: string) => Promise<Journal>;
  /** Whether SIGHUP makes this process call `reload`: others may send it then. */
  readonly reloadsOnSignal?: boolean;
}

export interface Gateway {
  readonly mllp: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number; readonly url: string };
  readonly fhir: {
    /** Of the server as it listens: `http://127.0.0.1:8080/fhir`. */
    readonly url: string;
    /** By sender: tokens that were made here, because no other credential is configured. */
    readonly tokens: ReadonlyMap<string, FileToken>;
    /** Resolves when what is stored by now has been held against its StructureDefinition. For tests. */
    caughtUp(): Promise<void>;
  };
  /** Where metrics and health are served on their own; undefined where they are on the HTTP listener. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly journal: Journal;
  readonly bus: Bus;
  /** Where the token of a partner without `tokenEnv` lies. */
  readonly tokenFiles: ReadonlyMap<string, string>;
  /** Parked messages that the tables could translate at this start. */
  readonly freed: number;
  /**
   * Reads the mappings anew and translates what waits by them, or changes nothing and logs why.
   * @returns how many messages wait no longer; undefined where the old mappings stay in force
   */
  reload(): Promise<number | undefined>;
  status(): Promise<JournalStatus>;
  /** Nothing is in flight and nothing is due: under a hand-set clock, time may move. */
  isQuiet(): Promise<boolean>;
  /** Looks at once for what is due: legal time was set by hand. */
  wake(): void;
  /** Drains: stops accepting, finishes what is in hand, closes. */
  stop(): Promise<void>;
}

/** Attempts of one event before it is a dead letter, and the waits between them. */
const attemptLimit = 6;
const retryDelaysMs = [200, 1000, 5000, 15_000, 60_000];
/** A handled lane costs little memory; this many at once keep the journal's writer busy. */
const advanceLanes = 32;
/** How long deliveries in hand may take when the gateway stops; what is cut off has an unknown outcome. */
const deliveryDrainMs = 10_000;

/**
 * Starts a gateway; resolves when it listens. A start that fails leaves nothing running.
 * @throws GatewayError configuration-invalid with the next step
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    return await assemble(options, closers, closeAll);
  } catch (thrown) {
    await closeAll();
    throw thrown;
  }
}

async function assemble(
  options: GatewayOptions,
  closers: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Gateway> {
  const { config, log } = options;
  const clock = options.clock ?? systemClock;
  const env = options.env ?? process.env;
  const folder = dataFolder(config);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const observing = await openObserving(config, clock);
  const { observed } = observing;
  closers.push(() => observing.close());

  // Everything that only the configuration decides, before anything runs.
  const mappings = mappingsOf(config);
  const tls = mllpTls(config);
  const profiles = loadProfiles({ overlays: config.profiles });
  const stranger = config.billing.municipalities?.find(
    (code) => profiles.nation.municipalityName(code) === undefined,
  );
  if (stranger !== undefined) {
    const what = `no municipality has the SCB code ${stranger}`;
    throw new GatewayError('configuration-invalid', what, { location: 'billing.municipalities' });
  }
  const words = loadMunicipalWords(config.mappings);
  const receivers = config.receivers.map((receiver, index) =>
    receiverOf(receiver, config, words, env, index),
  );
  const routes = routesOf(config, receivers, billingReceiver(config));
  const partners = partnersOf(config, env);
  const fhirSenders = fhirSendersOf(config, mappings, env, log);
  const onTrouble: OnTrouble = (error, about) => {
    log.error({ err: error, ...about }, about.deadLetter ? 'dead letter' : 'an event waits');
    observed.troubles.of(error.code).add();
  };

  const opened = await (options.openJournal?.(folder) ??
    openEmbeddedJournal({ folder, reloads: options.reloadsOnSignal ?? false }));
  closers.push(() => opened.close());
  const journal = observing.journal(opened);
  for (const receiver of receivers) closers.push(() => receiver.close?.());

  const bus = observing.bus(openBus({ settings: config.bus, journal, clock, env, log, onTrouble }));
  const stopping = new AbortController();
  closers.push(async () => {
    const hurry = setTimeout(() => stopping.abort(), deliveryDrainMs);
    await bus.stop();
    clearTimeout(hurry);
    await bus.close();
  });
  const advanceParts: AdvanceParts = {
    journal,
    profiles,
    clock,
    warnMs: config.deadlines.warn,
    isSenderLive: (sender, now) => routes.isSenderLive(sender, now),
    observed,
  };
  await bus.consume('advance', createAdvance(advanceParts), {
    lanes: advanceLanes,
    attemptLimit,
    retryDelaysMs,
  });
  const { retries, lanes } = config.dispatch;
  const { signal } = stopping;
  const dispatch = createDispatch({
    journal,
    routes,
    clock,
    log,
    retryDelaysMs: retries,
    signal,
    observed,
  });
  await bus.consume('dispatch', dispatch, { lanes, attemptLimit, retryDelaysMs });
  const deadlineGraceMs = config.deadlines.grace;
  const relay = startRelay({ journal, bus, clock, deadlineGraceMs, onTrouble });
  closers.push(() => relay.close());

  await persistently(() => reconsiderWithheld(journal, profiles));
  // In shadow nothing is billed, so no month is settled either.
  const live = mappings.senders.filter(({ id }) => routes.isSenderLive(id, clock.now()));
  const served = new Set(live.map(({ county }) => county));
  await persistently(() => openMonths(advanceParts, served, config.billing.municipalities));
  const parts: ReceiveParts = { journal, clock, log, newId, observed };
  const intake = openIntake(mappings, config, parts, folder);
  closers.push(() => intake.close());
  const freed = await intake.retranslate();
  await persistently(() => intake.begin());
  const fhir = openFhir(config, fhirSenders, intake, parts);
  const subscriptions = await openFhirSubscriptions(config, intake, parts, env, fhirSenders);
  closers.push(() => subscriptions.close());
  const fhirAt = (url: string): Router => fhir.routerAt(url);
  const { router: notifications } = subscriptions;
  const { router } = observing;
  const http = await listenHttp(config, journal, partners, parts, fhirAt, notifications, router);
  closers.push(() => http.close());
  const server = createHl7v2Server({
    receive: receiveBatches(
      { receive: intake.receive, newId, now: () => clock.now() },
      (problems) => log.warn({ problems }, 'a batch does not add up'),
    ),
    release: config.mllp.release,
    host: config.mllp.host,
    port: config.mllp.port,
    maxFrameBytes: config.mllp.maxFrameBytes,
    idleMs: config.mllp.idle,
    maxConnections: config.mllp.maxConnections,
    ...(tls && { tls }),
    refuseOversize: intake.refuseOversize,
    onEvent: (name, detail) => {
      const level = quietEvents.has(name) ? 'debug' : 'warn';
      log[level]({ ...detail }, `mllp ${name}`);
    },
  });
  const mllp = await listenMllp(server, config);
  closers.push(() => server.close());
  const folders: WatchedFolder[] = [];
  for (const [index, one] of config.folders.entries()) {
    const { maxFrameBytes } = config.mllp;
    const watched = await watchConfigured(one, index, maxFrameBytes, intake, parts);
    folders.push(watched);
    closers.push(() => watched.close());
  }
  const sources = await openFhirSources(config, intake, parts, env);
  closers.push(() => sources.close());
  subscriptions.begin();
  const wake = (): void => {
    void relay.tick();
    bus.wake();
    sources.wake();
    subscriptions.wake();
  };
  const operators = await listenForOperators(folder, {
    journal,
    clock,
    log,
    config,
    intake: () => intake,
    running: { wake },
  });
  closers.push(() => operators.close());
  observing.started();
  let stopped: Promise<void> | undefined;
  await journal.audit({ at: clock.now(), who: 'hemgang', what: 'started', about: folder });

  return {
    mllp,
    http,
    fhir: {
      url: `${http.url}/fhir`,
      tokens: fhirSenders.tokens,
      caughtUp: intake.caughtUp,
    },
    metrics: observing.address,
    journal,
    bus,
    freed,
    reload: intake.reload,
    tokenFiles: partners.tokenFiles,
    status: () => journal.status(),
    isQuiet: () => isQuiet(journal, bus, clock, [server, fhir, sources, subscriptions, ...folders]),
    wake,
    stop() {
      stopped ??= observing.announceStop().then(stop);
      return stopped;
    },
  };
}

/** A figure that was missing may stand in the profiles now, and an agreement: for a whole month, or for single cases of it. */
async function reconsiderWithheld(journal: Journal, profiles: Profiles): Promise<void> {
  const { outbox } = journal;
  const waiting = [
    ...(await journal.unjudgedCases()).map(({ stayId, processId }) => [stayId, processId] as const),
    ...(await countedByOtherModel(journal, profiles)),
    ...(await journal.withheldSettlements()).map((stream) => [stream, stream] as const),
  ];
  // Together: the journal commits in groups.
  for (let first = 0; first < waiting.length; first += nudgesAtOnce) {
    const some = waiting.slice(first, first + nudgesAtOnce);
    await Promise.all(some.map(([stream, lane]) => outbox.nudge(stream, lane)));
  }
}

const nudgesAtOnce = 500;

/** An agreement may have been entered or taken away since: what was counted by the other model is counted anew. */
async function countedByOtherModel(
  journal: Journal,
  profiles: Profiles,
): Promise<(readonly [stayId: string, processId: string])[]> {
  const months = [
    ...(await journal.openSettlements()),
    ...(await journal.withheldSettlements('settlement.basis')),
  ];
  const found = new Map<string, string>();
  for (const stream of months) {
    const period = periodOf(stream);
    const parameters = profiles.parametersOf(period);
    const basis = parameters.valueOn('settlement.basis', firstDayOf(period.month));
    if (!basis.known) continue;
    const { cases } = foldSettlement((await journal.loadSettlement(stream)).events, period);
    for (const { data, stayId } of cases.values()) {
      if (isOfOtherModel(data, String(basis.value))) found.set(stayId, data.caseReference);
    }
  }
  return [...found];
}

/** A write that fails for a moment does not stop a start; one that goes on failing does. */
async function persistently(work: () => Promise<void>): Promise<void> {
  for (const delayMs of retryDelaysMs.slice(0, 2)) {
    try {
      return await work();
    } catch (thrown) {
      if (asGatewayError(thrown).fate !== 'transient') throw thrown;
      await sleep(delayMs);
    }
  }
  await work();
}

/** Events of the MLLP server that belong to an ordinary day. */
const quietEvents = new Set(['connection-opened', 'connection-closed', 'idle-closed']);

async function listenMllp(
  server: Hl7v2Server,
  { mllp }: Config,
): Promise<{ host: string; port: number }> {
  try {
    return await server.listen();
  } catch (thrown) {
    throw addressTaken('mllp', mllp.host, mllp.port, thrown);
  }
}

async function isQuiet(
  journal: Journal,
  bus: Bus,
  clock: Clock,
  intakes: readonly { inHand(): number }[],
): Promise<boolean> {
  if (journal.pending() + bus.inHand() > 0) return false;
  if (intakes.some((intake) => intake.inHand() > 0)) return false;
  const due = await journal.nextDue();
  if (due !== undefined && due <= clock.now()) return false;
  const nowMs = clock.nowMs();
  const work = await Promise.all([
    journal.outbox.hasWork('advance', nowMs),
    journal.outbox.hasWork('dispatch', nowMs),
  ]);
  return !work.includes(true) && journal.pending() + bus.inHand() === 0;
}
