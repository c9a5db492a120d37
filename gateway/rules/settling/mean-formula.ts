/** The formula of a mean with its numbers, as a reader checks it by hand: a line a step. */
import type { BillingLine, Carry } from '../../process/events.ts';
import { fraction, fractionText, isNegative, isPositive, minus, plus, times } from './fraction.ts';
import type { Fraction } from './fraction.ts';
import type { MeanFigures, Shares } from './mean-figures.ts';
import type { LawOn } from '../rule.ts';

/**
 * A is the mean, B the benchmark, C the number of cases in the mean, N the days of one case: as the agreements name them.
 * @param before what the month before handed over
 */
export function formulaOf(
  figures: MeanFigures,
  shares: Shares,
  lines: readonly BillingLine[],
  before: Carry,
  law: LawOn,
): string[] {
  const days = lines.reduce((sum, line) => plus(sum, quantityOf(line)), fraction(0));
  return [
    meanLine(figures),
    ...ruleLines(figures, shares, before, law),
    ...lines.filter(({ kind }) => kind === 'mean-excess').map(productLine),
    ...individualLines(shares, lines, law),
    `Σ = ${fractionText(days)} dygn, ${kronorText(lines.reduce((sum, line) => sum + line.amountOre, 0))} kr`,
  ];
}

function meanLine({ count, sum, mean, benchmark, ofMean }: MeanFigures): string {
  const limit = `B = ${fractionText(benchmark)}`;
  if (mean === undefined) return `A: inga vårdtillfällen (C = 0), ${limit}`;
  const sign = isPositive(ofMean) ? '>' : isNegative(ofMean) ? '<' : '=';
  return `A = ΣN / C = ${sum} / ${count} = ${fractionText(mean)}, ${limit}: A ${sign} B`;
}

function ruleLines(figures: MeanFigures, shares: Shares, before: Carry, law: LawOn): string[] {
  if (law.text('settlement.meanGoverns') === 'nextMonth') {
    return [`Föregående månads (A − B) = ${fractionText(before.excess)}`];
  }
  switch (law.text('settlement.consequence')) {
    case 'allDaysWhileActive':
      return [
        before.active
          ? 'Ersättning aktiv: varje utskrivningsklart dygn i månaden'
          : `Ersättning inte aktiv: ${before.above} månader i följd över B före denna`,
      ];
    case 'allDaysFromLiability':
      return [];
    default:
      return excessLines(figures, shares);
  }
}

function excessLines(figures: MeanFigures, { ineligible }: Shares): string[] {
  const { mean, benchmark, count, ofMean, ofIneligible, excess } = figures;
  const lines: string[] = [];
  if (mean !== undefined) {
    const difference = `(${fractionText(mean)} − ${fractionText(benchmark)}) × ${count}`;
    lines.push(`(A − B) × C = ${difference} = ${fractionText(ofMean)}`);
  }
  if (ineligible.length > 0) {
    const below = ineligible
      .map(({ readyDays = 0 }) => readyDays)
      .filter((days) => isNegative(minus(fraction(days), benchmark)));
    const sum = `${sumOf(below)} − ${fractionText(benchmark)} × ${below.length}`;
    lines.push(`Ej behöriga med N < B sänker: ΣN − B × n = ${sum} = ${fractionText(ofIneligible)}`);
  }
  const total = plus(ofMean, ofIneligible);
  if (!isPositive(total)) lines.push(`max(0, ${fractionText(total)}) = ${fractionText(excess)}`);
  return lines;
}

function productLine({ quantity, rateOre, amountOre }: BillingLine): string {
  const days = quantity === undefined ? '' : fractionText(quantity);
  return `${days} × ${kronorText(rateOre)} kr = ${kronorText(amountOre)} kr`;
}

/** The cases beyond the cap together: their days above the free ones, and which are settled here where not all are. */
function individualLines(shares: Shares, lines: readonly BillingLine[], law: LawOn): string[] {
  const charged = lines.filter(({ kind }) => kind === 'individual-days');
  if (charged.length === 0) return [];
  const references = new Set(charged.map(({ caseReference }) => caseReference));
  const days = Object.values(shares)
    .flat()
    .filter(({ caseReference }) => references.has(caseReference))
    .map(({ readyDays = 0 }) => readyDays);
  const free = law.number('settlement.individualFreeDays');
  const all = sumOf(days) - free * days.length;
  const here = sumOf(charged.map((line) => line.days ?? 0));
  const part = here === all ? '' : `, varav ${here} i månaden`;
  const sum = `${sumOf(days)} − ${free} × ${days.length}`;
  return [`Individuellt: ΣN − ${free} × n = ${sum} = ${all} dygn${part}`];
}

const sumOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0);

const quantityOf = ({ days, quantity }: BillingLine): Fraction => quantity ?? fraction(days ?? 0);

/** Öre as kronor in Swedish writing, to the öre where there are any: `26 252,50`. */
export function kronorText(ore: number): string {
  const { numerator, denominator } = times(fraction(ore), fraction(1, 100));
  const [whole = '', decimals] = fractionText(fraction(numerator, denominator)).split(',');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return decimals === undefined ? grouped : `${grouped},${decimals.padEnd(2, '0')}`;
}
