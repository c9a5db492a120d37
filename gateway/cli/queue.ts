import type { QueueName } from '../runtime/journal/journal.ts';
import { operate, type OperateOptions } from './operate.ts';
import { answer, ask, localText, wrong, type QuestionOptions } from './question.ts';

/** @returns the exit code: 1 where a queue rests */
export async function queueList(options: QuestionOptions): Promise<number> {
  return await ask(options, async ({ journal }) => {
    const pauses = await journal.pauses.all();
    const { outbox } = await journal.status();
    const queues = queueNames.map((queue) => ({
      queue,
      ...outbox[queue],
      paused: pauses.find((pause) => pause.queue === queue),
    }));
    answer(options.json, { queues }, () =>
      queues.map(({ queue, waiting, dead, paused }) => {
        const rests =
          paused === undefined
            ? ''
            : `  PAUSED since ${localText(paused.at)} by ${paused.by}: ${paused.reason}`;
        return `${queue.padEnd(9)} ${waiting} waiting, ${dead} dead letters${rests}`;
      }),
    );
    return pauses.length === 0 ? 0 : 1;
  });
}

interface QueueOptions extends OperateOptions {
  readonly queue: string;
}

export async function queuePause(options: QueueOptions): Promise<number> {
  const queue = queueNamed(options.queue);
  const { by, result } = await operate(options, 'pause-queue', { queue });
  answer(options.json, { queue, paused: true, by, ...result }, () => [
    result.wasPaused ? `${queue} was paused already; the reason is the new one` : `${queue} rests`,
  ]);
  return result.wasPaused ? 1 : 0;
}

export async function queueResume(options: QueueOptions): Promise<number> {
  const queue = queueNamed(options.queue);
  const { by, result } = await operate(options, 'resume-queue', { queue });
  answer(options.json, { queue, paused: false, by, ...result }, () => [
    result.wasPaused ? `${queue} goes on` : `${queue} was not paused`,
  ]);
  return result.wasPaused ? 0 : 1;
}

const queueNames: readonly QueueName[] = ['advance', 'dispatch'];

/** @throws GatewayError configuration-invalid for a queue there is not */
export function queueNamed(text: string): QueueName {
  const name = queueNames.find((one) => one === text);
  if (name === undefined) throw wrong(`${text}: no such queue; there are ${queueNames.join(', ')}`);
  return name;
}
