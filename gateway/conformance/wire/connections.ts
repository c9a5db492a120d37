/** Cases: peers that read slowly, leave half way or come in numbers, and must not hold up the others. */
import type { Bench } from './bench.ts';
import {
  differs,
  failed,
  isAccepted,
  mustAccept,
  passed,
  told,
  type Seen,
  type WireCase,
} from './case.ts';

const shared = 'good practice: one peer never holds up another';
const repeats = 500;
const peers = 50;
const silentPeers = 10;

/** A plain message over a connection of its own, while something else goes on. */
async function othersAreServed(bench: Bench): Promise<Seen> {
  const message = bench.message();
  return mustAccept(await bench.exchange(message), message.controlId);
}

export const connections: readonly WireCase[] = [
  {
    name: 'slow-reader',
    level: 'must',
    does: `sends one message ${repeats} times and reads no answer; meanwhile another connection sends`,
    expects: 'the other connection is answered; when it reads again every answer comes',
    reference: shared,
    run: async (bench) => {
      const { framed } = bench.message();
      const slow = await bench.connect();
      slow.pause();
      slow.push(Buffer.concat(Array.from({ length: repeats }, () => framed)));
      const other = await othersAreServed(bench);
      if (other.verdict !== 'passed') return failed(`the other connection: ${other.seen}`);
      slow.resume();
      const { length } = await slow.answers(repeats, bench.timeoutMs * 3);
      if (length === repeats) return passed(`the other was served; then ${repeats} answers came`);
      if (slow.closed) return differs(`the other was served; closed after ${length} answers`);
      return failed(`${length} of ${repeats} answers came`, 'should');
    },
  },
  {
    name: 'half-close',
    level: 'should',
    does: 'sends a message and ends its side at once',
    expects: 'AA before the connection is closed',
    reference: 'RFC 9293 section 3.6: the other direction stays open',
    run: async (bench) => {
      const { framed, controlId } = bench.message();
      const connection = await bench.connect();
      await connection.write(framed);
      connection.end();
      const [answer] = await connection.answers(1, bench.timeoutMs);
      if (answer === undefined && connection.closed) return failed('closed without an answer');
      return mustAccept(answer, controlId);
    },
  },
  {
    name: 'many-connections',
    level: 'should',
    does: `sends one message over each of ${peers} connections at once`,
    expects: `${peers} answers, AA`,
    reference: shared,
    run: async (bench) => {
      const open = await Promise.allSettled(Array.from({ length: peers }, () => bench.connect()));
      const answers = await Promise.all(
        open.map(async (one) => {
          if (one.status === 'rejected') return false;
          const message = bench.message();
          const answer = await bench.exchange(message, one.value);
          return isAccepted(answer) && answer?.controlId === message.controlId;
        }),
      );
      const accepted = answers.filter(Boolean).length;
      if (accepted === peers) return passed(`${accepted} answers`);
      if (!(await bench.isAlive())) return failed('no plain message is answered after it', 'must');
      return accepted > 0
        ? differs(`${accepted} of ${peers} were served: it has a bound; agree on it`)
        : failed('none was served');
    },
  },
  {
    name: 'silent-peers',
    level: 'should',
    does: `keeps ${silentPeers} connections open that say nothing or half a frame, and sends`,
    expects: 'AA: a peer that says nothing holds up nobody',
    reference: shared,
    run: async (bench) => {
      for (let count = 0; count < silentPeers; count += 1) {
        const connection = await bench.connect();
        if (count % 2 === 1) await connection.write(bench.message().framed.subarray(0, 50));
      }
      return await othersAreServed(bench);
    },
  },
  {
    name: 'abort-before-answer',
    level: 'must',
    does: 'breaks the connection off before the answer and sends the same bytes again',
    expects: 'AA: the sender cannot know what became of the first',
    reference: 'good practice: at least once, and no second admission',
    run: async (bench) => {
      const message = bench.message();
      const connection = await bench.connect();
      await connection.write(message.framed);
      connection.abort();
      const answer = await bench.exchange(message);
      if (answer !== undefined && answer.controlId === message.controlId && !isAccepted(answer)) {
        return failed(`${told(answer)}: a resend looks like an error`, 'should');
      }
      return mustAccept(answer, message.controlId);
    },
  },
];
