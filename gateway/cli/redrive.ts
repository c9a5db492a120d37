import { operate, type OperateOptions } from './operate.ts';
import { answer, plural, wrong } from './question.ts';
import { queueNamed } from './queue.ts';

export interface RedriveOptions extends OperateOptions {
  readonly ids: readonly string[];
  readonly all: boolean;
  readonly queue?: string | undefined;
}

/** @returns the exit code: 1 where one of those named was no dead letter any more */
export async function redrive(options: RedriveOptions): Promise<number> {
  const { ids, all, queue } = options;
  if (all && ids.length > 0) throw wrong('ids or --all: choose one');
  if (!all && ids.length === 0) throw wrong('name dead letters, or --all with --queue');
  if (all && queue === undefined) throw wrong('--all needs --queue advance or --queue dispatch');
  const { by, result } = await operate(
    options,
    'redrive',
    all ? { all: queueNamed(queue ?? '') } : { letters: [...ids] },
  );
  const { redriven } = result;
  const when = by === 'this command' ? ', tried at the next start of the gateway' : '';
  answer(options.json, { by, redriven }, () => [
    `${plural(redriven.length, 'dead letter')} back in ${redriven.length === 1 ? 'its' : 'their'} queue${when}`,
    ...redriven.map((name) => `  ${name}`),
  ]);
  return redriven.length < ids.length ? 1 : 0;
}
