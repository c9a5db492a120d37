/**
 * PDF files made beside the thread that takes messages in: one worker, one document at a time. A specification takes it
 * some tenths of a second, in which nobody would be answered.
 */
import type { Worker } from 'node:worker_threads';
import { GatewayError } from '../../../gateway/errors.ts';
import type { StartWorker } from '../../start-worker.ts';
import type { MakePdf, ReadableDocument } from './document.ts';
import { renderPdf } from './render-pdf.ts';

/** What the worker says: first that it runs, then of each document its bytes, or that it could not be made. */
export type FromPdfWorker = 'ready' | { readonly bytes: Uint8Array } | { readonly fault: string };

interface Asked {
  readonly document: ReadableDocument;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: GatewayError) => void;
}

/** As many lanes may wait for theirs. */
const mostWaiting = 500;
/** A hundred times what the longest document takes. */
const longestMs = 60_000;
/** A thread with its typefaces has some tens of megabytes: one that nobody asks is ended. */
const idleMs = 60_000;

/**
 * @returns what makes PDF files. Where no thread comes about (the program runs from its sources, or there is no memory for
 *   one) it makes them itself.
 *   @throws GatewayError delivery-failed where too many wait, assertion-failed where the document cannot be made
 */
export function pdfThread(start: StartWorker): MakePdf {
  const waiting: Asked[] = [];
  let thread: Worker | undefined;
  let isReady = false;
  let isRefused = false;
  let inHand: Asked | undefined;
  let limit: NodeJS.Timeout | undefined;

  function running(): Worker {
    if (thread !== undefined) return thread;
    const made = start('pdf-worker', undefined, import.meta.url);
    thread = made;
    isReady = false;
    made.on('message', (told: FromPdfWorker) => {
      // What it still says when it was given up would be taken for the next one's document.
      if (thread !== made) return;
      if (told === 'ready') isReady = true;
      else settle(told);
    });
    made.on('error', () => lost(made));
    made.on('exit', () => lost(made));
    return made;
  }

  function settle(told: Exclude<FromPdfWorker, 'ready'>): void {
    const asked = takeInHand();
    if ('bytes' in told) asked?.resolve(told.bytes);
    else asked?.reject(new GatewayError('assertion-failed', `pdf: ${told.fault}`));
    next();
  }

  function takeInHand(): Asked | undefined {
    const asked = inHand;
    clearTimeout(limit);
    inHand = undefined;
    return asked;
  }

  /** The thread is gone. One that ran ended over what it had in hand; one that never did makes no other. */
  function lost(gone: Worker): void {
    if (thread !== gone) return;
    thread = undefined;
    const asked = takeInHand();
    if (isReady)
      asked?.reject(new GatewayError('assertion-failed', 'pdf: its thread ended over it'));
    else {
      isRefused = true;
      if (asked) here(asked);
    }
    next();
  }

  function next(): void {
    if (inHand !== undefined) return;
    inHand = waiting.shift();
    if (inHand === undefined) return rest();
    if (isRefused) {
      here(inHand);
      inHand = undefined;
      return next();
    }
    const asking = running();
    // Somebody waits for it.
    asking.ref();
    clearTimeout(limit);
    limit = setTimeout(() => end(asking), longestMs);
    asking.postMessage(inHand.document, []);
  }

  function rest(): void {
    const idle = thread;
    if (idle === undefined) return;
    idle.unref();
    clearTimeout(limit);
    limit = setTimeout(() => {
      thread = undefined;
      void idle.terminate();
    }, idleMs).unref();
  }

  function end(stuck: Worker): void {
    lost(stuck);
    void stuck.terminate();
  }

  return (document) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= mostWaiting) {
        return reject(new GatewayError('delivery-failed', 'pdf: too many documents wait'));
      }
      waiting.push({ document, resolve, reject });
      next();
    });
}

function here({ document, resolve, reject }: Asked): void {
  try {
    resolve(renderPdf(document));
  } catch (cause) {
    reject(new GatewayError('assertion-failed', 'pdf: it cannot be made', { cause }));
  }
}
