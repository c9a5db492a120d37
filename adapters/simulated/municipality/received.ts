/** What came, over all channels, in the order in which it came. */
import type { Channel } from './behaviour.ts';
import { toldOf, type Told } from './told.ts';

/** One message or file, as its channel tells of it. */
export interface Arrival {
  readonly channel: Channel;
  /** By which the channel knows a repeat. */
  readonly messageId: string;
  /** One of that id had been taken before. */
  readonly isDuplicate: boolean;
  /** Whether the signature or the token was right; absent where the channel has none. */
  readonly signature?: 'right' | 'wrong' | undefined;
  readonly isTaken: boolean;
  /** What was done with it, in a word of the vocabulary. */
  readonly behaviour: string;
  readonly content: string;
}

/** As it stands in the list: nothing of the person. */
export interface Received extends Omit<Arrival, 'content'>, Told {
  /** From 1, in the order of arrival. */
  readonly number: number;
  /** When, with its offset. */
  readonly at: string;
  /** What was answered to it since, in order. */
  readonly answers: readonly Answered[];
}

export interface Answered {
  readonly at: string;
  /** The CloudEvent's: `notice.acknowledged`. */
  readonly answer: string;
  /** `HTTP 202`, or why the gateway did not take it. */
  readonly result: string;
}

/** A trial run is shorter; the oldest make room. */
const mostReceived = 10_000;
const mostContents = 500;

export class ReceivedList {
  readonly #now: () => string;
  readonly #list: Received[] = [];
  readonly #contents = new Map<number, string>();
  #last = 0;

  /** @param now the time that an arrival gets */
  constructor(now: () => string) {
    this.#now = now;
  }

  add({ content, ...arrival }: Arrival): Received {
    this.#last += 1;
    const received = {
      number: this.#last,
      at: this.#now(),
      ...arrival,
      ...toldOf(content),
      answers: [],
    };
    this.#list.push(received);
    this.#contents.set(received.number, content);
    if (this.#list.length > mostReceived) this.#list.shift();
    this.#contents.delete(received.number - mostContents);
    return received;
  }

  answered(number: number, answer: string, result: string): void {
    const index = this.#list.findIndex((one) => one.number === number);
    const one = this.#list[index];
    if (!one) return;
    const answers = [...one.answers, { at: this.#now(), answer, result }];
    this.#list[index] = { ...one, answers };
  }

  /** In the order of arrival. */
  all(): readonly Received[] {
    return this.#list;
  }

  byNumber(number: number): Received | undefined {
    return this.#list.find((one) => one.number === number);
  }

  /** As it came, the person and all; undefined where it has made room. */
  contentOf(number: number): string | undefined {
    return this.#contents.get(number);
  }
}

/** One line of a log: when, by which channel, what, of which case, and what became of it. */
export function lineOf(one: Received): string {
  const { number, at, channel, action, obligation, label, reference, messageId, behaviour } = one;
  const became = one.isTaken ? 'taken' : 'not taken';
  const remarks = [
    ...(behaviour === 'accept' ? [] : [behaviour]),
    ...(one.isDuplicate ? ['duplicate'] : []),
    ...(one.signature === 'wrong' ? ['wrong signature'] : []),
  ];
  const what = [action, obligation ?? label, reference, `id ${messageId}`].filter(
    (part) => part !== undefined,
  );
  const remark = remarks.length > 0 ? ` (${remarks.join(', ')})` : '';
  return `${at}  ${number}  ${channel}  ${what.map(shown).join('  ')}  ${became}${remark}`;
}

/** What others wrote, on one line of a terminal. */
const shown = (text: string): string => text.replace(/\p{C}/gu, '?').slice(0, 100);
