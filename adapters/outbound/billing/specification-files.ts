/** Specifications as files: JSON for systems, CSV for spreadsheets, PDF for people. */
import { assert } from '../../../gateway/errors.ts';
import type { Outbound, OutboundMessage, Rendered } from '../../adapter.ts';
import { dropFiles } from '../../wire/file-drop.ts';
import { renderPdf } from '../pdf/render-pdf.ts';
import { specificationDocument, type Places } from './specification-document.ts';
import { isSpecified, nameOf, renderSpecification } from './specification.ts';

/** Billing records as files: `<month>/<county>-<municipality>-<month>-r<revision>` with `.json`, `.csv` and `.pdf`. */
export function billingFiles(to: { readonly folder: string; readonly places: Places }): Outbound {
  return {
    channel: 'billing-file',
    idempotent: true,
    render: (message) => renderSpecificationFiles(message, to.places),
    async deliver(_deliveryId, rendered, signal) {
      await dropFiles(to.folder, rendered.parts, signal);
      return { proof: 'none', detail: 'files written' };
    },
  };
}

/** Pure. @throws GatewayError as `renderSpecification` */
export function renderSpecificationFiles(message: OutboundMessage, places: Places): Rendered {
  const rendered = renderSpecification(message);
  assert(isSpecified(message), 'a specification is of a billing record');
  const pdf = renderPdf(specificationDocument(message, places));
  const body = Buffer.from(pdf).toString('base64');
  const part = { name: `${nameOf(message)}.pdf`, body, encoding: 'base64' } as const;
  return { ...rendered, parts: [...rendered.parts, part] };
}
