/**
 * The fingerprints of a run. They say that two runs had the same kit, or came to the same: whatever the machine, its time
 * zone, the order and the names of the files.
 */
import { canonical, digestOf } from './kit.ts';
import type { CaseResult, ConformanceReport, Kit, MessageResult, StoryResult } from './result.ts';

/** @param cases with the whole path of their story, which is left out */
export function fingerprintOf(
  kit: Kit,
  messages: readonly MessageResult[],
  cases: readonly CaseResult[],
  stories: readonly StoryResult[],
): ConformanceReport['fingerprint'] {
  return {
    kit: digestOf(kit),
    result: digestOf([
      kit,
      sorted(messages.map(({ file: _file, ...rest }) => rest)),
      sorted(cases.map((one) => ({ ...one, story: '', facts: one.facts.map(withoutSource) }))),
      sorted(stories.map(({ failures }) => failures)),
    ]),
  };
}

function withoutSource({ source: _source, ...fact }: CaseResult['facts'][number]): unknown {
  return fact;
}

const sorted = (values: readonly unknown[]): string[] => values.map(canonical).sort();
