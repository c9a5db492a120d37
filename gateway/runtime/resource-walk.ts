/**
 * A walk over the journal: what senders told as resources is looked at once more, message after message, behind the
 * answers. How far it has come is a cursor that moves in the transaction which keeps what was found; so nothing is passed
 * over, a kill loses nothing, and what has come in faster than it can be looked at waits where it lies.
 *
 * It gives way to intake: a backlog is caught up when less comes in.
 */
import { z } from 'zod';
import { asGatewayError, type GatewayError } from '../errors.ts';
import { nap } from './bus/wait.ts';
import type { Found, Journal, ResourceMessages } from './journal/journal.ts';

export interface ResourceWalkParts {
  readonly journal: Pick<Journal, 'resourceMessages' | 'addFindings' | 'cursors' | 'intakeLoad'>;
  /** Of its cursor. */
  readonly name: string;
  /** Whose messages are looked at, when their turn comes; those of others are passed over. */
  readonly senders: () => readonly string[];
  /**
   * Looks at one message.
   * @returns what was found, without person data
   * @throws GatewayError transient: asked again, however often; any other: given up after a few times
   */
  readonly look: (raw: Uint8Array) => Promise<readonly string[]>;
  /** @param place of the message that is given up; undefined where the walk only waits for a while */
  readonly onTrouble: (error: GatewayError, place: number | undefined) => void;
}

export interface ResourceWalk {
  /** Something was stored, or other senders are meant. */
  wake(): void;
  /** Resolves when everything that is stored by now has been looked at. For tests. */
  caughtUp(): Promise<void>;
  /** Ends behind the message in hand; what was found is kept. */
  close(): Promise<void>;
}

/** How far a walk has come, and whose messages it looks at. */
export interface WalkState {
  readonly place: number;
  readonly senders: readonly string[];
}

const state = z.object({ place: z.int().min(0), senders: z.array(z.string()) });

/** @returns undefined where there is no cursor; one that cannot be read is at the beginning */
export function readWalk(cursor: string | undefined): WalkState | undefined {
  if (cursor === undefined) return undefined;
  try {
    return state.parse(JSON.parse(cursor));
  } catch {
    return { place: 0, senders: [] };
  }
}

const pageSize = 32;
/** While messages wait for their commit more than this share of the time, one is looked at, and then a rest is taken. */
const givingWay = { load: 0.25, pauseMs: 1000 } as const;
/** What comes close together is looked at, and kept, together; and the answer to the first has left. */
const gatherMs = 100;
/** A page that passes over everything waits for nobody: others have the thread for most of the time. */
const betweenPagesMs = 5;
/** After the start: who waits for the gateway to come up goes before. */
const firstNapMs = 500;
const longestNapMs = 60_000;
const failurePauses = { firstMs: 250, longestMs: 60_000 } as const;
const mostTries = 3;
/** Where nothing was looked at, the cursor moves in strides: passing over them again costs little. */
const stride = 1000;

/**
 * Begins to walk where the cursor is. Without one there was nothing to look at before: then from here on.
 * @throws GatewayError where the journal fails
 */
export async function startResourceWalk(parts: ResourceWalkParts): Promise<ResourceWalk> {
  const { journal, name, look, onTrouble } = parts;
  const rest = nap();
  const kept = readWalk(await journal.cursors.get(name)) ?? (await begin());
  let { place } = kept;
  let saved = cursorAt(kept);
  let savedPlace = place;
  let failing: { readonly place: number; readonly tries: number } | undefined;
  let failures = 0;
  let waiters: (() => void)[] = [];

  async function begin(): Promise<WalkState> {
    const { upTo } = await journal.resourceMessages(0, [], 1);
    const first = { place: upTo, senders: parts.senders() };
    await journal.cursors.set(name, cursorAt(first));
    return first;
  }

  const isGivingWay = (): boolean => journal.intakeLoad() > givingWay.load;

  /** Looks at a page and keeps what was found. @returns whether there is more */
  async function takePage(): Promise<boolean> {
    const waiting = waiters;
    waiters = [];
    try {
      const senders = parts.senders();
      const limit = isGivingWay() ? 1 : pageSize;
      const page = await journal.resourceMessages(place, senders, limit);
      const { found, upTo, trouble } = await lookAt(page);
      if (upTo > place) await keep(found, { place: upTo, senders }, page.messages.length > 0);
      // Thrown once what was found before it is kept.
      if (trouble !== undefined) throw trouble;
      const isDone = page.isLast && upTo === page.upTo;
      if (isDone) for (const told of waiting.splice(0)) told();
      return !isDone;
    } finally {
      waiters.unshift(...waiting);
    }
  }

  async function lookAt({ messages, upTo }: ResourceMessages): Promise<{
    readonly found: readonly Found[];
    readonly upTo: number;
    readonly trouble?: GatewayError;
  }> {
    const found: Found[] = [];
    let before = place;
    for (const [index, message] of messages.entries()) {
      try {
        const findings = await look(message.raw);
        if (findings.length > 0) found.push({ place: message.place, findings });
      } catch (thrown) {
        const trouble = asGatewayError(thrown);
        if (!isGivenUp(message.place, trouble)) return { found, upTo: before, trouble };
        onTrouble(trouble, message.place);
      }
      before = message.place;
      const isLast = index === messages.length - 1;
      if (!isLast && (rest.ended() || isGivingWay())) return { found, upTo: before };
    }
    return { found, upTo };
  }

  /** One message must not stop those behind it. */
  function isGivenUp(at: number, { fate }: GatewayError): boolean {
    if (fate === 'transient') return false;
    const tries = (failing?.place === at ? failing.tries : 0) + 1;
    failing = { place: at, tries };
    return tries >= mostTries;
  }

  async function keep(found: readonly Found[], to: WalkState, hasLooked: boolean): Promise<void> {
    const value = cursorAt(to);
    const isOfOthers = cursorAt({ ...to, place: savedPlace }) !== saved;
    if (hasLooked || isOfOthers || to.place - savedPlace >= stride) {
      await journal.addFindings(found, { name, value });
      saved = value;
      savedPlace = to.place;
    }
    ({ place } = to);
  }

  async function pauseAfter(thrown: unknown): Promise<void> {
    if (rest.ended()) return;
    onTrouble(asGatewayError(thrown), undefined);
    failures += 1;
    const pauseMs = failurePauses.firstMs * 2 ** Math.min(failures - 1, 10);
    await rest.pause(Math.min(pauseMs, failurePauses.longestMs));
  }

  async function run(): Promise<void> {
    await rest.sleep(firstNapMs);
    await rest.pause(gatherMs);
    while (!rest.ended()) {
      rest.listen();
      try {
        const hasMore = await takePage();
        failures = 0;
        if (isGivingWay()) {
          await rest.pause(givingWay.pauseMs);
        } else if (hasMore) {
          await rest.pause(betweenPagesMs);
        } else {
          await rest.sleep(longestNapMs);
          await rest.pause(gatherMs);
        }
      } catch (thrown) {
        await pauseAfter(thrown);
      }
    }
  }

  const running = run();
  return {
    wake: rest.wake,
    caughtUp: () =>
      new Promise((resolve) => {
        waiters.push(resolve);
        rest.wake();
      }),
    async close() {
      rest.end();
      await running;
    },
  };
}

function cursorAt({ place, senders }: WalkState): string {
  return JSON.stringify({ place, senders });
}
