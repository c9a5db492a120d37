/**
 * The billing specification as a document for the people of a municipality who check it: what is to be paid and by which
 * model, how it was reckoned, each line and each case that is not charged with its reason. It names no person.
 */
import { remarkWords } from '../../../gateway/process/billing-words.ts';
import type { BillingData, BillingLine } from '../../../gateway/process/events.ts';
import { briefReason } from '../../../gateway/process/reasons.ts';
import type { Block, Column, ReadableDocument } from '../pdf/document.ts';
import { kronorOf } from './csv.ts';
import { quantityCell, quantitySumCell } from './quantity.ts';
import {
  documentNames,
  lastDayOf,
  lineNames,
  remarksOf,
  toldCases,
  whyOf,
  type Specified,
} from './specification.ts';

/** The names of places by SCB's codes. */
export interface Places {
  /** @returns undefined for a code there is not */
  regionName(county: string): string | undefined;
  /** @returns undefined for a code there is not */
  municipalityName(municipality: string): string | undefined;
}

/** Pure: its time is the event's. */
export function specificationDocument(message: Specified, places: Places): ReadableDocument {
  const { billing, event, deliveryId } = message;
  const { county, municipality, month, revision } = billing;
  const place = places.municipalityName(municipality) ?? municipality;
  const isAdjustment = message.kind === 'billing' && event.type === 'billing.adjusted';
  return {
    title: `${isAdjustment ? 'Justerad specifikation' : 'Specifikation'} ${monthText(month)}, ${place}`,
    subtitle: 'Kommunens betalningsansvar för utskrivningsklara patienter, lag (2017:612)',
    blocks: [
      { kind: 'values', rows: headRows(message, places) },
      ...remarkBlocks(remarksOf(message)),
      ...formulaBlocks(billing),
      ...lineBlocks(billing),
      ...caseBlocks(billing),
      ...excludedBlocks(billing),
    ],
    footer: `${county}-${municipality}-${month}-r${revision}`,
    createdAt: event.occurredAt,
    id: deliveryId,
  };
}

type Row = readonly [label: string, value: string];

function headRows(message: Specified, places: Places): readonly Row[] {
  const { billing, event } = message;
  const { county, municipality, month, revision, agreement, invoiceOn, lines, totalOre } = billing;
  const named = (name: string | undefined, code: string): string =>
    name === undefined ? code : `${name} (${code})`;
  return [
    ['Kommun', named(places.municipalityName(municipality), municipality)],
    ['Region', named(places.regionName(county), county)],
    ['Månad', monthText(month)],
    ['Revision', String(revision)],
    ...(message.kind === 'specification'
      ? [
          [documentNames[message.invoice.kind], message.invoice.number] as const,
          [
            `${documentNames[message.invoice.kind]}ns belopp`,
            moneyText(message.invoice.totalOre),
          ] as const,
        ]
      : []),
    ...optional('Fakturadatum', invoiceOn),
    ['Grund', agreement ?? 'Lagens bestämmelser, utan överenskommelse'],
    ['Modell', modelText(billing)],
    ['Dygn', daysText(quantitySumCell(lines))],
    ['Summa', moneyText(totalOre)],
    ...optional(
      'Skillnad mot tidigare',
      event.type === 'billing.adjusted' ? moneyText(event.data.differenceOre) : undefined,
    ),
  ];
}

const optional = (label: string, value: string | undefined): readonly Row[] =>
  value === undefined ? [] : [[label, value]];

const models: Readonly<Record<string, string>> = {
  individual: 'Varje patient för sig, dygn för dygn',
  'monthlyMean, excessOfMean': 'Månadens genomsnitt: det som överskjuter gränsen',
  'monthlyMean, allDaysWhileActive':
    'Månadens genomsnitt: alla dygn sedan genomsnittet legat över gränsen i flera månader',
  'monthlyMean, allDaysFromLiability': 'Månadens genomsnitt: alla dygn när det är över gränsen',
};

/** A model without words stands for itself. */
const modelText = ({ model }: BillingData): string => models[model] ?? model;

const remarkBlocks = (remarks: readonly string[] = []): readonly Block[] =>
  remarks.length === 0
    ? []
    : [heading('Att veta'), ...remarks.map((code) => paragraph(remarkWords(code).sv))];

const formulaBlocks = ({ formula = [] }: BillingData): readonly Block[] =>
  formula.length === 0 ? [] : [heading('Så är det räknat'), ...formula.map(paragraph)];

// ---------------------------------------------------------------- tables

/** A reader of paper has no use of more; the files beside it have all of them. */
const maxRows = 1000;

/** @param sum of all rows, the last of the table */
function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  sum?: readonly string[],
): readonly Block[] {
  const shown = [...rows.slice(0, maxRows), ...(sum === undefined ? [] : [sum])];
  const block: Block = { kind: 'table', columns, rows: shown };
  if (rows.length <= maxRows) return [block];
  const rest = `Ytterligare ${rows.length - maxRows} rader finns i filerna för kalkylprogram (csv) och system (json).`;
  return [block, paragraph(rest)];
}

/** A case's reference is a UUID: it has two lines beside figures, and one elsewhere. */
const lineColumns: readonly Column[] = [
  { header: 'Ärende', share: 112 },
  { header: 'Period', share: 68 },
  { header: 'Avser', share: 119 },
  { header: 'Dygn', share: 42, align: 'right' },
  { header: 'Kr per dygn', share: 58, align: 'right' },
  { header: 'Belopp (kr)', share: 68, align: 'right' },
];

function lineBlocks({ lines, totalOre }: BillingData): readonly Block[] {
  if (lines.length === 0) return [heading('Debiteras'), paragraph('Inga dygn debiteras.')];
  const days = daysText(quantitySumCell(lines));
  const sum = ['Summa', '', '', days, '', numberText(totalOre)];
  return [heading('Debiteras'), ...table(lineColumns, lines.map(lineRow), sum)];
}

function lineRow(line: BillingLine): readonly string[] {
  const last = lastDayOf(line);
  return [
    line.caseReference ?? 'alla ärenden',
    last === line.from ? last : `${line.from} – ${last}`,
    `${lineNames[line.kind ?? 'care-days']}, ${line.reference}; ${line.rateReference}`,
    daysText(quantityCell(line)),
    numberText(line.rateOre),
    numberText(line.amountOre),
  ];
}

function caseBlocks(billing: BillingData): readonly Block[] {
  const told = toldCases(billing);
  if (told.length === 0) return [];
  const columns: readonly Column[] = [
    { header: 'Ärende', share: 4.4 },
    { header: 'Dygn', share: 0.9, align: 'right' },
    { header: 'I underlaget', share: 4.7 },
  ];
  const rows = told.map((one) => [
    one.caseReference,
    String(one.readyDays),
    whyOf(one, (code) => briefReason(code).sv),
  ]);
  return [heading('Ärenden i underlaget'), ...table(columns, rows)];
}

function excludedBlocks({ excluded }: BillingData): readonly Block[] {
  if (excluded.length === 0) return [];
  const columns: readonly Column[] = [
    { header: 'Ärende', share: 4.4 },
    { header: 'Orsak', share: 3 },
    { header: 'Bestämmelse', share: 2.6 },
  ];
  const rows = excluded.map(({ caseReference, reason, reference }) => [
    caseReference,
    briefReason(reason).sv,
    reference,
  ]);
  return [heading('Debiteras inte'), ...table(columns, rows)];
}

// ---------------------------------------------------------------- words

const heading = (text: string): Block => ({ kind: 'heading', text });
const paragraph = (text: string): Block => ({ kind: 'paragraph', text });

const months =
  'januari februari mars april maj juni juli augusti september oktober november december'.split(
    ' ',
  );

/** `2027-02` → `februari 2027`. */
function monthText(month: string): string {
  const [year = month, number = ''] = month.split('-');
  return `${months[Number(number) - 1] ?? number} ${year}`;
}

/** Kronor as people write them: `27 900,00`. */
const numberText = (ore: number): string =>
  kronorOf(ore)
    .replace(/\B(?=(?:\d{3})+,)/g, ' ')
    .replace('-', '−');
const daysText = (days: number | string): string => String(days).replace('-', '−');
const moneyText = (ore: number): string => `${numberText(ore)} kr`;
