/**
 * Plays journeys through a whole gateway: a simulated hospital sends, simulated receivers answer, legal time moves
 * only when nothing is in flight.
 */
import { answerCodeOf, HospitalLink } from '../../adapters/simulated/hospital.ts';
import { assert } from '../errors.ts';
import { instantOf, messageOf, type Journey, type Step } from './journey.ts';
import type { StoredEvent } from '../runtime/journal/journal.ts';
import { assessCase, evaluate, type PlayResult } from './outcome.ts';
import {
  closeWorld,
  comeToRest,
  openWorld,
  primaryCareId,
  reviveIfDead,
  type Moment,
  type PlayOptions,
  type World,
} from './world.ts';

/** Legal time goes on this long after the last step, so that the month is settled. */
const horizonDays = 45;
/** How often the same is sent again in a disturbed play. */
const resendLimit = 5;

/**
 * Plays all journeys side by side on one time line.
 * @throws GatewayError assertion-failed when the gateway does not come to rest
 */
export async function playJourneys(options: PlayOptions): Promise<PlayResult> {
  const world = await openWorld(options);
  try {
    const steps = options.journeys
      .flatMap((journey) =>
        journey.steps.map((step) => ({ journey, step, at: instantOf(step.at) })),
      )
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    for (const { journey, step, at } of steps) {
      await passTimeUntil(world, at);
      world.clock.advanceTo(at);
      world.gateway.wake();
      const input = await takeStep(world, journey, step, at);
      await comeToRest(world);
      await tell(world, journey, input);
    }
    const last = Date.parse(steps.at(-1)?.at ?? world.clock.now());
    await passTimeUntil(world, new Date(last + horizonDays * 86_400_000).toISOString());
    return await evaluate(world);
  } finally {
    await closeWorld(world);
  }
}

// ---------------------------------------------------------------- steps and time

async function takeStep(
  world: World,
  journey: Journey,
  step: Step,
  at: string,
): Promise<Moment['input']> {
  if (step.receiver) world.receivers.get(journey.patient.municipality)?.setBehaviour(step.receiver);
  if (step.hospital) return await sendFromHospital(world, journey, step.hospital, at);
  const [who, fact] = step.primaryCare
    ? ([primaryCareId, step.primaryCare] as const)
    : ([journey.patient.municipality, step.municipality] as const);
  if (!fact) return undefined;
  const receiver = world.receivers.get(who);
  const caseReference = world.processOf.get(journey);
  assert(receiver && caseReference, `${journey.file}: a fact before the first admission`);
  const answer = {
    caseReference,
    type: fact.type,
    data: fact.data,
    time: at,
    // The same id again is a repeat that the gateway recognises.
    id: `${journey.visit}-${fact.type}-${at}`,
  };
  const status = await untilTaken(
    world,
    () => receiver.answer(answer),
    (code) => code < 500,
  );
  const from = who === primaryCareId ? 'primary care' : 'the municipality';
  return { from, what: fact.type, answer: `HTTP ${status}` };
}

async function sendFromHospital(
  world: World,
  journey: Journey,
  step: NonNullable<Step['hospital']>,
  at: string,
): Promise<Moment['input']> {
  world.controlIds += 1;
  const controlId = `${journey.visit}-${world.controlIds}`;
  const raw = messageOf(journey, step, at, { visit: journey.visit, controlId });
  const answer = await untilTaken(
    world,
    async () => {
      let hospital = world.hospitals.get(journey.sender);
      if (!hospital) {
        hospital = await HospitalLink.connect(world.gateway.mllp);
        world.hospitals.set(journey.sender, hospital);
      }
      return answerCodeOf(await hospital.send(raw));
    },
    (code) => code !== 'AR',
  );
  return { from: journey.sender, what: `ADT^${step.trigger}`, answer };
}

/** Sends the same again while the gateway cannot take it, as a hospital's engine does. */
async function untilTaken<T>(
  world: World,
  send: () => Promise<T>,
  isTaken: (answer: T) => boolean,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      const answer = await send();
      if (isTaken(answer) || tries >= resendLimit || !world.options.fault) return answer;
    } catch (thrown) {
      if (tries >= resendLimit || !world.options.fault) throw thrown;
    }
    await reviveIfDead(world);
  }
}

/** Moves legal time from one due row to the next, letting each come to rest. */
async function passTimeUntil(world: World, limit: string): Promise<void> {
  for (;;) {
    const due = await world.gateway.journal.nextDue();
    if (due === undefined || due > limit) return;
    world.clock.advanceTo(due);
    world.gateway.wake();
    await comeToRest(world);
    await tell(world, undefined, undefined);
  }
}

async function tell(
  world: World,
  journey: Journey | undefined,
  input: Moment['input'],
): Promise<void> {
  const events = await world.gateway.journal.eventsAfter(world.position, 10_000);
  world.position = events.at(-1)?.position ?? world.position;
  for (const { event } of events) {
    if (!journey || event.type !== 'patient.admitted') continue;
    world.journeyOfStay.set(event.stayId, journey);
    const loaded = await world.gateway.journal.load(event.stayId);
    if (loaded) world.processOf.set(journey, loaded.processId);
  }
  if (events.length === 0 && !input) return;
  await world.options.onMoment?.({
    at: world.clock.now(),
    journey,
    input,
    events,
    why: await reasonsOf(world, events),
    journeyOf: (streamId) => world.journeyOfStay.get(streamId),
  });
}

/** What the law says behind each decision on liability, by event id. */
async function reasonsOf(
  world: World,
  events: readonly StoredEvent[],
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  for (const { event } of events) {
    if (event.type !== 'liability.started' && event.type !== 'liability.withheld') continue;
    const findings = await assessCase(world, event.stayId);
    const finding = findings.find(
      ({ rule, occasion }) => rule === 'payment-liability' && occasion === event.data.occasion,
    );
    if (finding) reasons.set(event.id, finding.sentence.en);
  }
  return reasons;
}
