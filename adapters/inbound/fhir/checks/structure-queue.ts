/**
 * Holding resources against their StructureDefinitions, beside the thread that answers: one worker, asked one resource
 * after the other. Whoever waits for an answer goes before what is looked at afterwards.
 */
import type { Worker } from 'node:worker_threads';
import type { FhirResource } from 'fhir/r4.js';
import { GatewayError } from '../../../../gateway/errors.ts';
import type { Finding } from './finding.ts';

export interface StructureQuestion {
  readonly id: number;
  readonly resource: FhirResource;
}

export interface StructureAnswer {
  readonly id: number;
  readonly findings: readonly Finding[];
}

/** Starts a worker of this folder: `startWorker` of the runtime. */
export type StartWorker = (stem: string, workerData: unknown, beside: string) => Worker;

export interface StructureQueue {
  /**
   * Before the answer.
   * @throws GatewayError journal-unavailable where it cannot be looked at now: nothing was taken
   */
  readonly now: (resource: FhirResource) => Promise<readonly Finding[]>;
  /** After the answer. @returns false where too many wait already: it is not looked at */
  readonly later: (
    resource: FhirResource,
    found: (findings: readonly Finding[]) => Promise<void>,
  ) => boolean;
  /** Starts the thread before anybody asks. */
  readonly warm: () => void;
  /** Waits for what waits, as long as that; then ends the thread. */
  readonly close: (graceMs?: number) => Promise<void>;
}

interface Asked {
  readonly resource: FhirResource;
  readonly resolve: (findings: readonly Finding[]) => void;
  readonly reject: (error: unknown) => void;
}

/** As many are kept for later: a few seconds of work. */
const mostWaiting = 1000;
/** As many answers may be waited for: a sender beyond that is told to come again. */
const mostUrgent = 500;
/** The first one waits for the thread to start and read all definitions. */
const longestMs = 10_000;

export function structureQueue(start: StartWorker): StructureQueue {
  const urgent: Asked[] = [];
  const waiting: Asked[] = [];
  const keeping = new Set<Promise<void>>();
  let thread: Worker | undefined;
  let inHand: (Asked & { readonly id: number }) | undefined;
  let limit: NodeJS.Timeout | undefined;
  let lastId = 0;
  let isClosed = false;

  function running(): Worker {
    if (thread !== undefined) return thread;
    const made = start('structure-worker', undefined, import.meta.url);
    thread = made;
    made.on('message', ({ id, findings }: StructureAnswer) => {
      if (inHand?.id !== id) return;
      const { resolve } = inHand;
      clearTimeout(limit);
      inHand = undefined;
      resolve(findings);
      next();
    });
    made.on('error', () => lost(made));
    made.on('exit', () => lost(made));
    // What waits for nobody's answer keeps no process alive.
    made.unref();
    return made;
  }

  /** The thread is gone: what it had in hand is not known, the next gets another one. */
  function lost(gone: Worker): void {
    if (thread !== gone) return;
    thread = undefined;
    const was = inHand;
    clearTimeout(limit);
    inHand = undefined;
    was?.reject(unavailable('the check of structures ended'));
    if (!isClosed) next();
  }

  /** A resource that takes so long would hold up all that come after it. */
  function stuck(asking: Worker): void {
    lost(asking);
    void asking.terminate();
  }

  function next(): void {
    if (inHand !== undefined) return;
    const asked = urgent.shift() ?? waiting.shift();
    if (asked === undefined) return;
    lastId += 1;
    inHand = { ...asked, id: lastId };
    try {
      const question: StructureQuestion = { id: lastId, resource: asked.resource };
      const asking = running();
      limit = setTimeout(() => stuck(asking), longestMs);
      asking.postMessage(question, []);
    } catch (cause) {
      clearTimeout(limit);
      inHand = undefined;
      asked.reject(unavailable('the check of structures does not start', cause));
      next();
    }
  }

  function ask(line: Asked[], resource: FhirResource): Promise<readonly Finding[]> {
    return new Promise((resolve, reject) => {
      line.push({ resource, resolve, reject });
      next();
    });
  }

  return {
    async now(resource) {
      if (isClosed || urgent.length >= mostUrgent) {
        throw unavailable('too many resources wait to be checked; send it again');
      }
      return ask(urgent, resource);
    },
    later(resource, found) {
      if (isClosed || waiting.length >= mostWaiting) return false;
      const kept = ask(waiting, resource)
        .then(found)
        .catch(() => undefined)
        .finally(() => keeping.delete(kept));
      keeping.add(kept);
      return true;
    },
    warm() {
      if (!isClosed) running();
    },
    async close(graceMs = 2000) {
      isClosed = true;
      const all = Promise.allSettled(keeping);
      await Promise.race([all, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
      for (const asked of [...urgent.splice(0), ...waiting.splice(0)]) {
        asked.reject(unavailable('the gateway is stopping'));
      }
      const gone = thread;
      await gone?.terminate();
    },
  };
}

function unavailable(text: string, cause?: unknown): GatewayError {
  return new GatewayError('journal-unavailable', text, { cause });
}
