/**
 * Escape sequences of HL7 v2 (chapter 2, "Use of escape sequences in text fields"), both ways.
 * A sequence we do not know is left as it stands: a path like C:\temp\x loses nothing.
 */
import { GatewayError } from '../../../../gateway/errors.ts';
import { decode } from './charset.ts';
import type { Charset } from './charset.ts';
import type { Delimiters } from './message.ts';

/**
 * @param text a value that may hold sequences
 * @throws GatewayError malformed-message for hexadecimal bytes that are not of the character set
 */
export function unescape(text: string, delimiters: Delimiters, charset: Charset): string {
  const { escape } = delimiters;
  let plain = '';
  /** What stands before it is in `plain`. */
  let kept = 0;
  let start = text.indexOf(escape);
  while (start >= 0) {
    const end = text.indexOf(escape, start + 1);
    if (end < 0) break;
    const meaning = meaningOf(text.slice(start + 1, end), delimiters, charset);
    if (meaning === undefined) {
      // Not a sequence: keep this character, and see whether the next one begins a sequence.
      start = end;
    } else {
      plain += text.slice(kept, start) + meaning;
      kept = end + 1;
      start = text.indexOf(escape, kept);
    }
  }
  return plain + text.slice(kept);
}

function meaningOf(sequence: string, delimiters: Delimiters, charset: Charset): string | undefined {
  switch (sequence) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return delimiters.subcomponent === '' ? '&' : delimiters.subcomponent; // MSH-2 may end before it
    case 'R':
      return delimiters.repetition;
    case 'E':
      return delimiters.escape;
    case '.br':
      return '\n';
    case 'H':
    case 'N':
      return ''; // highlighting begins and ends: presentation only
    default:
      return /^X(?:[0-9A-Fa-f]{2})+$/.test(sequence)
        ? hexadecimal(sequence.slice(1), charset)
        : undefined;
  }
}

function hexadecimal(digits: string, charset: Charset): string {
  try {
    return decode(Buffer.from(digits, 'hex'), charset);
  } catch (cause) {
    throw new GatewayError(
      'malformed-message',
      'escape sequence with bytes of another character set',
      {
        cause,
        standardCode: '102',
      },
    );
  }
}

/** Writes a value so that it holds no separator of the message; line breaks become `.br`. */
export function escapeText(text: string, delimiters: Delimiters): string {
  const { field, component, subcomponent, repetition, escape } = delimiters;
  let escaped = '';
  for (const character of text) {
    const code =
      character === escape
        ? 'E'
        : character === field
          ? 'F'
          : character === component
            ? 'S'
            : character === subcomponent
              ? 'T'
              : character === repetition
                ? 'R'
                : character === '\r' || character === '\n'
                  ? '.br'
                  : undefined;
    if (code === undefined) escaped += character;
    else if (escape === '') escaped += ' ';
    else escaped += escape + code + escape;
  }
  return escaped;
}
