/** Cases: headers the receiver may not know, and must answer all the same. */
import { frame } from '../../../adapters/wire/mllp.ts';
import type { Bench } from './bench.ts';
import {
  differs,
  failed,
  isAccepted,
  mustAccept,
  passed,
  shouldRefuse,
  told,
  type Seen,
  type WireCase,
} from './case.ts';

const unsupported = 'HL7 v2.5 chapter 2, 2.9.2.2: rejected for MSH-9, MSH-11 or MSH-12; table 0357';

function unknown(name: string, field: number, value: string, code: string): WireCase {
  return {
    name,
    level: 'must',
    does: `sends MSH-${field} ${value}`,
    expects: `AR with ${code}`,
    reference: unsupported,
    run: async (bench) => {
      const message = bench.message({ header: { [field]: value } });
      return shouldRefuse(await bench.exchange(message), message.controlId, code);
    },
  };
}

/** Other separators all through: `|^~&` and the escape character stand for themselves in the template nowhere else. */
function otherDelimiters(text: string): string {
  const others: Readonly<Record<string, string>> = { '|': '#', '^': '*', '~': '!', '&': '$' };
  return text.replace(/[|^~&]/g, (found) => others[found] ?? found);
}

async function servesOn(bench: Bench, seen: string): Promise<Seen> {
  if (await bench.isAlive()) return passed(`${seen}; it serves on`);
  return failed('no plain message is answered after it');
}

export const content: readonly WireCase[] = [
  {
    name: 'custom-delimiters',
    level: 'must',
    does: 'sends a message with the separators # * ! \\ $',
    expects: 'AA: MSH-1 and MSH-2 say what the separators are, in the answer too',
    reference: 'HL7 v2.5 chapter 2, 2.5.4 and MSH-1, MSH-2',
    run: async (bench) => {
      const message = bench.message({ edit: otherDelimiters });
      const answer = await bench.exchange(message);
      if (answer?.controlId === message.controlId && !isAccepted(answer)) {
        return differs(`${told(answer)}: it wants the usual separators`);
      }
      return mustAccept(answer, message.controlId);
    },
  },
  unknown('unknown-type', 9, 'ZZZ^Z99', '200'),
  unknown('unknown-trigger', 9, 'ADT^Z99', '201'),
  unknown('unknown-processing-id', 11, 'X', '202'),
  unknown('unknown-version', 12, '9.9', '203'),
  {
    name: 'version-as-list',
    level: 'should',
    does: 'sends MSH-12 with its further components (2.5^SWE^1.0)',
    expects: 'AA: the first component is the version',
    reference: 'HL7 v2.5 chapter 2, MSH-12 is of type VID',
    run: async (bench) => {
      const message = bench.message({ header: { 12: '2.5^SWE^1.0' } });
      return mustAccept(await bench.exchange(message), message.controlId);
    },
  },
  {
    name: 'evn-against-msh-9',
    level: 'should',
    does: 'sends MSH-9 of one trigger event with EVN-1 of another',
    expects: 'an answer; MSH-9 counts, since EVN-1 is kept for older versions alone',
    reference: 'HL7 v2.5 chapter 3, EVN-1 is deprecated; use MSH-9',
    run: async (bench) => {
      const message = bench.message({ edit: (text) => text.replace(/\rEVN\|A\d\d/, '\rEVN|A03') });
      const answer = await bench.exchange(message);
      if (answer === undefined) return failed('no answer', 'must');
      if (isAccepted(answer)) return passed(`${told(answer)}; ask which of the two it goes by`);
      return differs(`${told(answer)}: it refuses a contradiction`);
    },
  },
  {
    name: 'msh-unreadable',
    level: 'must',
    does: 'sends a frame without MSH, then a plain message over a new connection',
    expects: 'no acceptance; the plain message is answered',
    reference: 'HL7 v2.5 chapter 2, 2.9.2: MSH says what is answered',
    run: async (bench) => {
      const connection = await bench.connect();
      await connection.write(frame(Buffer.from('PID|1\rthis is no message\r')));
      const [answer] = await connection.answers(1, bench.quietMs);
      if (isAccepted(answer)) return failed('what is no message was accepted');
      return await servesOn(bench, connection.closed ? 'closed' : told(answer));
    },
  },
  {
    name: 'binary-noise',
    level: 'must',
    does: 'sends a frame of bytes that are no text, then a plain message over a new connection',
    expects: 'no acceptance; the plain message is answered',
    reference: 'good practice: any bytes may come from a network',
    run: async (bench) => {
      const connection = await bench.connect();
      const noise = Buffer.from(Array.from({ length: 2000 }, (_, index) => (index * 37) % 256));
      // Without VT and FS, which are the frame's own.
      await connection.write(frame(noise.filter((byte) => byte !== 0x0b && byte !== 0x1c)));
      const [answer] = await connection.answers(1, bench.quietMs);
      if (isAccepted(answer)) return failed('noise was accepted');
      return await servesOn(bench, connection.closed ? 'closed' : told(answer));
    },
  },
];
