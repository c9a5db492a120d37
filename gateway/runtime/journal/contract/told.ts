/** Messages that were taken, as they stand in the journal: for whoever looks at them again. */
import type { EventBody } from '../../../process/events.ts';
import type { ParkedMessage } from './parked.ts';

/** A message that was taken, without its bytes. */
export interface ToldHead {
  /** Its number in the journal. */
  readonly place: number;
  readonly messageId: string;
  readonly sender: string;
  readonly kind: string;
  readonly receivedAt: string;
  /** Its process; a message without a stay is a case of its own. */
  readonly caseId: string;
}

/** A message that was taken, with all there is of it. */
export interface ToldMessage extends Omit<ParkedMessage, 'recorded'> {
  readonly place: number;
  /** Of the mappings it was last translated by. */
  readonly mappingRevision: string;
  /** What its stay goes by. */
  readonly visit?: { readonly authority: string; readonly number: string };
  /** The facts of its latest translation. */
  readonly recorded: readonly EventBody[];
}

/** Messages that were taken, in the order of their commits. */
export interface ToldMessages {
  /**
   * A page after a place (0: from the first). It passes the rows and not their bytes; what is refused is left out.
   * @param limit rows passed, so a page may have fewer
   */
  after(
    place: number,
    limit: number,
  ): Promise<{
    readonly heads: readonly ToldHead[];
    readonly upTo: number;
    readonly isLast: boolean;
  }>;
  /** Those of these places that were taken, in order. */
  at(places: readonly number[]): Promise<readonly ToldMessage[]>;
  /** What the stays of a process go by. */
  visitsOf(
    processId: string,
  ): Promise<readonly { readonly authority: string; readonly number: string }[]>;
  /** The place after which everything was received at an instant or later, found by halving: no index is needed. */
  before(instant: string): Promise<number>;
}
