/** The messages the suite sends: one template, changed in its header, with control ids that no run has used before. */
import { randomBytes } from 'node:crypto';
import { frame } from '../../../adapters/wire/mllp.ts';
import {
  encode,
  withHeaderField,
  type WritableCharset,
} from '../../../adapters/inbound/hl7v2/message/reencode.ts';

export interface MessageChanges {
  /** Fields of MSH by their numbers in the standard. */
  readonly header?: Readonly<Record<number, string>>;
  /** Instead of a new one. */
  readonly controlId?: string;
  /** The bytes' character set, and MSH-18; the template's own where left out. */
  readonly charset?: WritableCharset;
  /** Changes the text, with CR between segments. */
  readonly edit?: (text: string) => string;
}

export interface TestMessage {
  readonly controlId: string;
  readonly raw: Uint8Array;
  readonly framed: Buffer;
}

export interface TemplateOptions {
  /** A message to send instead of the suite's own, decoded. */
  readonly text?: string;
  /** What the messages are written in unless a case says otherwise. */
  readonly charset: WritableCharset;
  /** MSH-3 and MSH-4. */
  readonly sender?: { readonly application: string; readonly facility: string };
  /** MSH-11. */
  readonly processingId: string;
  /** The time of the run, ISO 8601 in UTC. */
  readonly now: string;
}

/** A published test number of Skatteverket, and a name nobody has. */
const person = { number: '189002029800', name: 'Provsson^Åsa' };

/** Makes messages of one run. Ids have 20 characters at most, the length MSH-10 has up to version 2.5. */
export class MessageMaker {
  readonly #options: TemplateOptions;
  readonly #run = randomBytes(5).toString('hex').toUpperCase();
  #made = 0;

  constructor(options: TemplateOptions) {
    this.#options = options;
  }

  controlId(): string {
    this.#made += 1;
    return `W${this.#run}${String(this.#made).padStart(5, '0')}`;
  }

  make({ header = {}, edit, ...changes }: MessageChanges = {}): TestMessage {
    const charset = changes.charset ?? this.#options.charset;
    const controlId = changes.controlId ?? this.controlId();
    const { sender, processingId } = this.#options;
    let text = this.#options.text ?? ownMessage(`V${this.#run}`, this.#options.now);
    const set = (field: number, value: string): void => {
      text = withHeaderField(text, field, value);
    };
    if (sender !== undefined) {
      set(3, sender.application);
      set(4, sender.facility);
    }
    set(10, controlId);
    set(11, processingId);
    set(18, charset);
    for (const [field, value] of Object.entries(header)) set(Number(field), value);
    const raw = encode(edit?.(text) ?? text, charset);
    return { controlId, raw, framed: frame(raw) };
  }

  /** Whether the template has a letter outside ASCII. */
  get hasLetters(): boolean {
    // oxlint-disable-next-line no-control-regex
    return /[^\x00-\x7f]/.test(this.#options.text ?? person.name);
  }
}

/** An admission of a person who does not exist; one visit a run, so that a test system is not filled with stays. */
function ownMessage(visit: string, now: string): string {
  const time = `${now.slice(0, 19).replace(/[-T:]/g, '')}+0000`;
  return [
    `MSH|^~\\&|HEMGANG-WIRE|TEST|RECEIVER|TEST|${time}||ADT^A01^ADT_A01||T|2.5`,
    `EVN|A01|${time}||||${time}`,
    `PID|1||${person.number}^^^&1.2.752.129.2.1.3.1&ISO||${person.name}`,
    segment('PV1', { 1: '1', 2: 'I', 3: 'WARD', 19: visit, 44: time }),
    '',
  ].join('\r');
}

function segment(name: string, values: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(values).map(Number));
  return [name, ...Array.from({ length: last }, (_, index) => values[index + 1] ?? '')].join('|');
}
