/**
 * The shape of every mapping file. A mapping value takes four forms and no fifth:
 * a path (`PV1-19`), a list (the first that is present), a table (`PV1-36 via 0112-discharge-disposition`), a constant
 * (`{ constant: … }`). Anything more is a named function in the adapter's `meaning/facts.ts`.
 */
import { z } from 'zod';
import { fhirOverlay } from './fhir-schema.ts';
import { parsePath } from './hl7v2-path.ts';
import { numberAuthorities, numberKind } from './numbers-schema.ts';

const via = /^(\S+) via ([a-z0-9-]+)$/;

/** A path, or a path read through a table. */
export interface Source {
  readonly path: string;
  readonly table?: string;
}
/** Takes `PV1-36 via 0112-…` apart; undefined where the path is not one. */
export function parseSource(text: string): Source | undefined {
  const match = via.exec(text);
  const path = match?.[1] ?? text;
  if (parsePath(path) === undefined) return undefined;
  const table = match?.[2];
  return table === undefined ? { path } : { path, table };
}

/** The table for a municipality that is not written as its code; every path to a municipality goes through one. */
export const municipalityCodes = 'municipality-codes';

const path = z.string().refine((text) => parsePath(text) !== undefined, {
  error: (issue) => `'${String(issue.input)}' is not a path like PV1-44, PID-3.1 or PID-3(2).1`,
});
const source = z.string().refine((text) => parseSource(text) !== undefined, {
  error: (issue) =>
    `'${String(issue.input)}' is neither a path (PV1-44) nor a path through a table (PV1-36 via 0112-…)`,
});
const scalar = z.union([z.string(), z.boolean()]);
const constant = z.strictObject({ constant: scalar });
const paths = z.union([path, z.array(path).min(1)]);
const value = z.union([source, z.array(source).min(1), constant], {
  error: (issue) =>
    typeof issue.input === 'string'
      ? `'${issue.input}' is not a mapping value: a path, a list, a table (PATH via TABLE) or { constant: … }`
      : 'not a mapping value: a path, a list, a table (PATH via TABLE) or { constant: … }',
});
export type MappingValue = z.infer<typeof value>;

/** One event that a trigger may mean. */
export const entry = z.strictObject({
  /** An event's name, or a table whose targets are names (`null`: understood, no event); of a list, the first present. */
  event: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** Instead of `event`: a named function of meaning/facts.ts that tells which event it is. */
  function: z.string().optional(),
  /** The entry counts only where this has a value; a `""` that neither a table nor an `ifNull` knows is unmapped. */
  ifPresent: path.optional(),
  /** The entry counts only where this is `""`: the sender says that there is none any longer. */
  ifNull: path.optional(),
  /** The entry counts only where an entry before it gave this event. */
  ifEvent: z.string().optional(),
  /** When it happened: the legal time, so never MSH-7. */
  occurredAt: paths,
  data: z.record(z.string(), value).optional(),
  /** Keys of `data` that only describe: a code that no table has passes as it is, with a warning. */
  describing: z.array(z.string()).optional(),
});
export type EventEntry = z.infer<typeof entry>;

const trigger = z.strictObject({
  /**
   * Whom the message speaks of: a stay (where left out); a person, so that every stay of theirs is told; a person who
   * had other numbers before; a stay that belongs to another person than was said.
   */
  about: z.enum(['stay', 'person', 'merge', 'move']).optional(),
  /** In an overlay: instead of the shipped entries, not after them. */
  replace: z.boolean().optional(),
  events: z.array(entry),
});
export type Trigger = z.infer<typeof trigger>;
const triggerName = z
  .string()
  .regex(/^[A-Z]\d\d$/, 'a trigger event is a letter and two digits: A01');
const triggers = z.record(triggerName, trigger);
const segmentNames = z.array(z.string().regex(/^[A-Z][A-Z0-9]{2}$/));
const sources = z.union([source, z.array(source).min(1)]);

const patientPaths = z.strictObject({
  /** Every repetition of every field counts. */
  numbers: paths,
  /** In a merge: numbers the person was known by before. */
  earlierNumbers: path,
  family: path,
  given: path,
  street: path,
  postalCode: path,
  city: path,
});

/** `hl7v2/adt.yaml` */
export const adt = z.strictObject({
  description: z.string(),
  reference: z.string(),
  /** Segments without which nothing can be said, by whom a message speaks of. */
  requires: z.strictObject({
    stay: segmentNames,
    person: segmentNames,
    merge: segmentNames,
    move: segmentNames,
  }),
  stay: path,
  sentAt: paths,
  patient: patientPaths,
  /** A four-digit code passes as it is; what no table has is unmapped. */
  municipality: sources,
  protection: sources,
  /** The outpatient unit that the person is listed at, where it is an HSA-id. */
  outpatientUnit: paths,
  numberAuthorities,
  /** Identifier type code (CX.5, table 0203) → kind, for a number whose authority is not named. */
  numberTypes: z.record(z.string(), numberKind),
  triggers,
  /** Trigger → why it says nothing of a discharge. */
  ignored: z.record(triggerName, z.string()),
});
export type AdtMapping = z.infer<typeof adt>;

/** `hl7v2/tables/<name>.yaml` */
export const table = z.strictObject({
  source: z.string(),
  target: z.string(),
  version: z.string(),
  reference: z.string(),
  description: z.string().optional(),
  entries: z.record(z.string(), z.union([scalar, z.null()])),
});
export type Table = z.infer<typeof table>;

const zone = z.string().refine(isZone, {
  error: (issue) => `'${String(issue.input)}' is not a time zone like Europe/Stockholm`,
});

/** `senders/<id>.yaml` */
export const sender = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/),
  name: z.string(),
  description: z.string(),
  /** MSH-3.1 and MSH-4.1 it is recognised by; `*` for any. Left out by a sender that speaks FHIR alone. */
  match: z.strictObject({ 'MSH-3': z.string(), 'MSH-4': z.string() }).optional(),
  /** SCB code of the treating region. */
  county: z.string().regex(/^\d{2}$/, 'two digits in quotes'),
  /** As notices name it. Left out by a system that is of no hospital, and tells no admissions. */
  hospital: z.string().min(1).max(200).optional(),
  /** What it writes when MSH-18 is empty; needed with `match`. */
  charset: z.enum(['ASCII', '8859/1', '8859/15', 'UNICODE UTF-8']).optional(),
  zone,
  /** Who gives the visit numbers, where PV1-19.4 does not say. */
  visitAuthority: z.string().min(1),
  numberAuthorities: numberAuthorities.optional(),
  /** Where this sender has the visit number, where it is not as shipped. */
  stay: path.optional(),
  /** Where this sender has the person, where it is not as shipped. */
  patient: patientPaths.partial().optional(),
  municipality: sources.optional(),
  protection: sources.optional(),
  outpatientUnit: paths.optional(),
  /** MSH-11; P where left out. */
  acceptedProcessingIds: z
    .array(z.enum(['P', 'T', 'D']))
    .min(1)
    .optional(),
  controlIdReuse: z.enum(['refused', 'allowed']).optional(),
  /** Table 0357 code → the answer this sender understands, where it reads the standard's another way. */
  ack: z.record(z.string().regex(/^[12]\d\d$/), z.enum(['AE', 'AR'])).optional(),
  /** An accepting answer tells what was doubtful (ERR with severity W), from HL7 2.5 on; not told where left out. */
  warningsInAck: z.boolean().optional(),
  /** The sender numbers its messages in MSH-13 (sequence number protocol): one out of order is not taken. */
  sequenceNumbers: z.boolean().optional(),
  triggers: triggers.optional(),
  /** How it speaks FHIR. */
  fhir: fhirOverlay.optional(),
});
export type SenderMapping = z.infer<typeof sender>;

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
