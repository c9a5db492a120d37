/** Runs the wire suite: case after case, each bounded, each on connections of its own. */
import { asGatewayError } from '../../errors.ts';
import type { Bench } from './bench.ts';
import { failed, skipped, type Level, type Seen, type Verdict, type WireCase } from './case.ts';

export interface CaseResult {
  readonly name: string;
  readonly level: Level;
  readonly verdict: Verdict;
  readonly seen: string;
  readonly does: string;
  readonly expects: string;
  readonly reference: string;
  readonly ms: number;
}

/** A case that hangs, for whatever reason, ends after so many time-outs. */
const timeoutsPerCase = 10;

/**
 * @param cases those to run; the first is `plain`, and where it fails the others are skipped
 * @param onResult called as each ends
 * @throws GatewayError delivery-failed where there is no connection at all
 */
export async function runWireCases(
  bench: Bench,
  cases: readonly WireCase[],
  onResult: (result: CaseResult) => void,
): Promise<CaseResult[]> {
  await bench.connect();
  bench.clear();
  const results: CaseResult[] = [];
  for (const one of cases) {
    const plain = results[0];
    const hopeless = plain !== undefined && plain.verdict !== 'passed';
    const started = performance.now();
    const { verdict, seen, level } = hopeless
      ? skipped('the plain message did not pass')
      : await runOne(bench, one);
    const { name, does, expects, reference } = one;
    const ms = Math.round(performance.now() - started);
    const about = { name, does, expects, reference };
    const result = { ...about, level: level ?? one.level, verdict, seen, ms };
    results.push(result);
    onResult(result);
  }
  return results;
}

async function runOne(bench: Bench, { run }: WireCase): Promise<Seen> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Seen>((resolve) => {
    const ms = bench.timeoutMs * timeoutsPerCase + bench.idleMs;
    timer = setTimeout(() => resolve(failed('the case did not end')), ms);
  });
  try {
    return await Promise.race([run(bench), limit]);
  } catch (thrown) {
    return failed(asGatewayError(thrown).message);
  } finally {
    clearTimeout(timer);
    bench.clear();
  }
}

/** Whether a case failed that loses or mixes up messages. */
export function mustFailed(results: readonly CaseResult[]): boolean {
  return results.some(({ verdict, level }) => verdict === 'failed' && level === 'must');
}
