/** What became of a FHIR resource, in the words of a report: nothing of a person. */
import type { OperationOutcomeIssue } from 'fhir/r4.js';
import type { Finding } from '../../adapters/inbound/fhir/checks/finding.ts';
import { isUnread } from '../../adapters/inbound/fhir/from-files.ts';
import type { Remark } from '../../adapters/inbound/hl7v2/checks/remark.ts';
import type { FhirMeaning } from './fhir.ts';
import { fitToTell, outcomeOf, reasonOf, toldMeaning, type Judged } from './judge.ts';

/** What stands where HL7 v2 has its version. */
export const fhirRelease = 'R4';

export function judgedFhir({
  entry,
  sender,
  exchange,
  translation,
  error,
  answer,
}: FhirMeaning): Judged {
  const { place } = entry;
  const resource = isUnread(entry) ? undefined : entry.resource;
  const toldAt = isUnread(entry) ? '' : entry.toldAt;
  const ownName =
    resource?.id === undefined ? undefined : `${resource.resourceType}/${resource.id}`;
  const controlId = exchange?.request.controlId ?? ownName;
  return {
    told: {
      ...(place !== '' && { place }),
      ...(controlId !== undefined && { controlId: fitToTell(controlId) }),
      ...(resource !== undefined && {
        kind: fitToTell(resource.resourceType),
        version: fhirRelease,
      }),
      ...(sender !== undefined && { sender }),
      ...(toldAt !== '' && { sentAt: toldAt }),
      outcome: outcomeOf(translation),
      ...reasonOf(translation, error),
      answer: String(answer.status),
      ...toldMeaning(translation),
    },
    ...(translation !== undefined && { translation }),
    answerSegments: [String(answer.status), ...(answer.outcome?.issue ?? []).map(issueText)],
  };
}

/** `error required Encounter.status is missing: …` */
export function issueText({
  severity,
  code,
  details,
  diagnostics,
  expression,
}: OperationOutcomeIssue): string {
  const at = expression?.[0];
  const text = details?.text ?? diagnostics ?? '';
  return `${severity} ${code} ${at === undefined || text.startsWith(at) ? '' : `${at}: `}${text}`;
}

export function remarkOf({ severity, code, expression, text, profile }: Finding): Remark {
  return {
    check: profile === undefined ? 'fhir' : 'profile',
    severity,
    code,
    location: expression,
    text,
  };
}
