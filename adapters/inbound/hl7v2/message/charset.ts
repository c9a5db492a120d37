/**
 * Character sets by MSH-18 (HL7 table 0211). Bytes that are not of the declared set are refused: a replacement
 * character in a name would be found by a person, weeks later.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { GatewayError } from '../../../../gateway/errors.ts';

export type Charset = 'ascii' | 'latin1' | 'latin9' | 'utf8';

/** Names as MSH-18 writes them. The last three are not in table 0211 but are seen, and can be read in one way only. */
const charsets: ReadonlyMap<string, Charset> = new Map([
  ['ASCII', 'ascii'],
  ['8859/1', 'latin1'],
  ['8859/15', 'latin9'],
  ['UNICODE UTF-8', 'utf8'],
  ['UTF-8', 'utf8'],
  ['ISO-8859-1', 'latin1'],
  ['ISO-8859-15', 'latin9'],
]);

/**
 * The set a message is written in.
 * @param declared MSH-18, first repetition; empty for none
 * @param senderDefault what the sender's overlay says it writes when it declares none
 * @throws GatewayError malformed-message for a set we do not know
 */
export function charsetOf(declared: string, senderDefault: string): Charset {
  const charset = charsets.get(declared === '' ? senderDefault : declared);
  if (charset !== undefined) return charset;
  throw new GatewayError('malformed-message', 'MSH-18: unknown character set', {
    location: 'MSH-18',
    standardCode: '103',
  });
}

/** C1 controls: in an 8859 set no text has them; they show that the bytes are UTF-8 or Windows-1252. */
// oxlint-disable-next-line no-control-regex
const c1 = /[\u0080-\u009f]/;

/**
 * @returns the text
 * @throws GatewayError malformed-message for bytes that are not of the set
 */
export function decode(bytes: Uint8Array, charset: Charset): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (isAscii(buffer)) return buffer.toString('latin1');
  if (charset === 'utf8') {
    if (!isUtf8(buffer)) throw undecodable();
    return buffer.toString('utf8');
  }
  if (charset === 'ascii') throw undecodable();
  const text = buffer.toString('latin1');
  // Good UTF-8 is no text of an 8859 set: it would read Ã¥ for å.
  if (c1.test(text) || isUtf8(buffer)) throw undecodable();
  return charset === 'latin9' ? iconv.decode(buffer, 'ISO-8859-15') : text;
}

function undecodable(): GatewayError {
  return new GatewayError(
    'malformed-message',
    'bytes that are not of the character set in MSH-18',
    {
      location: 'MSH-18',
      standardCode: '102',
    },
  );
}
