/** All ways in: MLLP, receipts and FHIR over HTTP, watched folders, FHIR servers that are asked or that tell us. */
import { receiveBatches } from '../../adapters/inbound/hl7v2/answers/batch-answer.ts';
import { createHl7v2Server, type Hl7v2Server } from '../../adapters/inbound/hl7v2/server.ts';
import type { ReceiveParts } from '../receive.ts';
import type { Config } from '../runtime/config.ts';
import type { Keeper } from '../runtime/instance/keeper.ts';
import { openFhirSources } from './fhir-sources.ts';
import { openFhirSubscriptions } from './fhir-subscriptions.ts';
import { openFhir } from './fhir.ts';
import { watchFolders } from './folders.ts';
import { addressTaken, type Routes } from './http.ts';
import { openIntake, type Intake } from './intake.ts';
import { persistently } from './persistently.ts';
import type { Prepared } from './prepared.ts';
import { openSdkReceipts } from './sdk.ts';

export interface Receiving {
  /** What is served over HTTP. */
  readonly routes: Omit<Routes, 'partners' | 'profiles'>;
  /** Parked messages that the tables could translate at this start. */
  readonly freed: number;
  readonly intake: Intake;
  /** Messages, requests and files that are being taken, and sources that are being asked. */
  inHand(): number;
  wake(): void;
  /** Begins to listen for HL7 v2. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Listens no longer; what was heard is answered. */
  close(): Promise<void>;
}

export async function openReceiving(
  config: Config,
  { mappings, tls, fhirSenders }: Prepared,
  parts: ReceiveParts,
  env: NodeJS.ProcessEnv,
  keeper: Keeper,
): Promise<Receiving> {
  const intake = openIntake(mappings, config, parts);
  try {
    const freed = await intake.retranslate();
    await persistently(() => intake.begin());
    const fhir = openFhir(config, fhirSenders, intake, parts);
    const subscriptions = await openFhirSubscriptions(
      config,
      intake,
      parts,
      env,
      fhirSenders,
      keeper,
    );
    const sources = await openFhirSources(config, intake, parts, env, keeper);
    const folders = watchFolders(config, intake, parts, keeper);
    const sdkReceipts = openSdkReceipts(config, parts, env, keeper);
    const { clock, log, newId } = parts;
    const server = createHl7v2Server({
      receive: receiveBatches(
        { receive: intake.receive, newId, now: () => clock.now() },
        (problems) => log.warn({ problems }, 'a batch does not add up'),
      ),
      release: config.mllp.release,
      host: config.mllp.host,
      port: config.mllp.port,
      maxFrameBytes: config.mllp.maxFrameBytes,
      idleMs: config.mllp.idle,
      maxConnections: config.mllp.maxConnections,
      ...(tls && { tls }),
      refuseOversize: intake.refuseOversize,
      onEvent: (name, detail) => {
        const level = quietEvents.has(name) ? 'debug' : 'warn';
        log[level]({ ...detail }, `mllp ${name}`);
      },
    });
    const inHand = [server, fhir, sources, subscriptions, folders, sdkReceipts];
    return {
      routes: {
        fhirAt: (url) => fhir.routerAt(url),
        notifications: subscriptions.router,
        sdkReceipts: sdkReceipts.router,
      },
      freed,
      intake,
      inHand: () => inHand.reduce((sum, one) => sum + one.inHand(), 0),
      wake() {
        sources.wake();
        subscriptions.wake();
      },
      listen: () => listenMllp(server, config),
      close: () => server.close(),
    };
  } catch (thrown) {
    await intake.close();
    throw thrown;
  }
}

/** Events of the MLLP server that belong to an ordinary day. */
const quietEvents = new Set(['connection-opened', 'connection-closed', 'idle-closed']);

async function listenMllp(
  server: Hl7v2Server,
  { mllp }: Config,
): Promise<{ host: string; port: number }> {
  try {
    return await server.listen();
  } catch (thrown) {
    throw addressTaken('mllp', mllp.host, mllp.port, thrown);
  }
}
