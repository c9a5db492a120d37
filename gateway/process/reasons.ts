/** Every reason that a section of the act has, or that a case is not charged for, in Swedish and English. */
import type { Words } from './billing-words.ts';

/** The sentence of a finding, and the same in brief for a list. */
interface ReasonWords extends Words {
  /** Why a case is not charged, without its times: those are in the case. Absent where none is left out for it. */
  readonly brief?: Words;
}

/** Codes are stable; `{…}` is filled in. */
export const reasons = {
  PARAMETER_MISSING: {
    sv: 'Uppgiften {name} saknas för {date}; inget debiteras.',
    en: 'The figure {name} is missing for {date}; nothing is charged.',
    brief: { sv: 'en uppgift som behövs är inte införd', en: 'a figure is not entered' },
  },
  NOT_ADMITTED: {
    sv: 'Patienten är inte inskriven.',
    en: 'The patient is not admitted.',
    brief: { sv: 'inte inskriven', en: 'not admitted' },
  },
  ADMISSION_CANCELLED: {
    sv: 'Inskrivningen är makulerad.',
    en: 'The admission was cancelled.',
    brief: { sv: 'inskrivningen är makulerad', en: 'the admission was cancelled' },
  },
  NEED_NOT_ASSESSED: {
    sv: 'Inget behov av insatser efter utskrivningen har bedömts.',
    en: 'No need of services after discharge has been assessed.',
    brief: { sv: 'inget behov av insatser bedömt', en: 'no need was assessed' },
  },
  MUNICIPALITY_UNKNOWN: {
    sv: 'Folkbokföringskommunen är okänd.',
    en: 'The municipality of civil registration is unknown.',
    brief: {
      sv: 'folkbokföringskommunen är okänd',
      en: 'the municipality of registration is unknown',
    },
  },
  COUNTY_UNKNOWN: {
    sv: 'Vårdande region är okänd.',
    en: 'The treating region is unknown.',
    brief: { sv: 'vårdande region är okänd', en: 'the treating region is unknown' },
  },
  NO_NEED_NOW: {
    sv: 'Insatser efter utskrivningen bedöms inte längre behövas.',
    en: 'Services after discharge are no longer assessed as needed.',
    brief: { sv: 'insatser behövs inte längre', en: 'services are needed no more' },
  },
  NEED_LOST_BEFORE_LIABILITY: {
    sv: 'Behovet av kommunens insatser bortföll innan betalningsansvaret inträdde.',
    en: 'The need of municipal services fell away before liability arose.',
    brief: {
      sv: 'behovet av kommunens insatser bortföll innan ansvaret inträdde',
      en: 'the need was gone before liability arose',
    },
  },
  NEED_RESTATED: {
    sv: 'Behovet av kommunens insatser bedömdes på nytt.',
    en: 'The need of municipal services was assessed again.',
  },
  NOTICE_SENT: { sv: '{subject} skickades {sent}.', en: '{subject} was sent {sent}.' },
  NOTICE_NOT_SENT_YET: {
    sv: '{subject} har ännu inte skickats.',
    en: '{subject} is not sent yet.',
    brief: { sv: 'meddelandet är inte skickat', en: 'the notice was not sent' },
  },
  NOTICE_HELD: {
    sv: '{subject} väntar på manuell hantering (skyddade personuppgifter).',
    en: '{subject} is held for a person (protected identity).',
    brief: { sv: 'meddelandet väntar på manuell hantering', en: 'the notice waits for a person' },
  },
  NOTICE_REFUSED: {
    sv: '{subject}: mottagaren tog inte emot.',
    en: '{subject} was refused by the receiver.',
    brief: { sv: 'mottagaren tog inte emot meddelandet', en: 'the notice was refused' },
  },
  NOTICE_UNRESOLVED: {
    sv: '{subject} skickades, men om det kom fram är oklart.',
    en: '{subject} was sent, but whether it arrived is not known.',
    brief: { sv: 'om meddelandet kom fram är oklart', en: 'whether the notice arrived is unknown' },
  },
  NOTICE_DELIVERY_UNPROVEN: {
    sv: '{subject}: kanalen visar inte att något nått mottagaren.',
    en: '{subject}: the channel does not prove the hand-over.',
    brief: {
      sv: 'att meddelandet nått mottagaren är inte visat',
      en: 'that the notice arrived is not proved',
    },
  },
  NOTICE_MISDIRECTED: {
    sv: '{subject}: mottagaren svarar att patienten inte hör till kommunen.',
    en: '{subject}: the receiver answers that the patient is not its resident.',
    brief: { sv: 'meddelandet gick till fel kommun', en: 'the notice was misdirected' },
  },
  SECRECY_OBSTACLE: {
    sv: 'Sekretess hindrar underrättelsen.',
    en: 'Secrecy prevents the notification.',
    brief: { sv: 'sekretess hindrar underrättelsen', en: 'secrecy hinders the notice' },
  },
  ADMISSION_TIME_UNKNOWN: {
    sv: 'Bara datumet för inskrivningen är känt, så fristen kan inte räknas.',
    en: 'Only the date of admission is known, so the time limit cannot be counted.',
    brief: { sv: 'tidpunkten för inskrivningen är okänd', en: 'the time of admission is unknown' },
  },
  ADMISSION_NOTICE_LATE: {
    sv: 'Inskrivningsmeddelandet skickades inte senast {due}.',
    en: 'The admission notice was not sent by {due}.',
    brief: {
      sv: 'inskrivningsmeddelandet skickades inte i tid',
      en: 'the admission notice was not sent in time',
    },
  },
  ADMISSION_NOTICE_INCOMPLETE: {
    sv: 'Inskrivningsmeddelandet saknade beräknad tidpunkt för utskrivning vid fristens slut.',
    en: 'The admission notice lacked the estimated time of discharge when its time ran out.',
    brief: {
      sv: 'inskrivningsmeddelandet saknade beräknad tidpunkt för utskrivning',
      en: 'the admission notice had no estimated discharge',
    },
  },
  ESTIMATE_MISSING: {
    sv: '{subject} är skickat, men beräknad tidpunkt för utskrivning saknas ännu.',
    en: '{subject} was sent, but the estimated time of discharge is still missing.',
    brief: {
      sv: 'beräknad tidpunkt för utskrivning saknas',
      en: 'no estimated discharge was told',
    },
  },
  ESTIMATE_TOLD: {
    sv: 'Den ändrade beräknade tidpunkten för utskrivning meddelades {sent}. Lagen anger ingen frist utan så snart det är möjligt; bevakad till {due}.',
    en: 'The changed estimate of discharge was told {sent}. The act says as soon as possible and sets no limit; watched until {due}.',
  },
  ESTIMATE_NOT_TOLD: {
    sv: 'Den ändrade beräknade tidpunkten för utskrivning är inte meddelad alla enheter. Lagen anger ingen frist utan så snart det är möjligt; bevakad till {due}.',
    en: 'The changed estimate of discharge has not been told every unit. The act says as soon as possible and sets no limit; watched until {due}.',
  },
  READINESS_CANCELLED: {
    sv: 'Uppgiften om utskrivningsklar gäller inte längre.',
    en: 'The statement of readiness no longer stands.',
    brief: {
      sv: 'uppgiften om utskrivningsklar gäller inte längre',
      en: 'the readiness was withdrawn',
    },
  },
  PLANNING_NOT_NEEDED: {
    sv: 'Insatser behövs inte från både region och kommun.',
    en: 'Services are not needed from both region and municipality.',
  },
  PLANNING_DECLINED: {
    sv: 'Patienten samtycker inte till samordnad individuell planering.',
    en: 'The patient does not consent to coordinated individual planning.',
  },
  COORDINATED_PLAN_ESTABLISHED: {
    sv: 'Samordnad vårdplan justerad {at}.{arguable}',
    en: 'Coordinated care plan approved {at}.{arguable}',
  },
  COORDINATED_PLAN_PENDING: {
    sv: 'Samordnad vårdplan är inte justerad av alla enheter.{arguable}',
    en: 'The coordinated care plan has not been approved by every unit.{arguable}',
    brief: { sv: 'samordnad vårdplan är inte justerad', en: 'no coordinated care plan is signed' },
  },
  COORDINATED_PLAN_MISSING: {
    sv: 'Ingen samordnad vårdplan justerades innan perioden som utskrivningsklar tog slut.{arguable}',
    en: 'No coordinated care plan was approved before the period of readiness ended.{arguable}',
    brief: { sv: 'ingen samordnad vårdplan justerades', en: 'no coordinated care plan was signed' },
  },
  COORDINATED_PLAN_NOT_ASKED: {
    sv: 'Patienten går över till öppen tvångsvård: ingen kallelse till individuell planering krävs.',
    en: 'The patient goes over to open compulsory care: no call to individual planning is required.',
  },
  COURT_DECISION_RECORDED: {
    sv: 'Domstolen beslutade om den öppna vården {at}.',
    en: 'The court decided on open care at {at}.',
  },
  COURT_DECISION_PENDING: {
    sv: 'Domstolens beslut om den öppna vården är inte känt.',
    en: 'The decision of the court on open care is not known.',
    brief: { sv: 'domstolens beslut är inte känt', en: 'the decision of the court is not known' },
  },
  COURT_DECISION_MISSING: {
    sv: 'Inget beslut av domstol om den öppna vården var känt när perioden som utskrivningsklar tog slut.',
    en: 'No decision of a court on open care was known when the period of readiness ended.',
    brief: { sv: 'inget beslut av domstol var känt', en: 'no decision of a court was known' },
  },
  SIP_CALL_MADE: { sv: 'Kallelse skickad {sent}.{contact}', en: 'Call sent {sent}.{contact}' },
  SIP_CALL_WITHOUT_CONTACT: {
    sv: 'Kallelsen {sent} räknas inte: ingen fast vårdkontakt är känd som utsedd då.',
    en: 'The call of {sent} does not count: no fixed care contact is known to have been appointed by then.',
    brief: {
      sv: 'kallelsen räknas inte: ingen fast vårdkontakt var utsedd',
      en: 'the call does not count: no fixed care contact',
    },
  },
  SIP_CALL_PENDING: {
    sv: 'Kallelse till samordnad individuell planering är inte skickad; sista tid {due}.',
    en: 'The call to coordinated individual planning is not sent; last time {due}.',
    brief: { sv: 'kallelse är inte skickad', en: 'the call was not sent' },
  },
  SIP_CALL_NOT_DUE_YET: {
    sv: 'Kallelsens tid räknas från underrättelsen, som inte är överlämnad till alla berörda enheter.',
    en: 'The time for the call counts from the notification, which has not reached every unit concerned.',
    brief: { sv: 'kallelsens tid löper ännu', en: 'the call is not due yet' },
  },
  SIP_CALL_LATE: {
    sv: 'Kallelsen skickades {sent}, efter {due}.',
    en: 'The call was sent {sent}, after {due}.',
    brief: { sv: 'kallelsen skickades för sent', en: 'the call was sent late' },
  },
  SIP_CALL_MISSING: {
    sv: 'Ingen kallelse skickades senast {due}.',
    en: 'No call was sent by {due}.',
    brief: { sv: 'ingen kallelse skickades i tid', en: 'no call was sent in time' },
  },
  SIP_CALL_BY_OTHER: {
    sv: 'Kallelsen kom inte från den fasta vårdkontakten.',
    en: 'The call did not come from the fixed care contact.',
    brief: {
      sv: 'kallelsen kom inte från den fasta vårdkontakten',
      en: 'the call was not from the fixed care contact',
    },
  },
  SIP_CALLER_UNKNOWN: {
    sv: 'Vem som kallade är okänt.',
    en: 'Who called is unknown.',
    brief: { sv: 'vem som kallade är okänt', en: 'who called is unknown' },
  },
  CARE_CONTACT_APPOINTED: {
    sv: 'Fast vårdkontakt utsågs {at}.',
    en: 'A fixed care contact was appointed {at}.',
  },
  CARE_CONTACT_PENDING: {
    sv: 'Regionens öppna vård ska utse en fast vårdkontakt innan patienten skrivs ut; ingen är känd ännu.{called}',
    en: 'Regional outpatient care appoints a fixed care contact before discharge; none is known yet.{called}',
    brief: { sv: 'ingen fast vårdkontakt är utsedd', en: 'no fixed care contact was appointed' },
  },
  CARE_CONTACT_MISSING: {
    sv: 'Ingen fast vårdkontakt är känd som utsedd senast {due}.{called}',
    en: 'No fixed care contact is known to have been appointed by {due}.{called}',
    brief: {
      sv: 'ingen fast vårdkontakt utsågs i tid',
      en: 'no fixed care contact was appointed in time',
    },
  },
  CARE_CONTACT_LATE: {
    sv: 'Fast vårdkontakt utsågs {at}, efter {due}.',
    en: 'A fixed care contact was appointed {at}, after {due}.',
    brief: {
      sv: 'fast vårdkontakt utsågs för sent',
      en: 'the fixed care contact was appointed late',
    },
  },
  CARE_CONTACT_TIME_UNKNOWN: {
    sv: 'Fast vårdkontakt utsågs samma dag som tiden gick ut; om det var före är inte känt.',
    en: 'A fixed care contact was appointed on the day its time ran out; whether before is not known.',
    brief: {
      sv: 'om fast vårdkontakt utsågs i tid är okänt',
      en: 'whether the care contact was appointed in time is unknown',
    },
  },
  CARE_CONTACT_NOT_ASKED: {
    sv: 'Insatser behövs inte från regionens öppna vård.',
    en: 'No services are needed from regional outpatient care.',
  },
  CARE_CONTACT_NOT_DUE: {
    sv: 'Regionens öppna vård fick inget inskrivningsmeddelande innan patienten skrevs ut.',
    en: 'Regional outpatient care got no admission notice before the patient was discharged.',
  },
  DECEASED: { sv: 'Patienten har avlidit.', en: 'The patient has died.' },
  CARE_GOES_ON: {
    sv: 'Patienten lämnade sjukhuset för ett annat sjukhus; någon utskrivning meddelas inte.',
    en: 'The patient left for another hospital; no discharge is told.',
  },
  END_NOT_TOLD: {
    sv: 'Enligt vad parterna kommit överens om meddelas inte att vårdtillfället är slut.',
    en: 'By what the parties have agreed the end of the stay is not told.',
  },
  CALL_PASSED_ON: {
    sv: 'Kallelsen {called} till planering har skickats vidare till berörda enheter {sent}.',
    en: 'The call to planning of {called} was passed on to the units concerned {sent}.',
  },
  CALL_NOT_PASSED_ON: {
    sv: 'Kallelsen {called} till planering har ännu inte nått alla berörda enheter.',
    en: 'The call to planning of {called} has not reached all units concerned yet.',
  },
  INFORMATION_TRANSFERRED: {
    sv: 'Information för fortsatt vård och insatser överfördes {sent}.',
    en: 'Information for continued care and services was transferred {sent}.',
  },
  INFORMATION_TRANSFER_PENDING: {
    sv: 'Information för fortsatt vård och insatser är inte överförd; sista tid {due}.',
    en: 'Information for continued care and services has not been transferred; last time {due}.',
  },
  INFORMATION_TRANSFER_LATE: {
    sv: 'Information för fortsatt vård och insatser överfördes {sent}, efter {due}.',
    en: 'Information for continued care and services was transferred {sent}, after {due}.',
  },
  INFORMATION_TRANSFER_MISSING: {
    sv: 'Ingen överföring av information är känd senast {due}.',
    en: 'No transfer of information is known by {due}.',
  },
  TRANSFER_HINDERED: {
    sv: 'Sekretess hindrar att informationen överförs.',
    en: 'Secrecy prevents the transfer of information.',
  },
  OUTPATIENT_AVAILABLE: {
    sv: 'Den regionfinansierade öppna vårdens insatser hindrar inte utskrivning.',
    en: 'Regional outpatient services do not stand in the way of discharge.',
  },
  OUTPATIENT_UNAVAILABLE: {
    sv: 'Den regionfinansierade öppna vårdens insatser är inte tillgängliga.',
    en: 'Regional outpatient services are not available.',
    brief: {
      sv: 'den öppna vårdens insatser var inte tillgängliga',
      en: 'outpatient services were not available',
    },
  },
  OUTPATIENT_UNKNOWN: {
    sv: 'Det är inte klarlagt om den regionfinansierade öppna vårdens insatser är tillgängliga.',
    en: 'It is not established whether regional outpatient services are available.',
    brief: {
      sv: 'om den öppna vårdens insatser var tillgängliga är oklart',
      en: 'whether outpatient services were available is unknown',
    },
  },
  NOT_READY: {
    sv: 'Patienten är inte utskrivningsklar.',
    en: 'The patient is not ready.',
    brief: { sv: 'inte utskrivningsklar', en: 'not ready' },
  },
  NO_MUNICIPAL_NEED: {
    sv: 'Insatser behövs inte från kommunen.',
    en: 'No services are needed from the municipality.',
    brief: { sv: 'inget behov av kommunens insatser', en: 'no need of the municipality' },
  },
  SAME_PRINCIPAL: {
    sv: 'Kommunen ingår inte i en region: samma huvudman.',
    en: 'The municipality is not part of a region: the same principal.',
    brief: { sv: 'samma huvudman', en: 'the same principal' },
  },
  RESERVE_NUMBER: {
    sv: 'Personnummer saknas (reservnummer), så folkbokföringen är inte styrkt.',
    en: 'No personal identity number (reserve number), so registration is not proven.',
    brief: {
      sv: 'personnummer saknas, så folkbokföringen är inte styrkt',
      en: 'no person number, so the registration is not proved',
    },
  },
  NUMBER_NOT_TOLD: {
    sv: 'Ett inskrivningsmeddelande med personnummer är inte överlämnat.',
    en: 'No admission notice with the personal identity number has been handed over.',
    brief: {
      sv: 'inget inskrivningsmeddelande med personnummer är överlämnat',
      en: 'no admission notice with a person number was handed over',
    },
  },
  NUMBER_TOLD: {
    sv: 'Personnumret meddelades {sent}.',
    en: 'The personal identity number was told {sent}.',
  },
  NOT_CIVIL_REGISTERED: {
    sv: 'Patienten är inte folkbokförd.',
    en: 'The patient is not civil-registered.',
    brief: { sv: 'inte folkbokförd', en: 'not civil registered' },
  },
  CONTRADICTORY: {
    sv: 'Uppgifterna om vårdtillfället motsäger varandra.',
    en: 'The facts of the stay contradict each other.',
    brief: { sv: 'uppgifterna motsäger varandra', en: 'the facts contradict one another' },
  },
  LIABILITY_PENDING: {
    sv: '{notice}{moved} Betalningsansvaret inträder {from} om förutsättningarna består.',
    en: '{notice}{moved} Liability arises on {from} if the conditions still hold.',
    brief: { sv: 'ansvaret har inte inträtt', en: 'liability has not arisen' },
  },
  LIABILITY_RUNNING: {
    sv: '{notice}{moved} Första vårddygn {from}.',
    en: '{notice}{moved} First care day {from}.',
  },
  LIABILITY_ENDED: { sv: '{notice}{moved} {days}', en: '{notice}{moved} {days}' },
  SENT_DISPUTED: {
    sv: 'Mottagarens fel {fault} fördröjde överlämnandet till {handedOver} (ansvar annars från {otherwise}). {notice}{moved} {days}',
    en: 'A fault of the receiver at {fault} delayed the hand-over to {handedOver} (liability otherwise from {otherwise}). {notice}{moved} {days}',
  },
  DISCHARGED_BEFORE_LIABILITY: {
    sv: 'Patienten skrevs ut innan betalningsansvaret inträdde.',
    en: 'The patient was discharged before liability arose.',
    brief: { sv: 'utskriven innan ansvaret inträdde', en: 'discharged before liability arose' },
  },
  DIED_BEFORE_LIABILITY: {
    sv: 'Patienten avled innan betalningsansvaret inträdde.',
    en: 'The patient died before liability arose.',
    brief: { sv: 'avled innan ansvaret inträdde', en: 'died before liability arose' },
  },
  WITHDRAWN_BEFORE_LIABILITY: {
    sv: 'Utskrivningsklar återtogs innan betalningsansvaret inträdde.',
    en: 'Readiness was withdrawn before liability arose.',
    brief: {
      sv: 'utskrivningsklar återtogs innan ansvaret inträdde',
      en: 'readiness was withdrawn before liability arose',
    },
  },
  EARLIER_READINESS: {
    sv: 'Bara den senaste perioden som utskrivningsklar räknas enligt överenskommelsen.',
    en: 'Under the agreement only the latest period of readiness counts.',
    brief: {
      sv: 'bara den senaste perioden som utskrivningsklar räknas',
      en: 'only the last period of readiness counts',
    },
  },
  MEAN_GOVERNS: {
    sv: 'Kommunen betalar efter månadens genomsnitt, inte för ärendet självt.',
    en: 'The municipality pays by the month’s mean, not for the case itself.',
  },
  MEAN_PENDING: {
    sv: 'Dagarna räknas från {from}; vid utskrivningen går de in i månadens genomsnitt.',
    en: 'Days count from {from}; at discharge they go into the month’s mean.',
  },
  COUNTED_IN_MEAN: {
    sv: '{days} dagar från {from} räknas i genomsnittet för {month}.',
    en: 'Days from {from} counted in the mean of {month}: {days}.',
  },
  NOT_IN_TARGET_GROUP: {
    sv: 'Patienten hör inte till överenskommelsens målgrupp.',
    en: 'The patient is not in the target group of the agreement.',
    brief: {
      sv: 'utanför överenskommelsens målgrupp',
      en: 'outside the target group of the agreement',
    },
  },
  NEED_LOST: {
    sv: 'Kommunens insatser behövdes inte längre vid utskrivningen.',
    en: 'The municipality’s services were no longer needed at discharge.',
    brief: {
      sv: 'kommunens insatser behövdes inte längre vid utskrivningen',
      en: 'the need was gone at discharge',
    },
  },
  OUTPATIENT_PLAN_EXISTS: {
    sv: 'Planering finns för den regionfinansierade öppna vårdens insatser.',
    en: 'There is a plan for the services of regional outpatient care.',
  },
  OUTPATIENT_PLAN_MISSING: {
    sv: 'Planering saknas för den regionfinansierade öppna vårdens insatser.',
    en: 'There is no plan for the services of regional outpatient care.',
    brief: {
      sv: 'planering saknas för den öppna vårdens insatser',
      en: 'outpatient services were not planned',
    },
  },
  SERVICES_DECLINED: {
    sv: 'Patienten har motsatt sig kommunens insatser.',
    en: 'The patient has opposed the municipality’s services.',
    brief: { sv: 'har motsatt sig insatserna', en: 'declined the services' },
  },
  CARE_KIND_UNKNOWN: {
    sv: 'Psykiatrisk vård följer egna regler för tiden, och vårdens slag eller reglerna är okända.',
    en: 'Psychiatric care had rules of its own then, and the kind of care or the rules are unknown.',
    brief: { sv: 'vårdens slag är okänt', en: 'the kind of care is unknown' },
  },
  TREATMENT_PLAN_MISSING: {
    sv: 'Behandlingsplan inför utskrivning fanns inte när patienten bedömdes utskrivningsklar.',
    en: 'There was no treatment plan before discharge when the patient was assessed as ready.',
    brief: {
      sv: 'behandlingsplan fanns inte när patienten bedömdes utskrivningsklar',
      en: 'no treatment plan when assessed as ready',
    },
  },
  NOT_DISCHARGED: {
    sv: 'Patienten är inte utskriven.',
    en: 'The patient is not discharged.',
    brief: { sv: 'inte utskriven', en: 'not discharged' },
  },
  CARE_DAYS_COUNTED: { sv: '{days} vårddygn debiteras.', en: 'Care days charged: {days}.' },
  NO_CARE_DAYS: {
    sv: 'Inga vårddygn debiteras.',
    en: 'No care days are charged.',
    brief: { sv: 'inga vårddygn', en: 'no care days' },
  },
  DECEASED_REVIEW: {
    sv: 'Patienten har avlidit: {days} vårddygn granskas av en person och debiteras inte här.',
    en: 'The patient has died: {days} care days are for a person to review and are not charged here.',
    brief: {
      sv: 'den avlidnes dygn granskas av en person',
      en: 'the days of the deceased are looked at by a person',
    },
  },
  DECEASED_EXCLUDED: {
    sv: 'Patienten har avlidit: {days} vårddygn debiteras inte.',
    en: 'The patient has died: {days} care days are not charged.',
    brief: {
      sv: 'den avlidnes dygn debiteras inte',
      en: 'the days of the deceased are not charged',
    },
  },
  CLEARED: {
    sv: 'Räknas inte längre här.',
    en: 'No longer counted here.',
    brief: { sv: 'räknas inte längre här', en: 'no longer counted here' },
  },
} as const satisfies Record<string, ReasonWords>;

export type Reason = keyof typeof reasons;

const known: Readonly<Record<string, ReasonWords>> = reasons;

/** Why a case is not charged, in brief; a code without words stands for itself. */
export const briefReason = (code: string): Words => known[code]?.brief ?? { sv: code, en: code };
