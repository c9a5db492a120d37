/** Stays of one person that are one period of inpatient care are one case, by the same reasoning as in a gateway. */
import type { Profiles } from '../../profiles/index.ts';
import { placeOf } from '../advance.ts';
import { fold } from '../process/state.ts';
import { decideLinks } from '../rules/deciding/decide-links.ts';
import type { KnownStay } from '../rules/deciding/decide-links.ts';
import { eventsOf, saidAt } from './cases.ts';
import type { Statement, ToldStay } from './cases.ts';
import { grouped } from './grouped.ts';

export interface Case {
  readonly story: string;
  readonly processId: string;
  readonly stays: readonly ToldStay['stay'][];
  readonly statements: readonly Statement[];
  /** Stays of the person that overlap one of the case and do not continue it. */
  readonly overlaps: readonly { readonly stayId: string; readonly otherStayId: string }[];
}

/** As many earlier stays of a person are looked at as in a gateway. */
const mostRelated = 20;

/** @param stays in the order in which they begin */
export function casesOf(
  stays: readonly ToldStay[],
  profiles: Profiles,
  mappingRevision: string,
): readonly Case[] {
  const groups = grouped(stays, ({ story, person, stayId }) =>
    JSON.stringify([story, person ?? stayId]),
  );
  return [...groups.values()].flatMap((group) =>
    group.length === 1
      ? group.map((stay) => caseOf([stay], []))
      : linked(group, profiles, mappingRevision),
  );
}

function linked(group: readonly ToldStay[], profiles: Profiles, mappingRevision: string): Case[] {
  const known = group.map(({ stayId, person, statements }): KnownStay => {
    const events = statements.flatMap((one) => eventsOf(one, mappingRevision));
    const stored = events.map((event, index) => ({ position: index + 1, event }));
    const [patientKey, processId] = [person ?? stayId, stayId];
    return { stayId, patientKey, processId, version: events.length, events: stored };
  });
  /** The case a stay is in, by the stay it began with. */
  const firstOf = new Map(known.map(({ stayId }) => [stayId, stayId]));
  const overlaps: Case['overlaps'][number][] = [];
  for (const [index, own] of known.entries()) {
    const others = known.slice(Math.max(0, index - mostRelated), index);
    const parameters = profiles.parametersOf(placeOf(fold(own.events, own.processId)));
    for (const { type, stayId, data } of decideLinks(
      { processId: own.processId, stays: [own] },
      others,
      parameters,
      0,
    )) {
      if (type === 'stay.linked') join(firstOf, stayId, data.linkedStayId);
      if (type === 'stay.overlapped') overlaps.push({ stayId, otherStayId: data.otherStayId });
    }
  }
  const cases = grouped(group, ({ stayId }) => firstOf.get(stayId));
  return [...cases.values()].map((one) => {
    const ids = new Set(one.map(({ stayId }) => stayId));
    const its = overlaps.filter(
      ({ stayId, otherStayId }) => ids.has(stayId) && !ids.has(otherStayId),
    );
    return caseOf(one, its);
  });
}

function join(firstOf: Map<string, string>, stayId: string, linkedStayId: string): void {
  const [kept, former] = [firstOf.get(stayId), firstOf.get(linkedStayId)];
  if (kept === undefined || former === undefined) return;
  for (const [one, first] of firstOf) if (first === former) firstOf.set(one, kept);
}

function caseOf(stays: readonly ToldStay[], overlaps: Case['overlaps']): Case {
  const [first] = stays;
  return {
    story: first?.story ?? '',
    processId: first?.stayId ?? '',
    stays: stays.map(({ stay }) => stay),
    // A stable sort: what is said at one time stays in the order it had.
    statements: stays
      .flatMap(({ statements }) => statements)
      .toSorted((a, b) =>
        saidAt(a.message) < saidAt(b.message) ? -1 : Number(saidAt(a.message) > saidAt(b.message)),
      ),
    overlaps,
  };
}
