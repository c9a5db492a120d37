/** What was found of messages after their answers had left. */

/** What was found of a message after its answer had left, by its `place`; text without person data. */
export interface Found {
  readonly place: number;
  readonly findings: readonly string[];
}

/** A message of which something was found after its answer had left. */
export interface FoundMessage {
  readonly messageId: string;
  readonly sender: string;
  readonly kind: string;
  readonly receivedAt: string;
  readonly findings: readonly string[];
}
