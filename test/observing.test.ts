/** What is seen of the gateway from outside: whether it lives, whether it is ready and why not, and in numbers. */
import { afterEach, describe, expect, test } from 'vitest';
import { buildMessage } from '../adapters/simulated/hospital.ts';
import { GatewayError } from '../gateway/errors.ts';
import { healthOf } from '../gateway/observing/health.ts';
import { HandSetClock } from '../gateway/runtime/clock.ts';
import type { Config } from '../gateway/runtime/config.ts';
import { observe } from '../gateway/runtime/observed.ts';
import type { Digests } from '../gateway/wiring/digests.ts';
import { marked } from './support/marked-person.ts';
import { startTestGateway, type TestGateway, type TestSettings } from './support/gateway.ts';

const start = '2022-03-03T08:00:00.000Z';
let world: TestGateway | undefined;

afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function begin(settings: Partial<TestSettings> = {}): Promise<TestGateway> {
  world = await startTestGateway({ start, ...settings });
  return world;
}

const patient = { personnummer: marked.personnummer, family: marked.family, given: marked.given };
const admission = (unit = 'MED1'): Uint8Array =>
  buildMessage('ekliden', {
    ...patient,
    trigger: 'A01',
    at: '2022-03-03T08:00:00Z',
    controlId: 'M1',
    visit: 'E9001',
    unit,
  });

interface Seen {
  readonly status: number;
  readonly body: {
    readonly status: string;
    readonly reasons: readonly { code: string }[];
    readonly inForce: Digests;
  };
}

async function ready({ gateway }: TestGateway): Promise<Seen> {
  const response = await fetch(`${gateway.http.url}/health/ready`);
  const body: Seen['body'] = await response.json();
  return { status: response.status, body };
}

async function metricsText({ gateway }: TestGateway): Promise<string> {
  const response = await fetch(`${gateway.http.url}/metrics`);
  expect(response.status).toBe(200);
  return await response.text();
}

describe('health', () => {
  test('a gateway that listens lives and is ready, and has nothing to say', async () => {
    const gateway = await begin();
    expect((await fetch(`${gateway.gateway.http.url}/health/live`)).status).toBe(200);
    expect(await ready(gateway)).toMatchObject({
      status: 200,
      body: { status: 'ready', reasons: [] },
    });
  });

  test('it says what it goes by, as its metrics do, and something else after a reload', async () => {
    let written: Config | undefined;
    const gateway = await begin({
      change: (config) => (written = config),
      options: { reread: () => written ?? expect.fail('nothing was written') },
    });
    const told = async () => {
      const { inForce } = (await ready(gateway)).body;
      const [page = ''] = /^hemgang_build_info.*$/m.exec(await metricsText(gateway)) ?? [];
      expect(page).toContain(`config="${inForce.configuration}"`);
      expect(page).toContain(`mappings="${inForce.mappings}",profiles="${inForce.profiles}"`);
      return inForce;
    };
    const before = await told();
    if (written) written = { ...written, dispatch: { ...written.dispatch, retries: [1000] } };
    await gateway.gateway.reload();
    const after = await told();
    expect(after).toEqual({ ...before, configuration: after.configuration });
    expect(after.configuration).not.toBe(before.configuration);
  });

  test('one that is told to stop says so while its listeners are still open, and then closes them', async () => {
    const gateway = await begin({
      change: (config) => ({ ...config, stop: { notice: 400 } }),
    });
    const stopped = gateway.gateway.stop();
    const { status, body } = await ready(gateway);
    expect(status).toBe(503);
    expect(body.reasons.map(({ code }) => code)).toEqual(['draining']);
    expect(await gateway.send(admission())).toBe('AA');
    await stopped;
    await expect(fetch(`${gateway.gateway.http.url}/health/live`)).rejects.toThrow();
  });

  test('a reason says since when it stands, and has gone when its cause has', async () => {
    const clock = new HandSetClock(start);
    const health = healthOf(clock);
    let isWrong = true;
    health.watch({
      name: 'disk',
      look: async () =>
        isWrong ? [{ code: 'full', text: 'full', next: 'make room', severity: 'error' }] : [],
    });
    await health.ready();
    clock.advanceTo('2022-03-03T09:00:00.000Z');
    expect((await health.ready()).reasons[0]?.since).toBe(start);
    isWrong = false;
    expect(await health.ready()).toEqual({ ready: true, reasons: [] });
  });

  test('a warning is told and leaves the gateway ready', async () => {
    const health = healthOf(new HandSetClock(start));
    health.watch({
      name: 'bus',
      look: async () => [{ code: 'away', text: 'away', next: 'wait', severity: 'warning' }],
    });
    const { ready: isReady, reasons } = await health.ready();
    expect([isReady, reasons.length]).toEqual([true, 1]);
  });

  test('what gives no answer, or throws, is a reason by itself and holds nobody up', async () => {
    const health = healthOf(new HandSetClock(start), 10);
    health.watch({ name: 'slow', look: () => new Promise(() => undefined) });
    health.watch({
      name: 'broken',
      look: () => Promise.reject(new GatewayError('journal-unavailable', 'away')),
    });
    const { ready: isReady, reasons } = await health.ready();
    expect(isReady).toBe(false);
    expect(reasons.map(({ code }) => code)).toEqual(['slow-unanswered', 'broken-unanswered']);
  });
});

describe('metrics', () => {
  test('count messages by sender and outcome, answers by code, and time what took time', async () => {
    const gateway = await begin();
    expect(await gateway.send(admission())).toBe('AA');
    expect(await gateway.send(admission())).toBe('AA');
    expect(await gateway.send(admission('MED2'))).toBe('AR');
    await gateway.rest();
    const text = await metricsText(gateway);
    expect(text).toContain('hemgang_messages_total{sender="ekliden",outcome="accepted"} 1');
    expect(text).toContain('hemgang_messages_total{sender="ekliden",outcome="duplicate"} 1');
    expect(text).toContain('hemgang_messages_total{sender="ekliden",outcome="rejected"} 1');
    expect(text).toContain('hemgang_refusals_total{sender="ekliden",code="control-id-reused"} 1');
    expect(text).toContain('hemgang_answers_total{standard="hl7v2",code="AA"} 2');
    expect(text).toContain('hemgang_answers_total{standard="hl7v2",code="AR"} 1');
    expect(text).toContain('hemgang_events_total{type="patient.admitted"} 1');
    expect(text).toMatch(/hemgang_commit_seconds_count\{write="record"\} [1-9]/);
    expect(text).toMatch(/hemgang_translate_seconds_count\{standard="hl7v2"\} [1-9]/);
    expect(text).toMatch(/hemgang_handle_seconds_count\{queue="advance"\} [1-9]/);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  test('are for this machine alone on the HTTP listener, and a proxy on it is not this machine', async () => {
    const gateway = await begin();
    expect((await fetch(`${gateway.gateway.http.url}/metrics`)).status).toBe(200);
    const forwarded = { headers: { 'x-forwarded-for': '192.0.2.7' } };
    const response = await fetch(`${gateway.gateway.http.url}/metrics`, forwarded);
    expect(response.status).toBe(404);
  });

  test('have an address of their own where one is given, and are on the other no longer', async () => {
    const gateway = await begin({
      change: (config) => ({ ...config, metrics: { ...config.metrics, port: 0 } }),
    });
    const { metrics, http } = gateway.gateway;
    const own = `http://127.0.0.1:${metrics?.port}`;
    expect((await fetch(`${own}/metrics`)).status).toBe(200);
    expect((await fetch(`${own}/health/ready`)).status).toBe(200);
    expect((await fetch(`${http.url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${http.url}/metrics`)).status).toBe(404);
  });

  test('have no label that somebody outside chooses', () => {
    const { messages } = observe({ sender: new Set(['ekliden']) });
    for (let stranger = 0; stranger < 1000; stranger++) {
      messages.of(`stranger-${stranger}`, 'rejected').add();
    }
    messages.of('ekliden', 'accepted').add();
    const series = [...messages.all()].map(({ values, cell }) => [...values, cell.value]);
    expect(series).toContainEqual(['other', 'rejected', 1000]);
    expect(series).toContainEqual(['ekliden', 'accepted', 1]);
  });

  test('a label that grows without bound is cut off', () => {
    const { troubles } = observe();
    for (let code = 0; code < 5000; code++) troubles.of(`code-${code}`).add();
    expect([...troubles.all()].length).toBeLessThan(1000);
  });
});
