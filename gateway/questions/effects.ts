/**
 * What facts that are not recorded would change in law: the case is folded and assessed without them and with them, and
 * the two are laid side by side. By the functions that decide in earnest; nothing is written.
 */
import type { DischargeEvent } from '../process/events.ts';
import { isoOf } from '../rules/legal-days.ts';
import type { WantedDeadline } from '../rules/rule.ts';
import { periodOf } from '../advance.ts';
import { daysOf, namesOf } from './asked.ts';
import type { Asked, Period, PlaceNames } from './asked.ts';
import { mentions } from './case-timeline.ts';
import { monthNow } from './chain.ts';
import type { MonthNow } from './chain.ts';
import { differencesBetween } from './differences.ts';
import type { FindingDifference } from './differences.ts';
import { countsOf, judgeSupposed, noticeOf } from './foretell.ts';
import type { ForetoldNotice, Parts, SupposedCase } from './foretell.ts';
import { standingOf } from './standing.ts';
import type { Standing } from './standing.ts';
import { toEvent } from './supposed.ts';
import type { SupposedFacts } from './supposed.ts';

type LiabilityType = Extract<DischargeEvent['type'], `liability.${string}`>;

/** A deadline as it would run; the side that is absent has none. */
export interface DeadlineEffect {
  readonly deadline: WantedDeadline['deadline'];
  readonly reference: string;
  readonly before?: DeadlineTimes;
  readonly after?: DeadlineTimes;
}
export interface DeadlineTimes {
  readonly dueAt: string;
  readonly metAt?: string;
}

export interface LiabilityEffect {
  readonly decision: LiabilityType;
  readonly reason: string;
  readonly reference: string;
  readonly municipality?: string;
  readonly from?: string;
  readonly until?: string;
}

/** What a case counts for in a month, before and after. */
export interface CountEffect extends Period {
  readonly before?: CountSide;
  readonly after: CountSide;
}
export interface CountSide {
  readonly days: number;
  readonly eligible: boolean;
  readonly reason: string;
}

export interface CaseEffects {
  readonly caseReference: string;
  /** Its sender is in shadow: nothing of this would leave, and nothing is billed. */
  readonly inShadow: boolean;
  /** Cases would be joined or parted. */
  readonly links: readonly (
    'stay.linked' | 'stay.unlinked' | 'stay.overlapped' | 'stay.overlap-cleared'
  )[];
  readonly findings: readonly Omit<FindingDifference, 'causes'>[];
  readonly deadlines: readonly DeadlineEffect[];
  readonly notices: readonly ForetoldNotice[];
  readonly liability: readonly LiabilityEffect[];
  readonly counts: readonly CountEffect[];
}

/** What a month comes to, before and after; an amount is absent where the month has no basis for want of a figure. */
export interface MonthEffect extends Period, PlaceNames {
  readonly standing: Standing;
  readonly beforeOre?: number;
  readonly afterOre?: number;
  readonly missing?: string;
}

export interface Effects {
  readonly case: CaseEffects;
  /** Counts that settlements would read, by their stream. */
  readonly counts: ReadonlyMap<string, readonly DischargeEvent[]>;
}

/**
 * @param facts of every case: stays of one patient may be joined by them
 * @returns undefined for a case that is not in the journal
 */
export async function effectsOf(
  asked: Asked,
  parts: Parts,
  caseReference: string,
  facts: SupposedFacts,
): Promise<Effects | undefined> {
  const before = await judgeSupposed(asked, parts, caseReference, new Map());
  const after = await judgeSupposed(asked, parts, caseReference, facts);
  if (before === undefined || after === undefined) return undefined;
  // What time alone, or what waits to be decided, brings in any case is no effect of the facts.
  const anyway = new Set(before.judged.change.events.map(({ body }) => contentOf(body)));
  const decided = after.judged.change.events.filter(({ body }) => !anyway.has(contentOf(body)));
  const events = decided.map(toEvent);
  return {
    case: {
      caseReference: after.process.processId,
      inShadow: after.inShadow,
      links: after.links.flatMap(({ body: { type } }) => (isLink(type) ? [type] : [])),
      findings: differencesBetween(
        before.judged.findings,
        after.judged.findings,
        mentions(after.process.events),
      ),
      deadlines: deadlineEffects(before, after),
      notices: events.flatMap((event) => noticeOf(asked, after.judged, event)),
      liability: events.flatMap(liabilityOf),
      counts: events.flatMap((event) => countOf(before, event)),
    },
    counts: countsOf(decided),
  };
}

const contentOf = ({ type, data }: Pick<DischargeEvent, 'type' | 'data'>): string =>
  JSON.stringify([type, data]);

const linkTypes = [
  'stay.linked',
  'stay.unlinked',
  'stay.overlapped',
  'stay.overlap-cleared',
] as const;
const isLink = (type: string): type is (typeof linkTypes)[number] =>
  linkTypes.some((one) => one === type);

/** Whether anything in law would change. */
export function hasEffects({
  links,
  findings,
  deadlines,
  notices,
  liability,
  counts,
}: CaseEffects): boolean {
  return [links, findings, deadlines, notices, liability, counts].some((part) => part.length > 0);
}

// ---------------------------------------------------------------- deadlines, liability, counts

function deadlineEffects(before: SupposedCase, after: SupposedCase): DeadlineEffect[] {
  const left = [...deadlinesOf(before)];
  const effects: DeadlineEffect[] = [];
  for (const is of deadlinesOf(after)) {
    const index = left.findIndex(
      (was) => was.deadline === is.deadline && is.about.aliases.has(was.about.occasion),
    );
    const [was] = index < 0 ? [] : left.splice(index, 1);
    if (was !== undefined && was.dueAtMs === is.dueAtMs && was.metAtMs === is.metAtMs) continue;
    const { deadline, reference } = is;
    effects.push({
      deadline,
      reference,
      ...(was && { before: timesOf(was) }),
      after: timesOf(is),
    });
  }
  const gone = left.map((was) => ({
    deadline: was.deadline,
    reference: was.reference,
    before: timesOf(was),
  }));
  return [...effects, ...gone];
}

const deadlinesOf = ({ judged }: SupposedCase): readonly WantedDeadline[] =>
  judged.findings.flatMap(({ wants }) => wants.filter((want) => want.want === 'deadline'));

const timesOf = ({ dueAtMs, metAtMs }: WantedDeadline): DeadlineTimes => ({
  dueAt: isoOf(dueAtMs),
  ...(metAtMs !== undefined && { metAt: isoOf(metAtMs) }),
});

function liabilityOf(event: DischargeEvent): LiabilityEffect[] {
  switch (event.type) {
    case 'liability.started':
    case 'liability.withheld':
    case 'liability.ended':
    case 'liability.revised':
    case 'liability.revoked': {
      const { reason, reference, municipality } = event.data;
      const { from, until } = 'from' in event.data ? event.data : {};
      return [
        {
          decision: event.type,
          reason,
          reference,
          ...(municipality !== undefined && { municipality }),
          ...(from !== undefined && { from }),
          ...(until !== undefined && { until }),
        },
      ];
    }
    default:
      return [];
  }
}

function countOf({ judged }: SupposedCase, event: DischargeEvent): CountEffect[] {
  if (event.type !== 'care-days.counted') return [];
  const { key, county, municipality, month } = event.data;
  const sideOf = (data: typeof event.data): CountSide => ({
    days: daysOf(data),
    eligible: data.eligible,
    reason: data.reason,
  });
  const before = judged.process.history.careDays.get(key);
  return [
    {
      county,
      municipality,
      month,
      ...(before && { before: sideOf(before) }),
      after: sideOf(event.data),
    },
  ];
}

// ---------------------------------------------------------------- months

/** What months would come to with new counts; what a month hands to the next is not followed further. */
export async function monthEffects(
  asked: Asked,
  counts: ReadonlyMap<string, readonly DischargeEvent[]>,
): Promise<readonly MonthEffect[]> {
  const months: MonthEffect[] = [];
  for (const streamId of [...counts.keys()].sort()) {
    const period = periodOf(streamId);
    const before = await monthNow(asked, period);
    const after = await monthNow(asked, period, counts.get(streamId));
    const missing = missingOf(after) ?? missingOf(before);
    months.push({
      ...period,
      ...namesOf(asked.profiles, period),
      standing: standingOf(before.events, period.month),
      ...amountOf('beforeOre', before),
      ...amountOf('afterOre', after),
      ...(missing !== undefined && { missing }),
    });
  }
  return months;
}

const missingOf = ({ basis }: MonthNow): string | undefined =>
  'missing' in basis ? basis.missing.parameter : undefined;

function amountOf<K extends string>(name: K, { basis }: MonthNow): { readonly [N in K]?: number } {
  // One key, whose name the type system cannot follow into a computed property.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return ('missing' in basis ? {} : { [name]: basis.totalOre }) as { readonly [N in K]?: number };
}
