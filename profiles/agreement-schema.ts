/** What the two files of a region may hold, and what a user's own file may lay over a shipped agreement. */
import { z } from 'zod';
import { check } from './files.ts';
import { countyCode, municipalityCode } from './nation.ts';
import { date, dated, gaps, reference } from './schema.ts';

const region = z.strictObject({
  county: countyCode,
  municipalities: z.array(municipalityCode).min(1),
});

const title = z.string().min(1).max(200);
const document = z.strictObject({
  /** What references in the file call it. */
  cite: z.string().min(1).max(80),
  title: z.string().min(1).max(300),
  date: date.optional(),
  /** Diarienummer. */
  registration: z.string().min(1).max(60).optional(),
  /** False: known from another document, its text was not to be had. */
  seen: z.boolean(),
});
const period = z.strictObject({
  from: date,
  /** Last day; left out: until further notice. */
  to: date.optional(),
  /** `unseen`: an agreement held and its text is not known, so nothing that it may decide is known. */
  status: z.enum(['in-force', 'unseen']),
  reference,
});
const extension = z.strictObject({
  /** Prolonged by so many years at a time unless terminated. */
  years: z.int().min(1).max(50),
  /** Termination is to be made so long before the end, for the first end at the latest on `noticeBy`. */
  noticeMonths: z.int().min(1).max(120),
  noticeBy: date,
  reference,
  /** Entered by a user who knows that nobody terminated it: the last day that is known to be covered. */
  confirmedUntil: date.optional(),
  confirmedBy: reference.optional(),
});
const adopted = z.strictObject({ adopted: z.enum(['yes', 'assumed', 'no']), reference });
const value = z.strictObject({ values: dated.optional(), unknown: gaps.optional() });
const indicator = z.strictObject({
  /** What is counted; each is computed by a function of that name. */
  id: z.enum([
    'discharged-same-day',
    'ready-days',
    'staying-days-or-more',
    'discharged-within-days',
    'planning-calls',
    'readmissions',
    'sums-paid',
    'adherence',
    'deviations',
  ]),
  description: z.string().min(1).max(300),
  /** The figure in it: days or more, within days, or the window of a readmission. */
  days: z.int().min(0).max(366).optional(),
  reference,
});
const followUp = z.strictObject({
  /** Who follows up. */
  responsible: z.string().min(1).max(200),
  /** Left out where the agreement does not say. */
  every: z.enum(['month', 'year']).optional(),
  reference,
  indicators: z.array(indicator),
});
/** Who takes up a dispute, first level first. */
const disputeLevel = z.strictObject({ who: z.string().min(1).max(300), reference });
const opening = z.strictObject({
  /** The first month settled here: it opens with this state. */
  month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
  /** Whether every ready day is charged in it. */
  active: z.boolean(),
  /** Months in a row, up to the one before it, with a mean above the benchmark, and not above it. */
  above: z.int().min(0).max(120),
  below: z.int().min(0).max(120),
  reference,
});
const agreement = z.strictObject({
  title,
  documents: z.array(document).min(1),
  periods: z.array(period).min(1),
  extension: extension.optional(),
  adoption: z.strictObject({
    default: adopted,
    municipalities: z.record(municipalityCode, adopted).optional(),
  }),
  parameters: z.record(z.string(), value),
  followUp,
  disputes: z.array(disputeLevel),
  opening: z.record(municipalityCode, opening).optional(),
});
const overlay = z.strictObject({
  documents: z.array(document).optional(),
  /** In place of the shipped ones, all of them. */
  periods: z.array(period).min(1).optional(),
  /** `null`: it is not prolonged. */
  extension: extension.partial().nullable().optional(),
  adoption: z
    .strictObject({
      default: adopted.optional(),
      municipalities: z.record(municipalityCode, adopted).optional(),
    })
    .optional(),
  parameters: z.record(z.string(), value).optional(),
  opening: z.record(municipalityCode, opening).optional(),
});

export type RegionFile = z.infer<typeof region>;
export type AgreementFile = z.infer<typeof agreement>;
export type AgreementPeriod = Readonly<z.infer<typeof period>>;
export type AgreementDocument = Readonly<z.infer<typeof document>>;
export type Extension = Readonly<z.infer<typeof extension>>;
export type Opening = Readonly<z.infer<typeof opening>>;
export type DisputeLevel = Readonly<z.infer<typeof disputeLevel>>;
export type Indicator = Readonly<z.infer<typeof indicator>>;
export type IndicatorId = Indicator['id'];
export type FollowUp = Readonly<Omit<z.infer<typeof followUp>, 'indicators'>> & {
  readonly indicators: readonly Indicator[];
};

/**
 * @param file named in errors
 * @throws GatewayError configuration-invalid
 */
export const readRegion = (file: string, content: unknown): RegionFile =>
  check(file, region, content);

/**
 * @param file named in errors
 * @throws GatewayError configuration-invalid
 */
export const readAgreement = (file: string, content: unknown): AgreementFile =>
  check(file, agreement, content);

/**
 * A user's own file over an agreement: it adds documents, values, adoptions and opening states, replaces the periods, and
 * confirms or ends the extension.
 *
 * @param file named in errors
 * @throws GatewayError configuration-invalid
 */
export function layOver(file: string, content: unknown, under: AgreementFile): AgreementFile {
  const over = check(file, overlay, content);
  const parameters = { ...under.parameters };
  for (const [name, stated] of Object.entries(over.parameters ?? {})) {
    const known = parameters[name];
    parameters[name] = {
      values: { ...known?.values, ...stated.values },
      unknown: [...(known?.unknown ?? []), ...(stated.unknown ?? [])],
    };
  }
  const laid = {
    ...under,
    documents: [...under.documents, ...(over.documents ?? [])],
    periods: over.periods ?? under.periods,
    adoption: {
      default: over.adoption?.default ?? under.adoption.default,
      municipalities: { ...under.adoption.municipalities, ...over.adoption?.municipalities },
    },
    parameters,
    opening: { ...under.opening, ...over.opening },
    ...(over.extension && { extension: { ...under.extension, ...over.extension } }),
    ...(over.extension === null && { extension: undefined }),
  };
  return check(file, agreement, laid);
}
