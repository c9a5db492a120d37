/**
 * What the sender of a resource hears, as it is stored with the message and given again to a repeat: the HTTP status and
 * what stands in the headers, with an OperationOutcome where there is something to say.
 */
import type { OperationOutcome } from 'fhir/r4.js';
import type { AnswerContext, Verdict } from '../../../adapter.ts';
import type { Exchange } from '../exchange.ts';

export interface FhirAnswer {
  readonly status: number;
  readonly type?: string;
  readonly id?: string;
  /** Ours, for ETag and Location; absent where nothing was stored. */
  readonly version?: number;
  readonly lastModified?: string;
  readonly outcome?: OperationOutcome;
}

/** @param exchange absent where the bytes could not be read */
export function answerBytes(
  exchange: Exchange | undefined,
  verdict: Verdict,
  context: AnswerContext,
): Uint8Array {
  return Buffer.from(JSON.stringify(answerTo(exchange, verdict, context)));
}

export function readAnswer(bytes: Uint8Array): FhirAnswer {
  const answer: FhirAnswer = JSON.parse(Buffer.from(bytes).toString('utf8'));
  return answer;
}

function answerTo(
  exchange: Exchange | undefined,
  verdict: Verdict,
  { now }: AnswerContext,
): FhirAnswer {
  if (!verdict.accepted || exchange === undefined) {
    const error = verdict.accepted ? undefined : verdict.error;
    return {
      status: 422,
      outcome: {
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: 'invalid', diagnostics: error?.message ?? 'not read' }],
      },
    };
  }
  const { request, resource } = exchange;
  const isNew = request.isOlder !== true;
  return {
    status: request.base === 0 ? 201 : 200,
    type: resource.resourceType,
    id: request.id,
    version: isNew ? request.base + 1 : request.base,
    lastModified: now,
    ...(verdict.warnings.length > 0 && {
      outcome: {
        resourceType: 'OperationOutcome' as const,
        issue: verdict.warnings.map((text) => ({
          severity: 'warning' as const,
          code: 'informational' as const,
          diagnostics: text,
        })),
      },
    }),
  };
}
