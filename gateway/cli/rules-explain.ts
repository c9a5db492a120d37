import { explainCase } from '../questions/explain-case.ts';
import type { CaseExplanation } from '../questions/explain-case.ts';
import { caseLines, type Language } from './case-text.ts';
import { answer, ask, timeOf, wrong, type QuestionOptions } from './question.ts';

export interface RulesExplainOptions extends QuestionOptions {
  /** Case reference or stay id. */
  readonly caseReference: string;
  readonly at?: string | undefined;
  readonly lang: string;
}

/**
 * Why a case is as it is, now or as it was known at a time.
 * @returns the exit code: 1 where facts contradict or a figure of law is missing, so that a person must act
 */
export async function rulesExplain(options: RulesExplainOptions): Promise<number> {
  const { caseReference, at, lang, json } = options;
  const language = languageOf(lang);
  return await ask(options, async (asked) => {
    const atMs = at === undefined ? undefined : timeOf('--at', at, asked.nowMs);
    const explained = await explainCase(asked, caseReference, atMs);
    answer(json, explained, (ink) => caseLines(explained, language, ink));
    return needsPerson(explained) ? 1 : 0;
  });
}

function languageOf(text: string): Language {
  if (text === 'sv' || text === 'en') return text;
  throw wrong(`--lang ${text}: there are sv and en`);
}

const needsPerson = ({ contradictions, findings }: CaseExplanation): boolean =>
  contradictions.length > 0 || findings.some(({ reason }) => reason === 'PARAMETER_MISSING');
