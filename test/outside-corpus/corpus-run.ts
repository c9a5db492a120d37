/**
 * A folder of other people's messages, message by message, and what came of them by trigger event and outcome.
 */
import type { OutsideMessage } from './messages.ts';
import { outcomes } from './play.ts';
import type { Outcome, Played, Player } from './play.ts';

export interface PlayedMessage extends Played {
  readonly name: string;
}

/** One line of the table: how many messages of a kind came to the same outcome for the same reason. */
export interface OutcomeLine {
  readonly kind: string;
  readonly outcome: Outcome;
  readonly detail: string;
  readonly count: number;
}

export function playAll(messages: readonly OutsideMessage[], play: Player): PlayedMessage[] {
  return messages.map(({ name, raw }) => ({ name, ...play(raw) }));
}

/** By kind, then outcome, then the most frequent first. */
export function outcomeLines(played: readonly PlayedMessage[]): OutcomeLine[] {
  const lines = new Map<string, { -readonly [K in keyof OutcomeLine]: OutcomeLine[K] }>();
  for (const { kind, outcome, detail } of played) {
    const key = JSON.stringify([kind, outcome, detail]);
    const line = lines.get(key);
    if (line === undefined) lines.set(key, { kind, outcome, detail, count: 1 });
    else line.count += 1;
  }
  return [...lines.values()].toSorted(
    (a, b) =>
      compare(a.kind, b.kind) ||
      outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome) ||
      b.count - a.count ||
      compare(a.detail, b.detail),
  );
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** How many came to each outcome, in the order of the outcomes. */
export function totals(played: readonly PlayedMessage[]): [Outcome, number][] {
  return outcomes.map((outcome) => [
    outcome,
    played.filter((message) => message.outcome === outcome).length,
  ]);
}

/** Messages that were not taken, each with its reason: `path: AE 101 at PV1-19: …`. */
export function refusals(played: readonly PlayedMessage[]): string[] {
  return played
    .filter(({ outcome }) => outcome === 'refused' || outcome === 'unanswered')
    .map(({ name, kind, detail }) => `${name}: ${kind}: ${detail}`);
}

/** What may never happen: an error of our own, or a message with MSH and no answer. */
export function failures(played: readonly PlayedMessage[]): string[] {
  return played
    .filter(
      ({ outcome, kind }) =>
        outcome === 'broken' || (outcome === 'unanswered' && kind !== 'unreadable'),
    )
    .map(({ name, detail }) => `${name}: ${detail}`);
}
