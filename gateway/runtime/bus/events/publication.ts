/**
 * Publishes every event of the journal, in its order, for subscribers outside the gateway. It reads behind a cursor and
 * moves it when the broker has confirmed: each event at least once, and no row waits for a subscriber.
 *
 * One instance does it at a time. Begun anew, it goes on at the cursor.
 */
import { asGatewayError } from '../../../errors.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Bus, OnTrouble } from '../bus.ts';
import type { OutgoingMessage } from '../publisher.ts';
import { nap } from '../wait.ts';
import { casePlaces } from './case-place.ts';
import { outsideMessage } from './outside-event.ts';

/** The exchange for subscribers outside the gateway. */
export interface EventOutlet {
  readonly exchange: string;
  /** Messages published and not yet confirmed, at most. */
  readonly window: number;
  /**
   * Publishes a window; resolves when each is confirmed. Nobody need be bound.
   * @throws GatewayError bus-unavailable when one of them was not
   */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** As that of the bus. */
  readonly onUsable: Bus['onUsable'];
}

export interface PublicationParts {
  readonly journal: PublishedJournal;
  readonly outlet: EventOutlet;
  /** Where it begins when it never ran. */
  readonly from: 'now' | 'beginning';
  readonly onTrouble: OnTrouble;
  /** Longest time between two looks, in milliseconds of the machine; default 1000. */
  readonly tickMs?: number;
}

export type PublishedJournal = Pick<
  Journal,
  'eventsAfter' | 'load' | 'status' | 'cursors' | 'onCommit'
>;

export interface Publication {
  /** One look: publishes all there is. @returns how many; 0 when it failed (the failure goes to `onTrouble`) */
  tick(): Promise<number>;
  /** Ends; resolves when the window under way is over. */
  close(): Promise<void>;
}

export interface PublicationLag {
  /** Events not yet published, counted no further than `countedTo`. */
  readonly events: number;
  readonly countedTo: number;
  /** When the first of them was recorded. */
  readonly oldest: string | undefined;
}

/** Name of the cursor: the position of the last event that was confirmed. */
export const publicationCursor = 'publication';
const countedTo = 1000;
/** While the broker or the journal is away: the pause doubles up to the longest. */
const failurePauses = { firstMs: 250, longestMs: 10_000 } as const;

/** How far the publication is behind the journal; undefined where it never ran. For any instance, and for `status`. */
export async function publicationLag(
  journal: Pick<Journal, 'eventsAfter'> & { readonly cursors: Pick<Journal['cursors'], 'get'> },
): Promise<PublicationLag | undefined> {
  const cursor = await journal.cursors.get(publicationCursor);
  if (cursor === undefined) return undefined;
  const waiting = await journal.eventsAfter(Number(cursor), countedTo);
  return { events: waiting.length, countedTo, oldest: waiting[0]?.event.recordedAt };
}

/** Starts publishing. It never throws. */
export function startPublication(parts: PublicationParts): Publication {
  const { journal, outlet, onTrouble, tickMs = 1000 } = parts;
  const places = casePlaces(journal);
  const rest = nap();
  /** After a failure no commit wakes us: only that the broker takes again. */
  const mending = nap();
  let failures = 0;
  let last: Promise<unknown> = Promise.resolve();
  let position: number | undefined;

  async function look(): Promise<number> {
    try {
      let total = 0;
      while (!rest.ended()) {
        const count = await publishWindow();
        total += count;
        if (count < outlet.window) break;
      }
      failures = 0;
      return total;
    } catch (thrown) {
      // It may be that another instance went on meanwhile: the cursor is read anew.
      position = undefined;
      failures += 1;
      onTrouble(asGatewayError(thrown), {});
      return 0;
    }
  }

  async function publishWindow(): Promise<number> {
    position ??= await standing();
    const events = await journal.eventsAfter(position, outlet.window);
    const end = events.at(-1)?.position;
    if (end === undefined) return 0;
    const messages: OutgoingMessage[] = [];
    for (const stored of events) {
      messages.push(outsideMessage(outlet.exchange, stored, await places.of(stored)));
    }
    await outlet.publish(messages);
    await journal.cursors.set(publicationCursor, String(end));
    position = end;
    return events.length;
  }

  /** Where it stands. The first time that is written down at once, or what happens until the first window is left out. */
  async function standing(): Promise<number> {
    const cursor = await journal.cursors.get(publicationCursor);
    if (cursor !== undefined) return Number(cursor);
    // The number of events there were is the position of the last.
    const first = parts.from === 'beginning' ? 0 : (await journal.status()).events;
    await journal.cursors.set(publicationCursor, String(first));
    return first;
  }

  /** One look at a time. */
  function lookInTurn(): Promise<number> {
    const mine = last.then(look);
    last = mine;
    return mine;
  }

  async function run(): Promise<void> {
    while (!rest.ended()) {
      rest.listen();
      mending.listen();
      await lookInTurn();
      if (failures === 0) await rest.sleep(tickMs);
      else {
        const pauseMs = failurePauses.firstMs * 2 ** Math.min(failures - 1, 10);
        await mending.sleep(Math.min(pauseMs, failurePauses.longestMs));
      }
    }
  }

  const deafen = journal.onCommit(rest.wake);
  const forget = outlet.onUsable(mending.wake);
  const running = run();

  return {
    tick: lookInTurn,
    async close() {
      deafen();
      forget();
      rest.end();
      mending.end();
      await running;
      await last;
    },
  };
}
