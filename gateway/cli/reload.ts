import { sharedDigests } from '../wiring/digests.ts';
import { operate, type OperateOptions } from './operate.ts';
import { answer, plural } from './question.ts';

/** @returns the exit code: 1 where nothing has changed, for something is wrong or needs a restart */
export async function reloadGateway(options: OperateOptions): Promise<number> {
  const { result } = await operate(options, 'reload', {});
  answer(options.json, result, () =>
    result.outcome === 'refused'
      ? ['not reloaded; all is as it was:', `  ${result.why}`]
      : [
          'reloaded',
          ...sharedDigests.map((part) => {
            const [before, now] = [result.before[part], result.digests[part]];
            return `  ${part.padEnd(13)} ${before === now ? `${now}, as before` : `${before} → ${now}`}`;
          }),
          ...(result.freed > 0
            ? [`  ${plural(result.freed, 'message')} waited and could be translated`]
            : []),
        ],
  );
  return result.outcome === 'refused' ? 1 : 0;
}
