/**
 * The billing specification of one municipality and month, as JSON for systems and CSV for people. It names cases by
 * their reference and never a person.
 */
import { Temporal } from 'temporal-polyfill';
import { assert } from '../../../gateway/errors.ts';
import { flagWords, remarkWords, shareWords } from '../../../gateway/process/billing-words.ts';
import type {
  BillingData,
  BillingLine,
  IssuedInvoice,
  SettledCase,
} from '../../../gateway/process/events.ts';
import type {
  OutboundBilling,
  OutboundMessage,
  OutboundSpecification,
  Rendered,
} from '../../adapter.ts';
import { toCsv, type Cell } from './csv.ts';
import { quantityCell, quantitySumCell } from './quantity.ts';

/** The basis as it was recorded, or as an invoice refers to it. */
export type Specified = OutboundBilling | OutboundSpecification;

export const isSpecified = (message: OutboundMessage): message is Specified =>
  message.kind === 'billing' || message.kind === 'specification';

/**
 * Renders a billing record, or the specification of an invoice. Pure: times come from the event.
 * @param parts which of them, in which order
 * @throws GatewayError assertion-failed where the lines do not add up to the total: such a record is never sent
 */
export function renderSpecification(
  message: OutboundMessage,
  parts: readonly ('csv' | 'json')[],
): Rendered {
  assert(isSpecified(message), 'a specification is of a billing record');
  const { billing } = message;
  const sumOre = billing.lines.reduce((sum, line) => sum + line.amountOre, 0);
  assert(sumOre === billing.totalOre, 'the lines of a billing record add up to its total');
  const name = nameOf(message);
  const bodies = {
    csv: (): string => toCsv([header, ...rowsOf(message)]),
    json: (): string => `${JSON.stringify(jsonOf(message), null, 2)}\n`,
  };
  return {
    contentType: 'application/json',
    parts: parts.map((part) => ({ name: `${name}.${part}`, body: bodies[part]() })),
  };
}

/** An adjustment has a name of its own, so that it never replaces the record it adjusts; so has what an invoice refers to. */
export function nameOf({ billing, event, ...message }: Specified): string {
  const { county, municipality, month, revision } = billing;
  const name = `${month}/${county}-${municipality}-${month}-r${revision}`;
  if (message.kind === 'specification') return `${name}-${message.invoice.number}`;
  return event.type === 'billing.adjusted' ? `${name}-adjustment` : name;
}

function jsonOf(message: Specified): object {
  const { billing, event, deliveryId } = message;
  const adjustment =
    event.type === 'billing.adjusted'
      ? { differenceOre: event.data.differenceOre, cause: event.data.cause }
      : {};
  return {
    type: event.type,
    timestamp: event.occurredAt,
    data: {
      deliveryId,
      county: billing.county,
      municipality: billing.municipality,
      month: billing.month,
      ...(message.kind === 'specification' && { invoice: referredBy(message.invoice) }),
      revision: billing.revision,
      model: billing.model,
      agreement: billing.agreement,
      currency: 'SEK',
      lines: billing.lines.map((line) => ({
        kind: line.kind,
        caseReference: line.caseReference,
        from: line.from,
        until: line.until,
        days: line.days,
        quantity: line.quantity,
        rateOre: line.rateOre,
        amountOre: line.amountOre,
        reference: line.reference,
        rateReference: line.rateReference,
      })),
      excluded: billing.excluded.map(({ caseReference, reason, reference }) => ({
        caseReference,
        reason,
        reference,
      })),
      cases: billing.cases?.map((one) => ({
        caseReference: one.caseReference,
        readyDays: one.readyDays,
        share: one.share,
        reason: one.reason,
        flags: one.flags,
      })),
      formula: billing.formula,
      remarks: remarksOf(message)?.map((code) => ({ code, text: remarkWords(code).sv })),
      invoiceOn: billing.invoiceOn,
      totalOre: billing.totalOre,
      ...adjustment,
    },
  };
}

/** The invoice that names this specification, and what that asks for: the whole month, or what changed of it. */
function referredBy({ number, kind, issueDate, totalOre, specificationNumber }: IssuedInvoice) {
  return { number, kind, issueDate, totalOre, specificationNumber };
}

// ---------------------------------------------------------------- one flat table, so that it can be sorted and summed

const header = [
  'Län',
  'Kommun',
  'Månad',
  'Revision',
  'Modell',
  'Rad',
  'Ärende',
  'Från och med',
  'Till och med',
  'Dygn',
  'Belopp per dygn (kr)',
  'Belopp (kr)',
  'Orsak',
  'Bestämmelse',
  'Källa för beloppet',
];

function rowsOf(message: Specified): Cell[][] {
  const { billing } = message;
  const { county, municipality, month, revision, model } = billing;
  const place = [county, municipality, month, revision, model];
  const days = quantitySumCell(billing.lines);
  const total = { ore: billing.totalOre };
  return [
    ...billing.lines.map((line) => [...place, ...chargedCells(line)]),
    ...billing.excluded.map(({ caseReference, reason, reference }): Cell[] => {
      return [...place, 'Ej debiterad', caseReference, '', '', '', '', '', reason, reference, ''];
    }),
    ...toldRows(message).map((cells) => [...place, ...cells]),
    ...(message.kind === 'specification'
      ? [[...place, ...textCells(documentNames[message.invoice.kind], message.invoice.number)]]
      : []),
    [...place, 'Summa', '', '', '', days, '', total, '', '', ''],
  ];
}

/**
 * What is told beside the amounts: the cases of a mean, its formula, and what every reader must know. Their rows have no
 * amount, and a case's days are its own, so a sum is of the rows above.
 */
function toldRows(message: Specified): Cell[][] {
  const { billing } = message;
  const { agreement, formula = [], invoiceOn } = billing;
  return [
    ...toldCases(billing).map(caseCells),
    ...formula.map((step) => textCells('Formel', step)),
    ...(agreement === undefined ? [] : [textCells('Överenskommelse', agreement)]),
    ...(remarksOf(message) ?? []).map((code) => textCells('Anmärkning', remarkWords(code).sv)),
    ...(invoiceOn === undefined
      ? []
      : [['Fakturadatum', '', invoiceOn, '', '', '', '', '', '', ''] satisfies Cell[]]),
  ];
}

/** What every reader must know. What was missing for an invoice when the month was recorded is not, once there is one. */
export const remarksOf = ({
  kind,
  billing: { remarks },
}: Specified): readonly string[] | undefined =>
  kind === 'billing' ? remarks : remarks?.filter((code) => !beforeInvoice.has(code));

const beforeInvoice = new Set(['INVOICE_DAY_NOT_STATED', 'DUE_DATE_NOT_STATED']);

/** The cases that are told: under the statute a charged case has a line of its own. */
export const toldCases = ({ agreement, cases = [] }: BillingData): readonly SettledCase[] =>
  cases.filter(({ flags }) => agreement !== undefined || flags !== undefined);

/** What a document is called on paper. */
export const documentNames = { invoice: 'Faktura', 'credit-note': 'Kreditfaktura' } as const;

function caseCells(one: SettledCase): Cell[] {
  const { caseReference, readyDays } = one;
  return ['Ärende i underlaget', caseReference, '', '', readyDays, '', '', whyOf(one), '', ''];
}

/**
 * What the days of a case do in the basis, and what to look at in it.
 * @param reasonText words for why it is not charged; its code where left out
 */
export const whyOf = (
  { share, reason, flags = [] }: SettledCase,
  reasonText = (code: string): string => code,
): string =>
  [
    shareWords(share).sv,
    ...(reason === undefined ? [] : [reasonText(reason)]),
    ...flags.map((code) => flagWords(code).sv),
  ].join(', ');

const textCells = (name: string, text: string): Cell[] => [
  name,
  '',
  '',
  '',
  '',
  '',
  '',
  text,
  '',
  '',
];

/** What a line is called on paper. */
export const lineNames: Readonly<Record<NonNullable<BillingLine['kind']>, string>> = {
  'care-days': 'Vårddygn',
  'individual-days': 'Individuella dygn',
  'mean-excess': 'Överskjutande dygn',
};

function chargedCells(line: BillingLine): Cell[] {
  return [
    lineNames[line.kind ?? 'care-days'],
    line.caseReference ?? '',
    line.from,
    lastDayOf(line),
    quantityCell(line),
    { ore: line.rateOre },
    { ore: line.amountOre },
    '',
    line.reference,
    line.rateReference,
  ];
}

/** `until` is the first day that is no longer charged; a reader of a table expects the last one that is. */
export function lastDayOf({ from, until }: BillingLine): string {
  if (until <= from) return from;
  return Temporal.PlainDate.from(until).subtract({ days: 1 }).toString();
}
