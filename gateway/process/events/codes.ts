/** What events are made of: instants, dates, places, and the codes that the law counts with. */
import { z } from 'zod';

export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
export const date = z.string().regex(/^\d{4}-\d\d-\d\d$/);
export const month = z.string().regex(/^\d{4}-\d\d$/);
/** SCB municipality code, four digits. */
export const municipalityCode = z.string().regex(/^\d{4}$/);
/** SCB county code, two digits: it names the region. */
export const countyCode = z.string().regex(/^\d{2}$/);
/** A unit of health care: `SE`, ten digits, a hyphen, and what its organisation calls it (Inera). No person. */
export const hsaId = z
  .string()
  .max(31)
  .regex(/^SE\d{10}-[A-Za-z0-9]+$/);
export const empty = z.strictObject({});
export const text = z.string().min(1).max(200);

/** What kind of number a person is known by; `local` is one that only its giver knows. */
export type PersonNumberKind = Exclude<(typeof numberKinds)[number], 'none'> | 'local';
export const numberKinds = [
  'personnummer',
  'samordningsnummer',
  'reservnummer',
  'LMA-nummer',
  'none',
] as const;
export const protections = [
  'none',
  'sekretessmarkering',
  'skyddadFolkbokforing',
  'unspecified',
] as const;
/** What the law needs to know of a person, as codes. What is left out was not said: the earlier statement stands. */
export const patientCodes = z.strictObject({
  /** Municipality of civil registration (5 kap. 2 §). */
  municipality: municipalityCode.optional(),
  numberKind: z.enum(numberKinds),
  /** `none` is said, as any other; `unspecified` is a marking that could not be read. */
  protection: z.enum(protections).optional(),
  /** The region-financed outpatient unit that the person is listed at. */
  outpatientUnit: hsaId.optional(),
});
export type PatientCodes = z.infer<typeof patientCodes>;

/** What a notice is about: one duty of the statute, or the end of the stay that the duties were about. */
export const obligations = [
  'admission-notice',
  'discharge-estimate',
  'discharge-ready-notice',
  'information-transfer',
  'planning-call',
  // LPT 7 a § third paragraph, which counts as a notification of readiness (3 kap. 1 § second paragraph).
  'compulsory-care-notice',
  // No section orders these two: they end what the notices of chapters 2 and 3 began.
  'discharge-notice',
  'death-notice',
] as const;
export type Obligation = (typeof obligations)[number];

/** Those told by a notice of ours: the information of 3 kap. 2 § is transferred by inpatient care itself. */
export const noticedObligation = z.enum(obligations).exclude(['information-transfer']);
export type NoticedObligation = z.infer<typeof noticedObligation>;
export const noticedObligations: readonly NoticedObligation[] = noticedObligation.options;

/** Who a notice is for, by role: the concerned units of the statute, and the municipality that pays. */
export const recipientRoles = [
  'payer-municipality',
  'social-services',
  'municipal-health-care',
  'region-outpatient',
] as const;
export type RecipientRole = (typeof recipientRoles)[number];

/** The kinds of services of 2 kap. 1 §, as `need.assessed` names them. */
export const needKinds = ['socialServices', 'municipalHealthCare', 'regionOutpatient'] as const;
export type NeedKind = (typeof needKinds)[number];

/** 5 kap. 5 § and reading A43: only `available`, `notNeeded` and `notTheCause` let liability arise. */
export const outpatientAvailability = z.enum([
  'notNeeded',
  'available',
  'unavailable',
  'notTheCause',
  'unknown',
]);

/** Where something is written: a section of a statute, an agreement, or a person's reason. */
export const reference = z.string().min(1).max(300);
