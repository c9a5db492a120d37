/**
 * Conformance of message files: every message is read, validated and mapped as a gateway would, all of them are told as
 * one story, and what came is held against what was expected. Nothing is stored or sent, and the clock is not asked.
 */
import { join } from 'node:path';
import { inOrder, saidAt, staysOf } from './cases.ts';
import { readExpectations, readStory, unmet, unmetStory } from './expectation.ts';
import type { Expectation, StoryExpectation } from './expectation.ts';
import { findFiles } from './files.ts';
import type { FoundFiles } from './files.ts';
import { fingerprintOf } from './fingerprint.ts';
import { casesOf } from './linking.ts';
import { checkSender, loadKit } from './kit.ts';
import type { LoadedKit } from './kit.ts';
import { reuseWarnings } from './reuse.ts';
import type {
  CaseResult,
  ConformanceReport,
  Failure,
  MessageResult,
  StoryResult,
} from './result.ts';
import { summarize } from './summary.ts';
import { tellCase } from './story.ts';
import { takeMessages } from './taken.ts';
import type { TakeOptions, TakenMessage } from './taken.ts';
import { wrongsOf } from './wrong.ts';

export interface RunOptions extends TakeOptions {
  /** Files and folders. */
  readonly paths: readonly string[];
}

/** @throws GatewayError configuration-invalid for paths, overlays and expectations that are wrong in themselves */
export async function runConformance(options: RunOptions): Promise<ConformanceReport> {
  const kit = loadKit(options);
  const found = findFiles(options.paths);
  // What is wrong with an expectation is said before the long work.
  const expectations = expectationsOf(found);
  const stories = [...found.stories].map(([folder, file]) => ({
    folder,
    file,
    expected: readStory(`${folder}/story.expect.yaml`),
  }));
  const senders = sendersOf(stories, kit);
  const { taken, framing } = await takeMessages(options, kit, found, senders);
  const warnings = reuseWarnings(
    taken.filter(({ file }) => !expectations.has(file.path)),
    kit.mappings,
  );
  const messages = taken.map((one, index): MessageResult => {
    const expected = expectations.get(one.file.path);
    const told =
      expected === undefined
        ? { ...one.judged.told, warnings: [...one.judged.told.warnings, ...warnings(one)] }
        : one.judged.told;
    const result = {
      file: one.file.shown,
      position: one.position,
      ...told,
      remarks: one.remarks,
    };
    const isLast = taken[index + 1]?.file !== one.file;
    const failures =
      expected === undefined ? wrongInItself(result) : failuresOf(expected, one, result, isLast);
    return { ...result, isExpected: expected !== undefined, failures };
  });
  const cases = tellStories(taken, kit);
  const storyResults = stories.map((story) => storyResult(story, cases));
  return {
    kit: kit.kit,
    fingerprint: fingerprintOf(kit.kit, messages, cases, storyResults),
    summary: summarize(found.files.length, messages),
    messages,
    cases: cases.map((one) => ({ ...one, story: shownFolder(one.story, stories) })),
    stories: storyResults,
    framing,
    skipped: found.skipped,
  };
}

// ---------------------------------------------------------------- what fails

function expectationsOf({ files }: FoundFiles): ReadonlyMap<string, readonly Expectation[]> {
  return new Map(
    files.flatMap(({ path, expectation }) =>
      expectation === undefined ? [] : [[path, readExpectations(expectation)] as const],
    ),
  );
}

/** Without an expectation: what a vendor has to mend, or to agree. */
function wrongInItself(result: Parameters<typeof wrongsOf>[0]): Failure[] {
  return wrongsOf(result).map(({ kind, at, what, why }) => ({
    kind,
    at,
    text: why === undefined ? what : `${what}: ${why}`,
  }));
}

function failuresOf(
  expected: readonly Expectation[],
  { position, judged }: TakenMessage,
  result: Omit<MessageResult, 'isExpected' | 'failures'>,
  isLast: boolean,
): Failure[] {
  const own = expected[position - 1];
  if (own === undefined) {
    const text = `nothing is expected of message ${position}; write a list with one entry a message`;
    return [{ kind: 'expectation', at: 'messages', text }];
  }
  const missing = isLast ? expected.length - position : 0;
  return [
    ...unmet(own, result, judged),
    ...(missing > 0
      ? [
          {
            kind: 'expectation' as const,
            at: 'messages',
            text: `expected ${expected.length}, came ${position}`,
          },
        ]
      : []),
  ];
}

// ---------------------------------------------------------------- stories

/** Cases with the folder of their story, in an order that does not depend on that of the files. */
function tellStories(
  taken: readonly TakenMessage[],
  { profiles, mappings }: LoadedKit,
): CaseResult[] {
  const ordered = inOrder(taken);
  const ends = new Map<string, string>();
  for (const message of ordered) {
    const at = saidAt(message);
    if (at !== '' && at > (ends.get(message.story) ?? '')) ends.set(message.story, at);
  }
  return casesOf(staysOf(ordered), profiles, mappings.revision).map((one) =>
    tellCase(one, ends.get(one.story) ?? '', profiles, mappings.revision),
  );
}

interface Story {
  readonly folder: string;
  readonly file: string;
  readonly expected: StoryExpectation;
}

/** Whose files are, by their paths. @throws GatewayError configuration-invalid for a sender there is not */
function sendersOf(
  stories: readonly Story[],
  { mappings }: LoadedKit,
): ReadonlyMap<string, string> {
  const senders = new Map<string, string>();
  for (const { folder, file, expected } of stories) {
    for (const [name, sender] of Object.entries(expected.senders ?? {})) {
      checkSender(mappings, sender, `${file}: senders.${name}`);
      senders.set(join(folder, name), sender);
    }
  }
  return senders;
}

function storyResult({ folder, file, expected }: Story, cases: readonly CaseResult[]): StoryResult {
  return {
    file,
    failures: unmetStory(
      expected,
      cases.filter(({ story }) => story === folder),
    ),
  };
}

function shownFolder(folder: string, stories: readonly Story[]): string {
  const file = stories.find((story) => story.folder === folder)?.file ?? '';
  return file.replace(/\/?story\.expect\.yaml$/, '');
}
