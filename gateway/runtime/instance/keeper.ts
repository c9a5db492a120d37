/**
 * What of the shared work this instance does: it keeps leases for it, and begins and ends it with them.
 *
 * A lease lasts by the database's clock; here it counts from when it was asked for, by the monotonic clock, and less a
 * margin. So an instance that was paused, or whose database is slow, stops before another begins, and what it had
 * under way is refused by the fence.
 */
import { asGatewayError, GatewayError } from '../../errors.ts';
import type { OnTrouble } from '../bus/bus.ts';
import type { Partitions } from '../bus/partitions.ts';
import type { Clock } from '../clock.ts';
import type { Fence, Instance, Lease, Leases } from '../journal/contract/leases.ts';
import type { Journal } from '../journal/journal.ts';
import { shareOf, type Standing } from './share.ts';

/** Something that is being done, and how it ends: resolves when nothing of it is in hand. */
export interface Doing {
  close(): Promise<void> | void;
}

export interface KeeperParts {
  readonly leases: Leases;
  /** The journal, its writes made under a lease. */
  readonly under: (fence: () => Fence) => Journal;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  readonly instance: Instance;
  /** How many partitions there are; 0 where the bus has none. */
  readonly partitions: number;
  /** Instances with one of these roles share the partitions. */
  readonly sharing: readonly string[];
  /** A lease lasts so long; Infinity where nobody else can want it. */
  readonly leaseMs: number;
  readonly onTrouble: OnTrouble;
  /** Told of what begins and ends here. */
  readonly onEvent?: (name: KeeperEvent, detail: Readonly<Record<string, unknown>>) => void;
}

export type KeeperEvent =
  /** This instance does it from now on. */
  | 'taken'
  /** It had to be given up, or another instance shall have it. */
  | 'ended'
  /** It was not renewed in time. */
  | 'lost';

export interface Keeper {
  readonly id: string;
  readonly partitions: Partitions;
  /**
   * To be done by one instance at a time: begun when this one has the lease, closed before it goes.
   * @param begin a throw gives the lease up; it is tried again later
   */
  undertake(name: string, begin: () => Promise<Doing> | Doing): void;
  /** What a write is made under. @throws GatewayError `lease-lost` where it is not surely ours */
  fence(name: string): Fence;
  /** The journal, each write on it made under the lease where another instance could have it. */
  under(name: string): Journal;
  /** Names of what is done here now. */
  doing(): readonly string[];
  /**
   * Takes what it can, begins it, and goes on keeping it.
   * @throws what the beginning of something throws: afterwards that goes to `onTrouble`
   */
  begin(): Promise<void>;
  /** Ends all it does, then gives it up: another instance may begin at once. */
  close(): Promise<void>;
}

/** Renewals in the time of one lease: two may fail. */
const renewals = 3;
/** Of the time of a lease, what is not relied on: the clocks' drift, and a write on its way. */
const margin = 0.15;

const partitionPrefix = 'partition:';

interface Charge {
  readonly name: string;
  readonly begin?: () => Promise<Doing> | Doing;
  lease?: Lease;
  /** Monotonic: until then the lease is surely ours. */
  untilMs: number;
  isWanted: boolean;
  /** Begun, or being begun. */
  doing?: Promise<Doing | undefined>;
  /** Being ended: the lease is kept meanwhile, and it does not begin again before. */
  ending?: Promise<void>;
}

export function createKeeper(parts: KeeperParts): Keeper {
  const { leases, clock, instance, leaseMs, onTrouble } = parts;
  const onEvent = parts.onEvent ?? (() => undefined);
  const isSharer = ({ roles }: Pick<Instance, 'roles'>): boolean =>
    roles.some((role) => parts.sharing.includes(role));
  const takesPart = parts.partitions > 0 && isSharer(instance);
  const charges = new Map<string, Charge>();
  const listeners: (() => Promise<void> | void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  let isAskedAgain = false;
  let hasBegun = false;
  let isClosing = false;
  let failedAtFirst: unknown;

  for (let n = 0; n < parts.partitions; n += 1) {
    charges.set(nameOf(n), { name: nameOf(n), untilMs: 0, isWanted: false });
  }

  const isSure = ({ lease, untilMs }: Charge): boolean =>
    lease !== undefined && clock.elapsedMs() < untilMs;
  const isHeld = (charge: Charge): boolean =>
    charge.doing !== undefined && charge.ending === undefined && isSure(charge);

  // ---------------------------------------------------------------- what the database says

  /** A sign of life, then what is ours and what could be. */
  async function look(): Promise<void> {
    const alive = (await leases.beat(instance, leaseMs)).filter((one) => one.isAlive);
    const sharers = alive.filter(isSharer);
    if (takesPart) await share(sharers.map(({ id }) => id));
    for (const charge of charges.values()) {
      if (charge.begin !== undefined) charge.isWanted = !isClosing;
    }
    // What is being ended is kept until it has ended.
    const names = [...charges.values()]
      .filter(
        ({ isWanted, doing, ending }) => isWanted || doing !== undefined || ending !== undefined,
      )
      .map(({ name }) => name);
    if (names.length === 0) return;
    const askedMs = clock.elapsedMs();
    const got = await leases.claim(instance.id, names, leaseMs);
    const byName = new Map(got.map((lease) => [lease.name, lease]));
    for (const name of names) {
      const charge = charges.get(name);
      if (charge === undefined) continue;
      const lease = byName.get(name);
      if (lease === undefined) delete charge.lease;
      else Object.assign(charge, { lease, untilMs: askedMs + leaseMs * (1 - margin) });
    }
  }

  async function share(sharers: readonly string[]): Promise<void> {
    const standing = new Map((await leases.all()).map((lease) => [lease.name, lease]));
    const partitions = Array.from({ length: parts.partitions }, (_, partition): Standing => {
      const lease = standing.get(nameOf(partition));
      return lease === undefined || lease.leftMs <= 0
        ? { partition }
        : { partition, holder: lease.holder };
    });
    const mine = isClosing ? new Set<number>() : shareOf(instance.id, sharers, partitions);
    for (const { partition } of partitions) {
      const charge = charges.get(nameOf(partition));
      if (charge !== undefined) charge.isWanted = mine.has(partition);
    }
  }

  // ---------------------------------------------------------------- what is done here

  /** Begins what is surely ours and ends what is not, or shall not be. */
  function apply(): void {
    const begun: Charge[] = [];
    const ended: Charge[] = [];
    for (const charge of charges.values()) {
      if (charge.ending !== undefined) continue;
      const should = charge.isWanted && isSure(charge) && !isClosing;
      if (should && charge.doing === undefined) begun.push(charge);
      if (!should && charge.doing !== undefined) ended.push(charge);
    }
    for (const charge of begun) {
      charge.doing = Promise.resolve().then(() => start(charge));
      onEvent('taken', { lease: charge.name, epoch: charge.lease?.epoch });
    }
    for (const charge of ended) {
      onEvent(isSure(charge) ? 'ended' : 'lost', { lease: charge.name });
    }
    const shared = [...begun, ...ended].some(({ begin }) => begin === undefined);
    // A listener asks what is held: those that end must not be among them.
    let goOn = (): void => undefined;
    const marked = new Promise<void>((resolve) => (goOn = resolve));
    const drained = marked.then(() => (shared ? tell() : undefined));
    for (const charge of ended) charge.ending = end(charge, drained);
    goOn();
    watchExpiry();
  }

  async function start(charge: Charge): Promise<Doing | undefined> {
    try {
      return await charge.begin?.();
    } catch (thrown) {
      if (hasBegun) report(thrown);
      else failedAtFirst ??= thrown;
      // Another instance may try, and we again.
      delete charge.doing;
      delete charge.lease;
      await leases.release(instance.id, [charge.name]).catch(report);
      return undefined;
    }
  }

  async function tell(): Promise<void> {
    await Promise.all(listeners.map(async (listener) => await listener())).catch(report);
  }

  async function end(charge: Charge, drained: Promise<void>): Promise<void> {
    try {
      if (charge.begin === undefined) await drained;
      else await (await charge.doing)?.close();
    } catch (thrown) {
      report(thrown);
    }
    delete charge.doing;
    // What nobody may take yet would only be taken by us again.
    if (charge.lease !== undefined && (isClosing || !charge.isWanted)) {
      delete charge.lease;
      await leases.release(instance.id, [charge.name]).catch(report);
    }
    delete charge.ending;
    if (hasBegun && !isClosing) apply();
  }

  /** The database may be away, or slow: what is no longer surely ours ends without it. */
  function watchExpiry(): void {
    clearTimeout(expiry);
    const times = [...charges.values()].filter(isHeld).map(({ untilMs }) => untilMs);
    const first = Math.min(...times);
    if (!Number.isFinite(first)) return;
    expiry = setTimeout(apply, Math.max(first - clock.elapsedMs(), 1));
  }

  // ---------------------------------------------------------------- over and over

  function report(thrown: unknown): void {
    onTrouble(asGatewayError(thrown), {});
  }

  async function goRound(): Promise<void> {
    clearTimeout(timer);
    try {
      await look();
      apply();
    } catch (thrown) {
      report(thrown);
      apply();
    }
    if (Number.isFinite(leaseMs)) timer = setTimeout(() => void nextRound(), leaseMs / renewals);
  }

  /** One at a time; what is asked for during one is done by the next. */
  function nextRound(): Promise<void> {
    if (isAskedAgain) return round;
    isAskedAgain = true;
    round = round.then(() => {
      isAskedAgain = false;
      return goRound();
    });
    return round;
  }

  leases.onChange(() => {
    if (hasBegun && !isClosing) void nextRound();
  });

  return {
    id: instance.id,
    partitions: {
      count: parts.partitions,
      held: () =>
        new Set(
          Array.from({ length: parts.partitions }, (_, n) => n).filter((n) => {
            const charge = charges.get(nameOf(n));
            return charge !== undefined && isHeld(charge);
          }),
        ),
      onChange: (listener) => void listeners.push(listener),
      fence: (partition) => fence(nameOf(partition)),
    },
    undertake(name, begin) {
      charges.set(name, { name, begin, untilMs: 0, isWanted: false });
      if (hasBegun) void nextRound();
    },
    fence,
    under: (name) => parts.under(() => fence(name)),
    doing: () => [...charges.values()].filter(isHeld).map(({ name }) => name),
    async begin() {
      await nextRound();
      await Promise.all([...charges.values()].flatMap(({ doing }) => doing ?? []));
      hasBegun = true;
      if (failedAtFirst !== undefined) throw asGatewayError(failedAtFirst);
    },
    async close() {
      isClosing = true;
      for (const charge of charges.values()) charge.isWanted = false;
      apply();
      await Promise.all([...charges.values()].flatMap(({ ending }) => ending ?? []));
      clearTimeout(timer);
      clearTimeout(expiry);
      await round;
      clearTimeout(timer);
      await leases.leave(instance.id).catch(report);
    },
  };

  function fence(name: string): Fence {
    const charge = charges.get(name);
    if (charge?.lease === undefined || !isSure(charge)) {
      throw new GatewayError('lease-lost', `${name} is not held by this instance`);
    }
    return { name, epoch: charge.lease.epoch };
  }
}

function nameOf(partition: number): string {
  return `${partitionPrefix}${partition}`;
}
