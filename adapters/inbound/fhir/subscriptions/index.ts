/** Every subscription of the gateway: started together, those no longer configured taken away. */
import { asGatewayError } from '../../../../gateway/errors.ts';
import type { CursorStore } from './kept-state.ts';
import { cursorOf, startSubscription, type LiveSubscription } from './live-subscription.ts';
import { unregister } from './registration.ts';
import type { SubscriptionEvent, SubscriptionReport, SubscriptionSettings } from './settings.ts';
import type { SubscriptionSource } from './source.ts';
import type { SubscriptionState } from './state.ts';

export { subscriptionRouter, type SubscriptionRouterSettings } from './receiver.ts';
export { ordinaryPace } from './settings.ts';
export type {
  PayloadContent,
  SubscriptionEvent,
  SubscriptionPace,
  SubscriptionReport,
  SubscriptionSettings,
  SubscriptionWish,
} from './settings.ts';
export type { SubscriptionSource } from './source.ts';
export type { LiveSubscription } from './live-subscription.ts';

/** Cursor that lists what has been subscribed to, so that what is taken out of the configuration is found. */
const listCursor = 'fhir-subscriptions';

interface Listed {
  readonly sender: string;
  readonly name: string;
  readonly base: string;
}

export interface Subscriptions {
  readonly list: readonly LiveSubscription[];
  /** How each one stands, for `status`. */
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

/** Resolves when notifications may come; registering goes on by itself. */
export async function startSubscriptions(settings: SubscriptionsSettings): Promise<Subscriptions> {
  const { wanted, cursors } = settings;
  const listed = listOf(await cursors.get(listCursor));
  const now = wanted.map(({ wish, taking, source }) => ({
    sender: taking.sender,
    name: wish.name,
    base: source.base,
  }));
  const dropped = listed.filter((one) => !now.some((other) => isSame(one, other)));
  // Listed before it is made: a process that dies in between leaves nothing that nobody knows of.
  if (JSON.stringify(listed) !== JSON.stringify([...now, ...dropped])) {
    await cursors.set(listCursor, JSON.stringify([...now, ...dropped]));
  }
  const list = await Promise.all(wanted.map(startSubscription));
  const removing = dropAll(settings, dropped, now);
  return {
    list,
    reports: () => list.map((one) => one.report()),
    isQuiet: () => list.every((one) => one.isQuiet()),
    wake: () => list.forEach((one) => one.wake()),
    async close() {
      await Promise.all(list.map((one) => one.close()));
      await removing;
    },
  };
}

/** One try a start: what cannot be taken away now stays listed. */
async function dropAll(
  { cursors, sourceAt, onEvent }: SubscriptionsSettings,
  dropped: readonly Listed[],
  now: readonly Listed[],
): Promise<void> {
  let left = [...dropped];
  for (const one of dropped) {
    const { sender, name: subscription, base } = one;
    const cursor = cursorOf(sender, subscription, base);
    try {
      const stored = await cursors.get(cursor);
      const state: Partial<SubscriptionState> = stored === undefined ? {} : JSON.parse(stored);
      const source = sourceAt(sender, base);
      if (state.id !== undefined) {
        if (source === undefined) {
          onEvent('failed', { subscription, sender, doing: 'removing', id: state.id });
          continue;
        }
        await unregister(source, state.id);
        await cursors.set(cursor, '{}');
        onEvent('removed', { subscription, sender, id: state.id });
      }
      left = left.filter((other) => other !== one);
      await cursors.set(listCursor, JSON.stringify([...now, ...left]));
    } catch (thrown) {
      const err = asGatewayError(thrown);
      onEvent('failed', { subscription, sender, doing: 'removing', err });
    }
  }
}

function isSame(one: Listed, other: Listed): boolean {
  return one.sender === other.sender && one.name === other.name && one.base === other.base;
}

function listOf(stored: string | undefined): readonly Listed[] {
  const list: readonly Listed[] = stored === undefined ? [] : JSON.parse(stored);
  return list;
}
