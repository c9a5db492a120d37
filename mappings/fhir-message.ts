/** The shape of `fhir/message.yaml`: what the activity of a message means beside the Encounter in it. */
import { z } from 'zod';
import { eventNamed, invalid, within } from './check-parts.ts';
import { parseFhirPath } from './fhir-path.ts';

const status = z.enum([
  'planned',
  'arrived',
  'triaged',
  'in-progress',
  'onleave',
  'finished',
  'cancelled',
  'entered-in-error',
  'unknown',
]);
const path = z
  .string()
  .refine((text) => parseFhirPath(text)?.root === 'Encounter', 'a path that begins in Encounter');
const happening = z.strictObject({
  /** The fact that is told where the Encounter has not told it; none where left out. */
  event: z.string().optional(),
  /** Where the Encounter has what it tells: it alone can tell it. */
  needs: path.optional(),
  /** Where the Encounter may tell it itself, with this code; `at`: and since when. */
  said: z.strictObject({ path, code: z.string(), at: path.optional() }).optional(),
  /** It may happen several times in a stay: told once for a status, and a corrected time takes the earlier one back. */
  repeats: z.literal(true).optional(),
  /** It has the time of the message that is taken back, so that what that told never was. */
  atEarlier: z.literal(true).optional(),
  /** Facts of the Encounter that it takes the place of. */
  insteadOf: z.array(z.string()).optional(),
  /** Statuses of the Encounter that do not contradict it. */
  status: z.array(status).min(1),
});
export type Happening = z.infer<typeof happening>;

const activity = happening.extend({
  /** What it means that a message with this activity is taken back. */
  removed: happening.optional(),
});

export const messageMapping = z.strictObject({
  description: z.string(),
  reference: z.string(),
  /** MessageHeader.event: `system|code`. */
  event: z.string().regex(/^[^|\s]+\|[^|\s]+$/, 'system|code'),
  activitySystem: z.string(),
  activities: z.record(z.string(), activity),
});
export type MessageMapping = z.infer<typeof messageMapping>;

/** What a schema cannot see: that the events are facts, and that each tells what can be told. */
export function checkMessage({ activities }: MessageMapping): void {
  for (const [code, { removed, ...told }] of Object.entries(activities)) {
    within(`activities.${code}`, () => checkHappening(told), '.');
    if (removed) within(`activities.${code}.removed`, () => checkHappening(removed), '.');
  }
}

function checkHappening({ event, insteadOf = [], said, needs }: Happening): void {
  if (event !== undefined) eventNamed(event, 'event');
  for (const one of insteadOf) eventNamed(one, 'insteadOf');
  if (event === undefined && (said ?? needs) !== undefined) {
    throw invalid('event: is missing; there is nothing that the Encounter could tell instead');
  }
}
