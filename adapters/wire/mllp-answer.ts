/** What an acknowledgement says, by its own separators: codes and places alone, never free text. */

/** One ERR segment (or one repetition of ERR-1 before version 2.5). */
export interface AnsweredError {
  /** Table 0357: ERR-3.1, or ERR-1.4.1. Empty where it is left out. */
  readonly code: string;
  /** ERR-2, or the first three components of ERR-1, as written: `PV1^1^19`. */
  readonly location: string;
}

export interface Answer {
  /** MSA-1, table 0008. Empty where there is no MSA. */
  readonly code: string;
  /** MSA-2: the control id of the message that is answered. */
  readonly controlId: string;
  readonly errors: readonly AnsweredError[];
}

/** Reads an acknowledgement; what is missing is empty. Nothing is judged. */
export function readAnswer(raw: Uint8Array): Answer {
  const segments = segmentsOf(raw);
  const separator = segments[0]?.charAt(3) || '|';
  const component = segments[0]?.charAt(4) || '^';
  const subcomponent = segments[0]?.split(separator)[1]?.charAt(3) || '&';
  const msa = segments.find((segment) => segment.startsWith(`MSA${separator}`))?.split(separator);
  const errors = segments
    .filter((segment) => segment.startsWith(`ERR${separator}`))
    .map((segment) => segment.split(separator))
    .map(([, old = '', location = '', code = '']): AnsweredError => {
      if (code !== '' || location !== '') return { code: code.split(component)[0] ?? '', location };
      const parts = old.split(component);
      return {
        code: (parts[3] ?? '').split(subcomponent)[0]?.split(' ')[0] ?? '',
        location: parts.slice(0, 3).join(component).replace(/\^+$/, ''),
      };
    })
    .map(({ code, location }) => ({ code: printable(code), location: printable(location) }));
  return { code: printable(msa?.[1] ?? ''), controlId: msa?.[2] ?? '', errors };
}

/** A field of MSH by its number in the standard (MSH-10: 10), one character to a byte. MSH-1 is the separator. */
export function headerField(raw: Uint8Array, number: number): string {
  const header = segmentsOf(raw)[0] ?? '';
  const separator = header.charAt(3) || '|';
  return number === 1 ? separator : (header.split(separator)[number - 1] ?? '');
}

/** The acknowledgement code (MSA-1) of an answer: `AA`, `AE`, `AR`. */
export function answerCodeOf(answer: Uint8Array): string {
  return readAnswer(answer).code;
}

/** What may be shown on a terminal of a code or an id: one line of visible ASCII, and not too much of it. */
export function printable(text: string): string {
  return text.slice(0, 199).replace(/[^ -~]/g, '?');
}

const bytesLookedAt = 65_536;

/** The first segments; an answer is small, and of a message only MSH is asked for. */
function segmentsOf(raw: Uint8Array): string[] {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, bytesLookedAt));
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return bytes.toString('latin1', start).split(/[\r\n]+/);
}
