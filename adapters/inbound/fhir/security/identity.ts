/** Who speaks, as the server needs to know it: made of a token or a certificate, never of what a resource says. */
import type { IncomingMessage } from 'node:http';
import type { WitnessKind } from '../../../../gateway/process/witness.ts';

/** What kind of system it is: a hospital says everything of its stays, the others what `mayWitness` lets them. */
export type FhirSenderKind = WitnessKind;

export type Interaction = 'create' | 'update' | 'read' | 'search';

export interface FhirSender {
  /** Id of the sender's overlay. */
  readonly id: string;
  readonly kind: FhirSenderKind;
  /** SCB code of a municipality. */
  readonly municipality?: string;
  /** Receivers of ours that it answers for. */
  readonly receivers?: readonly string[];
  /** By the scopes of its token (`system/Encounter.cu`); a sender known by certificate or own token may do all. */
  may(type: string, interaction: Interaction): boolean;
}

/** @returns undefined for whoever is not known: the answer is the same for every reason */
export type Identify = (request: IncomingMessage) => Promise<FhirSender | undefined>;
