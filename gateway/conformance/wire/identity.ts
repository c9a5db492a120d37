/** Cases: what a control id stands for when it comes again. */
import type { Answer } from '../../../adapters/wire/mllp-answer.ts';
import {
  differs,
  failed,
  isAccepted,
  isRefused,
  mustAccept,
  passed,
  skipped,
  told,
  type Seen,
  type WireCase,
} from './case.ts';

const resend =
  'good practice: a sender whose answer was lost sends the same bytes again (at least once)';

function sameAnswer(first: Answer | undefined, again: Answer | undefined): Seen {
  if (!isAccepted(first)) return skipped(`the first was not accepted: ${told(first)}`);
  if (again === undefined) return failed('no answer to the repeat', 'must');
  if (again.controlId !== first?.controlId)
    return failed('MSA-2 is not the control id that was sent');
  if (isAccepted(again)) return passed(`${told(first)}, and again ${told(again)}`);
  return failed(`${told(first)}, then ${told(again)}: a resend looks like an error`);
}

export const identity: readonly WireCase[] = [
  {
    name: 'duplicate',
    level: 'should',
    does: 'sends the same bytes twice over one connection',
    expects: 'the same answer twice, and no second admission',
    reference: resend,
    run: async (bench) => {
      const message = bench.message();
      const connection = await bench.connect();
      const first = await bench.exchange(message, connection);
      return sameAnswer(first, await bench.exchange(message, connection));
    },
  },
  {
    name: 'duplicate-anew',
    level: 'should',
    does: 'sends the same bytes again over a new connection',
    expects: 'the same answer: a control id outlives its connection',
    reference: resend,
    run: async (bench) => {
      const message = bench.message();
      const first = await bench.exchange(message);
      return sameAnswer(first, await bench.exchange(message));
    },
  },
  {
    name: 'control-id-reused',
    level: 'should',
    does: 'sends another message under a control id that was accepted',
    expects: 'AR with 205 (duplicate key identifier)',
    reference: 'HL7 v2.5 chapter 2, MSH-10 is unique; table 0357, 205',
    run: async (bench) => {
      const first = bench.message();
      if (!isAccepted(await bench.exchange(first))) return skipped('the first was not accepted');
      const other = bench.message({
        controlId: first.controlId,
        edit: (text) => `${text}ZFI|other content\r`,
      });
      const answer = await bench.exchange(other);
      if (answer === undefined) return failed('no answer', 'must');
      if (isRefused(answer)) {
        const named = answer.errors.some(({ code }) => code === '205');
        return named ? passed(told(answer)) : differs(`${told(answer)}, not by 205`);
      }
      return differs(`${told(answer)}: taken as new, or passed over as a repeat; ask which`);
    },
  },
  {
    name: 'control-id-echo',
    level: 'must',
    does: 'sends a control id of 20 characters with dots, dashes and lower case',
    expects: 'MSA-2 repeats it, character for character',
    reference: 'HL7 v2.5 chapter 2, MSA-2',
    run: async (bench) => {
      const controlId = `${bench.messages.controlId()}.-_:aZ`.slice(-20);
      const message = bench.message({ controlId });
      return mustAccept(await bench.exchange(message), controlId);
    },
  },
  {
    name: 'control-id-missing',
    level: 'should',
    does: 'sends a message with an empty MSH-10',
    expects: 'AE with 101 (required field missing), or the connection closed',
    reference: 'HL7 v2.5 chapter 2, MSH-10 is required; table 0357, 101',
    run: async (bench) => {
      const connection = await bench.connect();
      const answer = await bench.exchange(bench.message({ controlId: '' }), connection);
      if (isAccepted(answer)) return failed(`${told(answer)}: nothing can be matched to it`);
      if (isRefused(answer)) return passed(told(answer));
      return connection.closed ? differs('closed without an answer') : failed('no answer');
    },
  },
];
