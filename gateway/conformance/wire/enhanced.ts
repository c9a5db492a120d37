/** Cases: the acknowledgements that MSH-15 (accept) and MSH-16 (application) ask for. */
import type { Answer } from '../../../adapters/wire/mllp-answer.ts';
import type { Bench } from './bench.ts';
import { differs, failed, mustAccept, passed, told, type Seen, type WireCase } from './case.ts';

const enhanced = 'HL7 v2.5 chapter 2, 2.9.3 enhanced acknowledgement mode; tables 0155 and 0008';

/** Sends one message and gives the answers that have come when it is quiet again. */
async function answersTo(
  bench: Bench,
  accept: string,
  application: string,
  expected: number,
): Promise<{ controlId: string; answers: readonly Answer[]; codes: string }> {
  const message = bench.message({ header: { 15: accept, 16: application } });
  const connection = await bench.connect();
  await connection.write(message.framed);
  if (expected > 0) await connection.answers(1, bench.timeoutMs);
  const answers = await connection.answers(Math.max(2, expected), bench.quietMs);
  return { controlId: message.controlId, answers, codes: answers.map(told).join(' and ') };
}

/** No answer is asked for; the next message over the same connection must still be answered under its own id. */
async function staysQuiet(bench: Bench, accept: string, application: string): Promise<Seen> {
  const quiet = bench.message({ header: { 15: accept, 16: application } });
  const connection = await bench.connect();
  await connection.write(quiet.framed);
  const [answer] = await connection.answers(1, bench.quietMs);
  if (answer !== undefined) {
    return differs(`${told(answer)}: it answers in original mode what asks for no answer`);
  }
  if (connection.closed) return failed('the connection was closed');
  const next = bench.message();
  const seen = mustAccept(await bench.exchange(next, connection), next.controlId);
  return seen.verdict === 'passed' ? passed('no answer, and the next message was answered') : seen;
}

export const enhancedMode: readonly WireCase[] = [
  {
    name: 'enhanced-accept',
    level: 'should',
    does: 'asks for the accept acknowledgement alone (MSH-15 AL, MSH-16 NE)',
    expects: 'CA, once',
    reference: enhanced,
    run: async (bench) => {
      const { controlId, answers, codes } = await answersTo(bench, 'AL', 'NE', 1);
      const [first] = answers;
      if (first === undefined) return failed('no answer', 'must');
      if (first.controlId !== controlId) return failed('MSA-2 is not the control id that was sent');
      if (first.code === 'CA' && answers.length === 1) return passed(codes);
      if (first.code === 'AA') return differs(`${codes}: it knows original mode alone`);
      return failed(codes);
    },
  },
  {
    name: 'enhanced-application',
    level: 'should',
    does: 'asks for the application acknowledgement alone (MSH-15 NE, MSH-16 AL)',
    expects: 'AA, once; it may come over another connection',
    reference: enhanced,
    run: async (bench) => {
      const { controlId, answers, codes } = await answersTo(bench, 'NE', 'AL', 1);
      const [first] = answers;
      if (first === undefined) return differs('no answer over this connection');
      if (first.controlId !== controlId) return failed('MSA-2 is not the control id that was sent');
      return first.code === 'AA' && answers.length === 1 ? passed(codes) : failed(codes);
    },
  },
  {
    name: 'enhanced-both',
    level: 'should',
    does: 'asks for both (MSH-15 AL, MSH-16 AL)',
    expects: 'CA, then AA; the second may come over another connection',
    reference: enhanced,
    run: async (bench) => {
      const { controlId, answers, codes } = await answersTo(bench, 'AL', 'AL', 2);
      const [first, second] = answers;
      if (first === undefined) return failed('no answer', 'must');
      if (answers.some((answer) => answer.controlId !== controlId)) {
        return failed('MSA-2 is not the control id that was sent');
      }
      if (first.code === 'CA' && second?.code === 'AA') return passed(codes);
      if (second === undefined && first.code === 'CA') {
        return differs('CA alone: the application acknowledgement comes another way');
      }
      if (second === undefined && first.code === 'AA') {
        return differs('AA alone: it knows original mode alone');
      }
      return failed(codes);
    },
  },
  {
    name: 'enhanced-never',
    level: 'should',
    does: 'asks for no acknowledgement (MSH-15 NE, MSH-16 NE), then sends a plain message',
    expects: 'no answer to the first, AA to the second',
    reference: enhanced,
    run: async (bench) => await staysQuiet(bench, 'NE', 'NE'),
  },
  {
    name: 'enhanced-on-error',
    level: 'should',
    does: 'asks for acknowledgements of errors alone (MSH-15 ER, MSH-16 ER) with a sound message',
    expects: 'no answer to it, AA to the plain message after it',
    reference: enhanced,
    run: async (bench) => await staysQuiet(bench, 'ER', 'ER'),
  },
];
