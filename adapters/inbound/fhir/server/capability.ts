/** GET /metadata: the CapabilityStatement, made of the table that routes (FHIR R4, 5.2). */
import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceOperation,
} from 'fhir/r4.js';
import type { Interaction } from '../security/identity.ts';
import type { Operations } from './operation.ts';
import { served, type Served } from './served.ts';

const codeOf = {
  create: 'create',
  read: 'read',
  update: 'update',
  search: 'search-type',
} as const satisfies Record<Interaction, string>;

/**
 * @param date when what is served began to be so, ISO 8601
 * @param baseUrl where it is served, without a slash at its end
 */
export function capabilityStatement(
  date: string,
  baseUrl: string,
  operations: Operations,
): CapabilityStatement {
  const onSystem = operationsOf(operations, ({ onSystem: is }) => is);
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'hemgang' },
    implementation: {
      description: 'Hemgång: the discharge process between hospital, municipality and primary care',
      url: baseUrl,
    },
    fhirVersion: '4.0.1',
    format: ['json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        documentation:
          'What a sender has told, as it told it last: each sender reads its own resources alone. JSON in UTF-8, uncompressed.',
        security: {
          cors: false,
          description:
            'A bearer token or a client certificate of a sender that is configured here.',
        },
        resource: [...served.values()].map((one) => resourceOf(one, operations)),
        interaction: [{ code: 'transaction' }, { code: 'batch' }],
        ...(onSystem.length > 0 && { operation: onSystem }),
      },
    ],
  };
}

function resourceOf(
  { type, interactions, search }: Served,
  operations: Operations,
): CapabilityStatementRestResource {
  const onType = operationsOf(operations, ({ onTypes }) => onTypes.includes(type));
  return {
    type,
    interaction: interactions.map((name) => ({ code: codeOf[name] })),
    // Every resource has a version, and the one that stands is served.
    versioning: 'versioned',
    readHistory: false,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'not-match',
    conditionalUpdate: true,
    conditionalDelete: 'not-supported',
    referencePolicy: ['literal', 'logical'],
    searchParam: search.map(({ name, type: kind, documentation }) => ({
      name,
      type: kind,
      documentation,
    })),
    ...(onType.length > 0 && { operation: onType }),
  };
}

function operationsOf(
  operations: Operations,
  isThere: (operation: Operations[string]) => boolean,
): CapabilityStatementRestResourceOperation[] {
  return Object.entries(operations)
    .filter(([, operation]) => isThere(operation))
    .map(([name, { definition, documentation }]) => ({
      name: name.replace(/^\$/, ''),
      definition,
      ...(documentation !== undefined && { documentation }),
    }));
}
