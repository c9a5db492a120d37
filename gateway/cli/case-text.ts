/** One case as a person reads it: what happened, which clocks ran, what the law says, and what it led to. */
import type { DeadlineData, DischargeEvent } from '../process/events.ts';
import type { EventMention } from '../questions/asked.ts';
import type { ExplainedCount } from '../questions/case-counts.ts';
import type { ExplainedFinding } from '../questions/case-findings.ts';
import type { Clock, ExplainedFact } from '../questions/case-timeline.ts';
import { dataText } from '../questions/data-text.ts';
import type { CaseExplanation } from '../questions/explain-case.ts';
import { shareWords } from '../process/billing-words.ts';
import { sinceLines } from './case-since-text.ts';
import { indented, labelled, localText, plural } from './question.ts';
import { standingText } from './month-text.ts';
import { eventLine, kronor, table, type Ink } from './timeline.ts';

export type Language = 'sv' | 'en';

/** The whole explanation. */
export function caseLines(explained: CaseExplanation, language: Language, ink: Ink): string[] {
  const { facts, decisions, clocks, findings, counts, since } = explained;
  return [
    ...headLines(explained, ink),
    '',
    ink.bold('Facts, as they happened'),
    ...factLines(facts, ink),
    '',
    ink.bold('Clocks'),
    ...clockLines(clocks, ink),
    '',
    ink.bold('Findings, in the order of the statute'),
    ...findings.flatMap((found) => findingLines(found, language, ink)),
    '',
    ink.bold('Days counted, and what they led to'),
    ...(counts.length === 0 ? ['  none'] : counts.flatMap((count) => countLines(count, ink))),
    '',
    ink.bold('Decided, as it was decided'),
    ...decisionLines(decisions, ink),
    ...(since === undefined ? [] : ['', ...sinceLines(explained.at, since, language, ink)]),
  ];
}

function headLines(explained: CaseExplanation, ink: Ink): string[] {
  const { caseReference, stays, at, county, countyName, municipality, contradictions } = explained;
  const region = county === undefined ? 'unknown' : `${countyName ?? ''} (${county})`;
  const payer =
    municipality === undefined
      ? 'unknown'
      : `${explained.municipalityName ?? ''} (${municipality})`;
  const senders = [...new Set(stays.map(({ sender }) => sender))].join(', ');
  return [
    ink.bold(`Case ${caseReference}`),
    ...labelled('as known', [localText(at)], ink),
    ...labelled('region', [region], ink),
    ...labelled('payer', [payer], ink),
    ...labelled('told by', [`${senders}, ${plural(stays.length, 'stay')}`], ink),
    ...(contradictions.length === 0
      ? []
      : labelled(
          '',
          [ink.bad(`contradictory, so nothing is charged: ${contradictions.join(', ')}`)],
          ink,
        )),
  ];
}

// ---------------------------------------------------------------- facts and decisions

export function factLines(facts: readonly ExplainedFact[], ink: Ink): string[] {
  if (facts.length === 0) return ['  none'];
  const rows = facts.map((fact) => {
    const happened = localText(fact.occurredAt);
    const learned = localText(fact.learnedAt);
    return [
      fact.dateOnly ? happened.slice(0, 10) : happened,
      learned === happened ? '' : learned,
      fact.source.sender,
      fact.type,
      fact.replacedBy === undefined ? dataText(fact.data) : `${dataText(fact.data)} (replaced)`,
    ];
  });
  return indented(table(['happened', 'learned later', 'told by', 'what', ''], rows, [], ink), 2);
}

export function decisionLines(decisions: readonly DischargeEvent[], ink: Ink): string[] {
  if (decisions.length === 0) return ['  none'];
  return decisions.map((event) => `  ${localText(event.recordedAt)}  ${eventLine({ event }, ink)}`);
}

/** An event by what it was and when: `patient.admitted 2022-03-07 11.59`. */
export const mentionText = ({ id, type, occurredAt }: EventMention): string =>
  type === undefined || occurredAt === undefined ? id : `${type} ${localText(occurredAt)}`;

// ---------------------------------------------------------------- clocks

const clockNames: Readonly<Record<DeadlineData['deadline'], string>> = {
  T1: 'admission notice (inskrivningsmeddelande)',
  T2: 'admission notice, need assessed later',
  T3: 'changed estimate of discharge told',
  T4: 'fixed care contact (fast vårdkontakt)',
  T5: 'notification of readiness (utskrivningsklar)',
  T6: 'call to coordinated planning (SIP)',
  T7: 'transfer of information',
  T8: 'liability, notified by 12.00',
  T9: 'liability, notified after 12.00',
  liability: 'liability',
  settlement: 'settlement',
  acknowledgement: 'kvittens',
  'month-end': 'end of the month, days counted',
  'invoice-day': 'day of the invoice',
};

function clockLines(clocks: readonly Clock[], ink: Ink): string[] {
  if (clocks.length === 0) return ['  none'];
  const rows = clocks.map(({ deadline, dueAt, state, metAt, reference, about }) => [
    deadline,
    clockNames[deadline],
    localText(dueAt),
    metAt === undefined ? state : `${state} ${localText(metAt)}`,
    reference.replace(' lag (2017:612)', ''),
    mentionText(about),
  ]);
  const head = ['', 'clock', 'due', 'state', 'reference', 'started by'];
  return indented(table(head, rows, [], ink), 2).map((line) =>
    /\bmissed\b/.test(line) ? ink.bad(line) : line,
  );
}

// ---------------------------------------------------------------- findings

export function statusText(status: ExplainedFinding['status'], ink: Ink): string {
  if (status === 'met') return ink.good('✓ met');
  if (status === 'unmet') return ink.bad('✗ unmet');
  if (status === 'unknown') return ink.bad('? unknown');
  return status === 'pending' ? '… pending' : ink.dim('– not applicable');
}

function findingLines(found: ExplainedFinding, language: Language, ink: Ink): string[] {
  const { rule, reference, status, reason, role, about, sentence, because, figures } = found;
  const subject = [
    rule,
    ...(role === undefined ? [] : [`to ${role}`]),
    ...(about === undefined ? [] : [`for ${mentionText(about)}`]),
  ].join(' ');
  return [
    `  ${ink.law(reference.replace(' lag (2017:612)', ''))}  ${subject}`,
    `    ${statusText(status, ink)}  ${ink.bold(reason)}  ${sentence[language]}`,
    ...(because.length === 0
      ? []
      : [`    ${ink.dim(`rests on ${because.map(mentionText).join(', ')}`)}`]),
    ...figures.map(
      ({ parameter, value, reference: source }) =>
        `    ${ink.dim(`${parameter} = ${value === undefined ? '?' : String(value)}  (${source})`)}`,
    ),
  ];
}

// ---------------------------------------------------------------- counts

function countLines(count: ExplainedCount, ink: Ink): string[] {
  const { month, municipality, municipalityName, days, readyOn, dischargedOn, reason } = count;
  const span = [
    plural(days, 'day'),
    ...(readyOn === undefined ? [] : [`from ${readyOn}`]),
    ...(dischargedOn === undefined ? ['still there'] : [`discharged ${dischargedOn}`]),
    ...count.flags,
  ].join(', ');
  const eligible = count.eligible ? ink.good(reason) : ink.bad(`${reason}: not charged`);
  return [
    `  ${month}  ${municipality} ${municipalityName}: ${span}  ${eligible}`,
    `    ${outcomeText(count)}`,
    ...count.lines.map(
      ({ from, days: charged, rateOre, amountOre, rateReference }) =>
        `    ${charged ?? ''} from ${from} × ${kronor(rateOre)} kr = ${kronor(amountOre)} kr  ${ink.dim(rateReference)}`,
    ),
  ];
}

function outcomeText({ settlement, isSettled, share }: ExplainedCount): string {
  if (!isSettled) return 'no settlement reads it: its sender was in shadow';
  const place = share === undefined ? '' : `, ${shareWords(share).en}`;
  return `settlement ${standingText(settlement)}${place}`;
}
