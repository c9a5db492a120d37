/** What one month hands to the next: runs of months above the benchmark, what governs the next month, and signals. */
import type { Parameters } from '../../../profiles/index.ts';
import type { Carry } from '../../process/events.ts';
import { minus, isPositive, zero } from './fraction.ts';
import type { MeanFigures, Shares } from './mean-figures.ts';
import { FigureMissing, type LawOn } from '../rule.ts';
import type { Signal } from './basis.ts';

/** Before the first month of an agreement nothing was above anything. */
const start: Carry = {
  above: 0,
  below: 0,
  active: false,
  liable: [],
  deficient: [],
  excess: zero,
};
const maxMonths = 24;

/**
 * What is known of the months before.
 * @throws FigureMissing where the amount depends on them and they are neither settled here nor entered
 */
export function carryInto(
  before: Carry | undefined,
  law: LawOn,
  parameters: Parameters,
  month: string,
): Carry {
  if (before !== undefined) return before;
  const agreement = parameters.agreementOn(law.date);
  const opening = agreement?.opening;
  if (opening?.month === month) {
    const { active, above, below } = opening;
    return { ...start, active, above, below };
  }
  const dependsOnIt =
    law.text('settlement.consequence') === 'allDaysWhileActive' ||
    law.text('settlement.meanGoverns') === 'nextMonth';
  if (!dependsOnIt || agreement === undefined || agreement.firstMonth >= month) return start;
  throw new FigureMissing({
    known: false,
    parameter: 'settlement.opening',
    date: law.date,
    reference: `${agreement.title}: the months before ${month} are not settled here; enter an opening state`,
  });
}

/** What this month hands on (readings A18, A19: each month by itself, an empty one is not above). */
export function carryOf(
  before: Carry,
  { isAbove, excess, mean, benchmark }: MeanFigures,
  shares: Shares,
  isLiable: boolean,
  law: LawOn,
): Carry {
  const above = isAbove ? before.above + 1 : 0;
  const below = isAbove ? 0 : before.below + 1;
  const isDeficient = Object.values(shares)
    .flat()
    .some(({ deviations = [] }) => deviations.length > 0);
  return {
    above,
    below,
    active: isActive(before, above, below, law),
    liable: [isLiable, ...before.liable].slice(0, maxMonths),
    deficient: [isDeficient, ...before.deficient].slice(0, maxMonths),
    excess: isPositive(excess) && mean !== undefined ? minus(mean, benchmark) : zero,
  };
}

function isActive({ active }: Carry, above: number, below: number, law: LawOn): boolean {
  if (law.text('settlement.consequence') !== 'allDaysWhileActive') return false;
  return active
    ? below < law.number('settlement.deactivationMonths')
    : above >= law.number('settlement.activationMonths');
}

/** What the month asks the parties to do. */
export function signalsOf(
  { liable, deficient }: Carry,
  { isAbove }: MeanFigures,
  law: LawOn,
): readonly Signal[] {
  const signals: Signal[] = [];
  if (isAbove && law.text('settlement.signalAboveBenchmark') === 'jointAnalysis') {
    const reference = law.referenceOf('settlement.signalAboveBenchmark');
    signals.push({ signal: 'joint-analysis', reference });
  }
  if (law.text('settlement.actionPlan') !== 'recurring') return signals;
  const reference = law.referenceOf('settlement.actionPlan');
  const atLeast = law.number('settlement.actionPlanMonths');
  const window = law.number('settlement.actionPlanWindowMonths');
  const recurs = (months: readonly boolean[]): boolean =>
    months[0] === true && months.slice(0, window).filter(Boolean).length >= atLeast;
  if (recurs(liable)) signals.push({ signal: 'action-plan', cause: 'liability', reference });
  if (recurs(deficient)) signals.push({ signal: 'action-plan', cause: 'deficiencies', reference });
  return signals;
}
