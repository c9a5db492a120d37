/** What a billing basis is: of which place and month, and what it says. */
import type { BillingData, Carry } from '../../process/events.ts';

export interface SettlementPeriod {
  readonly county: string;
  readonly municipality: string;
  /** `YYYY-MM`: of discharge, or of the days themselves where an agreement settles by day. */
  readonly month: string;
}

/** What a month asks a person to do, beside paying. */
export type Signal =
  | { readonly signal: 'joint-analysis'; readonly reference: string }
  | {
      readonly signal: 'action-plan';
      readonly cause: 'liability' | 'deficiencies';
      readonly reference: string;
    };

export type Basis = Pick<
  BillingData,
  | 'lines'
  | 'excluded'
  | 'cases'
  | 'formula'
  | 'totalOre'
  | 'model'
  | 'agreement'
  | 'remarks'
  | 'invoiceOn'
> & {
  /** What the next month needs to know; absent under the statute, whose months stand alone. */
  readonly carry?: Carry;
  /** The mean's own figures. */
  readonly mean?: { readonly cases: number; readonly readyDays: number };
  readonly signals: readonly Signal[];
};
