/** A what-if as a person reads it: month by month where something differs, and the sum. */
import { shareWords } from '../process/billing-words.ts';
import type {
  CaseDifference,
  CaseSide,
  MonthDifference,
  MonthSum,
} from '../questions/month-differences.ts';
import type { Simulation } from '../questions/simulate.ts';
import { indented, labelled, plural } from './question.ts';
import { kronor, table, type Ink } from './timeline.ts';

export function simulationLines(simulation: Simulation, ink: Ink): string[] {
  const { assumptions, months, cases, inShadow, unchangedMonths, from, to } = simulation;
  const bounds = `${from ?? 'the first month'} to ${to ?? 'the last'}`;
  const shadow = inShadow === 0 ? '' : `; ${inShadow} of senders in shadow left out`;
  return [
    ink.bold('What if'),
    ...assumptions.flatMap(({ parameter, value, reference }) =>
      labelled('set', [`${parameter} = ${String(value)}  ${ink.dim(reference)}`], ink),
    ),
    ...labelled(
      'over',
      [`${plural(cases, 'case')}${shadow}, months of settlement from ${bounds}`],
      ink,
    ),
    ...labelled('written', ['nothing'], ink),
    '',
    ...(months.length === 0
      ? ['No month comes out otherwise.']
      : [...monthTable(simulation, ink), '', ...months.flatMap((month) => caseLines(month, ink))]),
    `${plural(unchangedMonths, 'settlement')} (a municipality and a month) the same.`,
    ...withheldLines(simulation, ink),
  ];
}

function monthTable({ months, beforeOre, afterOre }: Simulation, ink: Ink): string[] {
  const rows = months.map((one) => [
    one.month,
    `${one.county} ${one.countyName}`,
    `${one.municipality} ${one.municipalityName}`,
    sumText(one.before),
    sumText(one.after),
    one.differenceOre === undefined ? '' : signed(one.differenceOre),
    one.recordedOre === undefined ? '' : `recorded ${kronor(one.recordedOre)} kr, by other figures`,
  ]);
  const total = ['', '', 'all months', kronor(beforeOre), kronor(afterOre)];
  const head = ['month', 'region', 'municipality', 'kr now', 'kr then', 'difference', ''];
  const all = [...rows, [...total, signed(afterOre - beforeOre), '']];
  return table(head, all, [3, 4, 5], ink);
}

const sumText = (sum: MonthSum): string => ('missing' in sum ? 'withheld' : kronor(sum.totalOre));

const signed = (ore: number): string => (ore > 0 ? `+${kronor(ore)}` : kronor(ore));

function caseLines(
  { month, municipality, municipalityName, cases }: MonthDifference,
  ink: Ink,
): string[] {
  if (cases.length === 0) return [];
  const rows = cases.map(({ caseReference, before, after }: CaseDifference) => [
    caseReference,
    sideText(before),
    '→',
    sideText(after),
  ]);
  return [
    ink.bold(`${month} ${municipality} ${municipalityName}: cases that change`),
    ...indented(table(['case', 'now', '', 'then'], rows, [], ink), 2),
    '',
  ];
}

function sideText(side: CaseSide | undefined): string {
  if (side === undefined) return 'not in the month';
  const { days, reason, share, amountOre } = side;
  const place = share === undefined ? '' : `, ${shareWords(share).en}`;
  const amount = amountOre === 0 ? '' : `, ${kronor(amountOre)} kr`;
  return `${plural(days, 'day')} ${reason}${place}${amount}`;
}

function withheldLines({ missing, withheldBefore, withheldAfter }: Simulation, ink: Ink): string[] {
  if (missing.length === 0) return [];
  return [
    `Withheld for want of a figure, and in no sum: ${plural(withheldBefore, 'settlement')} now, ${withheldAfter} then.`,
    ...[...new Set(missing.map((one) => one.missing))].map(
      (name) => `  ${ink.bad(gapText(name, missing))}`,
    ),
    '  next: hemgang billing preview --month YYYY-MM says whose, and which line to enter',
  ];
}

/** One line a figure, however many months lack it. */
function gapText(name: string, missing: Simulation['missing']): string {
  const dates = missing.filter((one) => one.missing === name).map(({ missingOn }) => missingOn);
  dates.sort();
  const [first = '', last = first] = [dates[0], dates.at(-1)];
  if (dates.length === 1) return `${name} is missing on ${first}`;
  return `${name} is missing on ${dates.length} dates from ${first} to ${last}`;
}
