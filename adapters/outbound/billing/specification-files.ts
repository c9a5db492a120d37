/** Specifications as files: PDF for people, CSV for spreadsheets, JSON for systems. */
import { assert } from '../../../gateway/errors.ts';
import type { Outbound, OutboundMessage, Rendered } from '../../adapter.ts';
import type { MakePdf } from '../pdf/document.ts';
import { byFolder } from '../ways/folder.ts';
import { specificationDocument, type Places } from './specification-document.ts';
import { isSpecified, nameOf, renderSpecification } from './specification.ts';

/** In the order in which they get their names: who sees the last has all of them. */
export const specificationParts = ['pdf', 'csv', 'json'] as const;
export type SpecificationPart = (typeof specificationParts)[number];

/** What makes a specification a file to be read. */
export interface Making {
  readonly places: Places;
  readonly pdf: MakePdf;
}

/** Billing records as files: `<month>/<county>-<municipality>-<month>-r<revision>` with `.pdf`, `.csv` and `.json`. */
export function billingFiles({
  folder,
  ...making
}: { readonly folder: string } & Making): Outbound {
  return {
    ...byFolder(folder),
    channel: 'billing-file',
    render: (message) => renderSpecificationFiles(message, making),
  };
}

/**
 * Pure.
 * @param parts which of them; the order is always the same
 * @throws GatewayError as `renderSpecification`, and as `MakePdf`
 */
export async function renderSpecificationFiles(
  message: OutboundMessage,
  { places, pdf }: Making,
  parts: readonly SpecificationPart[] = specificationParts,
): Promise<Rendered> {
  assert(isSpecified(message), 'a specification is of a billing record');
  const texts = (['csv', 'json'] as const).filter((part) => parts.includes(part));
  const rendered = renderSpecification(message, texts);
  if (!parts.includes('pdf')) return rendered;
  const bytes = await pdf(specificationDocument(message, places));
  const body = Buffer.from(bytes).toString('base64');
  const part = { name: `${nameOf(message)}.pdf`, body, encoding: 'base64' } as const;
  return { ...rendered, parts: [part, ...rendered.parts] };
}
