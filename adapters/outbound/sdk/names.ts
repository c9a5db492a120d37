/** The names that SDK (Säker digital kommunikation) gives its parts: message 3.1, its envelope XHE 1.0, the federation. */

export const messageNamespace = 'urn:riv:infrastructure:messaging:MessageWithAttachments:3';
export const xheNamespaces = {
  envelope: 'http://docs.oasis-open.org/bdxr/ns/XHE/1/ExchangeHeaderEnvelope',
  aggregate: 'http://docs.oasis-open.org/bdxr/ns/XHE/1/AggregateComponents',
  basic: 'http://docs.oasis-open.org/bdxr/ns/XHE/1/BasicComponents',
} as const;
export const envelopeProfile = 'urn:fdc:digg.se:edelivery:xhe:1';

/** Whose organisation: `0203:` and its domain. */
export const organisationRoot = 'iso6523-actorid-upis';
/** Which function in it, by the address book: never a person. */
export const functionRoot = 'urn:riv:infrastructure:messaging:functionalAddress';
/** For what has no code system. */
export const plainRoot = 'un-encoded';

/** What the envelope says of its content, in the order of the federation's own examples. */
export const businessScope = {
  FEDERATIONID: 'urn:fdc:digg.se:edelivery:federation:sdk',
  PROCESSID: 'bdx:noprocess',
  PROCESSID_SCHEME: 'urn:fdc:digg.se:edelivery:process',
  DOCUMENTID: `${messageNamespace}::messagePayload##3.0::tm-base-ext-sigenc`,
  DOCUMENTID_SCHEME: 'busdox-docid-qns',
} as const;
export const documentType = `Q{${messageNamespace}}messagePayload`;

export const maxLabel = 256;
/** Of the whole message, files and all. */
export const maxBytes = 30 * 1024 * 1024;
