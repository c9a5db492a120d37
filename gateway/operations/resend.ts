/**
 * Deliveries go back to their lanes as a plan says. What goes out is what was rendered then, under the id it had: it is the
 * evidence of what was said, and the receiver knows it again.
 */
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { paceOf } from '../plans/pace.ts';
import { resendPlan } from '../plans/resending.ts';
import { operation } from './operation.ts';

const input = z.strictObject({
  plan: resendPlan.extend({ digest: z.string().max(100) }),
  /** Deliveries a second; 0: as fast as it goes. */
  rate: z.number().min(0).max(100_000),
});

export interface Resent {
  readonly queued: number;
  /** By an earlier go of the same plan. */
  readonly before: number;
  /** They were not as the plan has them any more: left as they are. */
  readonly left: readonly string[];
  readonly isInterrupted: boolean;
}

export const resend = operation(input, async (parts, { plan, rate }): Promise<Resent> => {
  const { journal, clock, config, running, signal, tell, audit } = parts;
  const receivers = [...config.receivers, ...config.billing.receivers];
  const isKnown = plan.to === 'billing' || receivers.some(({ id }) => id === plan.to);
  if (!isKnown) {
    const next = 'next: look at receivers: in the configuration';
    throw new GatewayError('configuration-invalid', `no receiver is called ${plan.to}\n  ${next}`);
  }
  const cursor = `resend:${plan.digest}`;
  const before = Number((await journal.cursors.get(cursor)) ?? 0);
  const { deliveries } = plan;
  await audit(
    `send ${deliveries.length - before} deliveries again to ${plan.to} (plan ${plan.digest})`,
    plan.to,
  );
  const pace = paceOf(rate, () => clock.elapsedMs());
  const left: string[] = [];
  let passed = before;
  for (const { delivery: deliveryId, state, attempts } of deliveries.slice(before)) {
    if (signal.aborted) break;
    await pace.take(1);
    if (!(await journal.deliveries.sendAgain({ deliveryId, state, attempts })))
      left.push(deliveryId);
    await journal.cursors.set(cursor, String((passed += 1)));
    running?.wake();
    tell(passed, deliveries.length);
  }
  const isInterrupted = passed < deliveries.length;
  return { queued: passed - before - left.length, before, left, isInterrupted };
});
