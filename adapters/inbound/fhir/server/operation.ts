/** An operation that is plugged into the server: `$process-message`, `$validate`. */
import type { IncomingMessage } from 'node:http';
import type { FhirResource, OperationOutcome } from 'fhir/r4.js';
import type { JsonDocument } from '../json/strict-json.ts';
import type { FhirSender } from '../security/identity.ts';
import type { Preference } from './negotiation.ts';
import type { TakingTogether } from './request.ts';

export interface OperationCall {
  readonly sender: FhirSender;
  readonly taking: TakingTogether;
  /** Of what is called on a type or on one resource. */
  readonly type?: string;
  readonly id?: string;
  readonly query: URLSearchParams;
  readonly prefer: Preference;
  /** Read strictly; an object. */
  readonly body: JsonDocument;
  readonly request: IncomingMessage;
}

export interface OperationAnswer {
  readonly status: number;
  /** What is answered; without one there is no body. */
  readonly resource?: FhirResource | OperationOutcome;
}

export interface Operation {
  /** Canonical of its OperationDefinition. */
  readonly definition: string;
  readonly documentation?: string;
  /** Called as `[base]/$name`. */
  readonly onSystem: boolean;
  /** Called as `[base]/Encounter/$name`. */
  readonly onTypes: readonly string[];
  /** @throws GatewayError, FhirRefusal: answered as an OperationOutcome */
  run(call: OperationCall): Promise<OperationAnswer>;
}

/** By name, with its `$`. All are called by POST. */
export type Operations = Readonly<Record<string, Operation>>;
