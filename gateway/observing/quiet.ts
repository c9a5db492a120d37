/**
 * When a sender is too quiet. A feed that has gone quiet tells nobody: no error comes, no message is refused, and the
 * clocks of patients nobody told us of never start. So how long a sender is usually silent is learnt from what it has
 * sent, by night and day, and silence beyond twice that is told.
 */

export interface Silence {
  readonly sender: string;
  /** Since its last message; since the start where it has never sent one. */
  readonly silentMs: number;
  /** Its usual longest gap; undefined until enough is known. */
  readonly usualMs: number | undefined;
  /** Silence beyond this is told of. */
  readonly quietAfterMs: number;
}

export interface SilenceWatch {
  /** What it sent before, in any order: read once, at the start. */
  learn(arrivals: readonly { readonly sender: string; readonly receivedAt: string }[]): void;
  /** A look at when each sender last sent, at this legal time. */
  look(
    last: readonly { readonly sender: string; readonly lastAt: string }[],
    nowMs: number,
  ): readonly Silence[];
}

export interface WatchedSender {
  readonly id: string;
  /** Set by the operator: nothing is learnt then. */
  readonly quietAfterMs?: number | undefined;
}

const minute = 60_000;
const day = 24 * 60 * minute;
/** However busy it usually is, a quarter of an hour is no reason to wake anybody; and a day always is. */
const bounds = { leastMs: 15 * minute, mostMs: day } as const;
/** Gaps are forgotten after it: a week has all its nights and its weekend in it. */
const memoryMs = 7 * day;
/** With fewer gaps nothing is known. */
const fewest = 20;
/** The longest gaps kept of a sender; the longest alone may have been an outage, so the next one is the usual. */
const kept = 8;
const factor = 2;

interface Gap {
  readonly ms: number;
  readonly endedMs: number;
}

/** What is known of one sender. */
class Rhythm {
  #longest: readonly Gap[] = [];
  #seen = 0;
  #lastMs: number | undefined;

  arrived(atMs: number): void {
    const gapMs = atMs - (this.#lastMs ?? atMs);
    if (this.#lastMs !== undefined && gapMs <= 0) return;
    this.#lastMs = atMs;
    if (gapMs === 0) return;
    this.#seen += 1;
    const fresh = this.#longest.filter(({ endedMs }) => atMs - endedMs < memoryMs);
    this.#longest = [...fresh, { ms: gapMs, endedMs: atMs }]
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, kept);
  }

  usualMs(): number | undefined {
    if (this.#seen < fewest) return undefined;
    return (this.#longest[1] ?? this.#longest[0])?.ms;
  }
}

/** @param startedMs legal time at which watching began */
export function watchSilence(senders: readonly WatchedSender[], startedMs: number): SilenceWatch {
  const rhythms = new Map(senders.map(({ id }) => [id, new Rhythm()]));

  return {
    learn(arrivals) {
      const inOrder = arrivals.toSorted((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1));
      for (const { sender, receivedAt } of inOrder) {
        rhythms.get(sender)?.arrived(Date.parse(receivedAt));
      }
    },
    look(last, nowMs) {
      const lastOf = new Map(last.map(({ sender, lastAt }) => [sender, Date.parse(lastAt)]));
      return senders.map(({ id, quietAfterMs }) => {
        const lastMs = lastOf.get(id);
        const rhythm = rhythms.get(id);
        if (lastMs !== undefined) rhythm?.arrived(lastMs);
        const usualMs = rhythm?.usualMs();
        return {
          sender: id,
          silentMs: Math.max(0, nowMs - (lastMs ?? startedMs)),
          usualMs,
          quietAfterMs: quietAfterMs ?? withinBounds(usualMs),
        };
      });
    },
  };
}

function withinBounds(usualMs: number | undefined): number {
  if (usualMs === undefined) return bounds.mostMs;
  return Math.min(Math.max(usualMs * factor, bounds.leastMs), bounds.mostMs);
}
