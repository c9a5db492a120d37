/** Invoices of a month as a person reads them. */
import { remedyText } from '../questions/invoice-remedies.ts';
import type { Listed } from '../questions/invoice-list.ts';
import type { InvoiceTold, InvoicingTold, RecordTold } from '../questions/invoicing.ts';
import { indented, localText, plural } from './question.ts';
import { kronor, table, type Ink } from './timeline.ts';

export const documentNames = { invoice: 'invoice', 'credit-note': 'credit note' } as const;

export const stateNames: Readonly<Record<InvoicingTold['state'], string>> = {
  recorded: 'to be approved',
  approved: 'approved',
  issued: 'issued',
  disputed: 'disputed',
  credited: 'credited',
  'nothing-due': 'approved, nothing due',
  'to-approve-again': 'adjusted, to be approved',
};

/** How a month stands, each of its documents, and what an approval would lead to. */
export function invoicingLines(told: InvoicingTold, ink: Ink): string[] {
  const { state, invoices, records, waiting, approval } = told;
  return [
    stateNames[state],
    ...invoices.flatMap((one) => invoiceLines(one, ink)),
    ...records.flatMap((one) => recordLines(one, ink)),
    ...(waiting === undefined
      ? []
      : [
          `approved by ${waiting.by}: ${kronor(waiting.totalOre)} kr, to be issued on ${waiting.issueOn}`,
          ink.dim('  next: nothing; until then hemgang billing withdraw takes the approval back'),
        ]),
    ...(approval === undefined ? [] : approvalLines(approval, ink)),
  ];
}

function approvalLines(
  { revision, would, missing }: NonNullable<InvoicingTold['approval']>,
  ink: Ink,
): string[] {
  if (would.kind === 'nothing') {
    return [`revision ${revision}: nothing is due; an approval says so, and no invoice is made`];
  }
  if (would.kind === 'refused') {
    return [
      ink.bad(
        `revision ${revision} comes to ${kronor(would.totalOre)} kr, and nothing was invoiced that could be credited: it is not approved`,
      ),
    ];
  }
  const { kind, totalOre, issueOn, corrects } = would;
  const names = missing.flatMap((one) => one.missing);
  const named = corrects === undefined ? '' : `, naming ${corrects}`;
  const on = issueOn === undefined ? '' : `, dated ${issueOn}`;
  return [
    `revision ${revision} leads to: ${documentNames[kind]} of ${kronor(totalOre)} kr${on}${named}`,
    ...(names.length === 0
      ? []
      : [
          ink.bad(`not before this is entered: ${names.join(', ')}`),
          ...indented(remedyText(missing), 2),
        ]),
  ];
}

function invoiceLines(invoice: InvoiceTold, ink: Ink): string[] {
  const { number, kind, state, totalOre, leftOre, dueDate, corrects, correctedBy, dispute } =
    invoice;
  const isGood = state === 'delivered' || state === 'issued';
  const left = kind === 'invoice' && leftOre !== totalOre ? `, ${kronor(leftOre)} kr left` : '';
  const due = dueDate === undefined ? '' : `, due ${dueDate}`;
  const names = corrects === undefined ? '' : `, names ${corrects}`;
  const later = correctedBy.length === 0 ? '' : `, corrected by ${correctedBy.join(', ')}`;
  const head = `${documentNames[kind]} ${number}: ${kronor(totalOre)} kr${due}${names}${left}${later}`;
  return [
    `${head}, ${isGood ? state : ink.bad(state)}`,
    ...(dispute === undefined
      ? []
      : [
          `  disputed since ${localText(dispute.since)} by ${dispute.by}${linesText(dispute)}: ${dispute.reason}`,
          `  ${levelText(dispute)}`,
        ]),
    ...invoice.deliveries
      .filter((one) => one.state !== 'cancelled')
      .map((one) =>
        ink.dim(`  ${one.receiver ?? 'nobody'}: ${one.state}${detailText(one.detail)}`),
      ),
    ...(invoice.next === undefined
      ? []
      : [nextInk(invoice, ink)(`  next${nextByText(invoice)}: ${invoice.next}`)]),
  ];
}

const levelText = ({ level, who, answerBy }: NonNullable<InvoiceTold['dispute']>): string => {
  if (level === undefined) return 'no agreement says who takes it up: it is for a court';
  const answer = answerBy === undefined ? 'no time to answer is agreed' : `answer by ${answerBy}`;
  return `level ${level}: ${who ?? ''}; ${answer}`;
};
const linesText = ({ lines }: NonNullable<InvoiceTold['dispute']>): string =>
  lines === undefined ? '' : `, lines ${lines.join(', ')}`;
const nextInk = ({ isOverdue }: InvoiceTold, ink: Ink) => (isOverdue ? ink.bad : ink.dim);
const nextByText = ({ nextBy }: InvoiceTold): string =>
  nextBy === undefined ? '' : `, by ${nextBy}`;

/** What a finance platform has not taken. */
function recordLines({ receiver, of, state, detail, next }: RecordTold, ink: Ink): string[] {
  return [
    ink.bad(`billing record of ${of}: ${state} by ${receiver}${detailText(detail)}`),
    ink.dim(`  next: ${next}`),
  ];
}
const detailText = (detail: string | undefined): string =>
  detail === undefined || detail === '' ? '' : `, ${detail}`;

/** Every invoice in a line. */
export function listLines({ invoices, records, faults }: Listed, ink: Ink): string[] {
  const wrong = [
    ...records.flatMap((one) => recordLines(one, ink)),
    ...faults.map((fault) => ink.bad(fault)),
  ];
  if (invoices.length === 0) return ['no invoice is issued', ...wrong];
  const rows = invoices.map((one) => [
    one.number,
    documentNames[one.kind],
    `${one.municipality} ${one.municipalityName}`,
    one.month,
    kronor(one.kind === 'credit-note' ? -one.totalOre : one.totalOre),
    one.state,
    String(one.ageDays),
    one.nextBy ?? '',
    one.next ?? '',
  ]);
  const sum = invoices.reduce(
    (total, { kind, totalOre }) => total + (kind === 'credit-note' ? -totalOre : totalOre),
    0,
  );
  return [
    ...table(
      ['number', 'kind', 'municipality', 'month', 'kr', 'state', 'days old', 'by', 'next'],
      rows,
      [4, 6],
      ink,
    ),
    '',
    `${plural(invoices.length, 'document')}, ${kronor(sum)} kr in all`,
    ...wrong,
  ];
}
