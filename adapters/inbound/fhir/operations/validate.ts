/** `$validate` (FHIR R4, 3.1.2): what would be said of a resource. Nothing is stored, whatever comes of it. */
import type { FhirResource } from 'fhir/r4.js';
import { issueOf, issueOfFinding, outcomeOf } from '../answers/outcome.ts';
import { refuse } from '../answers/refusal.ts';
import type { Finding } from '../checks/finding.ts';
import type { FhirSender } from '../security/identity.ts';
import type { Operation, OperationAnswer, OperationCall } from '../server/operation.ts';
import { calledWith } from './parameters.ts';

export interface ValidateParts {
  /** Everything that could be said of a resource, as for a sender that is held to our profiles most strictly. */
  readonly validate: (sender: FhirSender, resource: FhirResource) => Promise<readonly Finding[]>;
  /** Our profile of a type, by its canonical. */
  readonly profileOf: (type: string) => string | undefined;
  /** Types whose resources are looked at. */
  readonly types: readonly string[];
}

export function validate(parts: ValidateParts): Operation {
  return {
    definition: 'http://hl7.org/fhir/OperationDefinition/Resource-validate',
    documentation:
      'Checks a resource by FHIR and by our profile of its type, as strictly as we can. Nothing is stored.',
    onSystem: false,
    onTypes: parts.types,
    run: (call) => run(parts, call),
  };
}

async function run(
  { validate: findingsOf, profileOf }: ValidateParts,
  { sender, body, query, type = '', id }: OperationCall,
): Promise<OperationAnswer> {
  const { resource, values } = calledWith(body, query, 'resource');
  const mode = values.get('mode');
  if (mode === 'delete') {
    const text = 'nothing is deleted here: send the resource with another status';
    return said([{ severity: 'error', code: 'not-supported', expression: type, text }]);
  }
  if (resource === undefined) {
    throw refuse(400, 'required', "Parameters need 'resource', or send the resource by itself");
  }
  const { resourceType } = resource;
  if (resourceType !== type) {
    const text = `resourceType must be ${type}, as in the URL`;
    return said([{ severity: 'error', code: 'invalid', expression: 'resourceType', text }]);
  }
  const own = profileOf(type);
  const profile = values.get('profile')?.split('|')[0];
  const isBase = profile === `http://hl7.org/fhir/StructureDefinition/${type}`;
  if (profile !== undefined && profile !== own && !isBase) {
    const text = `that profile is not known here${own === undefined ? '' : `; of ${type} we know ${own}`}`;
    return said([{ severity: 'error', code: 'not-supported', expression: type, text }]);
  }
  const findings = await findingsOf(sender, resource);
  return said([
    ...findings.filter((finding) => !isBase || finding.profile === undefined),
    ...ofMode(mode, type, resource.id, id),
  ]);
}

/** What a create or an update would say of the id. */
function ofMode(
  mode: string | undefined,
  type: string,
  own: string | undefined,
  id: string | undefined,
): readonly Finding[] {
  const expression = `${type}.id`;
  if (mode === 'update' || (mode === undefined && id !== undefined)) {
    if (own !== undefined && (id === undefined || own === id)) return [];
    const text = 'an update needs it, and as in the URL';
    return [
      { severity: 'error', code: own === undefined ? 'required' : 'invalid', expression, text },
    ];
  }
  if (mode === 'create' && own !== undefined) {
    const text = 'a create gives another: to keep it, send it by PUT';
    return [{ severity: 'information', code: 'informational', expression, text }];
  }
  return [];
}

function said(findings: readonly Finding[]): OperationAnswer {
  const fine = issueOf({ severity: 'information', code: 'informational', text: 'all is well' });
  const issues = findings.map(issueOfFinding);
  return { status: 200, resource: outcomeOf(issues.length > 0 ? issues : [fine]) };
}
