/** PDF files of this process, by one thread for all that is sent. It starts when the first is asked for. */
import { pdfThread } from '../../adapters/outbound/pdf/thread.ts';
import { startWorker } from '../runtime/worker.ts';

export const makePdf = pdfThread(startWorker);
