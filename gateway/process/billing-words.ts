/** The codes of a billing basis in words: what is told beside the amounts, to whoever reads them. */
import type { DisputeCause, SettledCase } from './events.ts';

/** A text in both languages. */
export interface Words {
  readonly sv: string;
  readonly en: string;
}

const remarks: Readonly<Record<string, Words>> = {
  ADOPTION_ASSUMED: {
    sv: 'Att kommunen har antagit överenskommelsen är ett antagande; beslutet har inte setts.',
    en: 'That the municipality adopted the agreement is assumed; the decision was not seen.',
  },
  EXTENSION_UNCONFIRMED: {
    sv: 'Överenskommelsens tid har löpt ut och den tillämpas som förlängd; att ingen sagt upp den är inte bekräftat.',
    en: 'The agreement has run out and is applied as prolonged; that nobody terminated it is not confirmed.',
  },
  AGREEMENT_NOT_ENTERED: {
    sv: 'Ingen överenskommelse för regionen är införd här; lagens bestämmelser har tillämpats.',
    en: 'No agreement of the region is entered here; the statute was applied.',
  },
  INVOICE_DAY_NOT_STATED: {
    sv: 'Ingen dag för fakturan är bestämd.',
    en: 'No day is stated for the invoice.',
  },
  DUE_DATE_NOT_STATED: {
    sv: 'Ingen förfallodag är bestämd, så underlaget är ingen faktura.',
    en: 'No due date is stated, so this basis is no invoice.',
  },
};

const flags: Readonly<Record<string, Words>> = {
  LEAVE: { sv: 'permission under vårdtiden', en: 'on leave during the stay' },
  DECEASED: { sv: 'avliden', en: 'deceased' },
  MOVED: { sv: 'annan kommun efter underrättelsen', en: 'moved or placed after the notification' },
  REDECLARED: { sv: 'utskrivningsklar mer än en gång', en: 'declared ready more than once' },
  MINUS_DAYS: {
    sv: 'utskriven före registrerad utskrivningsklar',
    en: 'discharged before the registered ready date',
  },
  TREATMENT_PLAN_MISSING: { sv: 'behandlingsplan saknas', en: 'no treatment plan' },
  SENT_DISPUTED: { sv: 'överlämnandet kan bestridas', en: 'the hand-over can be disputed' },
};

const shares: Readonly<Record<SettledCase['share'], Words>> = {
  mean: { sv: 'i genomsnittet', en: 'in the mean' },
  individual: { sv: 'för sig', en: 'by itself' },
  days: { sv: 'dygn för dygn', en: 'day by day' },
  ineligible: { sv: 'debiteras inte', en: 'not charged' },
  'left-out': { sv: 'utanför', en: 'left out' },
};

/** Why a municipality says that an invoice is not right. */
const causes: Readonly<Record<DisputeCause, Words>> = {
  'not-our-resident': { sv: 'inte vår invånare', en: 'not its resident' },
  days: { sv: 'antalet dygn', en: 'the days that are counted' },
  amount: { sv: 'beloppet', en: 'the amount' },
  notice: {
    sv: 'underrättelsen kom inte, eller för sent',
    en: 'a notice that was late or missing',
  },
  planning: { sv: 'planeringen', en: 'the planning of the discharge' },
  'charged-twice': { sv: 'begärt två gånger', en: 'asked for twice' },
  other: { sv: 'annat', en: 'something else, in its own words' },
};

/** What a cause of a dispute is called. */
export const causeWords = (cause: DisputeCause): Words => causes[cause];

/** What a remark tells; a code without words stands for itself. */
export const remarkWords = (code: string): Words => remarks[code] ?? { sv: code, en: code };

/** What a person should look at in a case; a code without words stands for itself. */
export const flagWords = (code: string): Words => flags[code] ?? { sv: code, en: code };

/** What the days of a case do in the month's basis. */
export const shareWords = (share: SettledCase['share']): Words => shares[share];
