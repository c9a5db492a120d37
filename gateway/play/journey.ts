/**
 * A journey: a whole stay as timed steps in, and what must have come of it. Demo, tests and container use the same
 * files and the same player.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { parse } from 'yaml';
import { z } from 'zod';
import { buildMessage } from '../../adapters/simulated/hospital.ts';
import { GatewayError } from '../errors.ts';
import { eventData, type EventType } from '../process/events.ts';

const zone = 'Europe/Stockholm';

/** `2022-03-07 11:58`: wall time in Stockholm. */
const wallTime = z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?$/);
const answer = z.strictObject({
  type: z.custom<EventType>((text) => typeof text === 'string' && text in eventData),
  data: z.record(z.string(), z.unknown()).default({}),
});
const stepSchema = z.strictObject({
  at: wallTime,
  hospital: z
    .strictObject({
      trigger: z.enum(['A01', 'A02', 'A03', 'A08', 'A11', 'A13', 'A16', 'A25']),
      unit: z.string().optional(),
      expectedDischarge: z.string().optional(),
      needs: z
        .strictObject({
          socialServices: z.boolean(),
          municipalHealthCare: z.boolean(),
          regionOutpatient: z.boolean(),
        })
        .optional(),
      needAssessedAt: wallTime.optional(),
      ready: z.boolean().optional(),
      readinessWithdrawn: z.boolean().optional(),
      died: z.boolean().optional(),
    })
    .optional(),
  municipality: answer.optional(),
  primaryCare: answer.optional(),
  /** How the municipality's receiver answers its next calls. */
  receiver: z.array(z.enum(['accept', 'refuse', 'busy', 'hang', 'vanish'])).optional(),
});
export type Step = z.output<typeof stepSchema>;

const journeySchema = z.strictObject({
  name: z.string(),
  why: z.string(),
  sender: z.enum(['ekliden', 'norrtuna']),
  visit: z.string(),
  patient: z.strictObject({
    personnummer: z.string().regex(/^\d{12}$/),
    family: z.string(),
    given: z.string(),
    street: z.string(),
    postalCode: z.string(),
    city: z.string(),
    municipality: z.string().regex(/^\d{4}$/),
  }),
  steps: z.array(stepSchema).min(1),
  expect: z.strictObject({
    liabilityFrom: z.string().optional(),
    careDays: z.int(),
    /** What the case itself is charged. */
    amountKr: z.int(),
    /** Where the municipality pays by its month's mean: what the whole month comes to. */
    monthKr: z.int().optional(),
    /** The figure for whose want the month is withheld. */
    withheld: z.string().optional(),
    /** Reason code that must stand behind a charge that did not come. */
    reason: z.string().optional(),
    /** A finding that must be told beside the charge. */
    finding: z.string().optional(),
    /** `issued admission-notice social-services`, in any order between lanes. */
    notices: z.array(z.string()),
  }),
});
export type Journey = z.output<typeof journeySchema> & { readonly file: string };

/** Reads a folder of journey files. @throws GatewayError configuration-invalid naming file and key */
export function loadJourneys(folder: string): Journey[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .map((name) => {
      const result = journeySchema.safeParse(parse(readFileSync(join(folder, name), 'utf8')));
      if (result.success) return { ...result.data, file: basename(name, '.yaml') };
      const issue = result.error.issues[0];
      throw new GatewayError(
        'configuration-invalid',
        `${join(folder, name)}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
      );
    });
}

/** The message of a hospital's step, in the hospital's own dialect. */
export function messageOf(
  journey: Journey,
  step: NonNullable<Step['hospital']>,
  at: string,
  names: { readonly visit: string; readonly controlId: string },
): Uint8Array {
  const { street, postalCode, city, ...person } = journey.patient;
  const { trigger, unit, expectedDischarge, needs, needAssessedAt } = step;
  const { ready, readinessWithdrawn, died } = step;
  return buildMessage(journey.sender, {
    trigger,
    at,
    ...names,
    ...person,
    address: { street, postalCode, city },
    ...(unit !== undefined && { unit }),
    ...(expectedDischarge !== undefined && { expectedDischarge }),
    ...(needs && { needs }),
    ...(needAssessedAt !== undefined && { needsAt: instantOf(needAssessedAt) }),
    ...(ready === true && { readyAt: at }),
    ...(readinessWithdrawn === true && { readinessWithdrawn: at }),
    ...(died === true && { diedAt: at }),
  });
}

/** Wall time in Stockholm as an instant in the events' form. */
export function instantOf(wall: string): string {
  const zoned = Temporal.PlainDateTime.from(wall.replace(' ', 'T')).toZonedDateTime(zone);
  return new Date(zoned.epochMilliseconds).toISOString();
}

/** An instant as a person in Stockholm reads it: `mån 7 mar 11.58`. */
export function wallOf(instant: string): string {
  const zoned = Temporal.Instant.from(instant).toZonedDateTimeISO(zone);
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  const months = [
    'Jan',
    'Feb',
    'Mar',
    'Apr',
    'May',
    'Jun',
    'Jul',
    'Aug',
    'Sep',
    'Oct',
    'Nov',
    'Dec',
  ];
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = days[zoned.dayOfWeek - 1] ?? '';
  const month = months[zoned.month - 1] ?? '';
  return `${day} ${two(zoned.day)} ${month} ${two(zoned.hour)}.${two(zoned.minute)}`;
}
