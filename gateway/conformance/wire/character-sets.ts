/** Cases: character sets, declared rightly, wrongly and not at all known. */
import type { WritableCharset } from '../../../adapters/inbound/hl7v2/message/reencode.ts';
import { frame } from '../../../adapters/wire/mllp.ts';
import {
  differs,
  isRefused,
  mustAccept,
  shouldRefuse,
  skipped,
  told,
  type WireCase,
} from './case.ts';

const table = 'HL7 v2.5 chapter 2, MSH-18, table 0211';
const noLetters = 'the message has no letter outside ASCII';

function declared(name: string, charset: WritableCharset): WireCase {
  return {
    name,
    level: 'must',
    does: `sends letters like Å in ${charset}, MSH-18 says so`,
    expects: 'AA; a receiver may refuse a set it does not read, and never guesses',
    reference: table,
    run: async (bench) => {
      if (!bench.messages.hasLetters) return skipped(noLetters);
      const message = bench.message({ charset });
      const answer = await bench.exchange(message);
      if (isRefused(answer) && answer?.controlId === message.controlId) {
        return differs(`${told(answer)}: it does not read ${charset}`);
      }
      return mustAccept(answer, message.controlId);
    },
  };
}

function wrongly(name: string, bytes: WritableCharset, said: WritableCharset): WireCase {
  return {
    name,
    level: 'must',
    does: `sends bytes of ${bytes} under MSH-18 ${said}`,
    expects: 'a refusal: letters of a name would be lost or garbled',
    reference: `${table}; bytes that are not of the declared set`,
    run: async (bench) => {
      if (!bench.messages.hasLetters) return skipped(noLetters);
      const { raw, controlId } = bench.message({ charset: bytes });
      const header = Buffer.from(raw).toString('latin1').replace(bytes, said);
      const lying = Buffer.from(header, 'latin1');
      const answer = await bench.exchange({ controlId, raw: lying, framed: frame(lying) });
      return shouldRefuse(answer, controlId);
    },
  };
}

export const characterSets: readonly WireCase[] = [
  declared('charset-8859-1', '8859/1'),
  declared('charset-8859-15', '8859/15'),
  declared('charset-utf-8', 'UNICODE UTF-8'),
  wrongly('charset-not-utf-8', '8859/1', 'UNICODE UTF-8'),
  wrongly('charset-not-8859-1', 'UNICODE UTF-8', '8859/1'),
  {
    name: 'charset-unknown',
    level: 'must',
    does: 'declares a character set that no table has',
    expects: 'AE with 103 (table value not found)',
    reference: table,
    run: async (bench) => {
      const message = bench.message({ header: { 18: 'X-NO-SUCH-SET' } });
      return shouldRefuse(await bench.exchange(message), message.controlId, '103');
    },
  },
];
