/** The bus, told of: how long handling and publishing take, and since when the broker cannot be used. */
import { asGatewayError, type GatewayError } from '../errors.ts';
import type { Bus } from '../runtime/bus/bus.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Observed } from '../runtime/observed.ts';

/** How publishing goes, as this instance last saw it. */
export interface BusHealth {
  /** Since when nothing could be published; undefined while it can. */
  failingSince(): { readonly since: string; readonly error: GatewayError } | undefined;
}

export function observeBus<B extends Bus>(
  bus: B,
  observed: Observed,
  clock: Clock,
): { readonly bus: B; readonly publishing: BusHealth } {
  let failing: { since: string; error: GatewayError } | undefined;
  return {
    publishing: { failingSince: () => failing },
    bus: {
      ...bus,
      async consume(queue, handle, options) {
        const timing = observed.handled.of(queue);
        await bus.consume(
          queue,
          async (lane, deliveries) => {
            const startedMs = clock.elapsedMs();
            await handle(lane, deliveries);
            timing.took(clock.elapsedMs() - startedMs);
          },
          options,
        );
      },
      async publishWaiting(nowMs, outbox) {
        const startedMs = clock.elapsedMs();
        try {
          const count = await bus.publishWaiting(nowMs, outbox);
          failing = undefined;
          if (count > 0) {
            observed.published.of().took(clock.elapsedMs() - startedMs);
            observed.publications.of().add(count);
          }
          return count;
        } catch (thrown) {
          const error = asGatewayError(thrown);
          failing ??= { since: clock.now(), error };
          throw thrown;
        }
      },
    },
  };
}
