/**
 * Holding resources against their StructureDefinitions, beside the thread that answers: one worker, asked one resource
 * after the other. Whoever waits for an answer goes before what is looked at afterwards.
 */
import type { Worker } from 'node:worker_threads';
import type { FhirResource } from 'fhir/r4.js';
import { GatewayError } from '../../../../gateway/errors.ts';
import type { StartWorker } from '../../../start-worker.ts';
import type { Finding } from './finding.ts';

export type StructureQuestion = { readonly id: number } & Question;
type Question =
  | { readonly resource: FhirResource }
  /** The bytes of a message: it is read in the thread, and what its sender has heard is left out. */
  | { readonly stored: Uint8Array };

type StructureAnswer =
  | { readonly id: number; readonly findings: readonly Finding[] }
  | { readonly id: number; readonly unreadable: true };
/** It is ready once it has read all definitions. */
export type FromStructureWorker = 'ready' | StructureAnswer;

export interface StructureQueue {
  /**
   * Before the answer.
   * @throws GatewayError journal-unavailable where it cannot be looked at now: nothing was taken
   */
  readonly now: (resource: FhirResource) => Promise<readonly Finding[]>;
  /**
   * After the answer, when nobody waits for one. Whoever asks waits with the next.
   * @param stored the bytes of the message that told it
   * @throws GatewayError journal-unavailable where it cannot be looked at now; malformed-message where it cannot be read,
   *   assertion-failed where the thread ended over it
   */
  readonly later: (stored: Uint8Array) => Promise<readonly Finding[]>;
  /** Starts the thread before anybody asks. */
  readonly warm: () => void;
  /** Ends the thread; who waits is told to come again. */
  readonly close: () => Promise<void>;
}

interface Asked {
  readonly question: Question;
  readonly resolve: (findings: readonly Finding[]) => void;
  readonly reject: (error: GatewayError) => void;
}

/** As many answers may be waited for: a sender beyond that is told to come again. */
const mostUrgent = 500;
/** The first one waits for the thread to start and read all definitions. */
const longestMs = 10_000;

export function structureQueue(start: StartWorker): StructureQueue {
  const urgent: Asked[] = [];
  const behind: Asked[] = [];
  let thread: Worker | undefined;
  let isReady = false;
  let inHand: (Asked & { readonly id: number }) | undefined;
  let limit: NodeJS.Timeout | undefined;
  let lastId = 0;
  let isClosed = false;

  function running(): Worker {
    if (thread !== undefined) return thread;
    const made = start('structure-worker', undefined, import.meta.url);
    thread = made;
    isReady = false;
    made.on('message', (told: FromStructureWorker) => {
      if (thread !== made) return;
      if (told === 'ready') isReady = true;
      else settle(told);
    });
    made.on('error', () => lost(made));
    made.on('exit', () => lost(made));
    // What waits for nobody's answer keeps no process alive.
    made.unref();
    return made;
  }

  function takeInHand(): Asked | undefined {
    const asked = inHand;
    clearTimeout(limit);
    inHand = undefined;
    return asked;
  }

  function settle(answer: StructureAnswer): void {
    if (inHand?.id !== answer.id) return;
    const asked = takeInHand();
    if ('findings' in answer) asked?.resolve(answer.findings);
    else asked?.reject(new GatewayError('malformed-message', 'not a message with a resource'));
    next();
  }

  /** The thread is gone: what it had in hand is not known, the next gets another one. */
  function lost(gone: Worker): void {
    if (thread !== gone) return;
    thread = undefined;
    const asked = takeInHand();
    // A thread that never came so far ended over nothing of theirs, and whoever waits for an answer asks again anyway.
    const isItsDoing = isReady && !isClosed && asked !== undefined && 'stored' in asked.question;
    asked?.reject(
      isItsDoing
        ? new GatewayError('assertion-failed', 'the check of structures ended over it')
        : unavailable('the check of structures ended'),
    );
    if (!isClosed) next();
  }

  /** A resource that takes so long would hold up all that come after it. */
  function stuck(asking: Worker): void {
    lost(asking);
    void asking.terminate();
  }

  function next(): void {
    if (inHand !== undefined) return;
    const asked = urgent.shift() ?? behind.shift();
    if (asked === undefined) return;
    lastId += 1;
    inHand = { ...asked, id: lastId };
    try {
      const question: StructureQuestion = { id: lastId, ...asked.question };
      const asking = running();
      limit = setTimeout(() => stuck(asking), longestMs);
      asking.postMessage(question, []);
    } catch (cause) {
      takeInHand();
      asked.reject(unavailable('the check of structures does not start', cause));
      next();
    }
  }

  function ask(line: Asked[], question: Question): Promise<readonly Finding[]> {
    return new Promise((resolve, reject) => {
      line.push({ question, resolve, reject });
      next();
    });
  }

  return {
    async now(resource) {
      if (isClosed || urgent.length >= mostUrgent) {
        throw unavailable('too many resources wait to be checked; send it again');
      }
      return ask(urgent, { resource });
    },
    async later(stored) {
      if (isClosed) throw unavailable('the gateway is stopping');
      return ask(behind, { stored });
    },
    warm() {
      if (!isClosed) running();
    },
    async close() {
      isClosed = true;
      const waiting = [takeInHand(), ...urgent.splice(0), ...behind.splice(0)];
      for (const asked of waiting) asked?.reject(unavailable('the gateway is stopping'));
      const gone = thread;
      await gone?.terminate();
    },
  };
}

function unavailable(text: string, cause?: unknown): GatewayError {
  return new GatewayError('journal-unavailable', text, { cause });
}
