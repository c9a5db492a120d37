/** Who may answer over HTTP. */
import type { WitnessKind } from '../../../gateway/process/witness.ts';

/** A municipality; the region's outpatient unit; the planning system of the hospital, where that is another than its HL7. */
export type PartnerKind = Exclude<WitnessKind, 'hospital'>;

export interface Partner {
  /** Sender of what it sends. */
  readonly id: string;
  readonly kind: PartnerKind;
  /** Receivers it answers for; it may speak only of cases they were sent. */
  readonly receivers: readonly string[];
  /** SCB code of a municipality. Without it the partner cannot report what names one: a placement (5 kap. 2 §). */
  readonly municipality?: string;
}
