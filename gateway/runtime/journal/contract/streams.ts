/** Streams of events, and what `advance` writes. */
import type { DeadlineData, DischargeEvent, EventBody } from '../../../process/events.ts';

/** An event with its place in the journal. Positions rise in commit order. */
export interface StoredEvent {
  readonly position: number;
  readonly event: DischargeEvent;
}

/** The streams of one discharge process: all linked stays. */
export interface LoadedProcess {
  readonly processId: string;
  /** In order of first sight. */
  readonly stays: readonly {
    readonly stayId: string;
    /** Whose it is. */
    readonly patientKey: string;
    readonly sender: string;
    readonly version: number;
  }[];
  /** Events of all linked stays by position. */
  readonly events: readonly StoredEvent[];
}

/**
 * A stay in another process, of the same patient or told to overlap, with the events that tell its beginning, its end and
 * its overlaps.
 */
export interface RelatedStay {
  readonly stayId: string;
  readonly patientKey: string;
  readonly processId: string;
  readonly version: number;
  readonly events: readonly StoredEvent[];
}

/** A clock that was missed, as it was written down. */
export interface MissedDeadline {
  readonly position: number;
  readonly processId: string;
  readonly deadline: DeadlineData['deadline'];
  /** When it was written down, ISO 8601. */
  readonly at: string;
}

/** A case whose latest count says that a figure was missing. */
export interface UnjudgedCase {
  readonly stayId: string;
  readonly processId: string;
}

/** Streams whose id is not a stay: `settlement:<county>:<municipality>:<month>`. */
export interface LoadedStream {
  readonly streamId: string;
  readonly version: number;
  readonly events: readonly StoredEvent[];
}

export interface NewEvent {
  readonly streamId: string;
  readonly body: EventBody;
  /** Lane on the bus: the process, the process and recipient role, the settlement stream. */
  readonly lane: string;
  /** A second stream that also reads this event (care-days.counted is read by its settlement). */
  readonly alsoStream?: string;
}

/** A deadline row. When it falls due, the relay records its event with `data` in `streamId`. */
export interface DeadlineRow {
  readonly key: string;
  readonly streamId: string;
  readonly lane: string;
  readonly dueAt: string;
  /** JSON of the data of its event. */
  readonly data: string;
  /** What it becomes: `deadline.reached` unless it says otherwise. */
  readonly event?: 'deadline.reached' | 'deadline.nearing';
}

/** What `advance` writes: all of it or nothing. */
export interface Append {
  /** Version of every stream that was folded. A difference refuses the whole append. */
  readonly expected: readonly { readonly streamId: string; readonly version: number }[];
  readonly events: readonly NewEvent[];
  readonly setDeadlines: readonly DeadlineRow[];
  readonly closeDeadlines: readonly string[];
}
