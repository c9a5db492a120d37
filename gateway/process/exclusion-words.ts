/** Why a case is not charged, in words. */
import type { Words } from './billing-words.ts';

/** Why a case is not charged; a code without words stands for itself. */
export const exclusionWords = (code: string): Words => exclusions[code] ?? { sv: code, en: code };

/** Each reason that a case can be left out for, without its times: those are in the case. */
const exclusions: Readonly<Record<string, Words>> = {
  PARAMETER_MISSING: { sv: 'en uppgift som behövs är inte införd', en: 'a figure is not entered' },
  NOT_ADMITTED: { sv: 'inte inskriven', en: 'not admitted' },
  ADMISSION_CANCELLED: { sv: 'inskrivningen är makulerad', en: 'the admission was cancelled' },
  NEED_NOT_ASSESSED: { sv: 'inget behov av insatser bedömt', en: 'no need was assessed' },
  NO_MUNICIPAL_NEED: { sv: 'inget behov av kommunens insatser', en: 'no need of the municipality' },
  NO_NEED_NOW: { sv: 'insatser behövs inte längre', en: 'services are needed no more' },
  NEED_LOST: {
    sv: 'kommunens insatser behövdes inte längre vid utskrivningen',
    en: 'the need was gone at discharge',
  },
  NEED_LOST_BEFORE_LIABILITY: {
    sv: 'behovet av kommunens insatser bortföll innan ansvaret inträdde',
    en: 'the need was gone before liability arose',
  },
  MUNICIPALITY_UNKNOWN: {
    sv: 'folkbokföringskommunen är okänd',
    en: 'the municipality of registration is unknown',
  },
  COUNTY_UNKNOWN: { sv: 'vårdande region är okänd', en: 'the treating region is unknown' },
  SAME_PRINCIPAL: { sv: 'samma huvudman', en: 'the same principal' },
  RESERVE_NUMBER: {
    sv: 'personnummer saknas, så folkbokföringen är inte styrkt',
    en: 'no person number, so the registration is not proved',
  },
  NUMBER_NOT_TOLD: {
    sv: 'inget inskrivningsmeddelande med personnummer är överlämnat',
    en: 'no admission notice with a person number was handed over',
  },
  NOT_CIVIL_REGISTERED: { sv: 'inte folkbokförd', en: 'not civil registered' },
  CONTRADICTORY: { sv: 'uppgifterna motsäger varandra', en: 'the facts contradict one another' },
  CARE_KIND_UNKNOWN: { sv: 'vårdens slag är okänt', en: 'the kind of care is unknown' },
  NOTICE_NOT_SENT_YET: { sv: 'meddelandet är inte skickat', en: 'the notice was not sent' },
  NOTICE_HELD: {
    sv: 'meddelandet väntar på manuell hantering',
    en: 'the notice waits for a person',
  },
  NOTICE_REFUSED: { sv: 'mottagaren tog inte emot meddelandet', en: 'the notice was refused' },
  NOTICE_UNRESOLVED: {
    sv: 'om meddelandet kom fram är oklart',
    en: 'whether the notice arrived is unknown',
  },
  NOTICE_DELIVERY_UNPROVEN: {
    sv: 'att meddelandet nått mottagaren är inte visat',
    en: 'that the notice arrived is not proved',
  },
  NOTICE_MISDIRECTED: { sv: 'meddelandet gick till fel kommun', en: 'the notice was misdirected' },
  SECRECY_OBSTACLE: { sv: 'sekretess hindrar underrättelsen', en: 'secrecy hinders the notice' },
  ADMISSION_TIME_UNKNOWN: {
    sv: 'tidpunkten för inskrivningen är okänd',
    en: 'the time of admission is unknown',
  },
  ADMISSION_NOTICE_LATE: {
    sv: 'inskrivningsmeddelandet skickades inte i tid',
    en: 'the admission notice was not sent in time',
  },
  ADMISSION_NOTICE_INCOMPLETE: {
    sv: 'inskrivningsmeddelandet saknade beräknad tidpunkt för utskrivning',
    en: 'the admission notice had no estimated discharge',
  },
  ESTIMATE_MISSING: {
    sv: 'beräknad tidpunkt för utskrivning saknas',
    en: 'no estimated discharge was told',
  },
  READINESS_CANCELLED: {
    sv: 'uppgiften om utskrivningsklar gäller inte längre',
    en: 'the readiness was withdrawn',
  },
  NOT_READY: { sv: 'inte utskrivningsklar', en: 'not ready' },
  NOT_DISCHARGED: { sv: 'inte utskriven', en: 'not discharged' },
  EARLIER_READINESS: {
    sv: 'bara den senaste perioden som utskrivningsklar räknas',
    en: 'only the last period of readiness counts',
  },
  COORDINATED_PLAN_PENDING: {
    sv: 'samordnad vårdplan är inte justerad',
    en: 'no coordinated care plan is signed',
  },
  COORDINATED_PLAN_MISSING: {
    sv: 'ingen samordnad vårdplan justerades',
    en: 'no coordinated care plan was signed',
  },
  COURT_DECISION_PENDING: {
    sv: 'domstolens beslut är inte känt',
    en: 'the decision of the court is not known',
  },
  COURT_DECISION_MISSING: {
    sv: 'inget beslut av domstol var känt',
    en: 'no decision of a court was known',
  },
  SIP_CALL_PENDING: { sv: 'kallelse är inte skickad', en: 'the call was not sent' },
  SIP_CALL_NOT_DUE_YET: { sv: 'kallelsens tid löper ännu', en: 'the call is not due yet' },
  SIP_CALL_LATE: { sv: 'kallelsen skickades för sent', en: 'the call was sent late' },
  SIP_CALL_MISSING: { sv: 'ingen kallelse skickades i tid', en: 'no call was sent in time' },
  SIP_CALL_WITHOUT_CONTACT: {
    sv: 'kallelsen räknas inte: ingen fast vårdkontakt var utsedd',
    en: 'the call does not count: no fixed care contact',
  },
  SIP_CALL_BY_OTHER: {
    sv: 'kallelsen kom inte från den fasta vårdkontakten',
    en: 'the call was not from the fixed care contact',
  },
  SIP_CALLER_UNKNOWN: { sv: 'vem som kallade är okänt', en: 'who called is unknown' },
  CARE_CONTACT_PENDING: {
    sv: 'ingen fast vårdkontakt är utsedd',
    en: 'no fixed care contact was appointed',
  },
  CARE_CONTACT_MISSING: {
    sv: 'ingen fast vårdkontakt utsågs i tid',
    en: 'no fixed care contact was appointed in time',
  },
  CARE_CONTACT_LATE: {
    sv: 'fast vårdkontakt utsågs för sent',
    en: 'the fixed care contact was appointed late',
  },
  CARE_CONTACT_TIME_UNKNOWN: {
    sv: 'om fast vårdkontakt utsågs i tid är okänt',
    en: 'whether the care contact was appointed in time is unknown',
  },
  OUTPATIENT_UNAVAILABLE: {
    sv: 'den öppna vårdens insatser var inte tillgängliga',
    en: 'outpatient services were not available',
  },
  OUTPATIENT_UNKNOWN: {
    sv: 'om den öppna vårdens insatser var tillgängliga är oklart',
    en: 'whether outpatient services were available is unknown',
  },
  OUTPATIENT_PLAN_MISSING: {
    sv: 'planering saknas för den öppna vårdens insatser',
    en: 'outpatient services were not planned',
  },
  TREATMENT_PLAN_MISSING: {
    sv: 'behandlingsplan fanns inte när patienten bedömdes utskrivningsklar',
    en: 'no treatment plan when assessed as ready',
  },
  NOT_IN_TARGET_GROUP: {
    sv: 'utanför överenskommelsens målgrupp',
    en: 'outside the target group of the agreement',
  },
  SERVICES_DECLINED: { sv: 'har motsatt sig insatserna', en: 'declined the services' },
  LIABILITY_PENDING: { sv: 'ansvaret har inte inträtt', en: 'liability has not arisen' },
  DISCHARGED_BEFORE_LIABILITY: {
    sv: 'utskriven innan ansvaret inträdde',
    en: 'discharged before liability arose',
  },
  DIED_BEFORE_LIABILITY: {
    sv: 'avled innan ansvaret inträdde',
    en: 'died before liability arose',
  },
  WITHDRAWN_BEFORE_LIABILITY: {
    sv: 'utskrivningsklar återtogs innan ansvaret inträdde',
    en: 'readiness was withdrawn before liability arose',
  },
  NO_CARE_DAYS: { sv: 'inga vårddygn', en: 'no care days' },
  DECEASED_REVIEW: {
    sv: 'den avlidnes dygn granskas av en person',
    en: 'the days of the deceased are looked at by a person',
  },
  DECEASED_EXCLUDED: {
    sv: 'den avlidnes dygn debiteras inte',
    en: 'the days of the deceased are not charged',
  },
  CLEARED: { sv: 'räknas inte längre här', en: 'no longer counted here' },
};
