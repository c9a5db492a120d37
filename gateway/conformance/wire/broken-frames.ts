/** Cases: frames that break off, never end or are too large. Half a message must never be taken for a whole one. */
import { differs, failed, isAccepted, isRefused, passed, told, type WireCase } from './case.ts';

const mllp = 'HL7 MLLP release 1: a block ends by <FS><CR>; half a message is none';
const oversizeBytes = 8 * 1_048_576;
const packetBytes = 65_536;

export const brokenFrames: readonly WireCase[] = [
  {
    name: 'no-end-block',
    level: 'must',
    does: 'sends half a message without an end, then a whole one over the same connection',
    expects: 'the half is never accepted; the whole one is, or the connection is closed',
    reference: mllp,
    run: async (bench) => {
      const [half, whole] = [bench.message(), bench.message()];
      const connection = await bench.connect();
      await connection.write(half.framed.subarray(0, half.framed.length - 30));
      if ((await connection.answers(1, bench.quietMs)).length > 0) {
        return failed('a frame that has not ended was answered');
      }
      await connection.write(whole.framed);
      const answers = await connection.answers(1, bench.timeoutMs);
      if (answers.some((one) => isAccepted(one) && one.controlId === half.controlId)) {
        return failed('the half message was accepted');
      }
      if (answers.some((one) => isAccepted(one) && one.controlId === whole.controlId)) {
        return passed('the whole message was accepted, the half was not');
      }
      if (connection.closed) return differs('the connection was closed');
      return differs(answers.length === 0 ? 'no answer to either' : told(answers[0]));
    },
  },
  {
    name: 'abort-mid-frame',
    level: 'must',
    does: 'breaks the connection off within a frame and sends the message again over a new one',
    expects: 'AA: what was cut off has left nothing behind',
    reference: mllp,
    run: async (bench) => {
      const message = bench.message();
      const connection = await bench.connect();
      await connection.write(message.framed.subarray(0, message.framed.length / 2));
      await connection.wait(50);
      connection.abort();
      const answer = await bench.exchange(message);
      return isAccepted(answer) && answer?.controlId === message.controlId
        ? passed(told(answer))
        : failed(told(answer));
    },
  },
  {
    name: 'end-mid-frame',
    level: 'must',
    does: 'ends its side within a frame',
    expects: 'no acceptance, and the connection is closed',
    reference: mllp,
    run: async (bench) => {
      const { framed } = bench.message();
      const connection = await bench.connect();
      await connection.write(framed.subarray(0, framed.length - 30));
      connection.end();
      const closed = await connection.closes(bench.timeoutMs);
      const [answer] = await connection.answers(0, 0);
      if (isAccepted(answer)) return failed('the half message was accepted');
      return closed ? passed('closed, not accepted') : differs('the connection stays open');
    },
  },
  {
    name: 'oversize',
    level: 'must',
    does: 'sends a message of 8 MiB, then a plain one over a new connection',
    expects: 'a refusal with an answer, or AA; after it the plain message is answered',
    reference: 'good practice: what is read is bounded, and what is not taken is said',
    run: async (bench) => {
      const message = bench.message({
        edit: (text) => `${text}ZFI|${'x'.repeat(oversizeBytes)}\r`,
      });
      const connection = await bench.connect();
      for (let at = 0; at < message.framed.length && !connection.closed; at += packetBytes) {
        await connection.write(message.framed.subarray(at, at + packetBytes));
      }
      const [answer] = await connection.answers(1, bench.timeoutMs);
      if (!(await bench.isAlive())) return failed('no plain message is answered after it');
      if (isRefused(answer)) return passed(`${told(answer)}; it serves on`);
      if (isAccepted(answer)) return differs(`${told(answer)}: it takes 8 MiB`);
      return differs(
        `${connection.closed ? 'closed without an answer' : 'no answer'}; it serves on`,
      );
    },
  },
];
