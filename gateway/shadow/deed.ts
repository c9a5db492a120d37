/** What one of the two systems did: sent a notice, or billed days. The same shape for both. */
import { obligations } from '../process/events.ts';

export const deedKinds = [...obligations, 'billing'] as const;
export type DeedKind = (typeof deedKinds)[number];

export interface Deed {
  readonly kind: DeedKind;
  /** Visit number, where it is known by one. */
  readonly visit?: string;
  /** Our case reference, where it is known by it. */
  readonly case?: string;
  /** Of a notice: when it was sent, ISO 8601 UTC. */
  readonly at?: string;
  /** Of billing: the month it is settled in, `YYYY-MM`. */
  readonly month?: string;
  /** SCB code. */
  readonly municipality?: string;
  readonly days?: number;
  readonly amountOre?: number;
}

/** What we would have done, with why a person could look twice at it. */
export interface OwnDeed extends Deed {
  readonly case: string;
  /** Code of why days are not charged. */
  readonly reason?: string;
  readonly flags?: readonly string[];
}

/** A case as we have it: what it is known by, and what is known of it. */
export interface OwnCase {
  readonly case: string;
  readonly visits: readonly string[];
  readonly deeds: readonly OwnDeed[];
  /** Reason of the finding about each duty: why nothing was sent where nothing was. */
  readonly reasons: Partial<{ readonly [K in DeedKind]: string }>;
  /** Whether a fact that the duty starts with was told at all. */
  readonly told: ReadonlySet<DeedKind>;
  /** The municipality has changed in the course of it. */
  readonly hasMoved: boolean;
}
