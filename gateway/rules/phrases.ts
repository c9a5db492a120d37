/** Parts of sentences, in Swedish and English: notices with their receivers, and what moves the start of liability. */
import { fillIn } from './reasons.ts';
import type { Phrase, Reason } from './reasons.ts';

const notices = {
  'admission-notice': { sv: 'Inskrivningsmeddelandet', en: 'The admission notice' },
  'discharge-ready-notice': {
    sv: 'Underrättelsen om utskrivningsklar',
    en: 'The notification of readiness',
  },
} as const;
const receivers = {
  'payer-municipality': { sv: 'betalande kommun', en: 'the paying municipality' },
  'social-services': { sv: 'socialtjänsten', en: 'social services' },
  'municipal-health-care': { sv: 'kommunal hälso- och sjukvård', en: 'municipal health care' },
  'region-outpatient': { sv: 'regionens öppna vård', en: 'regional outpatient care' },
} as const;

/** What a sentence about a notice is about: which notice, to whom. */
export function subjectOf(notice: keyof typeof notices, role: keyof typeof receivers): Phrase {
  return {
    sv: `${notices[notice].sv} till ${receivers[role].sv}`,
    en: `${notices[notice].en} to ${receivers[role].en}`,
  };
}

/** Facts that move the start of liability past the date of 5 kap. 4 § (readings A39, A42). */
const movers: Partial<Record<Reason, { readonly sv: string; readonly en: string }>> = {
  NOTICE_SENT: {
    sv: 'Inskrivningsmeddelandet skickades först {at}.',
    en: 'The admission notice was not sent until {at}.',
  },
  NUMBER_TOLD: {
    sv: 'Personnumret meddelades först {at}.',
    en: 'The personal identity number was not told until {at}.',
  },
  NEED_RESTATED: {
    sv: 'Behovet av kommunens insatser bedömdes på nytt {at}.',
    en: 'The need of municipal services was assessed again at {at}.',
  },
  SIP_CALL_MADE: {
    sv: 'Kallelsen till planering skickades först {at}.',
    en: 'The call to planning was not sent until {at}.',
  },
  SIP_CALL_LATE: {
    sv: 'Kallelsen till planering skickades först {at}.',
    en: 'The call to planning was not sent until {at}.',
  },
  PLANNING_DECLINED: {
    sv: 'Patienten avböjde planering först {at}.',
    en: 'The patient did not decline planning until {at}.',
  },
  PLANNING_NOT_NEEDED: {
    sv: 'Behovet av samordnad planering bortföll först {at}.',
    en: 'The need of coordinated planning did not fall away until {at}.',
  },
  OUTPATIENT_AVAILABLE: {
    sv: 'Att den öppna vårdens insatser inte hindrar utskrivning bekräftades först {at}.',
    en: 'That outpatient services do not stand in the way was not confirmed until {at}.',
  },
};

/** What moved the start of liability, as a sentence. */
export function moverOf(reason: Reason, at: string): Phrase {
  const known = movers[reason] ?? {
    sv: 'Förutsättningarna var uppfyllda först {at}.',
    en: 'The conditions were not met until {at}.',
  };
  return fillIn(known, { at });
}
