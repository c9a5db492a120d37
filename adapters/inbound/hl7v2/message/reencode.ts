/** A message in another character set, and said to be so in MSH-18. */
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { GatewayError } from '../../../../gateway/errors.ts';
import { headerField } from '../../../wire/mllp-answer.ts';
import { charsetOf, decode } from './charset.ts';

/** The sets a message can be rewritten to, as MSH-18 names them. */
export const writableCharsets = ['8859/1', '8859/15', 'UNICODE UTF-8'] as const;
export type WritableCharset = (typeof writableCharsets)[number];

const encodings: Readonly<Record<WritableCharset, string>> = {
  '8859/1': 'ISO-8859-1',
  '8859/15': 'ISO-8859-15',
  'UNICODE UTF-8': 'utf8',
};

/**
 * Writes a message anew in `charset` and sets MSH-18.
 * Where MSH-18 is empty, bytes that are UTF-8 are read as that and others as 8859/1.
 * @throws GatewayError malformed-message for bytes that are not of the declared set, and for a character that
 *   `charset` does not have; it names the segment, never the text
 */
export function reencode(raw: Uint8Array, charset: WritableCharset): Uint8Array {
  const declared = headerField(raw, 18).split('~')[0] ?? '';
  const marked = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf;
  const bytes = marked ? raw.subarray(3) : raw;
  const fallback = isUtf8(bytes) ? 'UNICODE UTF-8' : '8859/1';
  const from = charsetOf(marked ? 'UNICODE UTF-8' : declared, fallback);
  return encode(withHeaderField(decode(bytes, from), 18, charset), charset);
}

/** @throws GatewayError malformed-message for a character the set does not have */
export function encode(text: string, charset: WritableCharset): Uint8Array {
  const encoded = iconv.encode(text, encodings[charset]);
  if (iconv.decode(encoded, encodings[charset]) === text) return encoded;
  const lost = text.split(/[\r\n]+/).find((segment) => {
    return iconv.decode(iconv.encode(segment, encodings[charset]), encodings[charset]) !== segment;
  });
  throw new GatewayError(
    'malformed-message',
    `${charset} does not have every character of segment ${lost?.slice(0, 3) ?? ''}`,
    { location: 'MSH-18', standardCode: '103' },
  );
}

/** Sets a field of MSH by its number in the standard; the rest of the message stays as it is. */
export function withHeaderField(text: string, number: number, value: string): string {
  const end = /[\r\n]|$/.exec(text)?.index ?? text.length;
  const separator = text.charAt(3) || '|';
  const fields = text.slice(0, end).split(separator);
  while (fields.length < number) fields.push('');
  fields[number - 1] = value;
  return fields.join(separator) + text.slice(end);
}
