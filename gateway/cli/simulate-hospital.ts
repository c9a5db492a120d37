import { setTimeout as sleep } from 'node:timers/promises';
import { answerCodeOf, HospitalLink } from '../../adapters/simulated/hospital.ts';
import { GatewayError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { instantOf, loadJourneys, messageOf, type Journey } from '../play/journey.ts';

/** Pause between two messages of the simulated hospital. */
const pauseMs = 200;

/** Sends the hospital's steps of the journey files. @returns the exit code: 0 when every message was accepted */
export async function simulateHospital(options: {
  readonly to: string;
  readonly journeys: string;
  readonly rounds: number;
}): Promise<number> {
  const { host, port } = addressOf(options.to);
  let refused = 0;
  for (let round = 1; round <= options.rounds; round++) {
    for (const journey of loadJourneys(options.journeys)) {
      refused += await playStay(journey, round, host, port);
    }
  }
  return refused === 0 ? 0 : 1;
}

async function playStay(
  journey: Journey,
  round: number,
  host: string,
  port: number,
): Promise<number> {
  const hospital = await HospitalLink.connect({ host, port });
  let refused = 0;
  try {
    for (const [index, { at: wall, hospital: step }] of journey.steps.entries()) {
      if (!step) continue;
      const visit = `${journey.visit}R${round}`;
      const controlId = `${journey.visit}-${systemClock.nowMs()}-${index}`;
      const message = messageOf(journey, step, instantOf(wall), { visit, controlId });
      const ack = answerCodeOf(await hospital.send(message));
      process.stdout.write(`${journey.sender} ADT^${step.trigger} ${visit}: ${ack}\n`);
      if (ack !== 'AA') refused += 1;
      await sleep(pauseMs);
    }
  } finally {
    await hospital.close();
  }
  return refused;
}

function addressOf(text: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const [, host, port] = match ?? [];
  if (host === undefined || port === undefined) {
    throw new GatewayError('configuration-invalid', `--to ${text}: write it as host:port`);
  }
  return { host, port: Number(port) };
}
