/** What zod found wrong, as findings: where it is as a FHIRPath, which issue code, and what to do about it. */
import type { z } from 'zod';
import type { Finding, IssueCode } from './finding.ts';

/** As many are told of one resource. */
export const mostFindings = 100;

/**
 * @param root expression of the resource: `Encounter`, `Bundle.entry[2].resource`
 * @param resource what was checked
 * @param hints what to do where an element is missing, by its path: `Encounter.class`
 */
export function findingsOf(
  issues: readonly z.core.$ZodIssue[],
  root: string,
  resource: unknown,
  hints: ReadonlyMap<string, string>,
): readonly Finding[] {
  const found = new Map<string, Finding>();
  for (const issue of issues) {
    if (found.size >= mostFindings) break;
    for (const { path, code, severity, text } of told(issue, resource)) {
      const expression = expressionOf(root, path);
      const hint = code === 'required' ? hints.get(pathOf(path)) : undefined;
      const named = `${nameOf(root, path)} ${text}${hint === undefined || text.includes(': ') ? '' : `: ${hint}`}`;
      const key = `${expression} ${named}`;
      if (!found.has(key)) found.set(key, { severity, code, expression, text: named });
    }
  }
  // What is missing in the form that it has to have stands there in another one.
  const wrong = new Set(
    [...found.values()]
      .filter(({ severity }) => severity === 'error')
      .map(({ expression }) => expression),
  );
  return [...found.values()].filter(
    ({ severity, expression }) => severity === 'error' || !wrong.has(expression),
  );
}

interface Told {
  readonly path: readonly PropertyKey[];
  readonly code: IssueCode;
  readonly severity: 'error' | 'warning';
  readonly text: string;
}

function told(issue: z.core.$ZodIssue, resource: unknown): readonly Told[] {
  const { path } = issue;
  const error = (code: IssueCode, text = issue.message): readonly Told[] => [
    { path, code, severity: 'error', text },
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, mostFindings).map((key) => ({
        path: /^_?[A-Za-z]{1,40}$/.test(key) ? [...path, key] : path,
        code: 'structure' as const,
        severity: 'warning' as const,
        text: /^_?[A-Za-z]{1,40}$/.test(key)
          ? 'is no element of FHIR R4 here: it is not read'
          : 'has a key that is no element of FHIR R4: it is not read',
      }));
    case 'invalid_type': {
      const value = valueAt(resource, path);
      if (value === undefined) return error('required');
      if (value === null) return error('value', 'is null: leave it out');
      return error(
        issue.expected === 'object' || issue.expected === 'array' ? 'structure' : 'value',
      );
    }
    case 'custom': {
      const code: unknown = issue.params?.['code'];
      return error(isIssueCode(code) ? code : 'value');
    }
    case 'invalid_value':
      return error('value', 'is not what it has to be here');
    default:
      return error('value');
  }
}

const issueCodes: ReadonlySet<unknown> = new Set<IssueCode>([
  'structure',
  'required',
  'value',
  'invariant',
  'code-invalid',
]);

function isIssueCode(code: unknown): code is IssueCode {
  return issueCodes.has(code);
}

function valueAt(resource: unknown, path: readonly PropertyKey[]): unknown {
  let value = resource;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, step)?.value;
  }
  return value;
}

/** `Encounter.location[1].period.start`; a choice of types is named without the type. */
export function expressionOf(root: string, path: readonly PropertyKey[]): string {
  let text = root;
  for (const step of path) {
    text += typeof step === 'number' ? `[${step}]` : `.${elementName(String(step))}`;
  }
  return text;
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.filter((step) => typeof step !== 'number').join('.');
}

/** The element as a sentence names it: without places in lists. */
function nameOf(root: string, path: readonly PropertyKey[]): string {
  return expressionOf(root, path).replaceAll(/\[\d+\]/g, '');
}

/** Every choice of types in what is taken is one of these; `valueSet` and the like are no choice. */
const choices =
  /^(value|occurred|deceased|multipleBirth|event|effective|scheduled|product|content|onset|author|performed|reported|asNeeded|dose|rate|timing|bounds|answer)(Base64Binary|Boolean|Canonical|Code|Date|DateTime|Decimal|Id|Instant|Integer|Markdown|Oid|PositiveInt|String|Time|UnsignedInt|Uri|Url|Uuid|Address|Age|Annotation|Attachment|CodeableConcept|Coding|ContactPoint|Count|Distance|Duration|HumanName|Identifier|Money|Period|Quantity|Range|Ratio|Reference|SampledData|Signature|Timing|ContactDetail|Expression|RelatedArtifact|UsageContext|Dosage|Meta)$/;

function elementName(key: string): string {
  return choices.exec(key)?.[1] ?? key;
}
