/** Swedish words of the page: for a lawyer, in the words of the act. */
import type { EventType, Obligation, RecipientRole } from '../process/events.ts';
import type { Status } from '../rules/rule.ts';
import type { DeliveryState } from '../runtime/journal/journal.ts';
import type { BilledDocument, Said } from './billed.ts';

export const obligationWords: Readonly<Record<Obligation, string>> = {
  'admission-notice': 'Inskrivningsmeddelande',
  'discharge-estimate': 'Ändrad beräknad tidpunkt för utskrivning',
  'discharge-ready-notice': 'Underrättelse om utskrivningsklar patient',
  'information-transfer': 'Informationsöverföring',
  'planning-call': 'Kallelse till samordnad individuell planering',
  'compulsory-care-notice': 'Underrättelse om beslut om öppen psykiatrisk tvångsvård',
  'discharge-notice': 'Utskrivningsmeddelande',
  'death-notice': 'Meddelande om att en patient har avlidit',
};

export const roleWords: Readonly<Record<RecipientRole, string>> = {
  'payer-municipality': 'betalningsansvarig kommun',
  'social-services': 'kommunens socialtjänst',
  'municipal-health-care': 'kommunens hälso- och sjukvård',
  'region-outpatient': 'regionfinansierad öppen vård',
};

export const actionWords = {
  issued: 'utfärdad',
  corrected: 'rättelse',
  withdrawn: 'återkallelse',
} as const;

export const statusWords: Readonly<Record<Status, string>> = {
  met: 'uppfyllt',
  unmet: 'inte uppfyllt',
  unknown: 'okänt',
  pending: 'kan ännu uppfyllas',
  'not-applicable': 'inte aktuellt',
};

export const stateWords: Readonly<Record<DeliveryState, string>> = {
  pending: 'ska skickas',
  awaited: 'lämnad till förmedlaren; mottagarens kvitto väntas',
  delivered: 'överlämnad',
  refused: 'avvisad',
  unresolved: 'okänt om den kom fram',
  cancelled: 'inte skickad: ersatt dessförinnan',
  unroutable: 'inte skickad: mottagare saknas',
  held: 'inte skickad: hålls för en person (skyddade uppgifter)',
  shadow: 'inte skickad: provdrift',
};

export const proofWords: Readonly<Record<string, string>> = {
  'receiver-answer': 'mottagarens system svarade',
  person: 'en person har tagit reda på det och lämnat underlag',
  none: 'kanalen bevisar ingenting',
};

export const documentWords: Readonly<Record<BilledDocument['kind'], string>> = {
  invoice: 'Faktura',
  'credit-note': 'Kreditfaktura',
};

export const saidWords: Readonly<Record<Said['what'], string>> = {
  disputed: 'Bestriden',
  'dispute-escalated': 'Tvisten till nästa nivå',
  upheld: 'Står fast',
  credited: 'Krediterad',
};

export const clockStates = {
  open: 'löper',
  nearing: 'löper, nära',
  reached: 'inträdd',
  met: 'hållen',
  missed: 'missad',
  cancelled: 'upphörd',
} as const;

/** What happened, in a few words; a type without words stands as it is. */
export const eventWords: Readonly<Partial<Record<EventType, string>>> = {
  'patient.admitted': 'Patienten skrevs in',
  'patient.identity-changed': 'Uppgift om personen',
  'patient.merged': 'Personposter slogs samman',
  'patient.transferred': 'Överflyttning',
  'patient.on-leave': 'Permission',
  'patient.returned': 'Åter från permission',
  'need.assessed': 'Behov av insatser bedömdes',
  'need.withdrawn': 'Bedömningen av behov togs tillbaka',
  'discharge-estimate.set': 'Beräknad utskrivning angavs',
  'discharge-estimate.withdrawn': 'Beräknad utskrivning togs tillbaka',
  'compulsory-care.decided': 'Beslut om öppen psykiatrisk tvångsvård eller rättspsykiatrisk vård',
  'secrecy-obstacle.recorded': 'Uppgift om hinder av sekretess',
  'planning.declined': 'Samordnad individuell planering avböjdes',
  'care-contact.appointed': 'Fast vårdkontakt utsågs',
  'planning.called': 'Kallelse till planering',
  'planning.call-withdrawn': 'Kallelsen togs tillbaka',
  'plan.established': 'Plan upprättades',
  'outpatient-care.availability-set': 'Den öppna vårdens insatser',
  'patient.discharge-ready': 'Bedömd utskrivningsklar',
  'discharge-readiness.withdrawn': 'Inte längre utskrivningsklar',
  'patient.discharged': 'Utskriven',
  'discharge.cancelled': 'Utskrivningen togs tillbaka',
  'admission.cancelled': 'Inskrivningen togs tillbaka',
  'patient.deceased': 'Avliden',
  'information.transferred': 'Information överfördes',
  'notice.observed': 'Underrättad genom annat system',
  'notice.received': 'Mottagen av mottagarens system',
  'notice.acknowledged': 'Kvitterad av en person',
  'notice.misdirected': 'Mottagaren: inte vår invånare',
  'stay.linked': 'Vårdtillfälle fogades till ärendet',
  'notice.issued': 'Meddelande beslutades',
  'notice.corrected': 'Rättelse beslutades',
  'notice.withdrawn': 'Återkallelse beslutades',
  'notice.reminded': 'Påminnelse beslutades',
  'notice.delivered': 'Överlämnad',
  'notice.refused': 'Avvisad',
  'notice.unresolved': 'Okänt om den kom fram',
  'deadline.set': 'Frist sattes',
  'deadline.nearing': 'Frist nära',
  'deadline.reached': 'Frist inträdde',
  'deadline.met': 'Frist hållen',
  'deadline.missed': 'Frist missad',
  'deadline.cancelled': 'Frist upphörde',
  'liability.started': 'Betalningsansvar inträdde',
  'liability.withheld': 'Inget betalningsansvar',
  'liability.ended': 'Betalningsansvar upphörde',
  'liability.revised': 'Betalningsansvar ändrades',
  'liability.revoked': 'Betalningsansvar togs tillbaka',
  'care-days.counted': 'Dygn räknades',
};

/** Local time (Europe/Stockholm) with seconds: `2022-03-07 11.58.00`. */
export function timeWords(iso: string): string {
  const local = new Date(iso).toLocaleString('sv-SE', { timeZone: 'Europe/Stockholm' });
  return local.replaceAll(':', '.');
}
