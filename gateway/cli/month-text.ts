/** The billing basis of one municipality and month as a person reads it. */
import { shareWords } from '../process/billing-words.ts';
import type { BillingLine } from '../process/events.ts';
import type { MonthPreview, PreviewCase } from '../questions/billing-month.ts';
import type { ComputedIndicator, IndicatorValue } from '../questions/indicators.ts';
import type { Remedy } from '../questions/missing-figure.ts';
import type { Standing } from '../questions/standing.ts';
import type { StillThere } from '../questions/still-there.ts';
import { fractionText } from '../rules/settling/fraction.ts';
import { invoicingLines } from './invoice-text.ts';
import { indented, labelled, lastDay, localText } from './question.ts';
import { kronor, table, type Ink } from './timeline.ts';

/** Everything of one preview. */
export function previewLines(preview: MonthPreview, ink: Ink): string[] {
  const { municipality, municipalityName, county, countyName, month, standing, missing } = preview;
  const { agreement, model, formula, totalOre, invoiceOn, remarks, signals } = preview;
  return [
    ink.bold(`${municipality} ${municipalityName}, ${month}`) +
      ink.dim(`  treated by region ${county} ${countyName}`),
    ...labelled('State', [stateText(preview, ink)], ink),
    ...(missing === undefined ? [] : remedyLines(missing, standing, ink)),
    ...labelled(
      'By',
      agreement === undefined
        ? ['the statute, 5 kap. 4 and 6 §§ lag (2017:612)']
        : byLines(agreement),
      ink,
    ),
    ...(model === undefined ? [] : labelled('Model', [modelText(model)], ink)),
    ...labelled('Formula', formula, ink),
    ...(totalOre === undefined ? [] : labelled('Total', [ink.bold(`${kronor(totalOre)} kr`)], ink)),
    ...(invoiceOn === undefined ? [] : labelled('Invoice', [`dated ${invoiceOn}`], ink)),
    ...(preview.invoicing === undefined
      ? []
      : labelled('Invoices', invoicingLines(preview.invoicing, ink), ink)),
    ...part('Charged', lineTable(preview.lines, ink), ink),
    ...part('Cases', caseTable(preview.cases, ink), ink),
    ...part('Not charged', excludedLines(preview), ink),
    ...labelled(
      'Remarks',
      remarks.map(({ en }) => en),
      ink,
    ),
    ...labelled(
      'To do',
      signals.map((one) => ink.bad(signalText(one))),
      ink,
    ),
    ...part('Follow-up', indicatorLines(preview.indicators), ink),
    ...part(
      'Ready and still there, for information (A13)',
      stillThereLines(preview.stillThere, ink),
      ink,
    ),
  ];
}

const part = (title: string, lines: readonly string[], ink: Ink): string[] =>
  lines.length === 0 ? [] : [`  ${ink.dim(title)}`, ...indented(lines)];

// ---------------------------------------------------------------- state

/** How a settlement stands, in a few words. */
export function standingText(standing: Standing): string {
  switch (standing.state) {
    case 'unopened':
      return 'not begun';
    case 'open':
      return `open until ${localText(standing.until)}`;
    case 'due':
      return 'past its cut-off and not recorded yet';
    case 'recorded': {
      const { revision, at, totalOre } = standing;
      return `recorded, revision ${revision} on ${localText(at)}: ${kronor(totalOre)} kr in all`;
    }
    default:
      return `withheld since ${localText(standing.since)}: ${standing.missing} is missing on ${standing.missingOn}`;
  }
}

function stateText({ standing, totalOre, missing }: MonthPreview, ink: Ink): string {
  const text = standingText(standing);
  if (standing.state === 'withheld' && missing === undefined) {
    return `${ink.bad(text)}; the figure is entered now: start the gateway, and it is recorded`;
  }
  if (standing.state === 'withheld') return ink.bad(text);
  if (missing !== undefined) return `${text}; ${ink.bad('would be withheld')}`;
  if (standing.state === 'recorded' && standing.totalOre !== totalOre) {
    return `${text}; ${ink.bad('the basis is another now: start the gateway, and it is adjusted')}`;
  }
  return text;
}

/** What is missing, and what to write where. */
export function remedyLines(remedy: Remedy, standing: Standing | undefined, ink: Ink): string[] {
  const { parameter, on, reference, file, lines } = remedy;
  const isSaid =
    standing?.state === 'withheld' && standing.missing === parameter && standing.missingOn === on;
  const what = isSaid ? [] : [ink.bad(`${parameter} is missing on ${on}`)];
  const next =
    file === undefined
      ? ['next: a person decides; no line can be entered for it']
      : [
          `next: enter it in ${file} of a folder of your own, name the folder under profiles: in`,
          'hemgang.yaml, and start the gateway again; the month is settled then',
          ...indented(lines, 2),
        ];
  return labelled('Missing', [...what, reference, ...next], ink);
}

function byLines(agreement: NonNullable<MonthPreview['agreement']>): string[] {
  const status = {
    'in-force': 'in force',
    'extension-unconfirmed': 'prolonged, not confirmed',
    unseen: 'its text was not seen',
  }[agreement.status];
  const adopted = agreement.adopted === 'yes' ? 'adopted' : 'adoption assumed';
  return [`${agreement.title} (${status}, ${adopted})`, agreement.reference];
}

const modelText = (model: string): string =>
  model === 'individual' ? 'individual: every case by itself' : model;

// ---------------------------------------------------------------- tables

const kinds: Readonly<Record<NonNullable<BillingLine['kind']>, string>> = {
  'care-days': 'vårddygn',
  'individual-days': 'individuella dygn',
  'mean-excess': 'överskjutande dygn',
};

function lineTable(lines: readonly BillingLine[], ink: Ink): string[] {
  if (lines.length === 0) return [];
  const rows = lines.map((line) => [
    kinds[line.kind ?? 'care-days'],
    line.caseReference ?? 'all cases of the mean',
    line.from,
    lastDay(line.until),
    fractionText(line.quantity ?? { numerator: line.days ?? 0, denominator: 1 }),
    kronor(line.rateOre),
    kronor(line.amountOre),
  ]);
  const head = ['', 'case', 'from', 'to', 'days', 'kr a day', 'kr'];
  const amounts = lines.map((line) => `${kronor(line.rateOre)} kr a day: ${line.rateReference}`);
  return [...table(head, rows, [4, 5, 6], ink), ...[...new Set(amounts)].map(ink.dim)];
}

function caseTable(cases: readonly PreviewCase[], ink: Ink): string[] {
  if (cases.length === 0) return [];
  const rows = cases.map((one) => [
    one.caseReference,
    one.registeredDays === undefined
      ? String(one.days)
      : `${one.days} (registered ${one.registeredDays})`,
    one.readyOn ?? '',
    one.dischargedOn ?? 'still there',
    one.share === undefined ? '' : shareWords(one.share).en,
    one.reason,
    one.flags.map(({ en }) => en).join(', '),
  ]);
  const head = ['case', 'days', 'from', 'discharged', 'in the basis', 'reason', 'to look at'];
  return table(head, rows, [1], ink);
}

function excludedLines({ excluded }: MonthPreview): string[] {
  return excluded.flatMap(({ caseReference, reason, reference, sentence }) => [
    `${caseReference}  ${reason}  (${reference})`,
    ...(sentence === undefined ? [] : [`  ${sentence.sv}`]),
  ]);
}

const signalText = (signal: MonthPreview['signals'][number]): string =>
  signal.signal === 'joint-analysis'
    ? `joint analysis of the causes (gemensam analys): ${signal.reference}`
    : `action plan (åtgärdsplan) for recurring ${signal.cause}: ${signal.reference}`;

function indicatorLines(indicators: readonly ComputedIndicator[]): string[] {
  return indicators.map(({ description, value }) => `${valueText(value)}  ${description}`);
}

function valueText(value: IndicatorValue): string {
  switch (value.kind) {
    case 'share': {
      const percent = value.of === 0 ? '' : ` (${Math.round((100 * value.part) / value.of)} %)`;
      return `${value.part} of ${value.of}${percent}`;
    }
    case 'number':
      return String(value.number);
    case 'sum':
      return value.ore === undefined ? 'not recorded yet' : `${kronor(value.ore)} kr`;
    default:
      return value.reasons.length === 0
        ? 'none'
        : value.reasons.map(({ reason, cases }) => `${cases} × ${reason}`).join(', ');
  }
}

function stillThereLines(waiting: readonly StillThere[], ink: Ink): string[] {
  if (waiting.length === 0) return [];
  const rows = waiting.map(({ caseReference, readyOn, days, careDays, status, reason }) => [
    caseReference,
    readyOn,
    String(days),
    careDays === undefined ? '' : String(careDays),
    `${status} ${reason}`,
  ]);
  return table(
    ['case', 'ready from', 'days', 'care days', 'as the law is found now'],
    rows,
    [2, 3],
    ink,
  );
}
