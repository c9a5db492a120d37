import { causeWords } from '../process/billing-words.ts';
import { operate } from './operate.ts';
import { answer, localText, plural, wrong, type QuestionOptions } from './question.ts';
import { kronor } from './timeline.ts';
import { tokenOf, type TokenOptions } from './user-token.ts';

export interface InvoiceVerbOptions extends QuestionOptions, TokenOptions {
  readonly number: string;
  readonly reason: string;
}

const operations = {
  dispute: 'dispute-billing',
  escalate: 'escalate-dispute',
  uphold: 'uphold-invoice',
} as const;

/** A dispute begins, goes to its next level, or ends with the invoice as it is. @returns the exit code */
export async function billingDispute(
  verb: keyof typeof operations,
  options: InvoiceVerbOptions,
): Promise<number> {
  const { number, json } = options;
  const asked = { token: tokenOf(options), number };
  const { by, result } = await operate(options, operations[verb], asked);
  answer(json, { done: by, ...result }, (ink) => {
    const { level, levels, who, reference, answerBy, answerReference } = result;
    if (verb === 'uphold') return [ink.bold(`the dispute ended: invoice ${number} stands`)];
    if (level === undefined) {
      return [
        ink.bold(`invoice ${number} is disputed`),
        'no agreement says who takes it up: neither lag (2017:612) nor an agreement names levels; a court',
      ];
    }
    return [
      ink.bold(`invoice ${number} is disputed, level ${level} of ${levels}: ${who ?? ''}`),
      ink.dim(reference ?? ''),
      answerBy === undefined
        ? 'no time to answer is agreed (settlement.disputeAnswerDays)'
        : `answer by ${answerBy} ${ink.dim(`(${answerReference ?? ''})`)}`,
      `next: hemgang billing escalate, uphold or credit --number ${number}`,
    ];
  });
  return 0;
}

/** What the municipality wrote of its dispute. @returns the exit code */
export async function billingRead(options: InvoiceVerbOptions): Promise<number> {
  const { number, json } = options;
  const { by, result } = await operate(options, 'read-dispute', {
    token: tokenOf(options),
    number,
  });
  answer(json, { done: by, ...result }, (ink) => {
    const { by: partner, at, cause, lines, text } = result;
    const which = lines === undefined ? 'the whole invoice' : `lines ${lines.join(', ')}`;
    return [
      ink.bold(`invoice ${number} was disputed by ${partner} on ${localText(at)}`),
      `${which}: ${cause === undefined ? '' : causeWords(cause).en}`,
      ...(text === undefined ? [ink.dim('it wrote nothing more')] : ['', ...text.split(/\r?\n/)]),
    ];
  });
  return 0;
}

/** Takes an invoice back, or some of its lines. @returns the exit code */
export async function billingCredit(
  options: InvoiceVerbOptions & { readonly lines?: string | undefined },
): Promise<number> {
  const { number, json } = options;
  const lines = options.lines === undefined ? undefined : placesOf(options.lines);
  const asked = { token: tokenOf(options), number, ...(lines && { lines }) };
  const { by, result } = await operate(options, 'credit-billing', asked);
  answer(json, { done: by, ...result }, (ink) => [
    ink.bold(`credit note ${result.creditNote} issued: ${kronor(result.totalOre)} kr`),
    `${plural(result.lines.length, 'line')} of invoice ${number} taken back, by ${result.by}`,
  ]);
  return 0;
}

function placesOf(text: string): number[] {
  const places = text.split(',').map((one) => (/^\d{1,5}$/.test(one.trim()) ? Number(one) : 0));
  if (places.includes(0)) throw wrong(`--lines ${text}: places of lines from 1, as 1,3`);
  return places;
}
