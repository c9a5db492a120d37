/**
 * What we would have done of the cases in the journal: each is played from its facts, as they were told, and every notice
 * is taken as handed over the moment it is issued. So a case in shadow is judged as if it had been live.
 */
import { isFact, type DischargeEvent, type EventType } from '../process/events.ts';
import type { Asked } from '../questions/asked.ts';
import { daysOf } from '../questions/asked.ts';
import { PlayedCase } from '../questions/played-case.ts';
import { countsUnder, settleMonths } from '../questions/recompute.ts';
import type { CareDaysData } from '../process/events.ts';
import type { LoadedProcess } from '../runtime/journal/journal.ts';
import type { ToldMessages } from '../runtime/journal/journal.ts';
import type { OwnCase, OwnDeed, DeedKind } from './deed.ts';

export interface Bounds {
  /** ISO 8601 UTC; `to` is no longer in it. */
  readonly from: string;
  readonly to: string;
  /** Months of settlement, both in it. */
  readonly firstMonth: string;
  readonly lastMonth: string;
}

type AskedOfCases = Asked & {
  readonly journal: Asked['journal'] & { readonly told: Pick<ToldMessages, 'visitsOf'> };
};

/** A month of a municipality as a whole: what is of no case alone. */
export interface OwnMonth {
  readonly county: string;
  readonly municipality: string;
  readonly month: string;
  readonly totalOre?: number;
  /** The figure for want of which there is no amount. */
  readonly missing?: string;
}

export interface OwnSide {
  readonly cases: readonly OwnCase[];
  readonly months: readonly OwnMonth[];
}

const pageSize = 500;

/** Every case with something in the bounds, and the others too: they may be what the other system knows by a visit. */
export async function ownSide(
  asked: AskedOfCases,
  bounds: Bounds,
  onProgress: (cases: number) => void = () => undefined,
): Promise<OwnSide> {
  const played: { readonly known: OwnCase; readonly counts: readonly CareDaysData[] }[] = [];
  for (let after = ''; ;) {
    const ids = await asked.journal.processIds(after, pageSize);
    for (const id of ids) {
      const loaded = await asked.journal.load(id);
      if (loaded !== undefined) played.push(await play(asked, loaded, bounds));
    }
    onProgress(played.length);
    const last = ids.at(-1);
    if (last === undefined) break;
    after = last;
  }
  const { months, amounts } = settle(
    asked,
    played.flatMap(({ counts }) => counts),
    bounds,
  );
  const cases = played.map(({ known, counts }) => ({
    ...known,
    deeds: [...known.deeds, ...counts.flatMap((count) => billingOf(count, amounts, bounds))],
  }));
  return { cases, months };
}

// ---------------------------------------------------------------- one case

/** What the case was linked by was decided of the facts of others too: it stands as it was decided. */
const kept = new Set<EventType>([
  'stay.linked',
  'stay.unlinked',
  'stay.overlapped',
  'stay.overlap-cleared',
]);
/** Nothing of these came from a source: they answer a notice that was really sent. */
const answers = new Set<EventType>([
  'notice.received',
  'notice.acknowledged',
  'notice.misdirected',
]);
/** A case is advanced at most this often; more of what was told is taken together. */
const mostSteps = 100;

async function play(
  asked: AskedOfCases,
  { processId, events }: LoadedProcess,
  bounds: Bounds,
): Promise<{ known: OwnCase; counts: readonly CareDaysData[] }> {
  const { profiles, nowMs } = asked;
  const until = [bounds.to, new Date(nowMs).toISOString()].sort()[0] ?? bounds.to;
  const told = events
    .map(({ event }) => event)
    .filter(({ type }) => kept.has(type) || (isFact(type) && !answers.has(type)))
    .map((event) => ({ event, at: event.sentAt ?? event.recordedAt }))
    .filter(({ at }) => at < until)
    .sort((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
  const one = new PlayedCase(processId, profiles);
  const size = Math.ceil(told.length / mostSteps);
  for (let start = 0; start < told.length;) {
    const at = told[Math.min(start + size, told.length) - 1]?.at ?? until;
    const end = told.findLastIndex((each) => each.at <= at) + 1;
    one.passUntil(at);
    for (const { event } of told.slice(start, end)) one.store({ ...event, recordedAt: at });
    one.advance();
    start = end;
  }
  one.passUntil(until);
  one.advance();
  const { process, findings } = one.assessed();
  const counts = countsUnder(process, profiles, Date.parse(one.now));
  const visits = await asked.journal.told.visitsOf(processId);
  const reasons: { [K in DeedKind]?: string } = {};
  for (const { rule, reason } of findings) {
    const kind = kindOfRule[rule];
    if (kind !== undefined) reasons[kind] = reason;
  }
  return {
    counts,
    known: {
      case: processId,
      visits: visits.map(({ number }) => number),
      deeds: noticesOf(
        processId,
        one.events.map(({ event }) => event),
        bounds,
      ),
      reasons,
      told: new Set(
        told.flatMap(({ event }) => {
          const kind = beginning[event.type];
          return kind === undefined ? [] : [kind];
        }),
      ),
      hasMoved: new Set(process.patient.map(({ codes }) => codes.municipality)).size > 1,
    },
  };
}

const kindOfRule: Readonly<{ [rule: string]: DeedKind | undefined }> = {
  'admission-notice': 'admission-notice',
  'discharge-ready-notice': 'discharge-ready-notice',
  'information-transfer': 'information-transfer',
  'discharge-notice': 'discharge-notice',
  'care-planning': 'planning-call',
  'payment-liability': 'billing',
};

/** The fact that a duty starts with. */
const beginning: Partial<{ readonly [T in EventType]: DeedKind }> = {
  'patient.admitted': 'admission-notice',
  'discharge-estimate.set': 'discharge-estimate',
  'patient.discharge-ready': 'discharge-ready-notice',
  'patient.discharged': 'information-transfer',
  'planning.called': 'planning-call',
  'patient.deceased': 'death-notice',
  'compulsory-care.decided': 'compulsory-care-notice',
};

/** The other system sends a municipality one notice, whatever units it has: roles are told as one. */
function noticesOf(
  caseReference: string,
  events: readonly DischargeEvent[],
  { from, to }: Bounds,
): readonly OwnDeed[] {
  const sent = new Map<string, OwnDeed>();
  for (const event of events) {
    if (event.type !== 'notice.issued') continue;
    const { obligation: kind, occasion, municipality, held } = event.data;
    const at = event.occurredAt;
    if (municipality === undefined || held === true || at < from || at >= to) continue;
    const key = `${kind}|${occasion}|${municipality}`;
    if (!sent.has(key)) sent.set(key, { kind, case: caseReference, at, municipality });
  }
  return [...sent.values()];
}

// ---------------------------------------------------------------- money

interface Settled {
  readonly months: readonly OwnMonth[];
  /** What a case costs in a month, by `case|municipality|month`. */
  readonly amounts: ReadonlyMap<string, number>;
}

const keyOf = (caseReference: string, municipality: string, month: string): string =>
  `${caseReference}|${municipality}|${month}`;

function settle({ profiles }: Asked, counts: readonly CareDaysData[], bounds: Bounds): Settled {
  const places = new Map<string, CareDaysData[]>();
  for (const count of counts) {
    const key = `${count.county}:${count.municipality}`;
    const known = places.get(key);
    if (known === undefined) places.set(key, [count]);
    else known.push(count);
  }
  const months: OwnMonth[] = [];
  const amounts = new Map<string, number>();
  for (const [key, ofPlace] of [...places].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const [county = '', municipality = ''] = key.split(':');
    const named = ofPlace.map(({ month }) => month).sort();
    const first = [bounds.firstMonth, named[0] ?? bounds.firstMonth].sort()[0] ?? bounds.firstMonth;
    const settled = settleMonths(
      { county, municipality },
      profiles,
      first,
      bounds.lastMonth,
      (month) => ofPlace.filter((count) => count.month === month),
    );
    for (const [month, basis] of settled) {
      if (month < bounds.firstMonth) continue;
      if ('missing' in basis) {
        months.push({ county, municipality, month, missing: basis.missing.parameter });
        continue;
      }
      months.push({ county, municipality, month, totalOre: basis.totalOre });
      for (const { caseReference, amountOre } of basis.lines) {
        if (caseReference === undefined) continue;
        const of = keyOf(caseReference, municipality, month);
        amounts.set(of, (amounts.get(of) ?? 0) + amountOre);
      }
    }
  }
  return { months, amounts };
}

function billingOf(
  count: CareDaysData,
  amounts: ReadonlyMap<string, number>,
  { firstMonth, lastMonth }: Bounds,
): OwnDeed[] {
  const { caseReference, municipality, month, eligible, reason, flags } = count;
  if (month < firstMonth || month > lastMonth || reason === 'CLEARED') return [];
  const amountOre = amounts.get(keyOf(caseReference, municipality, month));
  return [
    {
      kind: 'billing',
      case: caseReference,
      month,
      municipality,
      days: eligible ? daysOf(count) : 0,
      ...(amountOre !== undefined && { amountOre }),
      ...(!eligible && { reason }),
      ...(flags && { flags }),
    },
  ];
}
