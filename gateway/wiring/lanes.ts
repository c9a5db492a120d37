/** The bus of this instance, and the journal for who handles a lane. */
import type { Bus, ConsumeOptions, Handle } from '../runtime/bus/bus.ts';
import { partitionOf } from '../runtime/bus/partitions.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import type { Journal, QueueName } from '../runtime/journal/journal.ts';
import { openBus, type BusParts } from './bus.ts';

export interface Lanes {
  readonly bus: Bus;
  /** For what handles a lane: each write is made under the lease by which this instance handles it. */
  readonly journalOf: (lane: string) => Journal;
  /** @throws GatewayError `lease-lost` where another instance may have the lane by now */
  readonly assertHeld: (lane: string) => void;
}

/** @throws GatewayError configuration-invalid as `openBus` */
export function openLanes(parts: Omit<BusParts, 'partitions'>, keeper: Keeper): Lanes {
  const { settings, journal } = parts;
  if (settings.form === 'rabbitmq') {
    const { partitions } = keeper;
    const partition = (lane: string): number => partitionOf(lane, partitions.count);
    return {
      bus: openBus({ ...parts, partitions }),
      journalOf: (lane) => keeper.under(`partition:${partition(lane)}`),
      assertHeld: (lane) => void partitions.fence(partition(lane)),
    };
  }
  if (!journal.leases.isShared) {
    return { bus: openBus(parts), journalOf: () => journal, assertHeld: () => undefined };
  }
  const under = keeper.under(leaseName);
  return {
    bus: takingTurns(() => openBus({ ...parts, journal: under }), keeper),
    journalOf: () => under,
    assertHeld: () => void keeper.fence(leaseName),
  };
}

const leaseName = 'bus';

/** An embedded bus on a shared journal: the rows are one instance's at a time, the others stand by. */
function takingTurns(open: () => Bus, keeper: Keeper): Bus {
  const consumers: (readonly [QueueName, Handle, ConsumeOptions])[] = [];
  let live: Bus | undefined;
  let ended: Promise<void> = Promise.resolve();
  const end = async (): Promise<void> => {
    const bus = live;
    if (bus === undefined) return await ended;
    // What it has in hand may take a while; nothing new is taken.
    ended = bus.stop().then(async () => {
      live = undefined;
      await bus.close();
    });
    await ended;
  };
  keeper.undertake(leaseName, async () => {
    live = open();
    for (const consumer of consumers) await live.consume(...consumer);
    return { close: end };
  });
  return {
    form: 'embedded',
    async consume(...consumer) {
      consumers.push(consumer);
      await live?.consume(...consumer);
    },
    publishWaiting: () => Promise.resolve(0),
    onUsable: () => () => undefined,
    wake: () => live?.wake(),
    inHand: () => live?.inHand() ?? 0,
    stop: end,
    close: async () => await live?.close(),
  };
}
