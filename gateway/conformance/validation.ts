/** Messages held against profile and dictionary in worker threads: the dictionary's library is what takes time. */
import type { Worker } from 'node:worker_threads';
import type { Remark } from '../../adapters/inbound/hl7v2/checks/remark.ts';
import { GatewayError } from '../errors.ts';
import { startWorker } from '../runtime/worker.ts';

/** What a worker loads before its first message. */
export interface ValidationStart {
  readonly sender?: string | undefined;
  readonly mappings: readonly string[];
  readonly profiles: readonly string[];
}
export interface Asked {
  readonly id: number;
  readonly messages: readonly Uint8Array[];
}
export interface Answered {
  readonly id: number;
  readonly remarks: readonly (readonly Remark[])[];
}

interface Waiting {
  readonly resolve: (remarks: Answered['remarks']) => void;
  readonly reject: (error: Error) => void;
}

/** Threads that share the work; each takes the next batch in turn. */
export class Validation {
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #failed: Error | undefined;

  constructor(start: ValidationStart, threads: number) {
    this.#workers = Array.from({ length: threads }, () => {
      const worker = startWorker('validation-worker', start, import.meta.url);
      worker.on('message', ({ id, remarks }: Answered) => {
        this.#waiting.get(id)?.resolve(remarks);
        this.#waiting.delete(id);
      });
      worker.on('error', (cause) => this.#fail(cause));
      return worker;
    });
  }

  /** @returns remarks by message, in the order given */
  async validate(messages: readonly Uint8Array[]): Promise<Answered['remarks']> {
    if (this.#failed !== undefined) throw this.#failed;
    const id = this.#next++;
    const worker = this.#workers[id % this.#workers.length];
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker?.postMessage({ id, messages } satisfies Asked, []);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #fail(cause: unknown): void {
    const isOurs = cause instanceof Error && cause.name === 'GatewayError';
    this.#failed = isOurs
      ? new GatewayError('configuration-invalid', cause.message)
      : new GatewayError('assertion-failed', 'the validation worker died', { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
  }
}
