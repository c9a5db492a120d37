/** Cases: several messages over one connection, and silence between them. */
import { differs, mustAccept, type WireCase } from './case.ts';
import { inOrder } from './framing.ts';

const pipelined = 20;

export const order: readonly WireCase[] = [
  {
    name: 'pipelining',
    level: 'should',
    does: `sends ${pipelined} messages without waiting for their answers`,
    expects: `${pipelined} answers, AA, in the order of the messages`,
    reference: 'MLLP lets a sender wait for each answer; a receiver that reads a stream loses none',
    run: async (bench) => {
      const messages = Array.from({ length: pipelined }, () => bench.message());
      const connection = await bench.connect();
      await connection.write(Buffer.concat(messages.map(({ framed }) => framed)));
      return inOrder(await connection.answers(pipelined, bench.timeoutMs), messages);
    },
  },
  {
    name: 'one-after-the-other',
    level: 'must',
    does: 'sends ten messages over one connection, each after the answer to the one before',
    expects: 'ten answers, AA: a connection serves more than one message',
    reference: 'HL7 MLLP release 1: a connection is kept for the messages to come',
    run: async (bench) => {
      const messages = Array.from({ length: 10 }, () => bench.message());
      const connection = await bench.connect();
      for (const message of messages) await bench.exchange(message, connection);
      const answers = await connection.answers(0, 0);
      if (answers.length === 1 && connection.closed) {
        return differs('the connection is closed after the first answer');
      }
      return inOrder(answers, messages);
    },
  },
  {
    name: 'idle',
    level: 'should',
    does: 'says nothing for a while (--idle), then sends over the same connection',
    expects: 'AA: a connection outlives a quiet moment',
    reference: 'good practice: connections stay open for hours, senders seldom connect anew',
    run: async (bench) => {
      const message = bench.message();
      const connection = await bench.connect();
      if (await connection.closes(bench.idleMs)) {
        return differs(`closed within ${bench.idleMs / 1000} s: the sender has to connect anew`);
      }
      return mustAccept(await bench.exchange(message, connection), message.controlId);
    },
  },
];
