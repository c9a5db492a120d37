/** What is known of a case in order: facts as they happened, decisions as they were made, clocks as they stand. */
import { isFact } from '../process/events.ts';
import type { DeadlineData, DischargeEvent } from '../process/events.ts';
import { byHappening } from '../process/fact-list.ts';
import type { DischargeProcess, StoredLike } from '../process/state.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { Finding, WantedDeadline } from '../rules/rule.ts';
import type { EventMention } from './asked.ts';

/** Something that happened, and when the gateway learned it. */
export interface ExplainedFact {
  readonly id: string;
  readonly type: DischargeEvent['type'];
  readonly occurredAt: string;
  /** The source knew the date only. */
  readonly dateOnly: boolean;
  readonly learnedAt: string;
  readonly source: DischargeEvent['source'];
  readonly data: DischargeEvent['data'];
  /** The fact that stands in its place. */
  readonly replacedBy?: string;
}

export interface Clock {
  readonly deadline: DeadlineData['deadline'];
  /** The fact it started with. */
  readonly about: EventMention;
  readonly dueAt: string;
  readonly state: 'open' | 'nearing' | 'reached' | 'met' | 'missed' | 'cancelled';
  readonly metAt?: string;
  readonly reference: string;
}

/** Facts in the order in which they happened. */
export function factsOf(events: readonly StoredLike[]): readonly ExplainedFact[] {
  const facts = events.map(({ event }) => event).filter(({ type }) => isFact(type));
  const replacements = new Map(
    facts.flatMap(({ id, supersedes = [] }) => supersedes.map((old) => [old, id] as const)),
  );
  return facts.sort(byHappening).map((fact) => {
    const { id, type, occurredAt, precision, recordedAt, source, data } = fact;
    const replacedBy = replacements.get(id);
    return {
      id,
      type,
      occurredAt,
      dateOnly: precision === 'day',
      learnedAt: recordedAt,
      source,
      data,
      ...(replacedBy !== undefined && { replacedBy }),
    };
  });
}

/** Decisions in the order in which they were made, as they were made: whatever is learned later, they stand. */
export function decisionsOf(events: readonly StoredLike[]): readonly DischargeEvent[] {
  return events
    .filter(({ event }) => !isFact(event.type))
    .sort((left, right) => left.position - right.position)
    .map(({ event }) => event);
}

/** Every clock of the case by its due time; one that was met before it was ever set has been met. */
export function clocksOf(
  process: DischargeProcess,
  findings: readonly Finding[],
  events: readonly StoredLike[],
): readonly Clock[] {
  const mention = mentions(events);
  const nearing = new Set(
    events.flatMap(({ event }) =>
      event.type === 'deadline.nearing' ? [`${event.data.key}|${event.data.dueAt}`] : [],
    ),
  );
  const set = [...process.history.deadlines.values()].map(({ data, state, metAt }): Clock => {
    const { deadline, occasion, dueAt, reference, key } = data;
    return {
      deadline,
      about: mention(occasion),
      dueAt,
      state: state === 'open' && nearing.has(`${key}|${dueAt}`) ? 'nearing' : state,
      ...(metAt !== undefined && { metAt }),
      reference,
    };
  });
  const isSet = ({ deadline, about }: WantedDeadline): boolean =>
    [...process.history.deadlines.values()].some(
      ({ data }) => data.deadline === deadline && about.aliases.has(data.occasion),
    );
  const unset = findings
    .flatMap(({ wants }) => wants.filter((want) => want.want === 'deadline'))
    .filter((want) => !isSet(want))
    .map(({ deadline, about, dueAtMs, metAtMs, reference }): Clock => ({
      deadline,
      about: mention(about.occasion),
      dueAt: isoOf(dueAtMs),
      state: metAtMs === undefined ? 'open' : 'met',
      ...(metAtMs !== undefined && { metAt: isoOf(metAtMs) }),
      reference,
    }));
  return [...set, ...unset].sort((left, right) => left.dueAt.localeCompare(right.dueAt));
}

/** Names events by their ids: what they were and when; an id that is no event of the case stands for itself. */
export function mentions(events: readonly StoredLike[]): (id: string) => EventMention {
  const known = new Map(events.map(({ event }) => [event.id, event]));
  return (id) => {
    // The end of a month is named by the readiness it is about, with the month.
    const event = known.get(id) ?? known.get(id.split('|')[0] ?? '');
    return event === undefined ? { id } : { id, type: event.type, occurredAt: event.occurredAt };
  };
}
