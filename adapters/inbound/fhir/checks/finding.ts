/** What a check has found of a resource. It names elements, codes and profiles, never values of person elements. */

/** FHIR issue-type codes that our checks use. */
export type IssueCode =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'code-invalid'
  | 'extension'
  | 'not-supported'
  | 'not-found'
  | 'informational';

export interface Finding {
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: IssueCode;
  /** FHIRPath of the element: `Encounter.period.start`, `Bundle.entry[6].resource.status`. */
  readonly expression: string;
  /** What is wrong and what to do. */
  readonly text: string;
  /** Canonical of the profile that says so; absent for FHIR itself. */
  readonly profile?: string;
}

/** What a sender's resources must meet of our profiles: `refuse` what does not, take it with a warning, or not look. */
export type Level = 'refuse' | 'warn' | 'accept';
