/**
 * Reads `test/settlements/*.yaml`: a municipality's months with the stays discharged in each, and what they are settled
 * as. The law and the agreements are the shipped ones; amounts, readings and entered states of a case are an overlay.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { addDays, firstOfNextMonth } from '../../gateway/rules/legal-days.ts';
import { loadProfiles } from '../../profiles/index.ts';
import type { Parameters } from '../../profiles/index.ts';
import { temporaryFolder } from './folder.ts';
import { localTime, shippedProfiles } from './law.ts';
import { givenStay, moment, staysOf } from './month-stays.ts';
import { PlayedRegion } from './region.ts';
import type { GivenStay } from './region.ts';

const month = z.string().regex(/^\d{4}-\d\d$/);
const expectation = z.strictObject({
  /** As recorded at the cut-off; `none` where nothing was. */
  amountKr: z.union([z.number(), z.literal('none')]).optional(),
  /** Differences that were told after it, in order. None, where this is left out. */
  adjustmentsKr: z.array(z.number()).optional(),
  /** Sum of the days and number of the cases of the mean, as its fraction; `none` where there are no cases. */
  mean: z.string().optional(),
  /** Days above the benchmark, as an exact number in Swedish writing. */
  excessDays: z.string().optional(),
  individualDays: z.int().optional(),
  careDays: z.int().optional(),
  /** Lines of the formula, each of which it has. */
  formula: z.array(z.string()).optional(),
  /** `first..last: days × kr` of each line, `mean` before the days above the benchmark. */
  lines: z.array(z.string()).optional(),
  /** Reasons of the cases that are charged nothing. */
  excluded: z.array(z.string()).optional(),
  /** Shares of the cases, in order. */
  shares: z.array(z.string()).optional(),
  flags: z.array(z.string()).optional(),
  /** Days from the registered date, of each case where they are other than those counted. */
  registeredDays: z.array(z.int()).optional(),
  /** Whether every ready day of the month is charged. */
  active: z.boolean().optional(),
  signals: z.array(z.string()).optional(),
  remarks: z.array(z.string()).optional(),
  /** Part of its title; `none` where the statute holds. */
  agreement: z.string().optional(),
  invoiceOn: z.string().optional(),
  /** The figure that is missing, and part of what is said of it. Nothing is, where this is left out. */
  withheld: z.record(z.string(), z.string()).optional(),
});
const monthOfCase = expectation.extend({ stays: z.array(givenStay).default([]) });
const value = z.union([z.string(), z.number(), z.boolean()]);
const monthCase = z.strictObject({
  name: z.string().min(1),
  /** Document and heading, or paragraph. */
  reference: z.string().min(1),
  /** The treating region, and the municipality that pays. */
  county: z.string(),
  municipality: z.string(),
  /** Amounts in kronor by year, as a user's own file enters them. */
  amounts: z.record(z.string(), z.number()).default({}),
  /** Other readings than the chosen ones. */
  parameters: z.record(z.string(), value).default({}),
  /** What is entered of the months before the first one. */
  opening: z.strictObject({ active: z.boolean(), above: z.int(), below: z.int() }).optional(),
  adopted: z.enum(['yes', 'assumed', 'no']).optional(),
  /** Played until then; until the day after the last cut-off, unless given. */
  until: moment.optional(),
  months: z.record(month, monthOfCase),
});
type Stated = z.infer<typeof monthCase>;
export type MonthExpectation = z.infer<typeof expectation>;

export interface MonthCase {
  readonly name: string;
  readonly reference: string;
  readonly county: string;
  readonly municipality: string;
  readonly parameters: Parameters;
  readonly stays: readonly GivenStay[];
  readonly openedFirst: string;
  readonly opening: Stated['opening'];
  readonly until: string;
  readonly expected: Readonly<Record<string, MonthExpectation>>;
}

/** @param path of one YAML file of cases */
export function readMonthCases(path: string): readonly MonthCase[] {
  return z
    .array(z.unknown())
    .parse(parse(readFileSync(path, 'utf8')))
    .map(monthCaseOf);
}

/** @param content what a file states of one case */
export function monthCaseOf(content: unknown): MonthCase {
  const stated = monthCase.parse(content);
  const { name, reference, county, municipality, opening } = stated;
  const months = Object.entries(stated.months).sort(([left], [right]) => (left < right ? -1 : 1));
  const first = months[0]?.[0] ?? '';
  const last = months.at(-1)?.[0] ?? '';
  const place = { county, municipality };
  const dayAfterCutOff = addDays(firstOfNextMonth(last), 8);
  return {
    name,
    reference,
    ...place,
    opening,
    parameters: profilesOf(stated, first).parametersOf({ county }),
    stays: months.flatMap(([one, { stays }]) => staysOf(stays, one, place)),
    openedFirst: first,
    until: localTime(stated.until ?? dayAfterCutOff),
    expected: Object.fromEntries(
      months.map(([one, { stays: _stays, ...expected }]) => [one, expected]),
    ),
  };
}

/** Plays a case. The calendar is opened as the gateway opens it at its start: in the first month. */
export function playMonths(given: MonthCase): PlayedRegion {
  const { county, municipality, parameters, openedFirst, stays, until } = given;
  const region = new PlayedRegion(parameters);
  const first = `${openedFirst}-01`;
  const agreement = parameters.under(municipality).agreementOn(first);
  if (agreement !== undefined && agreement.status !== 'unseen') {
    region.openMonth({ county, municipality, month: openedFirst }, localTime(first));
  }
  for (const stay of stays) region.add(stay);
  return region.playUntil(until);
}

const cache = new Map<string, ReturnType<typeof loadProfiles>>();

/** The shipped profiles under the overlay that a case states. */
function profilesOf(stated: Stated, firstMonth: string): ReturnType<typeof loadProfiles> {
  const { law, agreement, region } = overlayOf(stated, firstMonth);
  const key = JSON.stringify([law, agreement, region]);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const folder = temporaryFolder('settlements');
  try {
    for (const [stem, parameters] of Object.entries(law)) {
      write(join(folder.path, 'law'), `${stem}.yaml`, { parameters });
    }
    if (region !== undefined && Object.keys(agreement).length > 0) {
      write(join(folder.path, 'regions', region), 'agreement.yaml', agreement);
    }
    const profiles = loadProfiles({ overlays: [folder.path] });
    cache.set(key, profiles);
    return profiles;
  } finally {
    folder.remove();
  }
}

function write(folder: string, name: string, content: object): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), stringify(content));
}

type Values = Record<string, { readonly values: Record<string, object> }>;

function overlayOf(
  { county, municipality, amounts, parameters, opening, adopted }: Stated,
  firstMonth: string,
): {
  readonly law: Readonly<Record<string, Values>>;
  readonly agreement: object;
  readonly region: string | undefined;
} {
  const law: Record<string, Values> = {};
  const reference = 'entered for this case';
  const years = Object.entries(amounts).map(([year, kronor]) => [
    `${year}-01-01`,
    { value: kronor * 100, reference },
  ]);
  if (years.length > 0) {
    law['settlement'] = { careDayAmountOre: { values: Object.fromEntries(years) } };
  }
  const known = shippedProfiles.agreements.find((one) => one.county === county);
  const period = known?.periods.findLast(({ from }) => from <= `${firstMonth}-01`);
  const agreed: Values = {};
  for (const [name, reading] of Object.entries(parameters)) {
    const { agreement } = shippedProfiles.parameters.find((one) => one.name === name) ?? {};
    const own = { value: reading, reference };
    if (period !== undefined && period.status !== 'unseen' && agreement !== 'forbidden') {
      agreed[name] = { values: { [period.from]: own } };
    } else {
      const [stem = '', parameter = ''] = name.split('.');
      law[stem] = { ...law[stem], [parameter]: { values: { '2018-01-01': own } } };
    }
  }
  const state = opening && { month: firstMonth, ...opening, reference };
  return {
    law,
    region: known?.region,
    agreement: {
      ...(Object.keys(agreed).length > 0 && { parameters: agreed }),
      ...(state && { opening: { [municipality]: state } }),
      ...(adopted && { adoption: { municipalities: { [municipality]: { adopted, reference } } } }),
    },
  };
}
