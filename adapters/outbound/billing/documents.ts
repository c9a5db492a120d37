/** The forms in which documents of billing go out, and the ways: a folder, or a POST. */
import { asGatewayError, assert, GatewayError } from '../../../gateway/errors.ts';
import type { IssuedInvoice } from '../../../gateway/process/events.ts';
import type { Outbound, OutboundMessage, Rendered } from '../../adapter.ts';
import { dropFiles } from '../../wire/file-drop.ts';
import { signerOf } from '../../wire/signature.ts';
import { targetOf } from '../../wire/target.ts';
import { judgeAnswer } from '../../wire/http-receipt.ts';
import { openPostLine, postOnce } from '../../wire/http-post.ts';
import { checkInvoice, type Breach } from './checking/index.ts';
import { invoiceOf } from './issued.ts';
import { renderInvoice } from './peppol.ts';
import type { Places } from './specification-document.ts';
import { renderSpecificationFiles } from './specification-files.ts';
import { renderSpecification } from './specification.ts';

/** What a receiver's system would refuse of an invoice; nothing where it may be sent. Warnings are no breach. */
export function breachesOf(issued: IssuedInvoice): readonly Breach[] {
  return checkInvoice(renderInvoice(invoiceOf(issued))).filter(({ isFatal }) => isFatal);
}

/**
 * An invoice as it is sent.
 * @throws GatewayError delivery-refused, naming the rules, for one that the receiver's system would not take
 */
function renderIssued(issued: IssuedInvoice): Rendered {
  const body = xmlOf(issued);
  const fatal = checkInvoice(body).filter(({ isFatal }) => isFatal);
  if (fatal.length > 0) {
    const told = fatal.map(({ rule, term }) => `${rule} (${term})`).join(', ');
    throw new GatewayError('delivery-refused', `invoice ${issued.number} breaks ${told}`);
  }
  return { contentType: 'application/xml', parts: [{ name: `${issued.number}.xml`, body }] };
}

function xmlOf(issued: IssuedInvoice): string {
  try {
    return renderInvoice(invoiceOf(issued));
  } catch (thrown) {
    const { code, message } = asGatewayError(thrown);
    if (code === 'assertion-failed') throw thrown;
    throw new GatewayError('delivery-refused', `invoice ${issued.number}: ${message}`, {
      cause: thrown,
    });
  }
}

/** @throws GatewayError as `renderIssued` */
export function renderDocument(message: OutboundMessage): Rendered {
  if (message.kind === 'invoice') return renderIssued(message.invoice);
  assert(message.kind === 'specification', 'an invoice or its specification');
  return renderSpecification(message);
}

/** Documents in a folder that an access point, or the receiver's system, empties. */
export function documentFiles(to: { readonly folder: string; readonly places: Places }): Outbound {
  return {
    channel: 'billing-file',
    idempotent: true,
    render: (message) =>
      message.kind === 'specification'
        ? renderSpecificationFiles(message, to.places)
        : renderDocument(message),
    async deliver(_deliveryId, rendered, signal) {
      await dropFiles(to.folder, rendered.parts, signal);
      return { proof: 'none', detail: 'file written' };
    },
  };
}

export interface PostSettings {
  readonly url: string;
  /** Bearer token. */
  readonly token?: string | undefined;
  /** `whsec_…`: signed as a webhook too (Standard Webhooks 1.0). */
  readonly secrets?: readonly string[] | undefined;
  readonly timeoutMs: number;
  /** It recognises a repeated `Idempotency-Key`. */
  readonly idempotent: boolean;
  readonly allowPrivate: boolean;
  /** The machine's time. */
  readonly nowSeconds: () => number;
}

/**
 * Documents by POST: the first part as it is, our delivery id as `Idempotency-Key`.
 * @throws GatewayError configuration-invalid for an address that is not allowed
 */
export function postedDocuments(
  settings: PostSettings,
  render: Outbound['render'] = renderDocument,
): Outbound & { close(): Promise<void> } {
  const { timeoutMs, idempotent, token, nowSeconds, secrets } = settings;
  const target = targetOf(settings.url, settings.allowPrivate, 'url');
  const sign = secrets && signerOf(secrets);
  const line = openPostLine(target, settings);
  return {
    channel: 'billing-http',
    idempotent,
    render,
    async deliver(deliveryId, rendered, signal, traceparent) {
      const [part] = rendered.parts;
      assert(part, 'a document has content');
      const now = nowSeconds();
      const answer = await postOnce({
        line,
        headers: {
          'content-type': rendered.contentType,
          'idempotency-key': deliveryId,
          'user-agent': 'hemgang',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...sign?.(deliveryId, part.body, now),
          ...(traceparent !== undefined && { traceparent }),
        },
        body: part.body,
        timeoutMs,
        signal,
      });
      return judgeAnswer(answer, now);
    },
    close: () => line.close(),
  };
}
