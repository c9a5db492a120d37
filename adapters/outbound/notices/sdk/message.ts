/**
 * A notice as an SDK message 3.1 in its XHE 1.0 envelope: the text to be read at once, and the same as a PDF to be filed.
 * Elements stand in the order of the published schema.
 */
import { create } from 'xmlbuilder2';
import { assert } from '../../../../gateway/errors.ts';
import { decisionId, deliveryIdOf } from '../../../../gateway/process/ids.ts';
import type { OutboundNotice } from '../../../adapter.ts';
import { renderPdf } from '../../pdf/render-pdf.ts';
import { spellLine, type NoticeText } from '../notice-text.ts';
import { noticeDocument } from '../notice-document.ts';
import {
  businessScope,
  documentType,
  envelopeProfile,
  functionRoot,
  maxLabel,
  messageNamespace,
  organisationRoot,
  plainRoot,
  xheNamespaces,
} from './names.ts';

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

/** The envelope with the message in it, unsigned and unencrypted: an access point does both. Pure. */
export function sdkEnvelope(
  message: OutboundNotice,
  text: NoticeText,
  addresses: SdkAddresses,
): string {
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
        'xhb:ID': message.deliveryId,
        'xhb:CreationDateTime': message.event.occurredAt,
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
          'xha:PayloadContent': { 'sdk:messagePayload': payloadOf(message, text, addresses) },
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

/** Ids by which a receiver puts messages together. */
function idsOf({ deliveryId, notice }: OutboundNotice, receiver: string): Record<string, string> {
  const first = deliveryIdOf(decisionId(notice.key, 1), receiver);
  return {
    'sdk:messageId': deliveryId,
    // A new thread bears the name of its first message; its corrections and its withdrawal go on with it.
    'sdk:conversationId': notice.corrects === undefined ? deliveryId : first,
    ...(notice.corrects !== undefined && {
      'sdk:refToMessageId': deliveryIdOf(notice.corrects, receiver),
    }),
  };
}

function payloadOf(message: OutboundNotice, text: NoticeText, addresses: SdkAddresses): object {
  const { event, caseReference } = message;
  const { receiver, from, to, confidential } = addresses;
  assert(Array.from(text.title).length <= maxLabel, 'a title is no longer than a label may be');
  return {
    'sdk:message': {
      'sdk:messageHeader': {
        'sdk:creationDateTime': event.occurredAt,
        ...idsOf(message, receiver),
        'sdk:label': xmlText(text.title),
        'sdk:confidentiality': String(confidential),
        'sdk:generatingSystem': identifier(plainRoot, 'Hemgång'),
        'sdk:recipient': {
          'sdk:recipientID': identifier(organisationRoot, to.organisation),
          'sdk:attention': {
            'sdk:subOrganization': {
              'sdk:organizationId': identifier(functionRoot, to.functionAddress),
            },
            'sdk:reference': {
              'sdk:referenceId': identifier(plainRoot, caseReference),
              'sdk:label': 'Ärende',
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
      'sdk:messageBody': { 'sdk:documents': documentsOf(message, text) },
    },
  };
}

function documentsOf(message: OutboundNotice, text: NoticeText): object[] {
  const title = xmlText(text.title);
  const pdf = renderPdf(noticeDocument(message, text));
  return [
    {
      'sdk:documentID': 'text',
      'sdk:documentName': title,
      'sdk:index': '1',
      'sdk:ContentText': {
        'sdk:characterSequence': xmlText([...text.lines.map(spellLine), text.reference].join('\n')),
      },
    },
    {
      'sdk:documentID': 'pdf',
      'sdk:documentName': title,
      'sdk:index': '2',
      'sdk:ContentFiles': {
        'sdk:fileName': `${message.deliveryId}.pdf`,
        'sdk:contentType': 'application/pdf',
        'sdk:content': Buffer.from(pdf).toString('base64'),
      },
    },
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
