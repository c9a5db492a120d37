/**
 * What if: every stored case and every month computed twice, by the law as it is entered and by parameters set otherwise,
 * and what differs. Nothing is written.
 */
import type { Assumption, Profiles } from '../../profiles/index.ts';
import { assuming } from '../../profiles/index.ts';
import type { CareDaysData } from '../process/events.ts';
import { fold } from '../process/state.ts';
import type { Asked } from './asked.ts';
import { compareMonths, withRecorded } from './month-differences.ts';
import type { CountedPlace, MissingSum, MonthDifference } from './month-differences.ts';
import { countsUnder } from './recompute.ts';

export interface SimulationQuestion {
  readonly assumptions: readonly Assumption[];
  /** First and last month of settlement told, `YYYY-MM`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly county?: string | undefined;
  readonly municipality?: string | undefined;
  /** Senders whose cases are never billed. */
  readonly isLive?: (sender: string) => boolean;
  /** Called after each page of cases, with how many have been computed. */
  readonly onProgress?: (cases: number) => void;
}

export interface Simulation {
  readonly assumptions: readonly Assumption[];
  readonly from?: string;
  readonly to?: string;
  /** Cases computed, and those left out because their sender is in shadow. */
  readonly cases: number;
  readonly inShadow: number;
  /** Months in which something differs, by place and month. */
  readonly months: readonly MonthDifference[];
  readonly unchangedMonths: number;
  /** Sums of every month within the bounds, those without a basis left out. */
  readonly beforeOre: number;
  readonly afterOre: number;
  readonly withheldBefore: number;
  readonly withheldAfter: number;
  /** Figures for want of which a month has no basis, on either side. */
  readonly missing: readonly MissingSum[];
}

const pageSize = 500;

/** Computes the difference that other parameters would make. */
export async function simulate(asked: Asked, question: SimulationQuestion): Promise<Simulation> {
  const { assumptions, from, to } = question;
  const other = assuming(asked.profiles, assumptions);
  const { places, cases, inShadow } = await countCases(asked, other, question);
  const months: MonthDifference[] = [];
  const missing = new Map<string, MissingSum>();
  const sums = {
    unchangedMonths: 0,
    beforeOre: 0,
    afterOre: 0,
    withheldBefore: 0,
    withheldAfter: 0,
  };
  for (const [, counted] of [...places].sort(([left], [right]) => left.localeCompare(right))) {
    for (const month of await compareMonths(asked, other, counted, question)) {
      const { before, after } = month;
      for (const sum of [before, after]) {
        if ('missing' in sum) missing.set(`${sum.missing}|${sum.missingOn}`, sum);
      }
      if ('missing' in before) sums.withheldBefore += 1;
      else sums.beforeOre += before.totalOre;
      if ('missing' in after) sums.withheldAfter += 1;
      else sums.afterOre += after.totalOre;
      const isSame = JSON.stringify(before) === JSON.stringify(after) && month.cases.length === 0;
      if (isSame) sums.unchangedMonths += 1;
      else months.push(await withRecorded(asked, month));
    }
  }
  return {
    assumptions,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    cases,
    inShadow,
    months,
    ...sums,
    missing: [...missing.values()],
  };
}

// ---------------------------------------------------------------- cases

async function countCases(
  asked: Asked,
  other: Profiles,
  question: SimulationQuestion,
): Promise<{ places: Map<string, CountedPlace>; cases: number; inShadow: number }> {
  const { journal, profiles, nowMs } = asked;
  const { isLive = () => true, onProgress } = question;
  const places = new Map<string, CountedPlace>();
  let [cases, inShadow] = [0, 0];
  for (let after = ''; ;) {
    const ids = await journal.processIds(after, pageSize);
    for (const id of ids) {
      const loaded = await journal.load(id);
      if (loaded === undefined) continue;
      if (!loaded.stays.every(({ sender }) => isLive(sender))) {
        inShadow += 1;
        continue;
      }
      cases += 1;
      const process = fold(loaded.events, loaded.processId);
      keep(places, question, 'before', countsUnder(process, profiles, nowMs));
      keep(places, question, 'after', countsUnder(process, other, nowMs));
    }
    onProgress?.(cases + inShadow);
    const last = ids.at(-1);
    if (last === undefined) return { places, cases, inShadow };
    after = last;
  }
}

function keep(
  places: Map<string, CountedPlace>,
  question: SimulationQuestion,
  side: 'before' | 'after',
  counts: readonly CareDaysData[],
): void {
  for (const count of counts) {
    const { county, municipality, month } = count;
    if (county !== (question.county ?? county)) continue;
    if (municipality !== (question.municipality ?? municipality)) continue;
    if (month > (question.to ?? month)) continue;
    const key = `${county}:${municipality}`;
    const place: CountedPlace = places.get(key) ?? {
      county,
      municipality,
      before: new Map(),
      after: new Map(),
    };
    places.set(key, place);
    const known = place[side].get(month);
    if (known === undefined) place[side].set(month, [count]);
    else known.push(count);
  }
}
