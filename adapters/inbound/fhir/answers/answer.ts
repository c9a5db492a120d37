/**
 * What the sender of a resource hears, as it is stored with the message and given again to a repeat: the HTTP status and
 * what stands in the headers, with an OperationOutcome where there is something to say.
 */
import type { OperationOutcome } from 'fhir/r4.js';
import type { AnswerContext, Verdict } from '../../../adapter.ts';
import type { Exchange } from '../exchange.ts';
import { issueOf, issueOfUnmapped, issueOfWarning, outcomeOf } from './outcome.ts';
import { refusedFor } from './refusal.ts';

/** Content-Type of every answer. */
export const fhirJson = 'application/fhir+json; charset=utf-8; fhirVersion=4.0';

export interface FhirAnswer {
  readonly status: number;
  readonly type?: string;
  readonly id?: string;
  /** Ours, for ETag and Location; absent where nothing was stored. */
  readonly version?: number;
  /** When that version was taken, ISO 8601 UTC. */
  readonly lastModified?: string;
  readonly outcome?: OperationOutcome;
  /** The outcome is told whatever the sender prefers to hear: a code waits for a table. */
  readonly mustTell?: true;
}

/** @param exchange absent where the bytes could not be read */
export function answerBytes(
  exchange: Exchange | undefined,
  verdict: Verdict,
  context: AnswerContext,
): Uint8Array {
  return Buffer.from(JSON.stringify(answerTo(exchange, verdict, context)));
}

/** @param bytes what `answerBytes` made */
export function readAnswer(bytes: Uint8Array): FhirAnswer {
  const answer: FhirAnswer = JSON.parse(Buffer.from(bytes).toString('utf8'));
  return answer;
}

function answerTo(
  exchange: Exchange | undefined,
  verdict: Verdict,
  { now }: AnswerContext,
): FhirAnswer {
  if (!verdict.accepted) return refusedFor(verdict.error);
  if (exchange === undefined) return { status: 200 };
  const { request, resource } = exchange;
  const issues = issuesOf(verdict);
  const stands = request.isOlder === true ? {} : { version: request.base + 1, lastModified: now };
  return {
    status: request.base === 0 ? 201 : 200,
    type: resource.resourceType,
    id: request.id,
    ...stands,
    ...(issues.length > 0 && { outcome: outcomeOf(issues) }),
    ...((verdict.unmapped ?? []).length > 0 && { mustTell: true as const }),
  };
}

function issuesOf({ warnings, unmapped = [], ignored }: Extract<Verdict, { accepted: true }>) {
  const silent =
    ignored === undefined
      ? []
      : [
          issueOf({
            severity: 'information',
            code: 'informational',
            text: `says nothing of a discharge process: ${ignored}`,
          }),
        ];
  return [...unmapped.map(issueOfUnmapped), ...warnings.map(issueOfWarning), ...silent];
}
