/** Queues that rest because an operator said so. */
import type { QueueName } from './queues.ts';

export interface Pause {
  readonly queue: QueueName;
  readonly reason: string;
  readonly by: string;
  readonly at: string;
}

/** While a queue is paused the bus takes nothing of it, in any instance; what is in hand ends. */
export interface Pauses {
  /** Those that hold now, by queue. */
  all(): Promise<readonly Pause[]>;
  /** One that is paused already has the newer reason. */
  pause(pause: Pause): Promise<void>;
  /** @returns whether it was paused */
  resume(queue: QueueName): Promise<boolean>;
}
