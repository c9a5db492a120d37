/** What an Encounter means: the inpatient stay. */
import type { Translation } from '../../../adapter.ts';
import { stayOf, subjectOf } from './stay.ts';
import { required } from './work.ts';
import type { Work } from './work.ts';

export function meaningOfEncounter(work: Work): Translation {
  const { resource } = work.exchange;
  if (resource.resourceType !== 'Encounter') throw required('Encounter');
  const person = subjectOf(resource.subject, resource, work, 'Encounter.subject');
  return {
    stay: stayOf(resource, work),
    patient: person.identity,
    facts: [],
    unmapped: work.unmapped,
    warnings: work.warnings,
    ignored: 'not read yet',
  };
}
