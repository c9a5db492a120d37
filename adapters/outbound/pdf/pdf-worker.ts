/** The thread of thread.ts: it keeps the typefaces and makes document after document. */
import { parentPort } from 'node:worker_threads';
import type { ReadableDocument } from './document.ts';
import { renderPdf } from './render-pdf.ts';
import type { FromPdfWorker } from './thread.ts';

const say = (told: FromPdfWorker): void => parentPort?.postMessage(told, []);

parentPort?.on('message', (document: ReadableDocument) => say(made(document)));
say('ready');

/** The text of a fault has no value of the document: it is of an assertion, or the name of what was thrown. */
function made(document: ReadableDocument): FromPdfWorker {
  try {
    return { bytes: renderPdf(document) };
  } catch (thrown) {
    return { fault: thrown instanceof Error ? thrown.name : 'it cannot be made' };
  }
}
