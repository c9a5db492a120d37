/** Cases: frames however TCP cuts them. */
import { frame } from '../../../adapters/wire/mllp.ts';
import type { Answer } from '../../../adapters/wire/mllp-answer.ts';
import type { Bench } from './bench.ts';
import { differs, failed, mustAccept, passed, told, type Seen, type WireCase } from './case.ts';
import type { TestMessage } from './test-message.ts';

const mllp = 'HL7 MLLP release 1, block format <VT> data <FS><CR>';
const tcp = 'RFC 9293 section 3: TCP is a stream and keeps no packet boundaries';

/** The answers must be as many as the messages, and in their order. */
export function inOrder(answers: readonly Answer[], messages: readonly TestMessage[]): Seen {
  const ids = answers.map(({ controlId }) => controlId);
  const wanted = messages.map(({ controlId }) => controlId);
  const foreign = ids.filter((id) => !wanted.includes(id)).length;
  if (foreign > 0) return failed(`${foreign} answers to a control id that was not sent`);
  if (new Set(ids).size < wanted.length) {
    return failed(`${new Set(ids).size} of ${wanted.length} messages were answered`);
  }
  if (ids.some((id, index) => id !== wanted[index])) return failed('answers in another order');
  const refused = answers.find(({ code }) => code !== 'AA' && code !== 'CA');
  if (refused !== undefined) return failed(`one of them: ${told(refused)}`);
  return passed(`${ids.length} answers in order`);
}

async function sendJoined(
  bench: Bench,
  join: (messages: readonly TestMessage[]) => Uint8Array[],
): Promise<Seen> {
  const messages = [bench.message(), bench.message(), bench.message()];
  const connection = await bench.connect();
  for (const packet of join(messages)) {
    await connection.write(packet);
    await connection.wait(20);
  }
  return inOrder(await connection.answers(messages.length, bench.timeoutMs), messages);
}

export const framing: readonly WireCase[] = [
  {
    name: 'plain',
    level: 'must',
    does: 'sends one message in one frame',
    expects: 'AA under its control id',
    reference: 'HL7 v2.5 chapter 2, original acknowledgement mode',
    run: async (bench) => {
      const message = bench.message();
      const seen = mustAccept(await bench.exchange(message), message.controlId);
      if (seen.verdict === 'passed' || seen.seen === 'no answer') return seen;
      return failed(`${seen.seen}; give a message it accepts by --message or --sender`);
    },
  },
  {
    name: 'split-frame',
    level: 'must',
    does: 'sends a frame in three packets, 100 ms apart',
    expects: 'one answer, AA',
    reference: tcp,
    run: async (bench) => {
      const { framed, controlId } = bench.message();
      const connection = await bench.connect();
      await connection.inPieces(framed, Math.ceil(framed.length / 3), 100);
      const answers = await connection.answers(1, bench.timeoutMs);
      return mustAccept(answers[0], controlId);
    },
  },
  {
    name: 'byte-by-byte',
    level: 'must',
    does: 'sends a frame one byte a packet',
    expects: 'one answer, AA',
    reference: tcp,
    run: async (bench) => {
      const { framed, controlId } = bench.message();
      const connection = await bench.connect();
      await connection.inPieces(framed, 1);
      return mustAccept((await connection.answers(1, bench.timeoutMs))[0], controlId);
    },
  },
  {
    name: 'joined-frames',
    level: 'must',
    does: 'sends three frames in one packet',
    expects: 'three answers, AA, in order',
    reference: tcp,
    run: async (bench) =>
      await sendJoined(bench, (messages) => [Buffer.concat(messages.map(({ framed }) => framed))]),
  },
  {
    name: 'cut-across-frames',
    level: 'must',
    does: 'sends three frames in two packets that end within a frame',
    expects: 'three answers, AA, in order',
    reference: tcp,
    run: async (bench) =>
      await sendJoined(bench, (messages) => {
        const all = Buffer.concat(messages.map(({ framed }) => framed));
        return [all.subarray(0, all.length / 2), all.subarray(all.length / 2)];
      }),
  },
  {
    name: 'cut-end-block',
    level: 'must',
    does: 'sends FS and CR in packets of their own, twice over one connection',
    expects: 'two answers, AA: the CR belongs to the frame before it',
    reference: mllp,
    run: async (bench) => {
      const messages = [bench.message(), bench.message()];
      const connection = await bench.connect();
      for (const { framed } of messages) {
        await connection.write(framed.subarray(0, -2));
        await connection.wait(20);
        await connection.write(framed.subarray(-2, -1));
        await connection.wait(20);
        await connection.write(framed.subarray(-1));
      }
      return inOrder(await connection.answers(2, bench.timeoutMs), messages);
    },
  },
  {
    name: 'junk-between',
    level: 'should',
    does: 'sends two frames with line ends and other bytes before and between them',
    expects: 'two answers, AA: what is outside a block is passed over',
    reference: mllp,
    run: async (bench) => {
      const messages = [bench.message(), bench.message()];
      const connection = await bench.connect();
      for (const { framed } of messages) {
        await connection.write(Buffer.concat([Buffer.from('\r\n\r\njunk\r\n'), framed]));
      }
      const answers = await connection.answers(2, bench.timeoutMs);
      if (answers.length < 2 && connection.closed) return differs('the connection was closed');
      return inOrder(answers, messages);
    },
  },
  {
    name: 'bare-fs',
    level: 'should',
    does: 'ends a frame by FS without CR, and sends another after it',
    expects: 'both are answered; a receiver may wait for CR, and must not mix them',
    reference: `${mllp}; some senders leave out the CR`,
    run: async (bench) => {
      const [first, second] = [bench.message(), bench.message()];
      const connection = await bench.connect();
      await connection.write(first.framed.subarray(0, -1));
      const soon = (await connection.answers(1, bench.quietMs)).length;
      await connection.write(second.framed);
      const answers = await connection.answers(2, bench.timeoutMs);
      if (soon === 1) return inOrder(answers, [first, second]);
      if (answers.length === 0 && connection.closed) return differs('the connection was closed');
      if (answers.length === 0) return failed('neither was answered', 'must');
      return differs(`no answer before the next frame, then ${answers.length}`);
    },
  },
  {
    name: 'large',
    level: 'should',
    does: 'sends a message of 70 kB, the rest in a Z segment',
    expects: 'AA: a segment that is not known is passed over',
    reference: 'HL7 v2.5 chapter 2, 2.5.2 (unexpected segments are ignored); no limit is set',
    run: async (bench) => {
      const filler = `ZFI|${'x'.repeat(70_000)}\r`;
      const message = bench.message({ edit: (text) => text + filler });
      return mustAccept(await bench.exchange(message), message.controlId);
    },
  },
  {
    name: 'line-feeds',
    level: 'should',
    does: 'ends segments by LF instead of CR',
    expects: 'an answer: AA, or a refusal, since only CR ends a segment',
    reference: 'HL7 v2.5 chapter 2, 2.5.4: the segment terminator is CR',
    run: async (bench) => {
      const message = bench.message({ edit: (text) => text.replaceAll('\r', '\n') });
      const answer = await bench.exchange(message);
      if (answer === undefined) return failed('no answer');
      return passed(`${told(answer)}${answer.code === 'AA' ? ', taken as they are' : ''}`);
    },
  },
  {
    name: 'empty-frame',
    level: 'must',
    does: 'sends a frame with nothing in it, then a plain message over a new connection',
    expects: 'the plain message is answered; the empty frame is not accepted',
    reference: mllp,
    run: async (bench) => {
      const connection = await bench.connect();
      await connection.write(frame(new Uint8Array()));
      const answers = await connection.answers(1, bench.quietMs);
      if (answers[0]?.code === 'AA') return failed('the empty frame was answered AA');
      if (!(await bench.isAlive())) return failed('no plain message is answered after it');
      return passed(`${connection.closed ? 'closed' : told(answers[0])}; it serves on`);
    },
  },
];
