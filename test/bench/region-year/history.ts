/**
 * Histories as a gateway would have written them: a course is played through the rules once, and what came of it is
 * kept as a pattern, to be stamped with the keys of every stay that went the same way.
 */
import { settlementStreamOf } from '../../../gateway/advance.ts';
import type { Parameters } from '../../../profiles/index.ts';
import { PlayedStay, processId, type GivenFact } from '../../support/law.ts';
import type { Random } from '../../../adapters/simulated/random.ts';

/** A text with gaps: the key of each gap goes between two pieces. */
interface Pattern {
  readonly pieces: readonly string[];
  readonly gaps: readonly number[];
}
export interface PatternEvent {
  readonly type: string;
  readonly atMs: number;
  /** JSON of the event's body. */
  readonly body: Pattern;
  /** Set for counted care days: the settlement that reads them too. */
  readonly settlement: Pattern | undefined;
}
export interface PatternDeadline {
  readonly key: Pattern;
  readonly dueAt: string;
  readonly data: Pattern;
  readonly state: 'reached' | 'closed';
}
export interface PatternStay {
  /** In the order in which they were recorded. */
  readonly events: readonly PatternEvent[];
  readonly deadlines: readonly PatternDeadline[];
  /** Keys to be made for a stay, beside the first three. */
  readonly keyCount: number;
}

/** Places of the keys that every stay has. */
const processKey = 0;
const municipalityKey = 1;
const firstKey = 2;

/** Keys of one stay; `stamp` fills them in. */
export interface StayKeys {
  readonly stayId: string;
  readonly keys: readonly string[];
}

/** Makes the random keys of a stay that began at an instant. */
export function drawKeys(
  random: Random,
  { events, keyCount }: PatternStay,
  municipality: string,
): StayKeys {
  const beganMs = events[0]?.atMs ?? 0;
  const keys = [random.keyAt(beganMs), municipality];
  for (let count = 0; count < keyCount; count++) keys.push(random.key());
  return { stayId: random.keyAt(beganMs), keys };
}

/** The text with a stay's keys in its gaps. */
export function stamp({ pieces, gaps }: Pattern, keys: readonly string[]): string {
  let text = pieces[0] ?? '';
  for (let gap = 0; gap < gaps.length; gap++) {
    text += (keys[gaps[gap] ?? 0] ?? '') + (pieces[gap + 1] ?? '');
  }
  return text;
}

/**
 * Plays a course to its end. Every notice is handed over with proof the moment it is issued.
 * @param parameters of the region
 * @param municipality the one the course names
 */
export function patternOf(
  facts: readonly GivenFact[],
  parameters: Parameters,
  municipality: string,
): PatternStay {
  const last = facts.at(-1);
  const until = new Date(Date.parse(last?.knownAt ?? '') + 2 * 86_400_000).toISOString();
  const played = new PlayedStay([], parameters).play(facts, until);
  const events = played.history.map(({ event }) => event);
  const names = new Set<string>();
  for (const event of events) {
    names.add(event.id);
    if ('deliveryId' in event.data && event.data.deliveryId) names.add(event.data.deliveryId);
  }
  const cut = cutter([...names], municipality);
  const deadlines = new Map<string, PatternDeadline>();
  const patterns = events.map((event): PatternEvent => {
    const { stayId: _stream, correlationId: _case, source: _source, data, ...rest } = event;
    const body = {
      ...rest,
      source: { sender: event.sentAt === undefined ? 'hemgang' : 'benchmark', messageId: event.id },
      correlationId: processId,
      data,
    };
    if (event.type === 'deadline.set' || event.type === 'deadline.reached') {
      deadlines.set(event.data.key, {
        key: cut(event.data.key),
        dueAt: event.data.dueAt,
        data: cut(JSON.stringify(event.data)),
        state: event.type === 'deadline.set' ? 'closed' : 'reached',
      });
    }
    const counted = event.type === 'care-days.counted' ? event.data : undefined;
    return {
      type: event.type,
      atMs: Date.parse(event.recordedAt),
      body: cut(JSON.stringify(body)),
      settlement: counted && cut(settlementStreamOf(counted)),
    };
  });
  return { events: patterns, deadlines: [...deadlines.values()], keyCount: names.size };
}

/** Cuts a text at every name that stands for a key. */
function cutter(names: readonly string[], municipality: string): (text: string) => Pattern {
  const places = new Map(names.map((name, index) => [name, firstKey + index]));
  places.set(processId, processKey);
  places.set(municipality, municipalityKey);
  // A longer name first, since it may begin with a shorter one.
  const longestFirst = [...names].sort((left, right) => right.length - left.length);
  const escaped = [...longestFirst, processId].map((name) => name.replace(/[^\w-]/g, '\\$&'));
  const name = new RegExp(`${escaped.join('|')}|\\b${municipality}\\b`, 'g');
  return (text) => {
    const pieces: string[] = [];
    const gaps: number[] = [];
    let from = 0;
    for (const found of text.matchAll(name)) {
      pieces.push(text.slice(from, found.index));
      gaps.push(places.get(found[0]) ?? 0);
      from = found.index + found[0].length;
    }
    pieces.push(text.slice(from));
    return { pieces, gaps };
  };
}
