/** `hemgang simulate municipality`: a municipality that receives by every channel, until it is stopped. */
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Channel } from '../../adapters/simulated/municipality/behaviour.ts';
import { obey } from '../../adapters/simulated/municipality/commands.ts';
import { openLook } from '../../adapters/simulated/municipality/look.ts';
import { lineOf } from '../../adapters/simulated/municipality/received.ts';
import { WholeMunicipality } from '../../adapters/simulated/municipality/whole.ts';
import { asGatewayError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { environmentValue } from '../runtime/environment.ts';
import { wrong } from './question.ts';

export interface MunicipalityOptions {
  readonly channels: readonly Channel[];
  readonly host: string;
  /** Of webhook. */
  readonly port: number;
  readonly fhirPort: number;
  readonly sdkPort: number;
  readonly billingPort: number;
  readonly sftpPort: number;
  readonly mllpPort: number;
  readonly lookPort: number;
  readonly folder: string;
  readonly gateway: string;
  readonly answer: 'acknowledge' | 'not-ours' | 'none';
  /** Milliseconds. */
  readonly acknowledgeAfter: number;
  readonly dispute: boolean;
  readonly behave: readonly (readonly [channel: string, word: string])[];
  readonly tls: boolean;
  readonly json: boolean;
}

/** Where it prints, what it is told while it runs, and when it ends. */
export interface Surroundings {
  readonly print: (line: string) => void;
  readonly input: NodeJS.ReadableStream;
  readonly stop: AbortSignal;
}

/** Receives until `stop`. @returns the exit code */
export async function simulateMunicipality(
  options: MunicipalityOptions,
  { print, input, stop }: Surroundings,
): Promise<number> {
  const { channels, json } = options;
  const say = (value: object, text: string): void => print(json ? JSON.stringify(value) : text);
  const municipality = await WholeMunicipality.start({
    channels,
    host: options.host,
    ports: {
      webhook: options.port,
      fhir: options.fhirPort,
      sdk: options.sdkPort,
      billing: options.billingPort,
      sftp: options.sftpPort,
      mllp: options.mllpPort,
    },
    folder: resolve(options.folder),
    isTls: options.tls,
    given: (name) => environmentValue(name),
    gatewayUrl: options.gateway.replace(/\/+$/, ''),
    answers: options.answer,
    answerAfterMs: options.acknowledgeAfter,
    disputes: options.dispute,
    now: () => systemClock.now(),
    onReceived: (received) => say({ received }, lineOf(received)),
    onRemark: (remark) => say({ remark }, `  ${remark}`),
  });
  try {
    for (const [channel, word] of options.behave) await municipality.behave(channel, word);
    const look = await openLook(municipality, options.lookPort).catch((thrown: unknown) => {
      throw wrong(
        `--look-port ${options.lookPort}: cannot listen (${asGatewayError(thrown).message})`,
      );
    });
    try {
      const { settings, open } = municipality;
      const where = open.map(({ channel, where: at }) => ({ channel, at }));
      say(
        { listening: where, look: `${look.origin}/received`, settings },
        [
          `# Into the shell that starts the gateway: eval "$(curl -s ${look.origin}/environment)"`,
          settings.environment,
          '',
          `# Into hemgang.yaml, as curl -s ${look.origin}/hemgang.yaml gives it, too:`,
          settings.yaml,
          '',
          ...where.map(({ channel, at }) => `${channel.padEnd(8)} listens at ${at}`),
          `what came: ${look.origin}/received\nmore can be told by a line here, or by POST ${look.origin}/do; help lists what`,
        ].join('\n'),
      );
      await obeyUntil(municipality, { print, input, stop });
    } finally {
      await look.close();
    }
  } finally {
    await municipality.close();
  }
  return 0;
}

/** Lines are obeyed one after another; an input that ends is no reason to stop. */
async function obeyUntil(
  municipality: WholeMunicipality,
  { print, input, stop }: Surroundings,
): Promise<void> {
  const lines = createInterface({ input });
  let obeying = Promise.resolve();
  lines.on('line', (line) => {
    obeying = obeying.then(async () => {
      for (const told of await obey(municipality, line)) print(told);
    });
  });
  await new Promise<void>((done) => {
    if (stop.aborted) done();
    stop.addEventListener('abort', () => done(), { once: true });
  });
  lines.close();
  await obeying;
}
