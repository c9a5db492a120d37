/**
 * The shape of what a FHIR resource means. A mapping value takes the four forms of `schema.ts`: a path
 * (`Encounter.period.start`), a list (the first that is present), a table (`Encounter.status via encounter-admission`), a
 * constant (`{ constant: … }`). Anything more is a named function of the adapter (`fhir-functions.ts`).
 */
import { z } from 'zod';
import { municipalityCode, recipientRoles } from '../gateway/process/events.ts';
import { parseFhirPath } from './fhir-path.ts';
import { numberKind } from './numbers-schema.ts';

const via = /^(\S+) via ([a-z0-9-]+)$/;

interface FhirSource {
  readonly path: string;
  readonly table?: string;
}
/** Takes `Encounter.class.code via encounter-class` apart; undefined where the path is not one. */
export function parseFhirSource(text: string): FhirSource | undefined {
  const match = via.exec(text);
  const path = match?.[1] ?? text;
  if (parseFhirPath(path) === undefined) return undefined;
  const table = match?.[2];
  return table === undefined ? { path } : { path, table };
}

/** In `occurredAt`: when its sender told it. For what has no time of its own in the resource. */
export const whenTold = 'told';
/** In `ifGone`: what was said stands, and that it is no longer said is a warning. */
export const stands = 'stands';
/** In `ifGone`: every fact of the entry that is no longer told is taken back (`statement.withdrawn`). */
export const takenBack = 'taken-back';

const path = z.string().refine((text) => parseFhirPath(text) !== undefined, {
  error: (issue) =>
    `'${String(issue.input)}' is not a path like Encounter.period.start or Patient.identifier(SYSTEM).value`,
});
const source = z.string().refine((text) => parseFhirSource(text) !== undefined, {
  error: (issue) =>
    `'${String(issue.input)}' is neither a path (Encounter.status) nor a path through a table (Encounter.status via …)`,
});
const time = z.string().refine((text) => text === whenTold || parseFhirPath(text) !== undefined, {
  error: (issue) =>
    `'${String(issue.input)}' is neither a path like Encounter.period.start nor '${whenTold}'`,
});
const times = z.union([time, z.array(time).min(1)]);
const fhirSources = z.union([source, z.array(source).min(1)]);
const constant = z.strictObject({ constant: z.union([z.string(), z.boolean()]) });
const value = z.union([source, z.array(source).min(1), constant], {
  error: (issue) =>
    typeof issue.input === 'string'
      ? `'${issue.input}' is not a mapping value: a path, a list, a table (PATH via TABLE) or { constant: … }`
      : 'not a mapping value: a path, a list, a table (PATH via TABLE) or { constant: … }',
});
export type FhirMappingValue = z.infer<typeof value>;

/** What a resource may say: one event, or those that a function tells. */
const entry = z.strictObject({
  /** An event's name, or a table whose targets are names (`null`: understood, no event); of a list, the first present. */
  event: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** Instead of `event`: a named function that tells which events they are. */
  function: z.string().optional(),
  /** The entry counts only where this has a value. */
  ifPresent: path.optional(),
  /** When it happened; of a list, the first present. */
  occurredAt: times,
  data: z.record(z.string(), value).optional(),
  /** Keys of `data` that only describe: a code that no table has passes as it is, and a change of it alone tells nothing. */
  describing: z.array(z.string()).optional(),
  /**
   * What it means that the version before gave this entry's event and this one gives none: an event, or `stands`.
   * `taken-back`: each fact that it gave and this one does not give, with the same time and data, never was.
   */
  ifGone: z.string().optional(),
});
export type FhirEntry = z.infer<typeof entry>;

const resource = z.strictObject({
  /** In an overlay: instead of the shipped entries, not after them. */
  replace: z.boolean().optional(),
  events: z.array(entry),
});

/** Types whose meaning is a mapping, with the file it stands in. */
export const fhirFiles = {
  Encounter: 'encounter',
  Patient: 'patient',
  CarePlan: 'care-plan',
  Task: 'task',
  Communication: 'communication',
  Observation: 'observation',
} as const;
export type MappedType = keyof typeof fhirFiles;
const mappedType = z.literal([
  'Encounter',
  'Patient',
  'CarePlan',
  'Task',
  'Communication',
  'Observation',
]);

/** `fhir/<stem>.yaml` */
export const fhirMapping = z.strictObject({
  description: z.string(),
  reference: z.string(),
  resource: mappedType,
  /** Codes that the adapter's functions read, by the name they ask for. */
  codes: z.record(z.string(), fhirSources).optional(),
  events: z.array(entry),
});
export type FhirMapping = z.infer<typeof fhirMapping>;

/** `fhir:` of `senders/<id>.yaml` */
export const fhirOverlay = z.strictObject({
  /** Systems of Encounter.identifier that are the stay's; they mean `visitAuthority`. It alone where left out. */
  visitSystems: z.array(z.string().min(1)).min(1).optional(),
  /** What its resources must meet of our profiles: refused, taken with a warning (where left out), or not looked at. */
  level: z.enum(['refuse', 'warn', 'accept']).optional(),
  /**
   * Systems of Patient.identifier → kind of number, over those that every sender may use. `authority` is the name the
   * sender has for the giver in HL7 v2 (CX.4), so that a number is one by both ways.
   */
  numberSystems: z
    .record(
      z.string(),
      z.union([numberKind, z.strictObject({ kind: numberKind, authority: z.string().min(1) })]),
    )
    .optional(),
  /** Where this sender has the municipality, before where it is as shipped. */
  municipality: fhirSources.optional(),
  /** Receivers of its notices, by an identifier of theirs (HSA-id, organisation number): the units they are (2 kap. 1 §). */
  recipients: z
    .record(
      z.string().min(1),
      z
        .strictObject({
          roles: z.array(z.enum(recipientRoles)).min(1),
          /** SCB code; of every unit but the region's own. */
          municipality: municipalityCode.optional(),
        })
        .refine(
          ({ roles, municipality }) =>
            municipality !== undefined || roles.every((role) => role === 'region-outpatient'),
          'municipality: is missing; only region-outpatient has none',
        ),
    )
    .optional(),
  /** Its own codes for what a function reads: instead of those shipped. */
  codes: z.record(z.string(), fhirSources).optional(),
  /** Entries over those shipped, by type of resource. */
  resources: z.partialRecord(mappedType, resource).optional(),
});
export type FhirOverlay = z.infer<typeof fhirOverlay>;
