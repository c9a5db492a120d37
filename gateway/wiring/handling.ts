/** The parts that handle what the bus brings: `advance` and `dispatch`. */
import { createAdvance, type AdvanceParts } from '../advance.ts';
import { createDispatch } from '../dispatch.ts';
import type { DispatchParts } from '../delivery.ts';
import type { Bus } from '../runtime/bus/bus.ts';
import type { Config } from '../runtime/config.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import { lookThroughCalendar } from './calendar.ts';
import type { Lanes } from './lanes.ts';
import type { Prepared } from './prepared.ts';

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
  parts: AdvanceParts,
  { mappings }: Prepared,
  config: Config,
  keeper: Keeper,
): Promise<void> {
  await bus.consume('advance', createAdvance(parts), { lanes: advanceLanes, ...attempts });
  keeper.undertake('calendar', async () => {
    await lookThroughCalendar(parts, mappings, config);
    return { close: () => undefined };
  });
}

/** Delivers; what it writes of a delivery is written under the lease by which it has the lane. */
export async function startDelivering(
  { bus, journalOf, assertHeld }: Lanes,
  parts: Omit<DispatchParts, 'journal' | 'retryDelaysMs'>,
  { dispatch: { retries, lanes } }: Config,
): Promise<void> {
  await bus.consume(
    'dispatch',
    async (lane, deliveries) => {
      const dispatch = createDispatch({
        ...parts,
        journal: journalOf(lane),
        retryDelaysMs: retries,
        assertHeld: () => assertHeld(lane),
      });
      await dispatch(lane, deliveries);
    },
    { lanes, ...attempts },
  );
}
