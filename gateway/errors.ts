/**
 * Every error there is, and its fate.
 *
 * The fate says what is *known*, because that decides what may be done next:
 * - `permanent`: doing it again cannot help;
 * - `transient`: it provably did not happen, so it may be done again;
 * - `ambiguous`: it may have happened, so it may be done again only where the other side recognises a repeat.
 */
export type Fate = 'permanent' | 'transient' | 'ambiguous';

const fates = {
  'malformed-message': 'permanent',
  'unsupported-message': 'permanent',
  'unknown-sender': 'permanent',
  'control-id-reused': 'permanent',
  'out-of-sequence': 'permanent',
  'unknown-case': 'permanent',
  // No invoice of this number to who speaks of it; and one that cannot be disputed, with our own code for why.
  'unknown-invoice': 'permanent',
  'dispute-refused': 'permanent',
  // The resource is not as the sender takes it to be (If-Match, If-None-Exist, several matches).
  'version-conflict': 'permanent',
  'journal-unavailable': 'transient',
  'disk-full': 'transient',
  'bus-unavailable': 'transient',
  // A journal that was written out or moved is not what was read.
  'export-damaged': 'permanent',
  // What stands in the journal cannot have been written by the gateway: a person has to look.
  'journal-spoiled': 'permanent',
  'stale-version': 'transient',
  // Another instance does this now; nothing was written.
  'lease-lost': 'transient',
  // Another system that we read from: not reached or not now; it will not let us.
  'source-unavailable': 'transient',
  'source-refused': 'permanent',
  'delivery-refused': 'permanent',
  'delivery-failed': 'transient',
  'delivery-unknown': 'ambiguous',
  unroutable: 'permanent',
  // What is asked for is no invoice: nothing, less than nothing, or of no amount.
  'invoice-refused': 'permanent',
  'configuration-invalid': 'permanent',
  'assertion-failed': 'permanent',
} as const satisfies Record<string, Fate>;

export type ErrorCode = keyof typeof fates;

/** Every code there is. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a constant
export const errorCodes = Object.keys(fates) as ErrorCode[];

export interface ErrorDetail {
  readonly cause?: unknown;
  /** Where in the message, as the standard writes it: `PV1-19`, `Encounter.status`. */
  readonly location?: string;
  /**
   * The standard's own code for it where there is one: HL7 table 0357, a FHIR issue code, an HTTP status; of a dispute that
   * is refused, our word for why.
   */
  readonly standardCode?: string;
  /** The earliest time to try again, in milliseconds from now, where the other side said so. */
  readonly retryAfterMs?: number;
  /** The number a message should have had, where the sender numbers them. */
  readonly expectedSequence?: number;
}

/**
 * The one error class. Its message goes to logs and to the other side, so it never holds personal data:
 * it names fields, tables and codes, not values of person fields.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly fate: Fate;
  readonly location: string | undefined;
  readonly standardCode: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly expectedSequence: number | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.fate = fates[code];
    this.location = detail.location;
    this.standardCode = detail.standardCode;
    this.retryAfterMs = detail.retryAfterMs;
    this.expectedSequence = detail.expectedSequence;
  }
}

/** Turns whatever was thrown into a GatewayError; what is not one already is our own bug. */
export function asGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  return new GatewayError('assertion-failed', `unexpected ${name}`, { cause: thrown });
}

/** States what must hold in our own code; a breach is our bug, never the sender's. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new GatewayError('assertion-failed', what);
}
