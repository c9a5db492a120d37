/** A whole gateway on free ports, with receivers and a hospital, for tests. */
import { Client } from 'fhir-kit-client';
import { HospitalLink, answerCodeOf } from '../../adapters/simulated/hospital.ts';
import {
  simulatedMunicipality,
  type SimulatedMunicipality,
} from '../../adapters/simulated/municipality/index.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../gateway/main.ts';
import { HandSetClock } from '../../gateway/runtime/clock.ts';
import { loadConfig, type Config } from '../../gateway/runtime/config.ts';
import { createLog, type Log } from '../../gateway/runtime/log.ts';
import { temporaryFolder } from './folder.ts';

export const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
export const tokens = {
  MUNICIPALITY_TOKEN: 'm'.repeat(40),
  PRIMARY_CARE_TOKEN: 'p'.repeat(40),
  EKLIDEN_FHIR_TOKEN: 'e'.repeat(40),
  NORRTUNA_FHIR_TOKEN: 'n'.repeat(40),
};

export interface TestGateway {
  readonly gateway: Gateway;
  readonly clock: HandSetClock;
  readonly receiver: SimulatedMunicipality;
  readonly hospital: HospitalLink;
  /** A FHIR client as vendors use it, known as this sender; ekliden where left out. */
  fhir(sender?: 'ekliden' | 'norrtuna'): Client;
  readonly folder: string;
  /** Lines of the log. */
  readonly logged: string[];
  /** Sends one message. @returns the acknowledgement code */
  send(raw: Uint8Array): Promise<string>;
  /** Until nothing is in flight. */
  rest(): Promise<void>;
  /** Moves legal time to what falls due next, until `limit`. */
  passTimeUntil(limit: string): Promise<void>;
  /** Stops everything; the folder stays where it was given from outside. */
  close(): Promise<void>;
}

export interface TestSettings {
  readonly start: string;
  /** Changes to the configuration that the test needs. */
  readonly change?: (config: Config) => Config;
  readonly folder?: string;
  readonly options?: Partial<GatewayOptions>;
  readonly acknowledges?: boolean;
}

/** Starts one; resolves when the hospital is connected. */
export async function startTestGateway(settings: TestSettings): Promise<TestGateway> {
  const own = settings.folder === undefined ? temporaryFolder('gateway') : undefined;
  const folder = settings.folder ?? own?.path ?? '';
  const clock = new HandSetClock(settings.start);
  const receiver = await simulatedMunicipality({ secrets: [secret] });
  const logged: string[] = [];
  const log: Log = createLog({
    level: 'debug',
    json: true,
    destination: { write: (line) => void logged.push(line) },
  });
  const config = configFor(folder, receiver.url);
  const gateway = await startGateway({
    config: settings.change?.(config) ?? config,
    log,
    clock,
    env: { ...tokens, RECEIVER_SECRET: secret },
    ...settings.options,
  });
  receiver.connect({
    gatewayUrl: `http://${gateway.http.host}:${gateway.http.port}`,
    token: tokens.PRIMARY_CARE_TOKEN,
    ...(settings.acknowledges === true && { now: () => clock.now() }),
  });
  const hospital = await HospitalLink.connect(gateway.mllp);

  async function rest(): Promise<void> {
    gateway.wake();
    const start = clock.elapsedMs();
    for (let quiet = 0; quiet < 2;) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      quiet = receiver.inFlight() === 0 && (await gateway.isQuiet()) ? quiet + 1 : 0;
      if (clock.elapsedMs() - start > 20_000) throw new Error('the gateway does not come to rest');
    }
  }

  return {
    gateway,
    clock,
    receiver,
    hospital,
    folder,
    logged,
    fhir(sender = 'ekliden') {
      const client = new Client({ baseUrl: gateway.fhir.url });
      const isOfEkliden = sender === 'ekliden';
      client.bearerToken = isOfEkliden ? tokens.EKLIDEN_FHIR_TOKEN : tokens.NORRTUNA_FHIR_TOKEN;
      return client;
    },
    send: async (raw) => answerCodeOf(await hospital.send(raw)),
    rest,
    async passTimeUntil(limit) {
      for (;;) {
        const due = await gateway.journal.nextDue();
        if (due === undefined || due > limit) break;
        clock.advanceTo(due);
        await rest();
      }
      clock.advanceTo(limit);
    },
    async close() {
      await hospital.close();
      await gateway.stop();
      await receiver.close();
      own?.remove();
    },
  };
}

function configFor(folder: string, url: string): Config {
  const { config } = loadConfig({ env: {}, file: null });
  return {
    ...config,
    data: folder,
    mllp: { ...config.mllp, port: 0 },
    http: { ...config.http, port: 0 },
    senders: config.senders.map((sender) => ({
      ...sender,
      fhir: { kind: 'hospital', tokenEnv: `${sender.id.toUpperCase()}_FHIR_TOKEN` },
    })),
    deadlines: { ...config.deadlines, grace: 0 },
    // Months are settled for what is in them, not from the calendar.
    billing: { ...config.billing, municipalities: [] },
    receivers: [
      {
        id: 'receiver',
        channel: 'webhook',
        mode: 'live',
        url,
        secretEnv: ['RECEIVER_SECRET'],
        timeout: 500,
        ownNetwork: true,
        recognisesRepeats: true,
      },
    ],
    partners: [
      {
        id: 'municipality',
        kind: 'municipality',
        tokenEnv: 'MUNICIPALITY_TOKEN',
        receivers: ['receiver'],
      },
      {
        id: 'primary-care',
        kind: 'primary-care',
        tokenEnv: 'PRIMARY_CARE_TOKEN',
        receivers: ['receiver'],
      },
    ],
  };
}
