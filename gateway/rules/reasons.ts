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
  NOTICE_SENT: { sv: 'Skickat {sent}.', en: 'Sent {sent}.' },
  NOTICE_NOT_SENT_YET: { sv: 'Ännu inte skickat.', en: 'Not sent yet.' },
  NOTICE_HELD: {
    sv: 'Väntar på manuell hantering (skyddade personuppgifter).',
    en: 'Held for a person (protected identity).',
  },
  NOTICE_REFUSED: { sv: 'Mottagaren tog inte emot det.', en: 'The receiver refused it.' },
  NOTICE_UNRESOLVED: {
    sv: 'Skickat, men om det kom fram är oklart.',
    en: 'Sent, but whether it arrived is not known.',
  },
  NOTICE_DELIVERY_UNPROVEN: {
    sv: 'Kanalen visar inte att det överlämnats.',
    en: 'The channel does not prove the hand-over.',
  },
  NOTICE_MISDIRECTED: {
    sv: 'Mottagaren svarar att patienten inte hör till kommunen.',
    en: 'The receiver answers that the patient is not its resident.',
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
    sv: 'Skickat, men beräknad tidpunkt för utskrivning saknas ännu.',
    en: 'Sent, but the estimated time of discharge is still missing.',
  },
  READINESS_WITHDRAWN: {
    sv: 'Bedömningen att patienten är utskrivningsklar är återtagen.',
    en: 'The assessment that the patient is discharge-ready was withdrawn.',
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
  COMPULSORY_CARE_PLANNING: {
    sv: 'Öppen tvångsvård: samordnad vårdplan prövas inte här.',
    en: 'Open compulsory care: the coordinated care plan is not assessed here.',
  },
  SIP_CALL_MADE: { sv: 'Kallelse skickad {sent}.', en: 'Call sent {sent}.' },
  SIP_CALL_PENDING: {
    sv: 'Kallelse till samordnad individuell planering är inte skickad; sista tid {due}.',
    en: 'The call to coordinated individual planning is not sent; last time {due}.',
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
  NOT_CIVIL_REGISTERED: {
    sv: 'Patienten är inte folkbokförd.',
    en: 'The patient is not civil-registered.',
  },
  CONTRADICTORY: {
    sv: 'Uppgifterna om vårdtillfället motsäger varandra.',
    en: 'The facts of the stay contradict each other.',
  },
  LIABILITY_PENDING: {
    sv: 'Betalningsansvaret inträder {from} om förutsättningarna består.',
    en: 'Liability arises on {from} if the conditions still hold.',
  },
  LIABILITY_RUNNING: {
    sv: 'Betalningsansvar från och med {from}.',
    en: 'Liability from and including {from}.',
  },
  LIABILITY_ENDED: {
    sv: 'Betalningsansvar från och med {from} till {until}.',
    en: 'Liability from and including {from} until {until}.',
  },
  SENT_DISPUTED: {
    sv: 'Betalningsansvar från {from}: mottagarens fel dröjde överlämnandet (annars {otherwise}).',
    en: 'Liability from {from}: a fault of the receiver delayed the hand-over (otherwise {otherwise}).',
  },
  DISCHARGED_BEFORE_LIABILITY: {
    sv: 'Patienten skrevs ut innan betalningsansvaret inträdde.',
    en: 'The patient was discharged before liability arose.',
  },
  WITHDRAWN_BEFORE_LIABILITY: {
    sv: 'Utskrivningsklar återtogs innan betalningsansvaret inträdde.',
    en: 'Readiness was withdrawn before liability arose.',
  },
  NOT_DISCHARGED: { sv: 'Patienten är inte utskriven.', en: 'The patient is not discharged.' },
  CARE_DAYS_COUNTED: { sv: '{days} vårddygn debiteras.', en: '{days} care days are charged.' },
  NO_CARE_DAYS: { sv: 'Inga vårddygn debiteras.', en: 'No care days are charged.' },
  DECEASED_REVIEW: {
    sv: '{days} vårddygn; patienten har avlidit, granskas före debitering.',
    en: '{days} care days; the patient has died, to be reviewed before billing.',
  },
  CLEARED: { sv: 'Räknas inte längre här.', en: 'No longer counted here.' },
} as const satisfies Record<string, { sv: string; en: string }>;

export type Reason = keyof typeof reasons;

/** The sentences of a reason, with its placeholders filled. */
export function sentenceOf(
  reason: Reason,
  fill: Readonly<Record<string, string>>,
): { readonly sv: string; readonly en: string } {
  const { sv, en } = reasons[reason];
  if (!sv.includes('{')) return { sv, en };
  const filled = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (_all, name: string) => fill[name] ?? '–');
  return { sv: filled(sv), en: filled(en) };
}
