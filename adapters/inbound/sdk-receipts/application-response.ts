/**
 * The receipt of a receiver's message service: UBL ApplicationResponse 2.1 by the federation's profile, alone or in an
 * XHE envelope. The access point has checked its signature; here it is read, bounded and without a document type.
 */
import { Temporal } from 'temporal-polyfill';
import { GatewayError } from '../../../gateway/errors.ts';
import { isNameBased } from '../../../gateway/process/ids.ts';
import type { CarriedReceipt } from '../../adapter.ts';
import { childOf, readXmlTree, type XmlElement } from '../../wire/xml-tree.ts';

/** A receipt has no files in it. */
export const maxReceiptBytes = 256 * 1024;

const ubl = 'urn:oasis:names:specification:ubl:schema:xsd:';
const response = `${ubl}ApplicationResponse-2`;
const cac = `${ubl}CommonAggregateComponents-2`;
const cbc = `${ubl}CommonBasicComponents-2`;
const xhe = 'http://docs.oasis-open.org/bdxr/ns/XHE/1/ExchangeHeaderEnvelope';
const xha = 'http://docs.oasis-open.org/bdxr/ns/XHE/1/AggregateComponents';
const profile = 'urn:fdc:digg.se:edelivery:messagetype:response:1';

/** SV: not by the schema; BV: against a rule of the content; SIG: its signature. */
const reasons = new Set(['SV', 'BV', 'SIG']);
/** The receiver had the message already: what became of it, the first one's receipt says. */
const isDuplicate = (code: string): boolean => /^duplicate$/i.test(code);

/** What a receipt says. */
export type SdkReceipt =
  | { readonly kind: 'receipt'; readonly receipt: CarriedReceipt }
  /** Of a message that came twice: it says nothing of the first. */
  | { readonly kind: 'duplicate' };

/**
 * Reads a receipt.
 * @throws GatewayError malformed-message, unsupported-message; by element, never by value
 */
export function readSdkReceipt(raw: Uint8Array): SdkReceipt {
  const text = textOf(raw);
  const root = responseIn(readXmlTree(text, maxReceiptBytes));
  if (valueOf(root, 'CustomizationID') !== profile) {
    throw new GatewayError('unsupported-message', 'receipt: not of the profile we take', {
      location: 'CustomizationID',
    });
  }
  const answer = childOf(root, cac, 'DocumentResponse');
  const answers = root.children.filter(({ name }) => name === 'DocumentResponse');
  if (answer === undefined || answers.length !== 1) throw malformed('DocumentResponse');
  const code = valueOf(childOf(answer, cac, 'Response'), 'ResponseCode');
  if (code !== 'ACCEPTED' && code !== 'REJECTED') throw malformed('Response/ResponseCode');
  const deliveryId = valueOf(childOf(answer, cac, 'DocumentReference'), 'ID')?.toLowerCase();
  if (deliveryId === undefined || !isNameBased(deliveryId)) throw malformed('DocumentReference/ID');
  const lines = answer.children
    .filter(({ namespace, name }) => namespace === cac && name === 'LineResponse')
    .map((line) => reasonOf(childOf(line, cac, 'Response')));
  const accepted = code === 'ACCEPTED';
  // A receipt that says both yes and why not says nothing.
  if (accepted !== (lines.length === 0)) throw malformed('LineResponse');
  if (!accepted && lines.every(({ status }) => isDuplicate(status))) return { kind: 'duplicate' };
  const detail = accepted
    ? 'ACCEPTED'
    : `REJECTED ${[...new Set(lines.map(({ reason, status }) => `${reason} ${status}`.trim()))].join(', ')}`;
  const at = timeOf(root);
  return { kind: 'receipt', receipt: { deliveryId, accepted, at, detail, text } };
}

function textOf(raw: Uint8Array): string {
  if (raw.length > maxReceiptBytes) throw malformed('size');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    throw malformed('encoding: not UTF-8');
  }
}

function responseIn(root: XmlElement): XmlElement {
  const payload =
    root.namespace === xhe && root.name === 'XHE'
      ? childOf(childOf(childOf(root, xha, 'Payloads'), xha, 'Payload'), xha, 'PayloadContent')
      : undefined;
  const found = payload === undefined ? root : childOf(payload, response, 'ApplicationResponse');
  if (found?.namespace === response && found.name === 'ApplicationResponse') return found;
  throw new GatewayError('unsupported-message', 'receipt: not an ApplicationResponse 2');
}

interface Reason {
  readonly reason: string;
  /** The receiver's own code of what it found, where it is a plain one. */
  readonly status: string;
}

function reasonOf(line: XmlElement | undefined): Reason {
  const reason = valueOf(line, 'ResponseCode') ?? '';
  if (!reasons.has(reason)) throw malformed('LineResponse/Response/ResponseCode');
  const status = valueOf(childOf(line, cac, 'Status'), 'StatusReasonCode') ?? '';
  // Free text of theirs may hold what it complains of; it stands in the receipt and nowhere else.
  return { reason, status: /^[A-Za-z][A-Za-z-]{0,31}$/.test(status) ? status : '' };
}

/** When the receiver's system answered: a date and a time with its offset. */
function timeOf(root: XmlElement): string {
  const date = valueOf(root, 'IssueDate') ?? '';
  const time = valueOf(root, 'IssueTime') ?? '';
  try {
    return Temporal.Instant.from(`${date}T${time}`).toString({ smallestUnit: 'millisecond' });
  } catch {
    throw malformed('IssueDate and IssueTime');
  }
}

const valueOf = (element: XmlElement | undefined, name: string): string | undefined =>
  childOf(element, cbc, name)?.text;

function malformed(where: string): GatewayError {
  return new GatewayError('malformed-message', `receipt: ${where}`, { location: where });
}
