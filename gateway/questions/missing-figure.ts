/** Which line to enter, and where, so that what was withheld for want of a figure is settled. */
import type { AgreementOn, Profiles } from '../../profiles/index.ts';
import type { MissingFigure } from '../rules/settling/settlement-basis.ts';
import { monthOf } from '../rules/settling/settlement-month.ts';
import { namesOf } from './asked.ts';
import type { Period } from './asked.ts';

/** What a person does about a missing figure. */
export interface Remedy {
  /** The figure: `settlement.careDayAmountOre`, on the date it is missing for. */
  readonly parameter: string;
  readonly on: string;
  /** What is known of the gap: which regulation or document is missing. */
  readonly reference: string;
  /** File of an overlay folder, as `profiles:` in hemgang.yaml names them; absent where no line can fill the gap. */
  readonly file?: string;
  /** The lines of it, with `…` for what only the regulation says. */
  readonly lines: readonly string[];
}

/** @param missing as a basis or a withheld record names it */
export function remedyOf(profiles: Profiles, period: Period, missing: MissingFigure): Remedy {
  const { parameter, date, reference = 'nothing is known of it' } = missing;
  const known = { parameter, on: date, reference };
  if (parameter === 'settlement.opening') {
    // It may be an earlier month that lacks it.
    return { ...known, ...openingOf(profiles, { ...period, month: monthOf(date) }) };
  }
  const described = profiles.parameters.find(({ name }) => name === parameter);
  const held = profiles.parametersOf(period).valueOn(parameter, date);
  // The figure is there: what follows from it is no whole number of öre, and no line can change that.
  if (described === undefined || held.known) return { ...known, lines: [] };
  const value = valueLine(described, date);
  const agreed = agreementOf(profiles, period, date);
  if (
    agreed === undefined ||
    described.agreement === 'forbidden' ||
    isNational(agreed, parameter)
  ) {
    const [stem = '', name = ''] = parameter.split('.');
    return { ...known, file: `law/${stem}.yaml`, lines: ['parameters:', `  ${name}:`, ...value] };
  }
  const { region, status } = agreed;
  const lines = ['parameters:', `  ${parameter}:`, ...value];
  if (status === 'unseen') {
    // A value needs a period whose text is known; the file's periods stand in place of the shipped ones.
    lines.unshift(
      `periods: # all of them, the one that holds on ${date} as in-force`,
      "  - { from: …, to: …, status: in-force, reference: '…' }",
    );
  }
  return { ...known, file: `regions/${region}/agreement.yaml`, lines };
}

/** The amount is the nation's, also where an agreement is in force. */
const isNational = ({ status }: Agreed, parameter: string): boolean =>
  parameter === 'settlement.careDayAmountOre' && status !== 'unseen';

function valueLine({ name, type, choices, unit }: Described, date: string): string[] {
  const from = name === 'settlement.careDayAmountOre' ? `${date.slice(0, 4)}-01-01` : date;
  const value = choices?.join(' | ') ?? (type === 'boolean' ? 'true | false' : '…');
  return ['    values:', `      ${from}: { value: ${value}, reference: '…' } # ${unit}`];
}

function openingOf(profiles: Profiles, period: Period): Pick<Remedy, 'file' | 'lines'> {
  const { municipality, month } = period;
  const agreed = agreementOf(profiles, period, `${month}-01`);
  if (agreed === undefined) return { lines: [] };
  const { municipalityName } = namesOf(profiles, period);
  return {
    file: `regions/${agreed.region}/agreement.yaml`,
    lines: [
      'opening:',
      `  '${municipality}': # ${municipalityName}: how the months before ${month} ended`,
      `    { month: ${month}, active: …, above: …, below: …, reference: '…' }`,
      `    # active: true | false, whether days of ${month} are charged; above, below: how many months in a row just`,
      '    # before it had a mean above the benchmark, or not above it (one of the two is 0)',
    ],
  };
}

interface Agreed {
  /** Name of its folder. */
  readonly region: string;
  readonly status: AgreementOn['status'];
}

function agreementOf(profiles: Profiles, period: Period, date: string): Agreed | undefined {
  const agreement = profiles.parametersOf(period).agreementOn(date);
  const described = profiles.agreements.find(({ county }) => county === period.county);
  if (agreement === undefined || described === undefined) return undefined;
  return { region: described.region, status: agreement.status };
}

type Described = Profiles['parameters'][number];
