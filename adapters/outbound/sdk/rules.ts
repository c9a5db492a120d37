/**
 * The rules an SDK message and its envelope are held against before they leave, by name: those of the message's content
 * specification and schematron (diggsweden/sdk-docs) that a schema cannot say, and those of the envelope's profile.
 */
import { childOf, readXmlTree, type XmlElement } from '../../wire/xml-tree.ts';
import {
  businessScope,
  documentType,
  envelopeProfile,
  functionRoot,
  maxBytes,
  maxLabel,
  messageNamespace,
  organisationRoot,
  xheNamespaces,
} from './names.ts';

/** Which rule is broken, and where; never by which value. */
export interface SdkFinding {
  readonly rule: SdkRule;
  readonly where: string;
}
export type SdkRule = (typeof sdkRules)[number];

export const sdkRules = [
  'total-size',
  'no-empty-element',
  'envelope-profile',
  'envelope-id-is-message-id',
  'envelope-scope',
  'envelope-parties',
  'envelope-handling-service',
  'envelope-document-type',
  'message-id-is-uuid',
  'conversation-id-is-uuid',
  'reference-is-uuid',
  'new-thread-has-its-own-id',
  'creation-time-is-utc',
  'label-length',
  'confidentiality-is-said',
  'organisation-root',
  'organisation-is-0203',
  'function-address-root',
  'no-person-addressed',
  'content-is-base64',
] as const;

/**
 * What is wrong with an envelope as it will be sent.
 * @throws GatewayError malformed-message where it is not XML
 */
export function checkSdk(xml: string): readonly SdkFinding[] {
  if (Buffer.byteLength(xml) > maxBytes) return [{ rule: 'total-size', where: 'XHE' }];
  const root = readXmlTree(xml, maxBytes);
  const findings: SdkFinding[] = [];
  const say: Say = (rule, where, holds) => {
    if (!holds) findings.push({ rule, where });
  };
  for (const element of withDescendants(root)) {
    const isEmpty = element.text === '' && element.children.length === 0;
    const hasEmpty = [...element.attributes.values()].some((value) => value.trim() === '');
    say('no-empty-element', element.name, !isEmpty && !hasEmpty);
  }
  checkEnvelope(root, say);
  checkHeader(at(root, ...toMessage, 'messageHeader'), say);
  for (const { name, children } of withDescendants(root)) {
    if (name !== 'ContentFiles') continue;
    const content = children.find((child) => child.name === 'content')?.text ?? '';
    say('content-is-base64', 'content', isBase64(content));
  }
  return findings;
}

type Say = (rule: SdkRule, where: string, holds: boolean) => void;

const { aggregate, basic } = xheNamespaces;
const toMessage = ['Payloads', 'Payload', 'PayloadContent', 'messagePayload', 'message'] as const;

function checkEnvelope(root: XmlElement, say: Say): void {
  const header = at(root, 'Header');
  const payload = at(root, 'Payloads', 'Payload');
  const messageHeader = at(root, ...toMessage, 'messageHeader');
  const isXhe = root.namespace === xheNamespaces.envelope && root.name === 'XHE';
  const profile = isXhe && textAt(root, 'XHEVersionID') === '1.0';
  say('envelope-profile', 'XHE', profile && textAt(root, 'CustomizationID') === envelopeProfile);
  const messageId = textAt(messageHeader, 'messageId');
  const id = childOf(header, basic, 'ID')?.text;
  say('envelope-id-is-message-id', 'Header/ID', id !== undefined && id === messageId);
  say('envelope-scope', 'BusinessScope', hasScope(at(header, 'BusinessScope')));
  for (const [party, name, idName] of [
    ['FromParty', 'sender', 'senderID'],
    ['ToParty', 'recipient', 'recipientID'],
  ] as const) {
    const told = at(header, party, 'PartyIdentification', 'ID');
    const meant = textAt(messageHeader, name, idName, 'extension');
    const isSame = told?.text === meant && told?.attributes.get('schemeID') === organisationRoot;
    say('envelope-parties', party, isSame);
  }
  const addressed = textAt(messageHeader, 'recipient', ...toFunction, 'extension');
  const handling = textAt(payload, 'HandlingServiceID');
  say('envelope-handling-service', 'HandlingServiceID', handling !== '' && handling === addressed);
  const isTyped = textAt(payload, 'DocumentTypeCode') === documentType;
  say('envelope-document-type', 'Payload', isTyped);
}

function hasScope(scope: XmlElement | undefined): boolean {
  const told = (scope?.children ?? []).map(
    (criterion) =>
      [
        textAt(criterion, 'BusinessScopeCriterionTypeCode'),
        textAt(criterion, 'BusinessScopeCriterionValue'),
      ] as const,
  );
  const wanted = Object.entries(businessScope);
  return (
    told.length === wanted.length &&
    wanted.every(([code, value]) => told.some((one) => one[0] === code && one[1] === value))
  );
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const utc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,3}Z$/;
const toFunction = ['attention', 'subOrganization', 'organizationId'] as const;

function checkHeader(header: XmlElement | undefined, say: Say): void {
  const messageId = textAt(header, 'messageId');
  const conversationId = textAt(header, 'conversationId');
  const reference = at(header, 'refToMessageId');
  say('message-id-is-uuid', 'messageId', uuid.test(messageId));
  say('conversation-id-is-uuid', 'conversationId', uuid.test(conversationId));
  say('reference-is-uuid', 'refToMessageId', reference === undefined || uuid.test(reference.text));
  const isOwn = reference !== undefined || conversationId === messageId;
  say('new-thread-has-its-own-id', 'conversationId', isOwn);
  say('creation-time-is-utc', 'creationDateTime', utc.test(textAt(header, 'creationDateTime')));
  const label = textAt(header, 'label');
  say('label-length', 'label', label !== '' && Array.from(label).length <= maxLabel);
  const confidentiality = textAt(header, 'confidentiality');
  say('confidentiality-is-said', 'confidentiality', /^(?:true|false)$/.test(confidentiality));
  for (const [name, idName] of [
    ['recipient', 'recipientID'],
    ['sender', 'senderID'],
  ] as const) {
    const party = at(header, name);
    say('organisation-root', name, textAt(party, idName, 'root') === organisationRoot);
    say('organisation-is-0203', name, /^0203:./.test(textAt(party, idName, 'extension')));
    const isFunction = textAt(party, ...toFunction, 'root') === functionRoot;
    say('function-address-root', name, isFunction);
    say('no-person-addressed', name, at(party, 'attention', 'person') === undefined);
  }
}

// ---------------------------------------------------------------- finding one's way

const namespaces: readonly string[] = [basic, aggregate, messageNamespace];

/** The element at a path, each step's first; of the namespaces that an envelope is made of. */
function at(from: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let element = from;
  for (const step of path) {
    element = element?.children.find(
      ({ name, namespace }) => name === step && namespaces.includes(namespace),
    );
  }
  return element;
}

const textAt = (from: XmlElement | undefined, ...path: readonly string[]): string =>
  at(from, ...path)?.text ?? '';

function* withDescendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* withDescendants(child);
}

function isBase64(text: string): boolean {
  return text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
