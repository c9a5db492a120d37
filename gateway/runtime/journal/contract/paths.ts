/** What shows the way of a message, an event or a notice: ids, codes and times, no content. */

export interface PassedMessage {
  readonly messageId: string;
  readonly sender: string | undefined;
  readonly controlId: string | undefined;
  readonly kind: string | undefined;
  readonly state: string;
  readonly receivedAt: string;
  readonly stayId: string | undefined;
  readonly errorCode: string | undefined;
}

export interface PassedDelivery {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly streamId: string;
  readonly receiver: string | undefined;
  readonly state: string;
  readonly nextAt: string | undefined;
}

export interface PassedAttempt {
  readonly deliveryId: string;
  readonly number: number;
  readonly startedAt: string;
  readonly endedAt: string | undefined;
  readonly state: string | undefined;
  readonly detail: string | undefined;
}

/** An event that has not been handled: it waits, or was given up. */
export interface PendingEvent {
  readonly queue: string;
  readonly position: number;
  readonly eventId: string;
  readonly type: string;
  readonly isDead: boolean;
  readonly attempts: number;
  readonly error: string | undefined;
}

/** Older events are found by their case or their message: it takes seconds to look through these. */
export const eventsLookedThrough = 1_000_000;

/** Asked seldom, by a person: some look through a whole table, so that nobody who stores pays for an index. */
export interface Paths {
  /** By their ids, or by the id that the sender gave; in the order of their coming. */
  messages(ids: readonly string[]): Promise<readonly PassedMessage[]>;
  delivery(id: string): Promise<PassedDelivery | undefined>;
  deliveriesOf(streams: readonly string[]): Promise<readonly PassedDelivery[]>;
  attemptsOf(deliveryIds: readonly string[]): Promise<readonly PassedAttempt[]>;
  pendingOf(streams: readonly string[]): Promise<readonly PendingEvent[]>;
  /**
   * The stream that an event stands in; undefined where there is no such event among those that wait or were given up, and
   * the latest. Ids of events are hashes: in an index each lands on a page of its own, and adding an event would cost
   * three times what it does and more as the journal grows, for a question that is seldom asked.
   * @param latest how many of the latest are looked through
   */
  streamOfEvent(id: string, latest?: number): Promise<string | undefined>;
}
