/** What an Observation means: the assessment of readiness or need, or one fact of the process that it states. */
import type { Observation } from 'fhir/r4.js';
import { eventData, isEventType } from '../../../../gateway/process/events.ts';
import type { Translation } from '../../../adapter.ts';
import { decided } from './facts.ts';
import type { EventFunctions, Scene } from './facts.ts';
import { codeOf, statementsOf } from './statements.ts';
import type { Stating } from './statements.ts';
import { required } from './work.ts';
import type { Work } from './work.ts';

export function meaningOfObservation(work: Work): Translation {
  const { resource, previous } = work.exchange;
  if (resource.resourceType !== 'Observation') throw required('Observation');
  const before = previous?.resourceType === 'Observation' ? previous : undefined;
  return statementsOf(work, resource, before, observations);
}

const functions: EventFunctions = {
  stated: (work, scene) => {
    const statement = codeOf(work, 'Observation', 'statement', scene);
    const type = String((statement && decided(work, statement)) ?? '');
    if (!isEventType(type) || !isAssessed(work, scene)) return [];
    if (Object.keys(eventData[type].shape).length > 0) return [{ type }];
    // Nothing but whether it is so.
    const holds = codeOf(work, 'Observation', 'statementHolds', scene);
    if (holds === undefined) {
      throw required(
        'Observation.valueBoolean',
        `${statement?.code ?? type} is missing: say true where it is so`,
      );
    }
    return holds.target === true ? [{ type }] : [];
  },
  readinessAssessed: (work, scene) => {
    if (!isAssessed(work, scene)) return [];
    const reading = codeOf(work, 'Observation', 'assessedReadiness', scene);
    if (reading === undefined) {
      throw required(
        'Observation.value',
        'whether the patient is ready is missing: give valueBoolean, or a code of http://hemgang.se/fhir/CodeSystem/discharge-readiness-status',
      );
    }
    const type = String(decided(work, reading) ?? '');
    return isEventType(type) ? [{ type }] : [];
  },
  needAssessed: (work, scene) => (isAssessed(work, scene) ? [{ type: 'need.assessed' }] : []),
};

/** Whether its status lets it hold. */
function isAssessed(work: Work, scene: Scene): boolean {
  const reading = codeOf(work, 'Observation', 'assessed', scene);
  return reading !== undefined && decided(work, reading) === true;
}

const observations: Stating<Observation> = {
  type: 'Observation',
  actor: ({ performer }) => performer?.[0],
  functions,
  stay: ({ encounter, focus, identifier }) => ({
    references: [encounter, ...(focus ?? [])],
    identifiers: identifier,
    expression: 'Observation.encounter',
  }),
};
