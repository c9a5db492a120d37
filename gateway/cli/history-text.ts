/** The history of one settlement as a person reads it. */
import type { Approval, BillingData, Carry, IssuedInvoice } from '../process/events.ts';
import { remarkWords } from '../process/billing-words.ts';
import type {
  AdjustmentCause,
  BillingHistory,
  CausingFact,
  HistoryStep,
} from '../questions/billing-history.ts';
import { fractionText } from '../rules/settling/fraction.ts';
import { documentNames, invoicingLines } from './invoice-text.ts';
import { remedyLines, standingText } from './month-text.ts';
import { indented, labelled, localText, plural } from './question.ts';
import { kronor, type Ink } from './timeline.ts';

export function historyLines(history: BillingHistory, ink: Ink): string[] {
  const { municipality, municipalityName, county, countyName, month, agreement } = history;
  const by =
    agreement === undefined
      ? ['the statute, 5 kap. 4 and 6 §§ lag (2017:612)']
      : [agreement.title, agreement.reference];
  const disputes = history.disputes.map(
    ({ who, reference }, index) => `${index + 1}. ${who}  ${ink.dim(reference)}`,
  );
  return [
    ink.bold(`${municipality} ${municipalityName}, ${month}`) +
      ink.dim(`  treated by region ${county} ${countyName}`),
    ...labelled('as known', [localText(history.at)], ink),
    ...labelled('By', by, ink),
    ...labelled('State', [standingText(history.standing)], ink),
    '',
    ...history.steps.flatMap((step) => stepLines(step, ink)),
    ...(history.invoicing === undefined
      ? []
      : ['', ink.bold('Invoices'), ...indented(invoicingLines(history.invoicing, ink), 2)]),
    '',
    ink.bold('A dispute is taken up by'),
    ...indented(disputes.length === 0 ? ['no agreement says; a court'] : disputes, 2),
  ];
}

function stepLines(step: HistoryStep, ink: Ink): string[] {
  const [first = '', ...rest] = textsOf(step, ink);
  return [`  ${localText(step.at)}  ${first}`, ...indented(rest, 20)];
}

function textsOf(step: HistoryStep, ink: Ink): string[] {
  switch (step.step) {
    case 'opened':
      return [
        `opened${step.until === undefined ? '' : `; corrections recompute it until ${localText(step.until)}`}`,
      ];
    case 'counted':
      return countTexts(step, ink);
    case 'withheld':
      return [ink.bad('withheld'), ...remedyLines(step.remedy, undefined, ink)];
    case 'recorded':
      return [
        ink.bold(`recorded: ${kronor(step.billing.totalOre)} kr`),
        ...billTexts(step.billing, ink),
      ];
    case 'adjusted': {
      const { billing, differenceOre = 0, cause } = step;
      const sign = differenceOre > 0 ? '+' : '';
      return [
        ink.bold(
          `adjusted: ${sign}${kronor(differenceOre)} kr, to ${kronor(billing.totalOre)} kr (revision ${billing.revision})`,
        ),
        ...causeTexts(cause, ink),
        ...billTexts(billing, ink),
      ];
    }
    case 'reopened':
      return ['opened again for an adjustment; what was recorded stands'];
    case 'taken-over':
      return [`taken over from ${step.closing.month}: ${carryText(step.closing.carry)}`];
    case 'closed': {
      const { next, carry } = step.closing;
      return [next === undefined ? 'closed' : `closed; handed to ${next}: ${carryText(carry)}`];
    }
    case 'approved':
      return approvalTexts(step.approval, ink);
    case 'approval-withdrawn': {
      const { by, revision, reason } = step;
      return [ink.bad(`approval of revision ${revision} taken back by ${by}: ${reason}`)];
    }
    case 'issued':
      return issuedTexts(step.invoice, ink);
    case 'disputed':
    case 'escalated': {
      const { number, by, reason, level, who, lines } = step;
      const which = lines === undefined ? '' : `, lines ${lines.join(', ')}`;
      const taken = level === undefined ? 'no agreement says by whom' : `level ${level}, ${who}`;
      return [ink.bad(`invoice ${number} ${step.step} by ${by}${which}: ${reason}`), taken];
    }
    case 'upheld':
      return [
        `the dispute of invoice ${step.number} ended, and it stands (${step.by}: ${step.reason})`,
      ];
    case 'credited': {
      const { number, by, reason, lines = [] } = step;
      return [`credited: invoice ${number}, ${plural(lines.length, 'line')}, by ${by}: ${reason}`];
    }
    case 'signal':
      return [ink.bad(signalNames[step.type] ?? step.type), ink.dim(step.reference)];
    default:
      return [step.type];
  }
}

function approvalTexts(approval: Approval, ink: Ink): string[] {
  const { by, revision, totalOre, invoicedOre, draft, issueOn, digest, reason } = approval;
  const total = `${kronor(totalOre)} kr`;
  const before =
    invoicedOre === 0 ? '' : `, of which ${kronor(invoicedOre)} kr was invoiced before`;
  return [
    ink.bold(`approved by ${by}: revision ${revision}, ${total}${before}`),
    draft === undefined
      ? 'nothing is due: no invoice'
      : `${documentNames[draft.kind]} of ${kronor(draft.totalOre)} kr, issued on ${issueOn ?? ''}`,
    ink.dim(`${reason} (SHA-256 ${digest.slice(0, 12)}…)`),
  ];
}

function issuedTexts(invoice: IssuedInvoice, ink: Ink): string[] {
  const { kind, number, totalOre, dueDate, corrects, specificationNumber } = invoice;
  const due = dueDate === undefined ? '' : `, due ${dueDate}`;
  const named = corrects === undefined ? '' : `, names ${corrects.number}`;
  return [
    ink.bold(`issued: ${documentNames[kind]} ${number}, ${kronor(totalOre)} kr${due}${named}`),
    ink.dim(`specification ${specificationNumber}`),
  ];
}

function countTexts(step: Extract<HistoryStep, { step: 'counted' }>, ink: Ink): string[] {
  const { caseReference, days, eligible, reason, revision, isChanged, facts } = step;
  const again = revision === 1 ? 'counted' : `counted anew (${revision})`;
  const what =
    reason === 'CLEARED' ? 'no longer counted here' : `${plural(days, 'day')}, ${reason}`;
  const charge = eligible || reason === 'CLEARED' ? '' : ink.bad(', not charged');
  const beside = [...step.flags, ...step.deviations.map((code) => `deviation ${code}`)];
  return [
    `${again}: case ${caseReference}, ${isChanged ? what : 'the same days'}${charge}`,
    ...(beside.length === 0 ? [] : [ink.dim(beside.join(', '))]),
    ...factTexts(facts, ink),
  ];
}

const signalNames: Readonly<Record<string, string>> = {
  'joint-analysis.due': 'joint analysis of the causes is due (gemensam analys)',
  'action-plan.suggested': 'an action plan is suggested (åtgärdsplan)',
};

function factTexts(facts: readonly CausingFact[], ink: Ink): string[] {
  return facts.map(({ type, occurredAt, learnedAt, sender }) =>
    ink.dim(
      `by ${type} of ${localText(occurredAt)}, learned ${localText(learnedAt)} from ${sender}`,
    ),
  );
}

function causeTexts(cause: AdjustmentCause | undefined, ink: Ink): string[] {
  if (cause?.caseReference !== undefined) {
    return [`because case ${cause.caseReference} counts otherwise`, ...factTexts(cause.facts, ink)];
  }
  if (cause?.monthBefore !== undefined) {
    return [`because ${cause.monthBefore} was closed otherwise`];
  }
  return ['because a figure was entered or changed'];
}

function billTexts(billing: BillingData, ink: Ink): string[] {
  const { formula = [], lines, excluded, remarks = [], invoiceOn, model } = billing;
  const rates = new Map(
    lines.map(({ rateOre, rateReference }) => [
      `${kronor(rateOre)} kr a day (${rateReference})`,
      rateOre,
    ]),
  );
  return [
    `model ${model}`,
    ...formula,
    ...(formula.length > 0
      ? []
      : lines.map(
          ({ caseReference = '', days = 0, rateOre, amountOre }) =>
            `${caseReference}: ${days} × ${kronor(rateOre)} kr = ${kronor(amountOre)} kr`,
        )),
    ...[...rates.keys()].map((rate) => ink.dim(rate)),
    ...excluded.map(({ caseReference, reason }) => `not charged: case ${caseReference}, ${reason}`),
    ...(invoiceOn === undefined ? [] : [`invoice dated ${invoiceOn}`]),
    ...remarks.map((code) => ink.dim(remarkWords(code).en)),
  ];
}

/** What one month leaves to the next, in words. */
function carryText(carry: Carry | undefined): string {
  if (carry === undefined) return 'nothing';
  const { above, below, active, excess } = carry;
  const run =
    above > 0
      ? `${plural(above, 'month')} in a row above the benchmark`
      : `${plural(below, 'month')} in a row not above the benchmark`;
  const mean = excess.numerator === 0 ? '' : `, its mean ${fractionText(excess)} days above it`;
  return `${run}${mean}${active ? '; every ready day is charged next' : ''}`;
}
