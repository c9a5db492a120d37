/** Every subscription of the gateway: begun together, those no longer configured taken away at their sources. */
import { asGatewayError } from '../../../../gateway/errors.ts';
import type { CursorStore } from './kept-state.ts';
import { listedOf, openSubscription, type LiveSubscription } from './live-subscription.ts';
import { unregister } from './registration.ts';
import {
  cursorOf,
  listCursor,
  listOf,
  stateOf,
  type Listed,
  type SubscriptionReport,
} from './report.ts';
import type { SubscriptionEvent, SubscriptionSettings } from './settings.ts';
import type { SubscriptionSource } from './source.ts';
import { unregistered } from './state.ts';

export { subscriptionRouter, type SubscriptionRouterSettings } from './receiver.ts';
export { subscriptionReports, type SubscriptionReport } from './report.ts';
export { ordinaryPace } from './settings.ts';
export type {
  PayloadContent,
  SubscriptionEvent,
  SubscriptionPace,
  SubscriptionSettings,
  SubscriptionWish,
} from './settings.ts';
export { sourceBy, type SubscriptionSource } from './source.ts';

export interface Subscriptions {
  /** For the router: notifications may come as soon as they are open. */
  readonly list: readonly LiveSubscription[];
  /** Begins to register, to fetch, and to take away; to be called when the endpoints can be reached. */
  begin(): void;
  reports(): readonly SubscriptionReport[];
  isQuiet(): boolean;
  wake(): void;
  close(): Promise<void>;
}

export interface SubscriptionsSettings {
  readonly wanted: readonly SubscriptionSettings[];
  readonly cursors: CursorStore;
  /**
   * The source at an address that a sender is still configured with: a Subscription that is no longer wanted is taken
   * away there. Undefined where we can no longer speak to it; the operator is told then.
   */
  readonly sourceAt: (sender: string, base: string) => SubscriptionSource | undefined;
  readonly onEvent: (event: SubscriptionEvent, detail: Readonly<Record<string, unknown>>) => void;
}

/** Takes up what the journal knows of each. */
export async function openSubscriptions(settings: SubscriptionsSettings): Promise<Subscriptions> {
  const { wanted, cursors } = settings;
  const stored = await cursors.get(listCursor);
  const now = wanted.map(listedOf);
  const names = new Set(now.map(cursorOf));
  const dropped = listOf(stored).filter((one) => !names.has(cursorOf(one)));
  // Listed before it is made: a process that dies in between leaves nothing that nobody knows of.
  const list = JSON.stringify([...now, ...dropped]);
  if (list !== (stored ?? '[]')) await cursors.set(listCursor, list);
  const live = await Promise.all(wanted.map(openSubscription));
  let removing: Promise<void> = Promise.resolve();
  return {
    list: live,
    begin() {
      for (const one of live) one.begin();
      removing = dropAll(settings, dropped, now);
    },
    reports: () => live.map((one) => one.report()),
    isQuiet: () => live.every((one) => one.isQuiet()),
    wake() {
      for (const one of live) one.wake();
    },
    async close() {
      await Promise.all(live.map((one) => one.close()));
      await removing;
    },
  };
}

/** One try a start: what cannot be taken away now stays listed. */
async function dropAll(
  settings: SubscriptionsSettings,
  dropped: readonly Listed[],
  now: readonly Listed[],
): Promise<void> {
  let left = [...dropped];
  for (const one of dropped) {
    try {
      if (!(await drop(settings, one))) continue;
      left = left.filter((other) => other !== one);
      await settings.cursors.set(listCursor, JSON.stringify([...now, ...left]));
    } catch (thrown) {
      const { sender, name: subscription } = one;
      const err = asGatewayError(thrown);
      settings.onEvent('failed', { subscription, sender, doing: 'removing', err });
    }
  }
}

/** @returns false where nobody can be told to take it away */
async function drop(
  { cursors, sourceAt, onEvent }: SubscriptionsSettings,
  one: Listed,
): Promise<boolean> {
  const { sender, name: subscription, base } = one;
  const { id } = stateOf(await cursors.get(cursorOf(one)), unregistered(''));
  if (id === undefined) return true;
  const source = sourceAt(sender, base);
  if (source === undefined) {
    onEvent('failed', { subscription, sender, doing: 'removing', id, base });
    return false;
  }
  await unregister(source, id);
  await cursors.set(cursorOf(one), '{}');
  onEvent('removed', { subscription, sender, id });
  return true;
}
