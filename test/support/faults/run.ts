/** One fault: cases are told, it strikes in the middle, and what came of them is held against what must. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messagesStored, storiesOf, type Story } from './comparison.ts';
import type { Ground } from './ground.ts';
import type { Fault } from './table.ts';
import { casesOf, messagesIn, tell, type Case, type Course } from './workload.ts';

export interface Outcome {
  readonly messages: number;
  /** Messages that were sent again, because the answer was a refusal for now or did not come. */
  readonly resent: number;
  /** Notices that the receiver took, each once. */
  readonly notices: number;
  /** Calls that repeated one of them, with the same webhook-id. */
  readonly repeats: number;
  /** Of instances, by themselves or killed. */
  readonly restarts: number;
  readonly seconds: number;
  /** What is not as it must be; empty when all is. */
  readonly differences: readonly string[];
}

/** What each course comes to, told without a fault. */
export type Reference = ReadonlyMap<Course, Story>;

/** How long one step may take with all its resending, on a machine that is busy. */
const patienceMs = 120_000;
const casesTogether = 24;

/** @param fault nothing, to learn what must come */
export async function runFault(
  ground: Ground,
  messages: number,
  reference: Reference | undefined,
  fault?: Pick<Fault, 'strike' | 'fromTheFirst' | 'afterwards'>,
): Promise<Outcome & { readonly reference: Reference }> {
  const { house } = ground;
  const { receiver, instances } = house;
  const cases = casesOf(messages);
  const count = messagesIn(cases);
  const start = performance.now();
  const restartsBefore = restartsOf(ground);
  receiver.clear();
  let striking: Promise<void> | undefined;
  const told = await tell(cases, {
    ports: instances.map(({ mllpPort }) => mllpPort),
    noticesOf: house.deliveredOf,
    together: Math.min(casesTogether, cases.length),
    patienceMs,
    onProgress(acknowledged) {
      if (acknowledged < (fault?.fromTheFirst ? 0 : count / 3)) return;
      striking ??= fault?.strike(ground) ?? Promise.resolve();
      // Heard below, when all is told.
      striking.catch(() => undefined);
    },
  });
  await striking;
  await house.comeToRest();
  if (fault?.afterwards) {
    await fault.afterwards(ground, cases);
    await house.comeToRest();
  }
  // A repeat that is on its way must not be missed.
  await sleep(300);
  const stories = await storiesOf(house, cases);
  const must = reference ?? referenceOf(cases, stories);
  const stored = await messagesStored(house, cases);
  const dead = await house.query<{ lane: string; error: string }>(
    'SELECT lane, error FROM outbox WHERE stage = 2',
  );
  return {
    messages: told.acknowledged,
    resent: told.resent,
    notices: receiver.taken.length,
    repeats: receiver.repeats(),
    restarts: restartsOf(ground) - restartsBefore,
    seconds: (performance.now() - start) / 1000,
    reference: must,
    differences: [
      ...cases.flatMap(({ key, course }) =>
        difference(key, must.get(course) ?? [], stories.get(key) ?? []),
      ),
      ...stored.missing.map((id) => `${id} was acknowledged and is not stored`),
      ...stored.twice.map((id) => `${id} is stored twice`),
      ...(receiver.changedRepeats() > 0 ? ['a repeat had another content'] : []),
      ...dead.map(({ error }) => `a dead letter: ${error}`),
    ],
  };
}

function restartsOf({ house }: Ground): number {
  return house.instances.reduce((sum, instance) => sum + instance.restarts(), 0);
}

/** The first case of each course; the others are held against it. */
function referenceOf(cases: readonly Case[], stories: ReadonlyMap<string, Story>): Reference {
  const reference = new Map<Course, Story>();
  for (const { key, course } of cases) {
    if (!reference.has(course)) reference.set(course, stories.get(key) ?? []);
  }
  return reference;
}

/** The first line in which a case is not what its course comes to. */
function difference(key: string, must: Story, is: Story): string[] {
  const at = must.findIndex((line, index) => line !== is[index]);
  if (at < 0 && must.length === is.length) return [];
  const index = at < 0 ? must.length : at;
  return [`${key}, line ${index + 1}:\n  must be ${must[index]}\n  but is  ${is[index]}`];
}
