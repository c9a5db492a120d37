/** Every reason a finding can have, in Swedish and English. Codes are stable; `{…}` is filled in. */
const reasons = {
  PARAMETER_MISSING: {
    sv: 'Uppgiften {name} saknas för {date}; inget debiteras.',
    en: 'The figure {name} is missing for {date}; nothing is charged.',
  },
  NOT_ADMITTED: { sv: 'Patienten är inte inskriven.', en: 'The patient is not admitted.' },
  ADMISSION_CANCELLED: { sv: 'Inskrivningen är makulerad.', en: 'The admission was cancelled.' },
  NEED_NOT_ASSESSED: {
    sv: 'Inget behov av insatser efter utskrivningen har bedömts.',
    en: 'No need of services after discharge has been assessed.',
  },
  MUNICIPALITY_UNKNOWN: {
    sv: 'Folkbokföringskommunen är okänd.',
    en: 'The municipality of civil registration is unknown.',
  },
  COUNTY_UNKNOWN: { sv: 'Vårdande region är okänd.', en: 'The treating region is unknown.' },
  NO_NEED_NOW: {
    sv: 'Insatser efter utskrivningen bedöms inte längre behövas.',
    en: 'Services after discharge are no longer assessed as needed.',
  },
  NEED_LOST_BEFORE_LIABILITY: {
    sv: 'Behovet av kommunens insatser bortföll innan betalningsansvaret inträdde.',
    en: 'The need of municipal services fell away before liability arose.',
  },
  NEED_RESTATED: {
    sv: 'Behovet av kommunens insatser bedömdes på nytt.',
    en: 'The need of municipal services was assessed again.',
  },
  NOTICE_SENT: { sv: '{subject} skickades {sent}.', en: '{subject} was sent {sent}.' },
  NOTICE_NOT_SENT_YET: {
    sv: '{subject} har ännu inte skickats.',
    en: '{subject} is not sent yet.',
  },
  NOTICE_HELD: {
    sv: '{subject} väntar på manuell hantering (skyddade personuppgifter).',
    en: '{subject} is held for a person (protected identity).',
  },
  NOTICE_REFUSED: {
    sv: '{subject}: mottagaren tog inte emot.',
    en: '{subject} was refused by the receiver.',
  },
  NOTICE_UNRESOLVED: {
    sv: '{subject} skickades, men om det kom fram är oklart.',
    en: '{subject} was sent, but whether it arrived is not known.',
  },
  NOTICE_DELIVERY_UNPROVEN: {
    sv: '{subject}: kanalen visar inte att något nått mottagaren.',
    en: '{subject}: the channel does not prove the hand-over.',
  },
  NOTICE_MISDIRECTED: {
    sv: '{subject}: mottagaren svarar att patienten inte hör till kommunen.',
    en: '{subject}: the receiver answers that the patient is not its resident.',
  },
  SECRECY_OBSTACLE: {
    sv: 'Sekretess hindrar underrättelsen.',
    en: 'Secrecy prevents the notification.',
  },
  ADMISSION_TIME_UNKNOWN: {
    sv: 'Bara datumet för inskrivningen är känt, så fristen kan inte räknas.',
    en: 'Only the date of admission is known, so the time limit cannot be counted.',
  },
  ADMISSION_NOTICE_LATE: {
    sv: 'Inskrivningsmeddelandet skickades inte senast {due}.',
    en: 'The admission notice was not sent by {due}.',
  },
  ADMISSION_NOTICE_INCOMPLETE: {
    sv: 'Inskrivningsmeddelandet saknade beräknad tidpunkt för utskrivning vid fristens slut.',
    en: 'The admission notice lacked the estimated time of discharge when its time ran out.',
  },
  ESTIMATE_MISSING: {
    sv: '{subject} är skickat, men beräknad tidpunkt för utskrivning saknas ännu.',
    en: '{subject} was sent, but the estimated time of discharge is still missing.',
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
  },
  COORDINATED_PLAN_MISSING: {
    sv: 'Ingen samordnad vårdplan justerades innan perioden som utskrivningsklar tog slut.{arguable}',
    en: 'No coordinated care plan was approved before the period of readiness ended.{arguable}',
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
  },
  COURT_DECISION_MISSING: {
    sv: 'Inget beslut av domstol om den öppna vården var känt när perioden som utskrivningsklar tog slut.',
    en: 'No decision of a court on open care was known when the period of readiness ended.',
  },
  SIP_CALL_MADE: { sv: 'Kallelse skickad {sent}.{contact}', en: 'Call sent {sent}.{contact}' },
  SIP_CALL_WITHOUT_CONTACT: {
    sv: 'Kallelsen {sent} räknas inte: ingen fast vårdkontakt är känd som utsedd då.',
    en: 'The call of {sent} does not count: no fixed care contact is known to have been appointed by then.',
  },
  SIP_CALL_PENDING: {
    sv: 'Kallelse till samordnad individuell planering är inte skickad; sista tid {due}.',
    en: 'The call to coordinated individual planning is not sent; last time {due}.',
  },
  SIP_CALL_NOT_DUE_YET: {
    sv: 'Kallelsens tid räknas från underrättelsen, som inte är överlämnad till alla berörda enheter.',
    en: 'The time for the call counts from the notification, which has not reached every unit concerned.',
  },
  SIP_CALL_LATE: {
    sv: 'Kallelsen skickades {sent}, efter {due}.',
    en: 'The call was sent {sent}, after {due}.',
  },
  SIP_CALL_MISSING: {
    sv: 'Ingen kallelse skickades senast {due}.',
    en: 'No call was sent by {due}.',
  },
  SIP_CALL_BY_OTHER: {
    sv: 'Kallelsen kom inte från den fasta vårdkontakten.',
    en: 'The call did not come from the fixed care contact.',
  },
  SIP_CALLER_UNKNOWN: { sv: 'Vem som kallade är okänt.', en: 'Who called is unknown.' },
  CARE_CONTACT_APPOINTED: {
    sv: 'Fast vårdkontakt utsågs {at}.',
    en: 'A fixed care contact was appointed {at}.',
  },
  CARE_CONTACT_PENDING: {
    sv: 'Regionens öppna vård ska utse en fast vårdkontakt innan patienten skrivs ut; ingen är känd ännu.{called}',
    en: 'Regional outpatient care appoints a fixed care contact before discharge; none is known yet.{called}',
  },
  CARE_CONTACT_MISSING: {
    sv: 'Ingen fast vårdkontakt är känd som utsedd senast {due}.{called}',
    en: 'No fixed care contact is known to have been appointed by {due}.{called}',
  },
  CARE_CONTACT_LATE: {
    sv: 'Fast vårdkontakt utsågs {at}, efter {due}.',
    en: 'A fixed care contact was appointed {at}, after {due}.',
  },
  CARE_CONTACT_TIME_UNKNOWN: {
    sv: 'Fast vårdkontakt utsågs samma dag som tiden gick ut; om det var före är inte känt.',
    en: 'A fixed care contact was appointed on the day its time ran out; whether before is not known.',
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
  },
  OUTPATIENT_UNKNOWN: {
    sv: 'Det är inte klarlagt om den regionfinansierade öppna vårdens insatser är tillgängliga.',
    en: 'It is not established whether regional outpatient services are available.',
  },
  NOT_READY: { sv: 'Patienten är inte utskrivningsklar.', en: 'The patient is not ready.' },
  NO_MUNICIPAL_NEED: {
    sv: 'Insatser behövs inte från kommunen.',
    en: 'No services are needed from the municipality.',
  },
  SAME_PRINCIPAL: {
    sv: 'Kommunen ingår inte i en region: samma huvudman.',
    en: 'The municipality is not part of a region: the same principal.',
  },
  RESERVE_NUMBER: {
    sv: 'Personnummer saknas (reservnummer), så folkbokföringen är inte styrkt.',
    en: 'No personal identity number (reserve number), so registration is not proven.',
  },
  NUMBER_NOT_TOLD: {
    sv: 'Ett inskrivningsmeddelande med personnummer är inte överlämnat.',
    en: 'No admission notice with the personal identity number has been handed over.',
  },
  NUMBER_TOLD: {
    sv: 'Personnumret meddelades {sent}.',
    en: 'The personal identity number was told {sent}.',
  },
  NOT_CIVIL_REGISTERED: {
    sv: 'Patienten är inte folkbokförd.',
    en: 'The patient is not civil-registered.',
  },
  CONTRADICTORY: {
    sv: 'Uppgifterna om vårdtillfället motsäger varandra.',
    en: 'The facts of the stay contradict each other.',
  },
  LIABILITY_PENDING: {
    sv: '{notice}{moved} Betalningsansvaret inträder {from} om förutsättningarna består.',
    en: '{notice}{moved} Liability arises on {from} if the conditions still hold.',
  },
  LIABILITY_RUNNING: {
    sv: '{notice}{moved} Första vårddygn {from}.',
    en: '{notice}{moved} First care day {from}.',
  },
  LIABILITY_ENDED: {
    sv: '{notice}{moved} {days}',
    en: '{notice}{moved} {days}',
  },
  SENT_DISPUTED: {
    sv: 'Mottagarens fel {fault} fördröjde överlämnandet till {handedOver} (ansvar annars från {otherwise}). {notice}{moved} {days}',
    en: 'A fault of the receiver at {fault} delayed the hand-over to {handedOver} (liability otherwise from {otherwise}). {notice}{moved} {days}',
  },
  DISCHARGED_BEFORE_LIABILITY: {
    sv: 'Patienten skrevs ut innan betalningsansvaret inträdde.',
    en: 'The patient was discharged before liability arose.',
  },
  DIED_BEFORE_LIABILITY: {
    sv: 'Patienten avled innan betalningsansvaret inträdde.',
    en: 'The patient died before liability arose.',
  },
  WITHDRAWN_BEFORE_LIABILITY: {
    sv: 'Utskrivningsklar återtogs innan betalningsansvaret inträdde.',
    en: 'Readiness was withdrawn before liability arose.',
  },
  EARLIER_READINESS: {
    sv: 'Bara den senaste perioden som utskrivningsklar räknas enligt överenskommelsen.',
    en: 'Under the agreement only the latest period of readiness counts.',
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
  },
  NEED_LOST: {
    sv: 'Kommunens insatser behövdes inte längre vid utskrivningen.',
    en: 'The municipality’s services were no longer needed at discharge.',
  },
  OUTPATIENT_PLAN_EXISTS: {
    sv: 'Planering finns för den regionfinansierade öppna vårdens insatser.',
    en: 'There is a plan for the services of regional outpatient care.',
  },
  OUTPATIENT_PLAN_MISSING: {
    sv: 'Planering saknas för den regionfinansierade öppna vårdens insatser.',
    en: 'There is no plan for the services of regional outpatient care.',
  },
  SERVICES_DECLINED: {
    sv: 'Patienten har motsatt sig kommunens insatser.',
    en: 'The patient has opposed the municipality’s services.',
  },
  CARE_KIND_UNKNOWN: {
    sv: 'Psykiatrisk vård följer egna regler för tiden, och vårdens slag eller reglerna är okända.',
    en: 'Psychiatric care had rules of its own then, and the kind of care or the rules are unknown.',
  },
  TREATMENT_PLAN_MISSING: {
    sv: 'Behandlingsplan inför utskrivning fanns inte när patienten bedömdes utskrivningsklar.',
    en: 'There was no treatment plan before discharge when the patient was assessed as ready.',
  },
  NOT_DISCHARGED: { sv: 'Patienten är inte utskriven.', en: 'The patient is not discharged.' },
  CARE_DAYS_COUNTED: { sv: '{days} vårddygn debiteras.', en: 'Care days charged: {days}.' },
  NO_CARE_DAYS: { sv: 'Inga vårddygn debiteras.', en: 'No care days are charged.' },
  DECEASED_REVIEW: {
    sv: 'Patienten har avlidit: {days} vårddygn granskas av en person och debiteras inte här.',
    en: 'The patient has died: {days} care days are for a person to review and are not charged here.',
  },
  DECEASED_EXCLUDED: {
    sv: 'Patienten har avlidit: {days} vårddygn debiteras inte.',
    en: 'The patient has died: {days} care days are not charged.',
  },
  CLEARED: { sv: 'Räknas inte längre här.', en: 'No longer counted here.' },
} as const satisfies Record<string, { sv: string; en: string }>;

export type Reason = keyof typeof reasons;

/** A value for a placeholder: the same in both languages, or one in each. */
export type Phrase = string | Sentence;
export type Fill = Readonly<Record<string, Phrase>>;

/** A sentence in both languages. */
export interface Sentence {
  readonly sv: string;
  readonly en: string;
}

/** The sentences of a reason, with its placeholders filled when they are read. */
export function sentenceOf(reason: Reason, fill: () => Fill): Sentence {
  return new LazySentence(reason, fill);
}

/** Most findings are only decided on, so their sentences are made when someone reads them. */
class LazySentence implements Sentence {
  readonly #reason: Reason;
  readonly #fill: () => Fill;

  constructor(reason: Reason, fill: () => Fill) {
    this.#reason = reason;
    this.#fill = fill;
  }

  get sv(): string {
    return this.toJSON().sv;
  }

  get en(): string {
    return this.toJSON().en;
  }

  toJSON(): Sentence {
    return fillIn(reasons[this.#reason], this.#fill());
  }
}

/** A text in both languages with its placeholders filled; one that is unknown becomes a dash. */
export function fillIn(text: Sentence, fill: Fill): Sentence {
  if (!text.sv.includes('{')) return text;
  const filled = (language: 'sv' | 'en'): string =>
    text[language].replace(/\{(\w+)\}/g, (_all, name: string) => {
      const phrase = fill[name] ?? '–';
      return typeof phrase === 'string' ? phrase : phrase[language];
    });
  return { sv: filled('sv'), en: filled('en') };
}
