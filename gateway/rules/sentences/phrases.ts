/** Parts of sentences, in Swedish and English: notices with their receivers, and what moves the start of liability. */
import type { DischargeProcess } from '../../process/state.ts';
import { fillIn } from './reasons.ts';
import type { Phrase, Reason } from './reasons.ts';

const notices = {
  'admission-notice': { sv: 'Inskrivningsmeddelandet', en: 'The admission notice' },
  'discharge-ready-notice': {
    sv: 'Underrättelsen om utskrivningsklar',
    en: 'The notification of readiness',
  },
  'compulsory-care-notice': {
    sv: 'Underrättelsen om öppen psykiatrisk tvångsvård',
    en: 'The notification of open compulsory care',
  },
  'discharge-notice': { sv: 'Utskrivningsmeddelandet', en: 'The discharge notice' },
  'death-notice': {
    sv: 'Meddelandet om att patienten har avlidit',
    en: 'The notice that the patient has died',
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

/** A call says who called; that such a contact was appointed is another fact. Begins with a space, or is empty. */
export function calledPhrase({ calls }: DischargeProcess): Phrase {
  const isNamed = calls.some(
    ({ calledBy, withdrawn }) => calledBy === 'fixed-care-contact' && withdrawn === undefined,
  );
  if (!isNamed) return '';
  return {
    sv: ' En kallelse till planering anges komma från en fast vårdkontakt.',
    en: ' A call to planning is said to come from a fixed care contact.',
  };
}

/** What a call is told with where no fixed care contact is known to have been appointed by then. */
export const contactUnknown: Phrase = {
  sv: ' Att en fast vårdkontakt var utsedd är inte känt.',
  en: ' That a fixed care contact was appointed is not known.',
};

/** Reading A44: 4 kap. 1 § puts the coordinated care plan first, 5 kap. 3 § says nothing of it. */
export const arguable: Phrase = {
  sv: ' Att planen är ett villkor för betalningsansvar kan diskuteras: 5 kap. 3 § nämner den inte.',
  en: ' That the plan is a condition of liability is arguable: 5 kap. 3 § does not name it.',
};

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
  COORDINATED_PLAN_ESTABLISHED: {
    sv: 'Den samordnade vårdplanen var justerad först {at}.',
    en: 'The coordinated care plan was not approved until {at}.',
  },
  COURT_DECISION_RECORDED: {
    sv: 'Domstolens beslut om den öppna vården meddelades först {at}.',
    en: 'The court did not decide on open care until {at}.',
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
