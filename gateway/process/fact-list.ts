/** Facts in the order in which they happened; what was superseded, and what its sender has taken back, left out. */
import { isFact, rankOf } from './events.ts';
import type { DischargeEvent, EventOf, EventType } from './events.ts';
import type { Moment, StoredLike } from './state.ts';

type OfType<T extends EventType> = readonly EventOf<T>[];

/** Facts in their order, by type, and the ids they replace. */
export class FactList {
  readonly #byType = new Map<EventType, DischargeEvent[]>();
  readonly #replaced = new Map<string, readonly string[]>();

  constructor(events: readonly StoredLike[]) {
    const superseded = new Set<string>();
    const typeById = new Map<string, EventType>();
    const facts: DischargeEvent[] = [];
    for (const { event } of events) {
      if (!isFact(event.type) || typeById.has(event.id)) continue;
      typeById.set(event.id, event.type);
      facts.push(event);
      for (const id of event.supersedes ?? []) superseded.add(id);
    }
    for (const fact of facts) {
      const same = fact.supersedes?.filter((id) => typeById.get(id) === fact.type);
      if (same !== undefined && same.length > 0) this.#replaced.set(fact.id, [...same].sort());
    }
    const withdrawals = facts
      .filter((fact) => fact.type === 'statement.withdrawn')
      .filter(({ id }) => !superseded.has(id));
    for (const fact of facts.sort(byHappening)) {
      if (superseded.has(fact.id)) continue;
      if (withdrawals.some((withdrawal) => takesBack(withdrawal, fact))) continue;
      const list = this.#byType.get(fact.type);
      if (list === undefined) this.#byType.set(fact.type, [fact]);
      else list.push(fact);
    }
  }

  /** Facts of one type in their order; the superseded, and those taken back, left out. */
  of<T extends EventType>(type: T): OfType<T> {
    // The map holds under each type only events of that type, which the type system cannot follow.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (this.#byType.get(type) ?? []) as unknown as OfType<T>;
  }

  /** The id a fact was first told under, where it replaces another of its type. */
  rootOf(id: string): string {
    return this.namesOf(id).at(-1) ?? id;
  }

  /** A fact's id and those it replaces, the first one told last. */
  namesOf(id: string): readonly string[] {
    const names = [id];
    for (let next = this.#replaced.get(id); next !== undefined;) {
      const fresh = next.filter((name) => !names.includes(name));
      names.push(...fresh.reverse());
      const last = fresh.at(-1);
      next = last === undefined ? undefined : this.#replaced.get(last);
    }
    return names;
  }
}

/** Code of a fact that has no time of its own: it has the time when its sender told it, or last touched it. */
const timeOfTelling = 'TIME_OF_TELLING';

/**
 * Whether it takes that fact back: one of the same sender, told before; a case may be told of under several of its stays.
 * What is told again after it stands, and so does what its own message says. A fact without a time of its own is known by
 * its data.
 */
function takesBack(withdrawal: EventOf<'statement.withdrawn'>, fact: DischargeEvent): boolean {
  const { statement, at, of = {} } = withdrawal.data;
  if (fact.type !== statement) return false;
  if (fact.occurredAt !== at && fact.warnings?.includes(timeOfTelling) !== true) return false;
  if (fact.source.sender !== withdrawal.source.sender) return false;
  if (fact.source.messageId === withdrawal.source.messageId) return false;
  if (byTelling(fact, withdrawal) >= 0) return false;
  const data = new Map<string, unknown>(Object.entries(fact.data));
  return Object.entries(of).every(([key, value]) => data.get(key) === value);
}

/** What gives an event its place. */
type Placed = Pick<DischargeEvent, 'id' | 'type' | 'occurredAt' | 'sentAt'>;

const text = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Order in which things happened: occurredAt, rank of type, the sender's own order, id. */
export function byHappening(left: Placed, right: Placed): number {
  return (
    text(left.occurredAt, right.occurredAt) ||
    rankOf(left.type) - rankOf(right.type) ||
    byTelling(left, right)
  );
}

/** Order in which the sender told it; of two statements about the same thing the later one wins. */
export function byTelling(left: Placed, right: Placed): number {
  return (
    text(left.sentAt ?? left.occurredAt, right.sentAt ?? right.occurredAt) ||
    rankOf(left.type) - rankOf(right.type) ||
    text(left.id, right.id)
  );
}

/** The instant of an event, with its id. */
export function momentOf(event: Pick<DischargeEvent, 'id' | 'occurredAt' | 'precision'>): Moment {
  return {
    id: event.id,
    atMs: Date.parse(event.occurredAt),
    dateOnly: event.precision === 'day',
  };
}
