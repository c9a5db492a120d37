/**
 * The bus: takes events to the parts that handle them, one lane at a time in order, lanes in parallel.
 *
 * The bus carries, the journal waits: an outbox row lives until its event has been handled, retries are rows with a
 * time, and a dead letter is a row an operator can see. Every form passes one contract test.
 */
import type { GatewayError } from '../../errors.ts';
import type { Outbox, OutboxRow, QueueName } from '../journal/journal.ts';

/** One event on its way. It is a nudge: the journal holds the truth. */
export type Delivery = Omit<OutboxRow, 'attempts'> & {
  /** 1 the first time. */
  readonly attempt: number;
};

/**
 * Handles what waits in one lane, in order. It resolves when everything that follows is committed.
 * A throw sends all of them back, by its fate: a transient one again later for as long as it takes, any other again
 * until the limit and then as a dead letter.
 */
export type Handle = (lane: string, deliveries: readonly Delivery[]) => Promise<void>;

export interface ConsumeOptions {
  /** Lanes handled at the same time. */
  readonly lanes: number;
  /** Attempts before an event is a dead letter; those that failed transiently are not counted. */
  readonly attemptLimit: number;
  /** Wait before attempt n+1, in milliseconds; the last one repeats. */
  readonly retryDelaysMs: readonly number[];
}

export interface Bus {
  readonly form: 'embedded' | 'rabbitmq';
  /** Starts handling a queue. */
  consume(queue: QueueName, handle: Handle, options: ConsumeOptions): Promise<void>;
  /**
   * Hands unpublished outbox rows over; resolves when each is safely taken over (in the broker form: confirmed).
   * The embedded form has nothing to do: its rows *are* the bus.
   * One whose event cannot be read is a dead letter at once, and the others go on.
   * @param outbox where it is written that they are; the bus's own journal unless given
   * @returns how many were handed over
   */
  publishWaiting(nowMs: number, outbox?: Pick<Outbox, 'published' | 'bury'>): Promise<number>;
  /**
   * Called when somebody was turned away by `publishWaiting` for want of a broker that takes, and there is one now.
   * @returns takes the listener away
   */
  onUsable(listener: () => void): () => void;
  /** Looks again at once: the clock was set by hand, or a dead letter was redriven. */
  wake(): void;
  /** Events taken and not yet handled. */
  inHand(): number;
  /** Takes nothing new and waits for what is in hand. */
  stop(): Promise<void>;
  /** Lets go of what is in hand without waiting for it: it comes again at the next start. Call `stop` first. */
  close(): Promise<void>;
}

/** Told of every failure: the error's text holds no personal data, the lane is a random key. */
export type OnTrouble = (
  error: GatewayError,
  about: {
    readonly queue?: QueueName;
    readonly lane?: string;
    /** The events were given up: an operator has to look. */
    readonly deadLetter?: boolean;
  },
) => void;
