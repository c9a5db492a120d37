/**
 * An SDK message 3.1 in its XHE 1.0 envelope: a text to be read at once, and files. Elements stand in the order of the
 * published schema.
 */
import { create } from 'xmlbuilder2';
import { assert, GatewayError } from '../../../gateway/errors.ts';
import type { Rendered } from '../../adapter.ts';
import {
  businessScope,
  documentType,
  envelopeProfile,
  functionRoot,
  maxBytes,
  maxLabel,
  messageNamespace,
  organisationRoot,
  plainRoot,
  xheNamespaces,
} from './names.ts';
import { checkSdk } from './rules.ts';

/** An organisation in the federation and a function of it, as the address book has them. */
export interface SdkParty {
  /** `0203:` and the organisation's domain. */
  readonly organisation: string;
  readonly functionAddress: string;
}

export interface SdkAddresses {
  /** Id of the receiver in the configuration: deliveries, and so messages, are named by it. */
  readonly receiver: string;
  readonly from: SdkParty;
  readonly to: SdkParty;
  /** The reader's system keeps it from others than those whom it is for. */
  readonly confidential: boolean;
}

/** What is sent. Everybody on the way reads its label, its reference and the names of its files. */
export interface SdkMessage {
  /** A delivery id: a repeat has the same. */
  readonly id: string;
  /** A new thread bears the name of its first message. */
  readonly conversationId: string;
  /** The message that this one corrects. */
  readonly refersTo?: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly createdAt: string;
  readonly label: string;
  /** What the reader puts it to: a case, an invoice. */
  readonly reference: { readonly label: string; readonly value: string };
  readonly text: string;
  readonly files: readonly SdkFile[];
}

export interface SdkFile {
  readonly name: string;
  readonly kind: keyof typeof contentTypes;
  readonly body: Uint8Array;
}

/** PDF is the one type that every system of the federation has to take. */
const contentTypes = { pdf: 'application/pdf', csv: 'text/csv', json: 'application/json' } as const;

/**
 * The envelope with the message in it, unsigned and unencrypted: an access point does both. Pure.
 * @throws GatewayError delivery-refused where it is larger than a message may be
 */
export function renderSdk(message: SdkMessage, addresses: SdkAddresses): Rendered {
  const body = envelopeOf(message, addresses);
  const [broken] = checkSdk(body);
  if (broken?.rule === 'total-size') {
    const what = `sdk: larger than ${maxBytes} bytes, files and all: it goes by another channel`;
    throw new GatewayError('delivery-refused', what);
  }
  assert(broken === undefined, `SDK: ${broken?.rule} at ${broken?.where}`);
  return {
    contentType: 'application/xml; charset=utf-8',
    parts: [{ name: `${message.id}.xml`, body }],
  };
}

function envelopeOf(message: SdkMessage, addresses: SdkAddresses): string {
  const { from, to } = addresses;
  const { basic, aggregate, envelope } = xheNamespaces;
  const content = {
    'xhe:XHE': {
      '@xmlns:xhb': basic,
      '@xmlns:xha': aggregate,
      '@xmlns:xhe': envelope,
      '@xmlns:sdk': messageNamespace,
      'xhb:XHEVersionID': '1.0',
      'xhb:CustomizationID': envelopeProfile,
      'xha:Header': {
        'xhb:ID': message.id,
        'xhb:CreationDateTime': message.createdAt,
        'xha:BusinessScope': {
          'xha:BusinessScopeCriterion': Object.entries(businessScope).map(([code, value]) => ({
            'xhb:BusinessScopeCriterionTypeCode': code,
            'xhb:BusinessScopeCriterionValue': value,
          })),
        },
        'xha:FromParty': partyOf(from),
        'xha:ToParty': partyOf(to),
      },
      'xha:Payloads': {
        'xha:Payload': {
          'xhb:DocumentTypeCode': documentType,
          'xhb:ContentTypeCode': 'application/xml',
          'xhb:HandlingServiceID': to.functionAddress,
          'xhb:InstanceEncryptionIndicator': 'false',
          'xha:PayloadContent': { 'sdk:messagePayload': payloadOf(message, addresses) },
        },
      },
    },
  };
  const xml = create({ encoding: 'UTF-8' }, content).end({ wellFormed: true, prettyPrint: true });
  return `${xml}\n`;
}

const partyOf = ({ organisation }: SdkParty): object => ({
  'xha:PartyIdentification': { 'xhb:ID': { '@schemeID': organisationRoot, '#': organisation } },
});

function payloadOf(message: SdkMessage, addresses: SdkAddresses): object {
  const { id, conversationId, refersTo, createdAt, reference } = message;
  const { from, to, confidential } = addresses;
  const label = xmlText(message.label);
  assert(Array.from(label).length <= maxLabel, 'a title is no longer than a label may be');
  return {
    'sdk:message': {
      'sdk:messageHeader': {
        'sdk:creationDateTime': createdAt,
        'sdk:messageId': id,
        'sdk:conversationId': conversationId,
        ...(refersTo !== undefined && { 'sdk:refToMessageId': refersTo }),
        'sdk:label': label,
        'sdk:confidentiality': String(confidential),
        'sdk:generatingSystem': identifier(plainRoot, 'Hemgång'),
        'sdk:recipient': {
          'sdk:recipientID': identifier(organisationRoot, to.organisation),
          'sdk:attention': {
            'sdk:subOrganization': {
              'sdk:organizationId': identifier(functionRoot, to.functionAddress),
            },
            'sdk:reference': {
              'sdk:referenceId': identifier(plainRoot, reference.value),
              'sdk:label': reference.label,
            },
          },
        },
        'sdk:sender': {
          'sdk:senderID': identifier(organisationRoot, from.organisation),
          'sdk:attention': {
            'sdk:subOrganization': {
              'sdk:organizationId': identifier(functionRoot, from.functionAddress),
            },
          },
        },
      },
      'sdk:messageBody': { 'sdk:documents': documentsOf(message, label) },
    },
  };
}

function documentsOf({ text, files }: SdkMessage, label: string): object[] {
  return [
    {
      'sdk:documentID': 'text',
      'sdk:documentName': label,
      'sdk:index': '1',
      'sdk:ContentText': { 'sdk:characterSequence': xmlText(text) },
    },
    ...files.map(({ name, kind, body }, index) => ({
      'sdk:documentID': kind,
      'sdk:documentName': label,
      'sdk:index': String(index + 2),
      'sdk:ContentFiles': {
        'sdk:fileName': name,
        'sdk:contentType': contentTypes[kind],
        'sdk:content': Buffer.from(body).toString('base64'),
      },
    })),
  ];
}

const identifier = (root: string, extension: string): object => ({
  'sdk:root': root,
  'sdk:extension': extension,
});

/** A text that may stand in XML 1.0; what may not is shown as a replacement character. */
function xmlText(text: string): string {
  return text.replace(
    /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]|[\uD800-\uDFFF]/gu,
    '\uFFFD',
  );
}
