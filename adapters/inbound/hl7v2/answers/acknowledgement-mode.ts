/**
 * Which answers a message asks for: original and enhanced mode (HL7 v2 chapter 2, "Acknowledgments"; MSH-15 and MSH-16
 * by table 0155).
 *
 * We store and translate in one step, so a message is accepted at both levels or at none. What is refused gets its
 * negative accept acknowledgement, and no application acknowledgement after it: nobody processes what was not accepted.
 * Where the sender asked not to hear that, the application acknowledgement says it.
 */
import type { Hl7Message } from '../message/message.ts';

/** The first letter of MSA-1: original mode and application answers are A, accept (commit) answers C. */
export type Level = 'A' | 'C';

/** One answer that says all: neither field has a value. */
export const originalMode: readonly Level[] = ['A'];

/** @returns the levels of the answers that are due, in the order in which they leave */
export function answerLevels(header: Hl7Message, accepted: boolean): readonly Level[] {
  const accept = condition(header, 15);
  const application = condition(header, 16);
  if (accept === '' && application === '') return originalMode;
  const levels: Level[] = [];
  if (isDue(accept, accepted)) levels.push('C');
  if (isDue(application, accepted) && (accepted || levels.length === 0)) levels.push('A');
  return levels;
}

/** Whether MSH asks for no answer whatever comes of the message. */
export function asksForNone(header: Hl7Message): boolean {
  return answerLevels(header, true).length === 0 && answerLevels(header, false).length === 0;
}

/** A code that table 0155 does not have is read as AL: an answer too many is seen, one too few is waited for. */
function isDue(code: string, accepted: boolean): boolean {
  switch (code) {
    case '':
    case 'NE':
      return false;
    case 'SU':
      return accepted;
    case 'ER':
      return !accepted;
    default:
      return true;
  }
}

function condition(header: Hl7Message, field: 15 | 16): string {
  const written = header.rawField('MSH', field);
  return written === '' || written === '""' ? '' : written.trim().toUpperCase();
}
