/** What a case of the wire suite is, and the words its outcome is told in. */
import type { Answer } from '../../../adapters/wire/mllp-answer.ts';
import type { Bench } from './bench.ts';

/**
 * `must`: where it fails, messages are lost or mixed up, or the receiver stops. `should`: good practice; where it
 * fails, an engineer has to know.
 */
export type Level = 'must' | 'should';

/** `differs-allowed`: the standard can be read that way too, and both sides have to know which way they read it. */
export type Verdict = 'passed' | 'failed' | 'differs-allowed' | 'skipped';

export interface Seen {
  readonly verdict: Verdict;
  /** What was seen, or why it was skipped; never content of a message. */
  readonly seen: string;
  /** Where the failure weighs otherwise than the case. */
  readonly level?: Level;
}

export interface WireCase {
  readonly name: string;
  readonly level: Level;
  /** What the suite does. */
  readonly does: string;
  /** What the other side is expected to do. */
  readonly expects: string;
  /** Where that stands. */
  readonly reference: string;
  readonly run: (bench: Bench) => Promise<Seen>;
}

export function passed(seen: string): Seen {
  return { verdict: 'passed', seen };
}

export function failed(seen: string, level?: Level): Seen {
  return { verdict: 'failed', seen, ...(level !== undefined && { level }) };
}

export function differs(seen: string): Seen {
  return { verdict: 'differs-allowed', seen };
}

export function skipped(why: string): Seen {
  return { verdict: 'skipped', seen: why };
}

/** `AE, ERR 101 at PV1^1^19`: codes and places alone. */
export function told(answer: Answer | undefined): string {
  if (answer === undefined) return 'no answer';
  const errors = answer.errors.map(
    ({ code, location }) => `, ERR ${code || '(no code)'}${location && ` at ${location}`}`,
  );
  return `${answer.code || 'no MSA-1'}${errors.join('')}`;
}

export function isAccepted(answer: Answer | undefined): boolean {
  return answer?.code === 'AA' || answer?.code === 'CA';
}

/** AE, AR, CE, CR. */
export function isRefused(answer: Answer | undefined): boolean {
  return answer !== undefined && /^[AC][ER]$/.test(answer.code);
}

/** The message must be accepted, under its own control id. */
export function mustAccept(answer: Answer | undefined, controlId: string): Seen {
  if (answer === undefined) return failed('no answer');
  if (answer.controlId !== controlId) return failed('MSA-2 is not the control id that was sent');
  return isAccepted(answer) ? passed(told(answer)) : failed(told(answer));
}

/**
 * The message has to be refused under its own control id: silence fails as the case weighs, acceptance as `should`.
 * @param code the code of table 0357 that says it best; another code differs
 */
export function shouldRefuse(answer: Answer | undefined, controlId: string, code?: string): Seen {
  if (answer === undefined) return failed('no answer');
  if (answer.controlId !== controlId) return failed('MSA-2 is not the control id that was sent');
  if (isAccepted(answer)) return failed(`${told(answer)}: accepted as if it were sound`, 'should');
  if (!isRefused(answer)) return failed(told(answer));
  if (code === undefined || answer.errors.some((error) => error.code === code)) {
    return passed(told(answer));
  }
  return differs(`${told(answer)}; ${code} of table 0357 would say what is wrong`);
}
