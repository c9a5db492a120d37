/** `senders[].fhir.poll`: a FHIR server that we ask for what is new. */
import { z } from 'zod';
import { instant } from '../process/events.ts';
import { fhirServerShape } from './config-fhir-server.ts';
import { duration } from './config-values.ts';

/** A resource type, and what narrows it where not all of it is wanted: `Encounter?class=IMP`. */
const polledType = z
  .string()
  .regex(
    /^(Patient|Organization|Encounter|CarePlan|Task|Communication|Observation)(\?[^\s#]+)?$/,
    'Patient, Organization, Encounter, CarePlan, Task, Communication or Observation, narrowed where you like: Encounter?class=IMP',
  )
  .refine(
    (text) =>
      !/[?&](_lastUpdated|_sort|_count|_include|_revinclude|_elements|_summary)=/.test(text),
    '_lastUpdated, _sort and _count are set here, and resources are wanted whole',
  );

export const fhirPoll = z
  .strictObject({
    ...fhirServerShape,
    types: z.array(polledType).min(1).max(20).default(['Patient', 'Encounter']),
    /** Between the end of one round and the next. */
    every: duration.pipe(z.int().min(100).max(86_400_000)).prefault('30s'),
    /** So much of what came before is asked for again: what the server made visible late. */
    overlap: duration.pipe(z.int().min(0).max(86_400_000)).prefault('5m'),
    /** What was changed before it is not asked for. */
    since: instant,
    /** Resources a page. */
    count: z.int().min(1).max(5000).default(100),
  })
  .refine(({ types }) => new Set(types).size === types.length, 'types: one of them stands twice')
  .refine(
    ({ tokenEnv, smart }) => tokenEnv === undefined || smart === undefined,
    'tokenEnv or smart, not both',
  );

export type FhirPollConfig = z.output<typeof fhirPoll>;
