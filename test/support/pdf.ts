/** PDF files made at once, on the thread of the test. */
import type { MakePdf } from '../../adapters/outbound/pdf/document.ts';
import { renderPdf } from '../../adapters/outbound/pdf/render-pdf.ts';

export const pdf: MakePdf = async (document) => renderPdf(document);
