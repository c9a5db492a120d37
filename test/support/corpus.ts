/**
 * Reads our own corpus: `message.hl7`, `expect.yaml` and `notes.md` in a folder each, and `mappings/` where a case has a
 * sender of its own.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

/** Other people's messages, in a folder that HEMGANG_CORPUS names. */
export { outsideMessages as foreignMessages } from '../outside-corpus/messages.ts';

const event = z.strictObject({
  type: z.string(),
  occurredAt: z.string(),
  precision: z.literal('day').optional(),
  warnings: z.array(z.string()).optional(),
  data: z.record(z.string(), z.unknown()),
});
const stay = z.strictObject({ authority: z.string(), number: z.string() });
const number = z.strictObject({ authority: z.string(), value: z.string(), kind: z.string() });
/** The whole identity: what is not listed must not be there. */
const identity = z.strictObject({
  numbers: z.array(number),
  family: z.string().optional(),
  given: z.string().optional(),
  address: z
    .strictObject({ street: z.string(), postalCode: z.string(), city: z.string() })
    .partial()
    .optional(),
});
const expectation = z.strictObject({
  sender: z.string().optional(),
  kind: z.string().optional(),
  /** MSA-1; null where there is nothing to answer to. */
  answer: z.enum(['AA', 'AE', 'AR']).nullable(),
  /** What the answer's MSH must begin with. */
  answerHeader: z.string().optional(),
  /** The answer's ERR as a whole. */
  answerError: z.string().optional(),
  error: z
    .strictObject({ code: z.string(), standardCode: z.string(), location: z.string() })
    .optional(),
  stay: stay.optional(),
  /** Part of the patient's identity. */
  patient: z.record(z.string(), z.unknown()).optional(),
  events: z.array(event).optional(),
  /** What is said of persons and not of one stay. */
  persons: z
    .array(
      z.strictObject({
        patient: identity,
        earlierNumbers: z.array(number),
        events: z.array(event),
      }),
    )
    .optional(),
  /** Stays that belong to another person than was said. */
  moved: z.array(z.strictObject({ stay, patient: identity, events: z.array(event) })).optional(),
  unmapped: z
    .array(z.strictObject({ table: z.string(), code: z.string(), path: z.string() }))
    .optional(),
  warnings: z.array(z.string()).optional(),
  ignored: z.string().optional(),
});
export type Expectation = z.infer<typeof expectation>;

export interface CorpusCase {
  readonly name: string;
  readonly raw: Uint8Array;
  readonly expected: Expectation;
  readonly notes: string;
  /** Folder that lies over the shipped mappings, for this case alone. */
  readonly overlay?: string;
}

const folder = fileURLToPath(new URL('../corpus/hl7v2/', import.meta.url));

/** Our own cases, checked against their shape so that a misspelled expectation cannot pass. */
export function corpusCases(): CorpusCase[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({
      name,
      raw: readFileSync(join(folder, name, 'message.hl7')),
      expected: expectation.parse(parse(readFileSync(join(folder, name, 'expect.yaml'), 'utf8'))),
      notes: readFileSync(join(folder, name, 'notes.md'), 'utf8').trim(),
      ...(existsSync(join(folder, name, 'mappings')) && {
        overlay: join(folder, name, 'mappings'),
      }),
    }));
}
