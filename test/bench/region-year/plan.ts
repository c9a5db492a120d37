/** Which stays a region-year has: how each goes, where its patient lives, and when each of its events was recorded. */
import type { Profiles } from '../../../profiles/index.ts';
import { county, courseOf, drawHome, lastDay, type Kind } from './courses.ts';
import { patternOf, type PatternStay } from './history.ts';
import { Random } from '../../../adapters/simulated/random.ts';

export interface PlannedStay {
  readonly pattern: PatternStay;
  readonly municipality: string;
}
export interface Plan {
  readonly stays: readonly PlannedStay[];
  /** Stays with a need of municipal services. */
  readonly withNeed: number;
  /** Different histories played. */
  readonly patterns: number;
}

/** 3 million events of 200,000 stays. */
const eventsPerStay = 15;

/**
 * Draws the stays of a year. A stay with a need has many more events than one without; so many have one that there are
 * fifteen events a stay in all.
 * @param count of stays
 */
export function planStays(count: number, seed: number, profiles: Profiles): Plan {
  const random = new Random(seed);
  const patterns = new Patterns(profiles, random, count);
  const shareWithNeed = needShareFor(patterns);
  const stays: PlannedStay[] = [];
  let withNeed = 0;
  for (let stay = 0; stay < count; stay++) {
    const { municipality, ours } = drawHome(random);
    const kind: Kind = random.happens(shareWithNeed) ? 'need' : 'no-need';
    if (kind === 'need') withNeed += 1;
    const isSlow = random.happens(slowShareOf(municipality));
    const day = 1 + random.below(lastDay);
    stays.push({ pattern: patterns.draw(kind, day, isSlow, ours), municipality });
  }
  return { stays, withNeed, patterns: patterns.played };
}

/** Some municipalities take long more often than others, so that some months are above a mean and some are not. */
function slowShareOf(municipality: string): number {
  return ((Number(municipality) * 7919) % 61) / 100;
}

function needShareFor(patterns: Patterns): number {
  const mean = (kind: Kind): number => {
    const drawn = Array.from({ length: 180 }, (_, index) =>
      patterns.draw(kind, 1 + index * 2, index % 3 === 0, true),
    );
    return drawn.reduce((sum, { events }) => sum + events.length, 0) / drawn.length;
  };
  const [few, many] = [mean('no-need'), mean('need')];
  return Math.min(1, Math.max(0, (eventsPerStay - few) / (many - few)));
}

/** Histories by how and when they went: each is played when it is first asked for. */
class Patterns {
  readonly #parametersOf: Profiles['parametersOf'];
  readonly #random: Random;
  /** Histories of each kind that end on one day. */
  readonly #aDay: number;
  readonly #kept = new Map<string, PatternStay>();

  constructor(profiles: Profiles, random: Random, count: number) {
    this.#parametersOf = profiles.parametersOf;
    this.#random = random;
    this.#aDay = Math.max(1, Math.min(4, Math.round(count / 50_000)));
  }

  get played(): number {
    return this.#kept.size;
  }

  draw(kind: Kind, day: number, isSlow: boolean, ours: boolean): PatternStay {
    const variant = this.#random.below(this.#aDay);
    const name = `${kind} ${day} ${isSlow} ${ours} ${variant}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const municipality = ours ? '1480' : '0380';
    const facts = courseOf(this.#random, kind, day, isSlow, municipality);
    const pattern = patternOf(facts, this.#parametersOf({ county }), municipality);
    this.#kept.set(name, pattern);
    return pattern;
  }
}

// One number a planned event: second of recording, stay, and place in its stay, so that sorting numbers sorts events.
const placeRange = 2 ** 7;
const stayRange = 2 ** 19;

/** Every event of a plan in the order in which a journal would have it: as recorded, the stays interleaved. */
export function* inOrder(
  stays: readonly PlannedStay[],
): Generator<{ readonly stay: number; readonly place: number }> {
  if (stays.length > stayRange) throw new RangeError(`more than ${stayRange} stays`);
  const total = stays.reduce((sum, { pattern }) => sum + pattern.events.length, 0);
  const startMs = stays.reduce(
    (first, { pattern }) => Math.min(first, pattern.events[0]?.atMs ?? first),
    Infinity,
  );
  const order = new Float64Array(total);
  let index = 0;
  for (const [stay, { pattern }] of stays.entries()) {
    if (pattern.events.length > placeRange) throw new RangeError('a stay has too many events');
    for (const [place, { atMs }] of pattern.events.entries()) {
      const second = Math.floor((atMs - startMs) / 1000);
      order[index++] = (second * stayRange + stay) * placeRange + place;
    }
  }
  order.sort();
  for (const planned of order) {
    const place = planned % placeRange;
    yield { stay: Math.floor(planned / placeRange) % stayRange, place };
  }
}
