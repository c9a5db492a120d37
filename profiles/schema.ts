/** What a profile file may hold, and the checks that name file and key. */
import { z } from 'zod';
import { GatewayError } from '../gateway/errors.ts';

const date = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/)
  .refine((text) => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text), 'no such date');
const reference = z.string().min(1).max(300);
const value = z.union([z.number(), z.string().min(1).max(200), z.boolean(), z.null()]);
const dated = z.record(date, z.strictObject({ value, reference }));

const parameter = z.strictObject({
  description: z.string().min(1).max(600),
  unit: z.string().min(1).max(60),
  type: z.enum(['whole-number', 'clock-time', 'choice', 'text', 'boolean']),
  /** The choices, for type `choice`. */
  choices: z.array(z.string().min(1)).min(2).optional(),
  /** Whether an agreement under 4 kap. 5 § may replace it. */
  agreement: z.enum(['allowed', 'forbidden']),
  reference,
  /** The value holds for its calendar year only and is missing outside the years listed. */
  per: z.literal('calendar-year').optional(),
  values: dated.optional(),
  /** Known gaps by their start date; a value entered from the same date fills one. */
  unknown: z.array(z.strictObject({ from: date, reference })).optional(),
});
const profile = z.strictObject({
  title: z.string().min(1).max(200),
  parameters: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), parameter),
});
const overlay = z.strictObject({
  parameters: z.record(z.string(), z.strictObject({ values: dated })),
});

export type ParameterFile = z.infer<typeof profile>;
type Parameter = z.infer<typeof parameter>;

/**
 * @param file named in errors
 * @throws GatewayError configuration-invalid
 */
export function checkProfile(file: string, content: unknown): ParameterFile {
  const checked = check(file, profile, content);
  for (const [name, stated] of Object.entries(checked.parameters)) {
    checkValues(file, name, stated, stated.values ?? {});
    const key = `parameters.${name}`;
    if (!stated.values && !stated.unknown) throw invalid(file, key, 'neither values nor unknown');
    if ((stated.type === 'choice') !== (stated.choices !== undefined)) {
      throw invalid(file, `${key}.choices`, 'belongs to type choice, and only to it');
    }
  }
  return checked;
}

/**
 * The values of a user's own file over those of a shipped one. It may add and replace values, nothing else.
 * @throws GatewayError configuration-invalid
 */
export function checkOverlay(file: string, content: unknown, under: ParameterFile): ParameterFile {
  const over = check(file, overlay, content);
  const parameters = { ...under.parameters };
  for (const [name, { values }] of Object.entries(over.parameters)) {
    const shipped = parameters[name];
    if (shipped === undefined) throw invalid(file, `parameters.${name}`, 'no such parameter');
    checkValues(file, name, shipped, values);
    parameters[name] = { ...shipped, values: { ...shipped.values, ...values } };
  }
  return { ...under, parameters };
}

function checkValues(
  file: string,
  name: string,
  stated: Parameter,
  values: NonNullable<Parameter['values']>,
): void {
  for (const [from, { value: entered }] of Object.entries(values)) {
    const key = `parameters.${name}.values.${from}`;
    if (entered !== null && !fits(stated, entered)) {
      const wanted = stated.choices === undefined ? stated.type : stated.choices.join(' | ');
      throw invalid(file, `${key}.value`, `is not a ${wanted}`);
    }
    if (stated.per === 'calendar-year' && !from.endsWith('-01-01')) {
      throw invalid(file, key, 'a yearly value starts on 1 January');
    }
  }
}

type Entered = number | string | boolean;
const kinds: Readonly<Record<Parameter['type'], (entered: Entered) => boolean>> = {
  'whole-number': (entered) => Number.isSafeInteger(entered) && Number(entered) >= 0,
  'clock-time': (entered) =>
    typeof entered === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(entered),
  choice: (entered) => typeof entered === 'string',
  text: (entered) => typeof entered === 'string',
  boolean: (entered) => typeof entered === 'boolean',
};

function fits({ type, choices }: Parameter, entered: Entered): boolean {
  return kinds[type](entered) && (choices?.includes(String(entered)) ?? true);
}

function check<T>(file: string, schema: z.ZodType<T>, content: unknown): T {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [...(issue?.path ?? [])];
  if (issue?.code === 'unrecognized_keys') path.push(issue.keys[0] ?? '');
  throw invalid(file, path.join('.') || '(the file)', issue?.message ?? 'invalid');
}

function invalid(file: string, key: string, what: string): GatewayError {
  return new GatewayError('configuration-invalid', `${file}: ${key}: ${what}`, {
    location: `${file}: ${key}`,
  });
}
