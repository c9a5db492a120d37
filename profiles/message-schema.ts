/** What a file of message profiles may hold: rules by name, for every message, for a trigger event or for a sender. */
import { z } from 'zod';
import { check } from './files.ts';
import { reference } from './schema.ts';

// As mappings/hl7v2-path.ts reads it; profiles know no mappings.
const pathPattern = /^[A-Z][A-Z0-9]{2}-[1-9]\d{0,2}(\([1-9]\d{0,2}\))?(\.[1-9]\d{0,2}){0,2}$/;
const path = z.string().regex(pathPattern, 'is not a path like PV1-44, PID-3.1 or PID-3(2).1');
const place = z
  .string()
  .refine((text) => /^[A-Z][A-Z0-9]{2}$/.test(text) || pathPattern.test(text), {
    error: (issue) =>
      `'${String(issue.input)}' is neither a segment (PV1) nor a path like PV1-44, PID-3.1 or PID-3(2).1`,
  });
const codes = z.array(z.string().min(1)).min(1);

const condition = z
  .strictObject({
    path: place,
    /** True: it has a value; false: it has none, or `""`. */
    present: z.boolean().optional(),
    is: codes.optional(),
    isNot: codes.optional(),
  })
  .refine(
    ({ present, is, isNot }) =>
      [present, is, isNot].filter((one) => one !== undefined).length === 1,
    {
      error: 'has exactly one of present, is and isNot',
    },
  );

const severity = z.enum(['error', 'warning', 'information']);

const rule = z.strictObject({
  /** A segment, a path, or a list of paths of which one is enough. Every occurrence of a segment is looked at. */
  at: z.union([place, z.array(path).min(2)], {
    error: (issue) =>
      typeof issue.input === 'string'
        ? `'${issue.input}' is neither a segment (PV1) nor a path like PV1-44, PID-3.1 or PID-3(2).1`
        : 'is neither a segment, a path nor a list of paths',
  }),
  /** Missing is an error where `required`, a warning where `recommended`, nothing where left out. */
  need: z.enum(['required', 'recommended']).optional(),
  /** The rule counts only where this holds. */
  when: condition.optional(),
  /** The code stands in this table: one of mappings/hl7v2/tables by its name, or an HL7 table: HL70136. */
  table: z.string().optional(),
  /** The whole value has this form (regular expression); with `table`, one of the two is enough. */
  pattern: z.string().refine(isPattern, 'is not a regular expression').optional(),
  /** The form in words. */
  form: z.string().min(1).max(100).optional(),
  /** `""` is read as a code, so it has to stand in the table too. */
  nullIsCode: z.literal(true).optional(),
  /** It is a time, and at least this exact. */
  precision: z.enum(['day', 'hour', 'minute', 'second']).optional(),
  /** At most so many repetitions have a value. */
  repetitions: z.int().min(1).max(999).optional(),
  /**
   * Who gave an identifier (CX.4): `named` in every repetition, or `known` to the mappings (numberAuthorities) in at
   * least one.
   */
  authority: z.enum(['named', 'known']).optional(),
  /** What a value that breaks the rule is; an error where left out. What is missing goes by `need`. */
  severity: severity.optional(),
  /** What cannot be done because of it, in plain English. */
  consequence: z.string().min(1).max(300),
  reference,
});
export type MessageRuleFile = z.infer<typeof rule>;

const ruleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'a rule is called in small letters: visit-number');
const rules = z.record(ruleName, rule);
/** Rules that count for less here, by their name; `none` for not at all. */
const relax = z.record(
  ruleName,
  z.strictObject({
    to: z.enum(['warning', 'information', 'none']),
    reason: z.string().min(1).max(300),
  }),
);
const trigger = z.strictObject({
  title: z.string().min(1).max(100).optional(),
  rules: rules.optional(),
  relax: relax.optional(),
});
const triggerName = z
  .string()
  .regex(/^[A-Z]\d\d$/, 'a trigger event is a letter and two digits: A01');

const file = z.strictObject({
  title: z.string().min(1).max(200).optional(),
  reference: reference.optional(),
  /** For every trigger event of the file; for every message where the file names none. */
  rules: rules.optional(),
  relax: relax.optional(),
  triggers: z.record(triggerName, trigger).optional(),
});
export type MessageProfileFile = z.infer<typeof file>;
export type Relaxation = z.infer<typeof relax>[string];

/**
 * @param name of the file, for errors
 * @throws GatewayError configuration-invalid naming file and key
 */
export function checkMessageProfile(name: string, content: unknown): MessageProfileFile {
  return check(name, file, content);
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}
