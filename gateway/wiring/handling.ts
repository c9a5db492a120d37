/** The parts that handle what the bus brings: `advance` and `dispatch`. */
import { createAdvance, type AdvanceParts } from '../advance.ts';
import { createDispatch } from '../dispatch.ts';
import type { DispatchParts } from '../delivery.ts';
import type { Kept } from '../kept.ts';
import type { Bus } from '../runtime/bus/bus.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import { lookThroughCalendar } from './calendar.ts';
import type { InForce } from './in-force.ts';
import { agreedTimes } from './agreed-times.ts';
import type { Lanes } from './lanes.ts';

/** Attempts of one event before it is a dead letter, and the waits between them. */
const attempts = {
  attemptLimit: 6,
  retryDelaysMs: [200, 1000, 5000, 15_000, 60_000],
} as const;
/** A handled lane costs little memory; this many at once keep the journal's writer busy. */
const advanceLanes = 32;

/**
 * Advances cases, and opens the months that come. An append needs no fence: it names the versions of all it read, so of
 * two instances that advance one case the slower is refused and reads again.
 */
export async function startAdvancing(
  bus: Bus,
  parts: Omit<AdvanceParts, 'profiles' | 'warnMs' | 'agreedMs' | 'isSenderLive'>,
  kept: Kept,
  current: () => InForce,
  keeper: Keeper,
): Promise<Advancing> {
  const partsNow = (): AdvanceParts => {
    const { config, prepared } = current();
    const { profiles, routes } = prepared;
    const isSenderLive = routes.isSenderLive.bind(routes);
    const warnMs = config.deadlines.warn;
    return { ...parts, profiles, warnMs, agreedMs: agreedTimes(config), isSenderLive };
  };
  const lookAgain = async (): Promise<void> => {
    const { config, prepared } = current();
    await lookThroughCalendar(partsNow(), prepared.mappings, config);
  };
  await bus.consume(
    'advance',
    async (lane, events) => createAdvance(partsNow(), kept)(lane, events),
    { lanes: advanceLanes, ...attempts },
  );
  keeper.undertake('calendar', async () => {
    await lookAgain();
    return { close: () => undefined };
  });
  return {
    async lookAgain() {
      if (keeper.doing().includes('calendar')) await lookAgain();
    },
  };
}

export interface Advancing {
  /** Other figures are in force: what they may change is decided anew, by the instance that has the calendar. */
  lookAgain(): Promise<void>;
}

/** Delivers; what it writes of a delivery is written under the lease by which it has the lane. */
export async function startDelivering(
  { bus, journalOf, assertHeld }: Lanes,
  parts: Omit<DispatchParts, 'journal' | 'routes' | 'retryDelaysMs'>,
  kept: Kept,
  current: () => InForce,
): Promise<void> {
  const { lanes } = current().config.dispatch;
  await bus.consume(
    'dispatch',
    async (lane, deliveries) => {
      const { config, prepared } = current();
      const laneParts: DispatchParts = {
        ...parts,
        routes: prepared.routes,
        journal: journalOf(lane),
        retryDelaysMs: config.dispatch.retries,
        assertHeld: () => assertHeld(lane),
      };
      await createDispatch(laneParts, kept)(lane, deliveries);
    },
    { lanes, ...attempts },
  );
}
