/** Stays of several hospitals, told message by message: the next step of a case when its notices of the last one came. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  answerCodeOf,
  buildMessage,
  HospitalLink,
  type HospitalStep,
} from '../../../adapters/simulated/hospital.ts';

type Step = Omit<HospitalStep, 'visit' | 'controlId' | 'personnummer' | 'family' | 'given'> & {
  /** Notices that the case has led to when this step is done. */
  readonly notices: number;
};

const both = { socialServices: true, municipalHealthCare: false, regionOutpatient: true };

/** What is told of a stay; each course is another way through the law. */
export const courses = {
  'home after notice': {
    sender: 'ekliden',
    municipality: '1480',
    steps: [
      {
        trigger: 'A01',
        at: '2022-03-03T13:20:00.000Z',
        unit: 'MED1',
        expectedDischarge: '2022-03-09',
        notices: 0,
      },
      { trigger: 'A08', at: '2022-03-03T15:05:00.000Z', needs: both, notices: 2 },
      {
        trigger: 'A08',
        at: '2022-03-07T09:00:00.000Z',
        needs: both,
        readyAt: '2022-03-07T09:00:00.000Z',
        notices: 4,
      },
      { trigger: 'A03', at: '2022-03-11T13:00:00.000Z', notices: 4 },
    ],
  },
  'ready, taken back, ready again': {
    sender: 'norrtuna',
    municipality: '2284',
    steps: [
      {
        trigger: 'A01',
        at: '2022-03-03T07:00:00.000Z',
        unit: 'GER1',
        expectedDischarge: '2022-03-10',
        notices: 0,
      },
      { trigger: 'A16', at: '2022-03-03T09:30:00.000Z', needs: both, notices: 2 },
      {
        trigger: 'A16',
        at: '2022-03-07T09:00:00.000Z',
        readyAt: '2022-03-07T09:00:00.000Z',
        notices: 4,
      },
      {
        trigger: 'A25',
        at: '2022-03-09T06:45:00.000Z',
        readinessWithdrawn: '2022-03-09T06:45:00.000Z',
        notices: 6,
      },
      {
        trigger: 'A16',
        at: '2022-03-11T12:00:00.000Z',
        readyAt: '2022-03-11T12:00:00.000Z',
        notices: 8,
      },
      { trigger: 'A03', at: '2022-03-17T11:30:00.000Z', notices: 8 },
    ],
  },
  'admission taken back': {
    sender: 'ekliden',
    municipality: '1480',
    steps: [
      {
        trigger: 'A01',
        at: '2022-03-03T13:20:00.000Z',
        unit: 'KIR2',
        expectedDischarge: '2022-03-09',
        notices: 0,
      },
      { trigger: 'A08', at: '2022-03-03T15:05:00.000Z', needs: both, notices: 2 },
      { trigger: 'A11', at: '2022-03-04T08:00:00.000Z', notices: 4 },
    ],
  },
} as const satisfies Record<
  string,
  { sender: 'ekliden' | 'norrtuna'; municipality: string; steps: readonly Step[] }
>;
export type Course = keyof typeof courses;
export const courseNames = Object.keys(courses) as Course[];

export interface Case {
  /** The hospital's own number of the patient, and the first name, by which a notice is found to be theirs. */
  readonly key: string;
  readonly course: Course;
}

/** Control id of the nth step of a case. */
export const controlIdOf = (key: string, step: number): string => `${key}-${step}`;

/** The case that a notice, or anything else written, is about. */
export function caseKeyIn(text: string): string {
  return /FALL[0-9]{8}/.exec(text)?.[0] ?? 'none';
}

let lastCase = 0;

/** Cases that nobody has seen yet, of each course in turn, that come to at least so many messages. */
export function casesOf(messages: number): Case[] {
  const cases: Case[] = [];
  for (let count = 0; count < messages;) {
    const course = courseNames[cases.length % courseNames.length] ?? 'home after notice';
    lastCase += 1;
    cases.push({ key: `FALL${String(lastCase).padStart(8, '0')}`, course });
    count += courses[course].steps.length;
  }
  return cases;
}

export function messagesIn(cases: readonly Case[]): number {
  return cases.reduce((sum, { course }) => sum + courses[course].steps.length, 0);
}

export interface Told {
  readonly acknowledged: number;
  /** Sent once more, because the answer was a refusal for now or did not come. */
  readonly resent: number;
}

export interface Hospitals {
  /** Where gateways may be reached; one that does not answer is left for the next. */
  readonly ports: readonly number[];
  /** How many notices of a case have been taken. */
  readonly noticesOf: (key: string) => number;
  /** Cases told side by side. */
  readonly together: number;
  /** Called before each message; how many were acknowledged until then. */
  readonly onProgress?: (acknowledged: number) => void;
  /** The longest that one step may take, with all its resending. */
  readonly patienceMs: number;
}

/**
 * Tells all the cases; told once more, each message is the same byte by byte.
 * @param steps so many of each at most
 * @throws Error when a message is refused for good, or a step does not come to its notices */
export async function tell(
  cases: readonly Case[],
  hospitals: Hospitals,
  steps = Infinity,
): Promise<Told> {
  const waiting = [...cases];
  let acknowledged = 0;
  let resent = 0;

  async function drive(first: number): Promise<void> {
    let turn = first;
    let link: HospitalLink | undefined;
    const send = async (raw: Uint8Array, what: string): Promise<void> => {
      for (const giveUpAt = performance.now() + hospitals.patienceMs; ;) {
        try {
          const port = hospitals.ports[turn % hospitals.ports.length] ?? 0;
          link ??= await HospitalLink.connect({ host: '127.0.0.1', port, timeoutMs: 5_000 });
          const code = answerCodeOf(await link.send(raw));
          if (code === 'AA') return;
          if (code !== 'AR') throw new Refused(`${what}: ${code}`);
        } catch (thrown) {
          if (thrown instanceof Refused) throw thrown;
          await link?.close().catch(() => undefined);
          link = undefined;
          turn += 1;
        }
        if (performance.now() > giveUpAt) throw new Error(`${what} is not acknowledged`);
        resent += 1;
        await sleep(50);
      }
    };
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const { sender, municipality, steps: all } = courses[one.course];
      for (const [index, { notices, ...step }] of all.slice(0, steps).entries()) {
        const controlId = controlIdOf(one.key, index);
        const raw = buildMessage(sender, {
          ...step,
          municipality,
          controlId,
          visit: `B${one.key}`,
          personnummer: '',
          reserveNumber: one.key,
          family: 'Provsson',
          given: one.key,
        });
        hospitals.onProgress?.(acknowledged);
        await send(raw, controlId);
        acknowledged += 1;
        const giveUpAt = performance.now() + hospitals.patienceMs;
        while (hospitals.noticesOf(one.key) < notices) {
          if (performance.now() > giveUpAt) {
            const came = `${hospitals.noticesOf(one.key)} of ${notices} notices`;
            throw new Error(`${controlId} (${one.course}): ${came} came`);
          }
          await sleep(5);
        }
      }
    }
    await link?.close();
  }

  await Promise.all(Array.from({ length: hospitals.together }, (_, index) => drive(index)));
  return { acknowledged, resent };
}

class Refused extends Error {}
