/** Everything that is to be entered before a month can be invoiced, with the file and the lines: all of it at once. */
import type { Profiles } from '../../profiles/index.ts';
import type { MissingSetting } from '../rules/invoicing/settings.ts';
import { namesOf } from './asked.ts';
import type { Period } from './asked.ts';
import { remedyOf } from './missing-figure.ts';

export interface InvoiceRemedy {
  /** What is missing, by the names of the settings. */
  readonly missing: readonly string[];
  /** `hemgang.yaml`, or a file of an overlay folder as `profiles:` names them. */
  readonly file: string;
  /** Its lines, with `…` for what only their owner knows. */
  readonly lines: readonly string[];
  /** What is known of the gap. */
  readonly reference?: string;
}

export function invoiceRemedies(
  profiles: Profiles,
  period: Period,
  missing: readonly MissingSetting[],
): readonly InvoiceRemedy[] {
  const { municipalityName, countyName } = namesOf(profiles, period);
  const settings = missing.flatMap((one) => ('figure' in one ? [] : [one]));
  const figures = missing.flatMap((one) => ('figure' in one ? [one.figure] : []));
  const examplesOf = (list: 'sellers' | 'buyers' | 'billing'): readonly string[] =>
    settings.flatMap((one) => (one.list === list ? [one.example] : []));
  const entryOf = (list: 'sellers' | 'buyers', key: string): string[] => {
    const examples = examplesOf(list);
    if (examples.length === 0) return [];
    return [`  ${list}:`, `    - ${key}`, ...examples.map((example) => `      ${example}`)];
  };
  const own: InvoiceRemedy = {
    missing: settings.map((one) =>
      one.list === 'billing' ? `billing.${one.key}` : `billing.${one.list} ${one.of}: ${one.key}`,
    ),
    file: 'hemgang.yaml',
    lines: [
      'billing:',
      ...examplesOf('billing').map((example) => `  ${example}`),
      ...entryOf('sellers', `county: '${period.county}' # ${countyName}`),
      ...entryOf('buyers', `municipality: '${period.municipality}' # ${municipalityName}`),
    ],
  };
  return [
    ...(settings.length === 0 ? [] : [own]),
    ...figures.map((figure): InvoiceRemedy => {
      const { parameter, file = '', lines, reference } = remedyOf(profiles, period, figure);
      return { missing: [parameter], file, lines, reference };
    }),
  ];
}

/** For people: each file with what to enter in it. */
export const remedyText = (remedies: readonly InvoiceRemedy[]): string[] =>
  remedies.flatMap(({ file, lines, reference }) => [
    file === 'hemgang.yaml' ? 'in hemgang.yaml:' : `in ${file} of a folder under profiles:`,
    ...(reference === undefined ? [] : [`  # ${reference}`]),
    ...lines.map((line) => `  ${line}`),
  ]);
