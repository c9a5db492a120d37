/** Then and today side by side: which findings differ, and what made the difference. */
import type { Answer, Cause, FindingDifference } from '../questions/differences.ts';
import type { CaseExplanation } from '../questions/explain-case.ts';
import { decisionLines, factLines, mentionText, statusText, type Language } from './case-text.ts';
import { localText } from './question.ts';
import type { Ink } from './timeline.ts';

/** @param at the time that was asked about */
export function sinceLines(
  at: string,
  { facts, decisions, differences }: NonNullable<CaseExplanation['since']>,
  language: Language,
  ink: Ink,
): string[] {
  const then = localText(at);
  return [
    ink.bold(`What differs today from what was known ${then}`),
    ...(differences.length === 0
      ? ['  nothing']
      : differences.flatMap((one) => differenceLines(one, language, ink))),
    '',
    ink.bold(`Facts learned after ${then}`),
    ...factLines(facts, ink),
    '',
    ink.bold(`Decided after ${then}`),
    ...decisionLines(decisions, ink),
  ];
}

function differenceLines(
  { rule, reference, role, about, before, after, causes }: FindingDifference,
  language: Language,
  ink: Ink,
): string[] {
  const subject = [
    rule,
    ...(role === undefined ? [] : [`to ${role}`]),
    ...(about === undefined ? [] : [`for ${mentionText(about)}`]),
  ].join(' ');
  return [
    `  ${ink.law(reference.replace(' lag (2017:612)', ''))}  ${subject}`,
    `    then   ${answerText(before, language, ink)}`,
    `    today  ${answerText(after, language, ink)}`,
    ...causes.map((cause) => `    ${ink.dim(`by ${causeText(cause)}`)}`),
  ];
}

function answerText(given: Answer | undefined, language: Language, ink: Ink): string {
  if (given === undefined) return 'nothing was found of it';
  return `${statusText(given.status, ink)}  ${ink.bold(given.reason)}  ${given.sentence[language]}`;
}

function causeText(cause: Cause): string {
  if (cause.cause === 'time') return 'time that passed';
  const { type, occurredAt, learnedAt } = cause;
  return `${type} of ${localText(occurredAt)}, learned ${localText(learnedAt)}`;
}
