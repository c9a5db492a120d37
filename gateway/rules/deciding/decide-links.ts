/**
 * The stays of a patient against how they are linked: link what continues, separate what does not, or is another person's
 * since, tell what overlaps.
 */
import type { EventOf } from '../../process/events.ts';
import { continuationsOf, overlapsOf, periodsOf, spanOf } from '../../process/continuation.ts';
import type { Continuation, Gaps, StaySpan } from '../../process/continuation.ts';
import { decisionId } from '../../process/ids.ts';
import { localDateOf } from '../../process/local-time.ts';
import type { StoredLike } from '../../process/state.ts';
import { isoOf } from '../legal-days.ts';
import type { Parameters } from '../../../profiles/index.ts';

/** A stay of the patient with as much of its stream as tells its beginning, its end and what was decided of it here. */
export interface KnownStay {
  readonly stayId: string;
  /** Whose it is: stays of two persons are nothing to each other. */
  readonly patientKey: string;
  readonly processId: string;
  /** Position of the newest event of the stream. */
  readonly version: number;
  readonly events: readonly StoredLike[];
}

export type LinkEvent = {
  [T in 'stay.linked' | 'stay.unlinked' | 'stay.overlapped' | 'stay.overlap-cleared']: {
    /** The stream it stands in. */
    readonly stayId: string;
  } & Pick<EventOf<T>, 'id' | 'type' | 'occurredAt' | 'causationId' | 'data'>;
}['stay.linked' | 'stay.unlinked' | 'stay.overlapped' | 'stay.overlap-cleared'];

/**
 * What is to change. Nothing where all stands as it should, so deciding again gives nothing new.
 *
 * @param own the process that is advanced: its stays are linked to each other
 * @param others stays in other processes, of the same patient or told to overlap
 * @param nowMs legal time; the events occur then
 */
export function decideLinks(
  own: { readonly processId: string; readonly stays: readonly KnownStay[] },
  others: readonly KnownStay[],
  parameters: Parameters,
  nowMs: number,
): readonly LinkEvent[] {
  const all = [...own.stays, ...others];
  const ofPersons = [...new Set(all.map(({ patientKey }) => patientKey))].map((person) =>
    all
      .filter(({ patientKey }) => patientKey === person)
      .flatMap(({ stayId, events }) => spanOf(stayId, events) ?? []),
  );
  const gaps = gapsBy(parameters);
  const continuations = ofPersons.flatMap((spans) => continuationsOf(spans, gaps));
  const periods = periodsOf(ofPersons.flat(), continuations);
  const overlaps = ofPersons.flatMap((spans) => overlapsOf(spans, periods));
  const changes = new Changes(isoOf(nowMs));
  separate(own.stays, periods, changes);
  for (const period of periods) join(period, all, own, continuations, changes);
  tellOverlaps(own.stays, others, overlaps, changes);
  return changes.events;
}

/** The figures of the date the later stay began. */
function gapsBy(parameters: Parameters): (later: StaySpan) => Gaps | undefined {
  return ({ admission }) => {
    const date = localDateOf(admission.atMs);
    const transfer = parameters.valueOn('admission-notice.transferGapHours', date);
    const contiguous = parameters.valueOn('admission-notice.contiguousGapHours', date);
    if (!transfer.known || !contiguous.known) return undefined;
    return {
      transferHours: Number(transfer.value),
      contiguousHours: Number(contiguous.value),
    };
  };
}

class Changes {
  readonly events: LinkEvent[] = [];
  readonly #now: string;

  constructor(now: string) {
    this.#now = now;
  }

  link(stay: KnownStay, linked: KnownStay, { reason, because }: Continuation): void {
    const data = { linkedStayId: linked.stayId, cause: reason };
    this.#add(stay, 'stay.linked', linked.stayId, because, data);
  }

  unlink(stay: KnownStay, linked: KnownStay): void {
    const data = { linkedStayId: linked.stayId, cause: 'NOT_CONTINUED' };
    const cause = linked.events.at(-1)?.event.id ?? linked.stayId;
    for (const one of [stay, linked]) this.#add(one, 'stay.unlinked', linked.stayId, cause, data);
  }

  tell(
    type: 'stay.overlapped' | 'stay.overlap-cleared',
    stay: KnownStay,
    otherStayId: string,
  ): void {
    const cause = stay.events.at(-1)?.event.id ?? stay.stayId;
    this.#add(stay, type, otherStayId, cause, { otherStayId });
  }

  #add<T extends LinkEvent['type']>(
    { stayId, version }: KnownStay,
    type: T,
    about: string,
    causationId: string,
    data: EventOf<T>['data'],
  ): void {
    const id = decisionId(`${stayId}|${type}|${about}`, version);
    // T is one type here, which the union of all events cannot express.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    this.events.push({ stayId, id, type, occurredAt: this.#now, causationId, data } as LinkEvent);
  }
}

/** Takes out of the process what no longer belongs to the stay it was first seen with. */
function separate(
  stays: readonly KnownStay[],
  periods: readonly (readonly string[])[],
  changes: Changes,
): void {
  const [first, ...rest] = stays;
  if (first === undefined) return;
  const period = periods.find((one) => one.includes(first.stayId)) ?? [first.stayId];
  for (const stay of rest) if (!period.includes(stay.stayId)) changes.unlink(first, stay);
}

/** One process for the stays of a period: the one that was seen first, since its reference is in the receivers' hands. */
function join(
  period: readonly string[],
  all: readonly KnownStay[],
  own: { readonly processId: string; readonly stays: readonly KnownStay[] },
  continuations: readonly Continuation[],
  changes: Changes,
): void {
  const members = all.filter(({ stayId }) => period.includes(stayId));
  if (!members.some(({ processId }) => processId === own.processId)) return;
  const [kept] = members.toSorted((left, right) => (left.processId < right.processId ? -1 : 1));
  if (kept === undefined) return;
  for (const member of members) {
    if (member.processId === kept.processId) continue;
    const continuation = continuations.find(
      ({ from, to }) => period.includes(from) && (to === member.stayId || from === member.stayId),
    );
    if (continuation !== undefined) changes.link(kept, member, continuation);
  }
}

/**
 * Tells both stays of a pair, of which one is the process's own, that they overlap, and takes it back where they do not any
 * more. One other stay is enough to contradict: a person who is registered a hundred times is told of once a stay.
 */
function tellOverlaps(
  own: readonly KnownStay[],
  others: readonly KnownStay[],
  overlaps: ReturnType<typeof overlapsOf>,
  changes: Changes,
): void {
  const ownIds = new Set(own.map(({ stayId }) => stayId));
  const allIds = new Set([...own, ...others].map(({ stayId }) => stayId));
  const overlapping = new Map<string, string[]>([...allIds].map((stayId) => [stayId, []]));
  for (const [earlier, later] of overlaps) {
    overlapping.get(earlier.stayId)?.push(later.stayId);
    overlapping.get(later.stayId)?.push(earlier.stayId);
  }
  for (const stay of [...own, ...others]) {
    const isOurs = (other: string): boolean => ownIds.has(stay.stayId) || ownIds.has(other);
    const now = (overlapping.get(stay.stayId) ?? []).filter(isOurs);
    const known = overlapsKnownTo(stay);
    // Of a stay that is not among those read here nothing is known, so it is left as it was.
    const over = [...known].filter(
      (other) => allIds.has(other) && isOurs(other) && !now.includes(other),
    );
    for (const other of over) changes.tell('stay.overlap-cleared', stay, other);
    const [first] = now;
    if (known.size === over.length && first !== undefined) {
      changes.tell('stay.overlapped', stay, first);
    }
  }
}

function overlapsKnownTo({ events }: KnownStay): ReadonlySet<string> {
  const known = new Set<string>();
  for (const { event } of events) {
    if (event.type === 'stay.overlapped') known.add(event.data.otherStayId);
    else if (event.type === 'stay.overlap-cleared') known.delete(event.data.otherStayId);
  }
  return known;
}
