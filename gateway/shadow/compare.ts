/** What we would have done beside what the system in use did: paired by visit or case, each difference with its kind. */
import type { Deed, DeedKind, OwnCase, OwnDeed } from './deed.ts';
import type { OwnMonth } from './own-cases.ts';

export type Difference =
  'only-there' | 'only-here' | 'other-time' | 'other-municipality' | 'other-days' | 'other-amount';

/** Why it probably differs; a reason code of ours where a finding has one. */
export type Cause =
  | {
      readonly cause:
        | 'missing-message'
        | 'missing-fact'
        | 'not-in-their-file'
        | 'moved'
        | 'told-late'
        | 'other-figure'
        | 'other-count'
        | 'unknown';
    }
  | { readonly cause: 'our-reading' | 'flagged'; readonly reason: string };

export interface FoundDifference {
  readonly kind: DeedKind;
  readonly difference: Difference;
  readonly probably: Cause;
  /** Absent for a visit that we do not know. */
  readonly case?: string;
  readonly visit?: string;
  readonly here?: Deed;
  readonly there?: Deed;
}

export interface KindCount {
  readonly kind: DeedKind;
  readonly here: number;
  readonly there: number;
  readonly equal: number;
}

export interface PlaceTotal {
  readonly municipality: string;
  readonly month: string;
  readonly daysHere: number;
  readonly daysThere: number;
  readonly oreHere: number;
  readonly oreThere: number;
  /** The figure for want of which we have no amount. */
  readonly missing?: string;
}

export interface Comparison {
  readonly differences: readonly FoundDifference[];
  readonly counts: readonly KindCount[];
  readonly totals: readonly PlaceTotal[];
}

export interface CompareOptions {
  /** Notices that are no further apart than this went out at the same time. */
  readonly toleranceMs: number;
}

/** Pure: the same two sides give the same answer. */
export function compareSides(
  cases: readonly OwnCase[],
  months: readonly OwnMonth[],
  theirs: readonly Deed[],
  options: CompareOptions,
): Comparison {
  const byVisit = new Map<string, OwnCase>();
  const byCase = new Map<string, OwnCase>();
  for (const one of cases) {
    byCase.set(one.case, one);
    for (const visit of one.visits) byVisit.set(visit, one);
  }
  const matched = new Map<string, Deed[]>();
  const differences: FoundDifference[] = [];
  for (const there of theirs) {
    const one =
      (there.case === undefined ? undefined : byCase.get(there.case)) ??
      (there.visit === undefined ? undefined : byVisit.get(there.visit));
    if (one === undefined) {
      const { kind, visit } = there;
      const probably = { cause: 'missing-message' } as const;
      differences.push({
        kind,
        difference: 'only-there',
        probably,
        there,
        ...(visit !== undefined && { visit }),
      });
      continue;
    }
    const known = matched.get(one.case);
    if (known === undefined) matched.set(one.case, [there]);
    else known.push(there);
  }
  const equal = new Map<DeedKind, number>();
  for (const one of cases) {
    for (const pair of pairsOf(one.deeds, matched.get(one.case) ?? [])) {
      const found = differencesOf(one, pair, options);
      const { kind } = pair.here ?? pair.there ?? { kind: 'billing' as const };
      if (found.length === 0) equal.set(kind, (equal.get(kind) ?? 0) + 1);
      differences.push(...found);
    }
  }
  return {
    differences: differences.sort(byPlace),
    counts: countsOf(cases, theirs, equal),
    totals: totalsOf(cases, months, theirs),
  };
}

const byPlace = (left: FoundDifference, right: FoundDifference): number => {
  const text = ({ kind, difference, visit, case: name }: FoundDifference): string =>
    [kind, difference, visit ?? '', name ?? ''].join('|');
  return text(left) < text(right) ? -1 : 1;
};

// ---------------------------------------------------------------- pairs

interface Pair {
  readonly here?: OwnDeed;
  readonly there?: Deed;
}

/** Of one kind, the nearest first: the same municipality before another, and then the nearest in time. */
function pairsOf(here: readonly OwnDeed[], there: readonly Deed[]): readonly Pair[] {
  const candidates = here.flatMap((ours) =>
    there
      .filter((theirs) => theirs.kind === ours.kind && theirs.month === ours.month)
      .map((theirs) => ({ here: ours, there: theirs, distance: distanceOf(ours, theirs) })),
  );
  candidates.sort((left, right) => left.distance - right.distance);
  const used = new Set<Deed>();
  const pairs: Pair[] = [];
  for (const { here: ours, there: theirs } of candidates) {
    if (used.has(ours) || used.has(theirs)) continue;
    used.add(ours).add(theirs);
    pairs.push({ here: ours, there: theirs });
  }
  for (const ours of here) if (!used.has(ours) && !isNothing(ours)) pairs.push({ here: ours });
  for (const theirs of there)
    if (!used.has(theirs) && !isNothing(theirs)) pairs.push({ there: theirs });
  return pairs;
}

/** A case that costs nothing is in nobody's bill. */
const isNothing = ({ kind, days = 0, amountOre = 0 }: Deed): boolean =>
  kind === 'billing' && days === 0 && amountOre === 0;

const yearMs = 366 * 86_400_000;

function distanceOf(left: Deed, right: Deed): number {
  const apart =
    left.at === undefined || right.at === undefined
      ? 0
      : Math.abs(Date.parse(left.at) - Date.parse(right.at));
  const isElsewhere = right.municipality !== undefined && left.municipality !== right.municipality;
  return apart + (isElsewhere ? yearMs : 0);
}

// ---------------------------------------------------------------- differences and their causes

function differencesOf(
  one: OwnCase,
  { here, there }: Pair,
  { toleranceMs }: CompareOptions,
): FoundDifference[] {
  const { kind } = here ?? there ?? { kind: 'billing' as const };
  const visit = there?.visit ?? one.visits[0];
  const found = (difference: Difference, probably: Cause): FoundDifference => ({
    kind,
    difference,
    probably,
    case: one.case,
    ...(visit !== undefined && { visit }),
    ...(here && { here }),
    ...(there && { there }),
  });
  if (here === undefined) return [found('only-there', whyNotHere(one, kind))];
  if (there === undefined) return [found('only-here', { cause: 'not-in-their-file' })];
  const differences: FoundDifference[] = [];
  if (there.municipality !== undefined && there.municipality !== here.municipality) {
    differences.push(found('other-municipality', { cause: one.hasMoved ? 'moved' : 'unknown' }));
  }
  if (here.at !== undefined && there.at !== undefined) {
    const lateMs = Date.parse(here.at) - Date.parse(there.at);
    if (Math.abs(lateMs) > toleranceMs) {
      differences.push(found('other-time', { cause: lateMs > 0 ? 'told-late' : 'unknown' }));
    }
  }
  if (kind === 'billing') differences.push(...billedOtherwise(here, there, found));
  return differences;
}

function whyNotHere({ told, reasons, visits }: OwnCase, kind: DeedKind): Cause {
  if (visits.length === 0) return { cause: 'missing-message' };
  if (kind !== 'billing' && !told.has(kind)) return { cause: 'missing-fact' };
  const reason = reasons[kind];
  return reason === undefined ? { cause: 'unknown' } : { cause: 'our-reading', reason };
}

function billedOtherwise(
  here: OwnDeed,
  there: Deed,
  found: (difference: Difference, probably: Cause) => FoundDifference,
): FoundDifference[] {
  const isOtherDays = there.days !== undefined && there.days !== (here.days ?? 0);
  const [flag] = here.flags ?? [];
  if (isOtherDays) {
    const cause: Cause =
      here.reason === undefined
        ? flag === undefined
          ? { cause: 'other-count' }
          : { cause: 'flagged', reason: flag }
        : { cause: 'our-reading', reason: here.reason };
    return [found('other-days', cause)];
  }
  const isOtherAmount =
    there.amountOre !== undefined &&
    here.amountOre !== undefined &&
    there.amountOre !== here.amountOre;
  return isOtherAmount ? [found('other-amount', { cause: 'other-figure' })] : [];
}

// ---------------------------------------------------------------- sums

function countsOf(
  cases: readonly OwnCase[],
  theirs: readonly Deed[],
  equal: ReadonlyMap<DeedKind, number>,
): readonly KindCount[] {
  const here = new Map<DeedKind, number>();
  const there = new Map<DeedKind, number>();
  for (const deed of cases.flatMap(({ deeds }) => deeds)) {
    if (!isNothing(deed)) here.set(deed.kind, (here.get(deed.kind) ?? 0) + 1);
  }
  for (const deed of theirs) {
    if (!isNothing(deed)) there.set(deed.kind, (there.get(deed.kind) ?? 0) + 1);
  }
  return [...new Set([...here.keys(), ...there.keys()])].sort().map((kind) => ({
    kind,
    here: here.get(kind) ?? 0,
    there: there.get(kind) ?? 0,
    equal: equal.get(kind) ?? 0,
  }));
}

function totalsOf(
  cases: readonly OwnCase[],
  months: readonly OwnMonth[],
  theirs: readonly Deed[],
): readonly PlaceTotal[] {
  const totals = new Map<
    string,
    { daysHere: number; daysThere: number; oreHere: number; oreThere: number; missing?: string }
  >();
  const at = (municipality: string | undefined, month: string | undefined) => {
    const key = `${municipality ?? ''}|${month ?? ''}`;
    const known = totals.get(key) ?? { daysHere: 0, daysThere: 0, oreHere: 0, oreThere: 0 };
    totals.set(key, known);
    return known;
  };
  for (const { kind, municipality, month, days = 0 } of cases.flatMap(({ deeds }) => deeds)) {
    if (kind === 'billing') at(municipality, month).daysHere += days;
  }
  for (const { municipality, month, totalOre = 0, missing } of months) {
    const total = at(municipality, month);
    total.oreHere += totalOre;
    if (missing !== undefined) total.missing = missing;
  }
  for (const { kind, municipality, month, days = 0, amountOre = 0 } of theirs) {
    if (kind !== 'billing') continue;
    const total = at(municipality, month);
    total.daysThere += days;
    total.oreThere += amountOre;
  }
  return [...totals]
    .filter(
      ([, { daysHere, daysThere, oreHere, oreThere }]) =>
        daysHere + daysThere + oreHere + oreThere > 0,
    )
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, total]) => {
      const [municipality = '', month = ''] = key.split('|');
      return { municipality, month, ...total };
    });
}
