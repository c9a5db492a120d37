/**
 * Which messages belong to one case: those of one stay. This is the place where stays that are linked, and patients that
 * are merged, are to be joined.
 */
import type { Judged } from './judge.ts';

/** A message in its story, with what identifies its bytes. */
export interface StoryMessage {
  readonly judged: Judged;
  /** SHA-256 of the bytes, hex. */
  readonly digest: string;
  /** Which message of its file, from 1. */
  readonly position: number;
  /** Where it is told to come from: `a01.hl7`, `day.hl7#3`. */
  readonly source: string;
  /** Folder of its story. */
  readonly story: string;
}

export interface Case {
  readonly story: string;
  /** Random in a running gateway; here the stay's own name, so that it is the same each time. */
  readonly processId: string;
  readonly messages: readonly StoryMessage[];
}

/** @param messages in the order of the story; the same bytes twice are one message, as the gateway has it */
export function casesOf(messages: readonly StoryMessage[]): Case[] {
  const cases = new Map<string, { story: string; processId: string; messages: StoryMessage[] }>();
  const seen = new Set<string>();
  for (const message of messages) {
    const stay = message.judged.translation?.stay;
    if (stay?.by !== 'visit' || message.judged.translation?.facts.length === 0) continue;
    const once = JSON.stringify([message.story, message.digest]);
    if (seen.has(once)) continue;
    seen.add(once);
    const processId = JSON.stringify([stay.authority, stay.number]);
    const key = JSON.stringify([message.story, processId]);
    const known = cases.get(key);
    if (known === undefined)
      cases.set(key, { story: message.story, processId, messages: [message] });
    else known.messages.push(message);
  }
  return [...cases.values()];
}

/** The order things were said in: by the time of sending; messages of one time by their place in a file. */
export function inOrder(messages: readonly StoryMessage[]): StoryMessage[] {
  return [...messages].sort(
    (a, b) =>
      compare(saidAt(a), saidAt(b)) || a.position - b.position || compare(a.digest, b.digest),
  );
}

/** When a message was sent; of one that does not say, when the last of its facts happened. */
export function saidAt({ judged: { told } }: StoryMessage): string {
  return (
    told.sentAt ??
    told.events
      .map(({ occurredAt }) => occurredAt)
      .sort()
      .at(-1) ??
    ''
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
