/** What a FHIR client hears when something is not taken: the HTTP status, and issues that say where, why and what to do. */
import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4.js';
import { asGatewayError, GatewayError, type ErrorCode } from '../../../../gateway/errors.ts';
import { issueInEntry, issueOf, outcomeOf } from './outcome.ts';

export type IssueType = OperationOutcomeIssue['code'];

interface More {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
  readonly isKept?: boolean;
}

/** An error with several issues, or with a status that its code alone does not give. */
export class FhirRefusal extends GatewayError {
  readonly status: number;
  readonly issues: readonly OperationOutcomeIssue[];
  /** Headers that belong to it: `Allow`, `Accept-Encoding`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The journal has what was refused already. */
  readonly isKept: boolean;

  constructor(status: number, issues: readonly OperationOutcomeIssue[], more: More = {}) {
    const { headers = {}, cause, isKept = false } = more;
    const [first] = issues;
    const location = first?.expression?.[0];
    super(codeOf(status), first?.details?.text ?? first?.diagnostics ?? 'refused', {
      ...(cause !== undefined && { cause }),
      ...(location !== undefined && { location }),
      ...(first !== undefined && { standardCode: first.code }),
    });
    this.status = status;
    this.issues = issues;
    this.headers = headers;
    this.isKept = isKept;
  }
}

/** A refusal of one issue. @param text what is wrong and what to do, without a value of a person element */
export function refuse(
  status: number,
  code: IssueType,
  text: string,
  expression?: string,
  headers?: Readonly<Record<string, string>>,
): FhirRefusal {
  const issue = issueOf({ severity: 'error', code, text, expression });
  return new FhirRefusal(status, [issue], { ...(headers && { headers }) });
}

/** An error in one entry of a Bundle, as a refusal of the whole that says which. */
export function refusalIn(thrown: unknown, index: number): FhirRefusal {
  const { status, outcome } = refusedFor(asGatewayError(thrown));
  const issues = outcome.issue.map((issue) => issueInEntry(issue, index));
  return new FhirRefusal(status, issues, { cause: thrown });
}

export interface Refused {
  readonly status: number;
  readonly outcome: OperationOutcome;
}

/** What is heard of an error. Of our own faults the other side hears the code alone. */
export function refusedFor(error: GatewayError): Refused {
  if (error instanceof FhirRefusal)
    return { status: error.status, outcome: outcomeOf(error.issues) };
  const status = statusOf(error);
  const text =
    status < 500
      ? error.message
      : status === 503
        ? 'not taken, because of us; send it again later'
        : 'not taken, because of a fault of ours; send it again later, and tell us the time';
  const code = issueTypeOf(error, status);
  const expression = status < 500 ? error.location : undefined;
  return {
    status,
    outcome: outcomeOf([issueOf({ severity: 'error', code, text, expression, error: error.code })]),
  };
}

function codeOf(status: number): ErrorCode {
  if (status === 503) return 'journal-unavailable';
  if (status >= 500) return 'assertion-failed';
  if (status === 401 || status === 403) return 'unknown-sender';
  if (status === 409 || status === 412) return 'version-conflict';
  return status === 400 || status === 413 || status === 422
    ? 'malformed-message'
    : 'unsupported-message';
}

/** Of what the sender could not have read: 400. Of what it says: 422. */
const unreadable = new Set(['structure', 'too-costly']);

function statusOf({ code, standardCode }: GatewayError): number {
  switch (code) {
    case 'malformed-message':
      return unreadable.has(standardCode ?? '') ? 400 : 422;
    case 'unsupported-message':
      if (standardCode === 'forbidden') return 403;
      return standardCode === 'not-found' ? 404 : 422;
    case 'unknown-sender':
      return standardCode === 'forbidden' ? 403 : 401;
    case 'unknown-case':
      return 422;
    case 'version-conflict':
      return standardCode === 'conflict' || standardCode === 'duplicate' ? 409 : 412;
    case 'control-id-reused':
    case 'out-of-sequence':
      return 409;
    case 'journal-unavailable':
    case 'disk-full':
    case 'bus-unavailable':
    case 'stale-version':
      return 503;
    default:
      return 500;
  }
}

/** FHIR R4 value set issue-type, as far as errors of ours bring it. */
const issueTypes = new Map<string, IssueType>(
  (
    [
      'invalid',
      'structure',
      'required',
      'value',
      'invariant',
      'login',
      'forbidden',
      'not-supported',
      'duplicate',
      'multiple-matches',
      'not-found',
      'too-long',
      'code-invalid',
      'extension',
      'too-costly',
      'business-rule',
      'conflict',
    ] as const
  ).map((code) => [code, code]),
);

function issueTypeOf({ code, standardCode }: GatewayError, status: number): IssueType {
  if (status === 503) return 'transient';
  if (status >= 500) return 'exception';
  const said = issueTypes.get(standardCode ?? '');
  if (said !== undefined) return said;
  switch (code) {
    case 'unsupported-message':
      return 'not-supported';
    case 'unknown-sender':
      return 'login';
    case 'unknown-case':
      return 'not-found';
    case 'version-conflict':
      return 'conflict';
    case 'control-id-reused':
      return 'duplicate';
    default:
      return 'invalid';
  }
}
