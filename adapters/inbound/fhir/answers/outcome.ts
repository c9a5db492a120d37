/** OperationOutcome: what is to say of a resource, issue by issue. */
import type { OperationOutcome, OperationOutcomeIssue } from 'fhir/r4.js';
import type { ErrorCode } from '../../../../gateway/errors.ts';
import type { UnmappedCode } from '../../../adapter.ts';
import type { Finding } from '../checks/finding.ts';

/** Our own codes of errors (`gateway/errors.ts`), for whoever wants to tell them apart. */
const errorCodes = 'http://hemgang.se/fhir/CodeSystem/error';

export interface Said {
  readonly severity: OperationOutcomeIssue['severity'];
  readonly code: OperationOutcomeIssue['code'];
  /** What is wrong and what to do. */
  readonly text: string;
  /** FHIRPath of the element. */
  readonly expression?: string | undefined;
  readonly error?: ErrorCode;
  /** Canonical of the profile that says so. */
  readonly profile?: string | undefined;
}

export function issueOf({
  severity,
  code,
  text,
  expression,
  error,
  profile,
}: Said): OperationOutcomeIssue {
  return {
    severity,
    code,
    details: {
      ...(error !== undefined && { coding: [{ system: errorCodes, code: error }] }),
      text: text.slice(0, longestText),
    },
    ...(profile !== undefined && { diagnostics: `by profile ${profile}` }),
    ...(expression !== undefined && { expression: [expression] }),
  };
}

const longestText = 1000;
/** As many issues are told: who has more begins with these. */
const mostIssues = 100;

/** @param issues none: all is well, and the outcome says so (it must have an issue) */
export function outcomeOf(issues: readonly OperationOutcomeIssue[]): OperationOutcome {
  const told = issues.slice(0, mostIssues);
  return {
    resourceType: 'OperationOutcome',
    issue: told.length > 0 ? told : [allWell],
  };
}

const allWell = issueOf({ severity: 'information', code: 'informational', text: 'taken' });

export const issueOfFinding = (finding: Finding): OperationOutcomeIssue => issueOf(finding);

/** A warning of a translation: text alone. */
export const issueOfWarning = (text: string): OperationOutcomeIssue =>
  issueOf({ severity: 'warning', code: 'informational', text });

/** A code that no table of ours has: the resource is taken, and its meaning waits. */
export function issueOfUnmapped({ table, code, path }: UnmappedCode): OperationOutcomeIssue {
  const text = `code '${code}' is not in table ${table}: taken, and waits there until the code is mapped; nothing is to be sent again`;
  return issueOf({ severity: 'warning', code: 'code-invalid', text, expression: path });
}

/** The issue as it stands in a Bundle: `Encounter.status` → `Bundle.entry[6].resource.status`. */
export function issueInEntry(issue: OperationOutcomeIssue, index: number): OperationOutcomeIssue {
  const entry = `Bundle.entry[${index}]`;
  const said = issue.expression ?? [];
  const expression = said.map((text) =>
    text.startsWith('Bundle.')
      ? text
      : `${entry}.resource${text.replace(/^[A-Z]\w*/, '').replace(/^(?=[a-z])/, '.')}`,
  );
  return { ...issue, expression: expression.length > 0 ? expression : [entry] };
}
