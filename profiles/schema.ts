/** What a file of the law may hold, and the checks that name file and key. */
import { z } from 'zod';
import { check, invalid, meant } from './files.ts';

/** `YYYY-MM-DD`, a day there is. */
export const date = z.iso.date();
export const reference = z.string().min(1).max(300);
const value = z.union([z.number(), z.string().min(1).max(200), z.boolean(), z.null()]);
/** Values by start date; `null` ends the one before. */
export const dated = z.record(date, z.strictObject({ value, reference }));
/** Known gaps by their start date; a value entered from the same date fills one. */
export const gaps = z.array(z.strictObject({ from: date, reference }));

const parameter = z.strictObject({
  description: z.string().min(1).max(600),
  unit: z.string().min(1).max(60),
  type: z.enum(['whole-number', 'decimal', 'clock-time', 'choice', 'selection', 'text', 'boolean']),
  /** The choices, for types `choice` and `selection`: a selection is some of them with a space between, or `none`. */
  choices: z.array(z.string().min(1)).min(2).optional(),
  /** Every value is a multiple of this, for type `whole-number`. */
  multipleOf: z.int().min(2).optional(),
  /**
   * Whether an agreement under 4 kap. 5 § may replace it: `allowed`, `forbidden`, or `narrows`: it may set only what
   * `narrowsTo` lists, which adds a condition and so only narrows liability. `guideline`: no section orders it, so the
   * common guidelines of 4 kap. 4 § may; where they are not seen, what is stated here holds.
   */
  agreement: z.enum(['allowed', 'forbidden', 'narrows', 'guideline']),
  narrowsTo: z.array(z.string().min(1)).min(1).optional(),
  /** The ambiguities it decides: their numbers in the table of profiles/README.md. */
  readings: z
    .array(z.string().regex(/^A[1-9]\d?$/))
    .min(1)
    .optional(),
  reference,
  /** The value holds for its calendar year only and is missing outside the years listed. */
  per: z.literal('calendar-year').optional(),
  values: dated.optional(),
  unknown: gaps.optional(),
});
const profile = z.strictObject({
  title: z.string().min(1).max(200),
  parameters: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), parameter),
});
const overlay = z.strictObject({
  parameters: z.record(z.string(), z.strictObject({ values: dated })),
});

export type ParameterFile = z.infer<typeof profile>;
export type Parameter = z.infer<typeof parameter>;

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
    const isChosen = stated.type === 'choice' || stated.type === 'selection';
    if (isChosen !== (stated.choices !== undefined)) {
      throw invalid(file, `${key}.choices`, 'belongs to types choice and selection alone');
    }
    if ((stated.agreement === 'narrows') !== (stated.narrowsTo !== undefined)) {
      throw invalid(file, `${key}.narrowsTo`, 'belongs to agreement: narrows, and only to it');
    }
    if (stated.narrowsTo?.some((choice) => stated.choices?.includes(choice) !== true)) {
      throw invalid(file, `${key}.narrowsTo`, 'names what is no choice');
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
    if (shipped === undefined) {
      // The file has the stem in its name, so `settlement.` does not stand before the parameter.
      const near = meant(name.split('.').at(-1) ?? '', Object.keys(parameters));
      throw invalid(file, `parameters.${name}`, `no such parameter${near}`);
    }
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
    checkValue(file, `${key}.value`, stated, entered);
    if (stated.per === 'calendar-year' && !from.endsWith('-01-01')) {
      throw invalid(file, key, 'a yearly value starts on 1 January');
    }
  }
}

/** What the values of a parameter have in common. */
export interface ValueKind {
  readonly type: Parameter['type'];
  readonly choices?: readonly string[] | undefined;
  readonly multipleOf?: number | undefined;
  readonly unit?: string | undefined;
}

/**
 * Whether a value is one the parameter can have.
 * @throws GatewayError configuration-invalid
 */
export function checkValue(
  file: string,
  key: string,
  { type, choices, multipleOf, unit }: ValueKind,
  entered: number | string | boolean | null,
): void {
  if (entered === null) return;
  if (!kinds[type](entered) || !isChosenOf(type, choices, String(entered))) {
    const wanted =
      (type === 'selection' ? `selection of ${choices?.join(', ')}, or none` : undefined) ??
      choices?.join(' | ') ??
      (type === 'decimal' ? "decimal in quotes, '1.5'" : type.replace('-', ' '));
    throw invalid(file, key, `is not a ${wanted}`);
  }
  if (multipleOf !== undefined && Number(entered) % multipleOf !== 0) {
    throw invalid(
      file,
      key,
      `is not a multiple of ${multipleOf}${unit === undefined ? '' : ` (${unit})`}`,
    );
  }
}

function isChosenOf(
  type: Parameter['type'],
  choices: readonly string[] | undefined,
  entered: string,
): boolean {
  if (choices === undefined) return true;
  if (type !== 'selection') return choices.includes(entered);
  const chosen = entered.split(' ');
  const isWhole = chosen.every((one) => choices.includes(one));
  return entered === 'none' || (isWhole && new Set(chosen).size === chosen.length);
}

type Entered = number | string | boolean;
const kinds: Readonly<Record<Parameter['type'], (entered: Entered) => boolean>> = {
  'whole-number': (entered) => Number.isSafeInteger(entered) && Number(entered) >= 0,
  // As text, because 1.5 is an exact number and a binary fraction is not; more decimals than two would not leave whole öre.
  decimal: (entered) => typeof entered === 'string' && /^\d{1,4}(\.\d{1,2})?$/.test(entered),
  'clock-time': (entered) =>
    typeof entered === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(entered),
  choice: (entered) => typeof entered === 'string',
  selection: (entered) => typeof entered === 'string',
  text: (entered) => typeof entered === 'string',
  boolean: (entered) => typeof entered === 'boolean',
};
