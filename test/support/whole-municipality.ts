/** A whole gateway that is told of a whole simulated municipality by what that prints, and by nothing else. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { buildMessage } from '../../adapters/simulated/hospital.ts';
import {
  WholeMunicipality,
  type Channel,
  type WholeSettings,
} from '../../adapters/simulated/municipality/index.ts';
import { assert } from '../../gateway/errors.ts';
import { loadConfig, type Config } from '../../gateway/runtime/config.ts';
import { temporaryFolder } from './folder.ts';
import { startTestGateway, tokens, type TestGateway } from './gateway.ts';
import { marked } from './marked-person.ts';
import { freePorts } from './processes.ts';

export const admittedAt = '2022-03-07T09:00:00.000Z';
const testNumbers = readFileSync(join(import.meta.dirname, 'test-numbers.txt'), 'utf8')
  .split('\n')
  .filter((line) => /^\d{12}$/.test(line));
const needs = { socialServices: true, municipalHealthCare: false, regionOutpatient: false };

export interface Trial {
  readonly world: TestGateway;
  readonly municipality: WholeMunicipality;
  /** The variables that the gateway is told. */
  readonly environment: Readonly<Record<string, string>>;
  /** What became of answers and receipts. */
  readonly remarks: readonly string[];
  /** A stay of a marked person begins, and somebody in its municipality is needed. @returns the delivery of its notice */
  admit(channel: Channel): Promise<string>;
  close(): Promise<void>;
}

/** Starts both. @param change of what the municipality printed */
export async function startTrial(
  channels: readonly Channel[],
  more: Partial<WholeSettings> = {},
  change: (config: Config) => Config = (config) => config,
): Promise<Trial> {
  const folder = temporaryFolder('simulated-municipality');
  const [port = 0] = await freePorts(1);
  const remarks: string[] = [];
  const municipality = await WholeMunicipality.start({
    channels,
    host: '127.0.0.1',
    ports: {},
    folder: folder.path,
    isTls: false,
    given: () => undefined,
    gatewayUrl: `http://127.0.0.1:${port}`,
    answers: 'none',
    answerAfterMs: 0,
    disputes: false,
    now: () => admittedAt,
    onReceived: () => undefined,
    onRemark: (remark) => void remarks.push(remark),
    ...more,
  });
  const told = toldConfig(municipality, folder.path);
  const environment = environmentOf(municipality);
  const world = await startTestGateway({
    start: admittedAt,
    change: (config) =>
      change({
        ...config,
        http: { ...config.http, port },
        receivers: told.receivers,
        partners: told.partners,
        ...(told.sdk && { sdk: told.sdk }),
        billing: { ...config.billing, receivers: told.billing.receivers },
      }),
    options: { env: { ...tokens, ...environment } },
  });
  let visits = 0;
  let sending: Promise<unknown> = Promise.resolve();
  const seen = new Set<string>();
  return {
    world,
    municipality,
    environment,
    remarks,
    async admit(channel) {
      visits += 1;
      const stay = {
        visit: `S${String(visits).padStart(4, '0')}`,
        at: world.clock.now(),
        expectedDischarge: '2022-03-20',
        ...marked,
        // A person of its own: where somebody lives holds for all their stays.
        personnummer: testNumbers[visits] ?? '',
        municipality: municipalityOf(told, channel),
      };
      const before = { ...stay, controlId: `${stay.visit}-1`, trigger: 'A01' as const };
      const needed = { ...stay, controlId: `${stay.visit}-2`, trigger: 'A08' as const, needs };
      for (const step of [before, needed]) {
        // One message is on the hospital's line at a time.
        const sent = sending.then(() => world.send(buildMessage('ekliden', step)));
        sending = sent;
        expect(await sent).toBe('AA');
      }
      return await newDelivery(world, `simulated-${channel}`, seen);
    },
    async close() {
      await world.close();
      await municipality.close();
      folder.remove();
    },
  };
}

/** The configuration as its reader reads what was printed. */
function toldConfig({ settings }: WholeMunicipality, folder: string): Config {
  const file = join(folder, 'hemgang.yaml');
  writeFileSync(file, settings.yaml);
  return loadConfig({ env: {}, file }).config;
}

/** The variables as a shell reads what was printed. */
function environmentOf({ settings }: WholeMunicipality): Record<string, string> {
  const lines = settings.environment.matchAll(/^export ([A-Z_]+)='([^']+)'$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
}

/** One that the receiver of this channel gets; the last one gets what no other does. */
function municipalityOf({ receivers }: Config, channel: Channel): string {
  const receiver = receivers.find((one) => one.channel === channel);
  assert(receiver !== undefined, `${channel} is no receiver`);
  return receiver.municipalities?.[0] ?? '0180';
}

/** The delivery that nobody has asked for yet, when it is there. */
async function newDelivery(
  { gateway }: TestGateway,
  receiver: string,
  seen: Set<string>,
): Promise<string> {
  return await vi.waitFor(
    async () => {
      gateway.wake();
      const heads = await gateway.journal.deliveries.after(0, 10_000);
      const id = heads.find(
        (one) => one.receiver === receiver && !seen.has(one.deliveryId),
      )?.deliveryId;
      assert(id !== undefined, `${receiver} is to get a notice`);
      seen.add(id);
      return id;
    },
    { timeout: 10_000, interval: 10 },
  );
}
