/**
 * Starts, joins and stops all parts. It knows all of them and is known by none.
 */
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { GatewayError } from './errors.ts';
import { watchIncidents } from './incidents/watch.ts';
import { keptOf } from './kept.ts';
import type { ReceiveParts } from './receive.ts';
import type { Bus, OnTrouble } from './runtime/bus/bus.ts';
import { systemClock, type Clock } from './runtime/clock.ts';
import type { Role } from './runtime/config-instance.ts';
import { dataFolder, type Config } from './runtime/config.ts';
import { newId } from './runtime/ids.ts';
import type { Keeper } from './runtime/instance/keeper.ts';
import type { Journal, JournalStatus } from './runtime/journal/journal.ts';
import { openJournal } from './runtime/journal/open.ts';
import type { Log } from './runtime/log.ts';
import type { Space } from './runtime/storage/room.ts';
import { graceOf, startRelay, type Relay } from './runtime/relay.ts';
import { publishEvents } from './wiring/bus.ts';
import type { Digests } from './wiring/digests.ts';
import { openLanes } from './wiring/lanes.ts';
import { listenForOperators } from './wiring/operate.ts';
import { startAdvancing, startDelivering } from './wiring/handling.ts';
import { listenHttp } from './wiring/http.ts';
import { openInForce } from './wiring/in-force.ts';
import { openKeeper } from './wiring/instance.ts';
import { openObserving } from './wiring/observing.ts';
import { prepare } from './wiring/prepared.ts';
import { needsRetention, startRetention } from './wiring/retention.ts';
import { openRoom, roomCondition, withRoom } from './wiring/room.ts';
import { routeWaiting } from './wiring/waiting-notices.ts';
import { openReceiving, type Receiving } from './wiring/receiving.ts';
import type { FileToken } from './wiring/tokens.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly log: Log;
  /** The machine's clock unless it is set by hand. */
  readonly clock?: Clock;
  readonly env?: NodeJS.ProcessEnv;
  /** Room on the disk of the data folder; the file system is asked unless given. */
  readonly space?: () => Promise<Space>;
  /** Opens the journal in a folder; of the configured form unless given. */
  readonly openJournal?: (folder: string) => Promise<Journal>;
  /** The configuration as it is written now; the same as at first unless given. */
  readonly reread?: () => Config;
}

export interface Gateway {
  /** Port 0: this instance does not receive. */
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
  /** What this instance does of what is shared. */
  readonly instance: Pick<Keeper, 'id' | 'doing' | 'partitions'>;
  /** Where the token of a partner without `tokenEnv` lies. */
  readonly tokenFiles: ReadonlyMap<string, string>;
  /** Where the token of a user without `tokenEnv` lies. */
  readonly userTokenFiles: ReadonlyMap<string, string>;
  /** Parked messages that the tables could translate at this start. */
  readonly freed: number;
  /**
   * Reads configuration, mappings and profiles anew and translates what waits by them, or changes nothing and logs why.
   * @returns how many messages wait no longer; undefined where the old ones stay in force
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
  const { config } = options;
  const log = ofInstance(options.log, config);
  const clock = options.clock ?? systemClock;
  const env = options.env ?? process.env;
  const folder = dataFolder(config);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const observing = await openObserving(config, clock);
  const { observed } = observing;
  closers.push(() => observing.close());
  const prepared = prepare(config, env, log);
  const { partners, fhirSenders } = prepared;
  const onTrouble: OnTrouble = (error, about) => {
    log.error({ err: error, ...about }, about.deadLetter ? 'dead letter' : 'an event waits');
    observed.troubles.of(error.code).add();
  };
  const does = (role: Role): boolean => config.instance.roles.includes(role);

  const opened = await (options.openJournal?.(folder) ?? openJournal(config, env));
  closers.push(() => opened.close());
  const journal = observing.journal(opened);
  closers.push(async () => {
    const { receivers, documents } = current().prepared;
    for (const receiver of [...receivers, ...documents]) await receiver.close?.();
  });

  const digests = (): Digests => current().digests;
  const keeper = openKeeper(config, digests, journal, clock, log, onTrouble);
  const lanes = openLanes(
    { settings: config.bus, journal, clock, env, log, onTrouble, observed },
    keeper,
  );
  const bus = observing.bus(lanes.bus);
  const stopping = new AbortController();
  closers.push(async () => {
    await bus.stop();
    await bus.close();
  });
  const inForce = openInForce({
    config,
    prepared,
    env,
    log,
    reread: options.reread ?? (() => config),
    intake: () => receiving?.intake,
    async onReplaced() {
      await advancing?.lookAgain();
      await lookForRoutes();
    },
  });
  const { current } = inForce;
  const lookForRoutes = async (): Promise<void> => {
    if (!does('dispatch')) return;
    if ((await routeWaiting(journal, current().prepared.routes, clock, log)) > 0) bus.wake();
  };
  const kept = keptOf(journal, clock);
  const advancing = does('advance')
    ? await startAdvancing(bus, { journal, clock, observed }, kept, current, keeper)
    : undefined;
  if (does('dispatch')) {
    const { signal } = stopping;
    const parts = { clock, log, signal, observed };
    await startDelivering({ ...lanes, bus }, parts, kept, current);
  }
  let relay: Relay | undefined;
  if (does('relay')) {
    const beginGrace = graceOf(clock, config.deadlines.grace);
    keeper.undertake('relay', () => {
      const deadlinesFromMs = beginGrace();
      const under = keeper.under('relay');
      const one = startRelay({ journal: under, bus, clock, deadlinesFromMs, onTrouble });
      const settings = config.bus;
      const publication = publishEvents({ settings, journal: under, onTrouble }, lanes.bus);
      relay = one;
      return {
        async close() {
          await publication?.close();
          await one.close();
        },
      };
    });
  }
  if (does('relay')) {
    keeper.undertake('incidents', () => {
      const under = keeper.under('incidents');
      return watchIncidents({ journal: under, clock, log, config: () => current().config });
    });
  }
  if (needsRetention(config)) {
    keeper.undertake('retention', () => {
      const under = keeper.under('retention');
      return startRetention({ journal: under, clock, log, config });
    });
  }
  const room = await openRoom(config, folder, journal, clock, log, options.space);
  closers.push(() => room.close());
  observing.health.watch(roomCondition(room));
  const parts: ReceiveParts = { journal, clock, log, newId, observed };
  const intakeParts = { ...parts, journal: withRoom(journal, room) };
  const receiving = does('receive')
    ? await openReceiving(config, prepared, intakeParts, env, keeper)
    : undefined;
  if (receiving) closers.push(() => receiving.intake.close());
  closers.push(async () => {
    const hurry = setTimeout(() => stopping.abort(), deliveryDrainMs);
    // First: what is in hand ends, also where the journal takes nothing any more. Then all is given up at once.
    await bus.stop();
    await keeper.close();
    clearTimeout(hurry);
  });
  const routes = receiving && {
    ...receiving.routes,
    partners: () => current().prepared.partners,
    profiles: () => current().prepared.profiles,
  };
  const http = await listenHttp(config, journal, parts, observing.router, routes);
  closers.push(() => http.close());
  const mllp = (await receiving?.listen()) ?? { host: config.mllp.host, port: 0 };
  if (receiving) closers.push(() => receiving.close());
  await keeper.begin();
  await lookForRoutes();
  const wake = (): void => {
    void relay?.tick();
    bus.wake();
    receiving?.wake();
  };
  const operators = await listenForOperators(folder, {
    journal,
    clock,
    log,
    // As it is in force: an operator may mean a receiver that came with a reload.
    get config() {
      return current().config;
    },
    intake() {
      if (receiving) return receiving.intake;
      const what = 'this instance does not receive\n  next: ask one with the role receive';
      throw new GatewayError('configuration-invalid', what);
    },
    current() {
      const now = current();
      return { ...now.prepared, config: now.config };
    },
    running: { wake, ...inForce },
  });
  closers.push(() => operators.close());
  observing.watch({ config, journal, bus, keeper, inForce: digests, log });
  observing.started();
  let stopped: Promise<void> | undefined;
  await journal.audit({ at: clock.now(), who: 'hemgang', what: 'started', about: folder });

  return {
    mllp,
    http,
    fhir: {
      url: `${http.url}/fhir`,
      tokens: fhirSenders.tokens,
      caughtUp: async () => receiving?.intake.caughtUp(),
    },
    metrics: observing.address,
    journal,
    bus,
    instance: keeper,
    freed: receiving?.freed ?? 0,
    async reload() {
      const reloaded = await inForce.reload();
      return reloaded.outcome === 'reloaded' ? reloaded.freed : undefined;
    },
    tokenFiles: partners.tokenFiles,
    userTokenFiles: prepared.users.tokenFiles,
    status: () => journal.status(),
    isQuiet: () => isQuiet(journal, bus, clock, receiving),
    wake,
    stop() {
      stopped ??= observing.announceStop().then(stop);
      return stopped;
    },
  };
}

/** Where instances share a journal their logs are read together: each line says whose it is. */
function ofInstance(log: Log, { journal, instance: { id, roles } }: Config): Log {
  if (journal.form === 'embedded') return log;
  return log.child({ instance: id ?? hostname(), roles: roles.join(',') });
}

async function isQuiet(
  journal: Journal,
  bus: Bus,
  clock: Clock,
  receiving: Receiving | undefined,
): Promise<boolean> {
  if (journal.pending() + bus.inHand() > 0) return false;
  if ((receiving?.inHand() ?? 0) > 0) return false;
  const due = await journal.nextDue();
  if (due !== undefined && due <= clock.now()) return false;
  const nowMs = clock.nowMs();
  const work = await Promise.all([
    journal.outbox.hasWork('advance', nowMs),
    journal.outbox.hasWork('dispatch', nowMs),
  ]);
  return !work.includes(true) && journal.pending() + bus.inHand() === 0;
}
