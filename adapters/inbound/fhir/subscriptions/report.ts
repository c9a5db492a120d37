/** How each subscription stands, for `status`: read from the journal, so whoever can read that can ask. */
import type { CursorStore } from './kept-state.ts';
import type { SubscriptionWish } from './settings.ts';
import { gapOf, unregistered, type Gap, type SubscriptionState } from './state.ts';

/** One that was configured, and may be at its source. */
export interface Listed {
  readonly sender: string;
  readonly name: string;
  readonly base: string;
  readonly form: SubscriptionWish['form'];
}

export interface SubscriptionReport extends Listed {
  /** Logical id at the source. */
  readonly id?: string;
  readonly status: SubscriptionState['status'];
  readonly activeSince?: string;
  /** When the source ends it, unless it is renewed before. */
  readonly end?: string;
  /** Number and source's time of the latest event. */
  readonly lastEvent?: { readonly number?: number; readonly at?: string };
  readonly lastHeardAt?: string;
  readonly gapsMended: number;
  /** Numbers that are missing at this moment. */
  readonly gap?: Gap;
  /** Resources to be read. */
  readonly toRead: number;
  /** A query for everything since then is to be made. */
  readonly askSince?: string;
  /** What last went wrong and has not gone right since. */
  readonly trouble?: SubscriptionState['trouble'];
}

/** Cursor that lists what has been subscribed to, so that what is taken out of the configuration is found. */
export const listCursor = 'fhir-subscriptions';

/** Name of the cursor that keeps a subscription: at another base it is another one. */
export const cursorOf = ({ sender, name, base }: Omit<Listed, 'form'>): string =>
  `fhir-subscription/${sender}/${name} ${base}`;

/** Every subscription as the journal has it, in the order of the configuration; those no longer configured last. */
export async function subscriptionReports(
  cursors: Pick<CursorStore, 'get'>,
): Promise<readonly SubscriptionReport[]> {
  const reports: SubscriptionReport[] = [];
  for (const listed of listOf(await cursors.get(listCursor))) {
    const stored = await cursors.get(cursorOf(listed));
    reports.push(reportOf(listed, stateOf(stored, unregistered(''))));
  }
  return reports;
}

export function reportOf(listed: Listed, state: SubscriptionState): SubscriptionReport {
  const { id, status, activeSince, end, lastHeardAt, gapsMended, askSince, trouble } = state;
  const gap = gapOf(state);
  const lastEvent = lastEventOf(state);
  return {
    ...listed,
    ...(id !== undefined && { id }),
    status,
    ...(activeSince !== undefined && { activeSince }),
    ...(end !== undefined && { end }),
    ...(lastEvent && { lastEvent }),
    ...(lastHeardAt !== undefined && { lastHeardAt }),
    gapsMended,
    ...(gap !== undefined && { gap }),
    toRead: state.toRead.length,
    ...(askSince !== undefined && { askSince }),
    ...(trouble !== undefined && { trouble }),
  };
}

function lastEventOf({ seen, ahead, lastEventAt }: SubscriptionState) {
  const number = ahead.at(-1) ?? seen;
  if ((number ?? 0) === 0 && lastEventAt === undefined) return undefined;
  return {
    ...(number !== undefined && { number }),
    ...(lastEventAt !== undefined && { at: lastEventAt }),
  };
}

export function listOf(stored: string | undefined): readonly Listed[] {
  const list: readonly Listed[] = stored === undefined ? [] : JSON.parse(stored);
  return list;
}

export function stateOf(stored: string | undefined, fresh: SubscriptionState): SubscriptionState {
  const read: Partial<SubscriptionState> = stored === undefined ? {} : JSON.parse(stored);
  return { ...fresh, ...read };
}
