/** Names, numbers and addresses live in the journal and in the notice to its receiver, nowhere else. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMessage, type HospitalStep } from '../adapters/simulated/hospital.ts';
import { toCloudEvent } from '../gateway/process/events.ts';
import { marked, markers } from './support/marked-person.ts';
import { formsFor } from './support/forms.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';

const step = (rest: Pick<HospitalStep, 'trigger' | 'at' | 'controlId'> & Partial<HospitalStep>) =>
  buildMessage('ekliden', { ...marked, visit: 'E9001', unit: 'MED1', ...rest });

const forms = await formsFor('that no name or number leaves PostgreSQL and the notice');

describe.each(forms)('a stay with a marked identity, $name form', ({ place }) => {
  const { drop, ...settings } = place();
  let world: TestGateway;
  const answers: string[] = [];

  beforeAll(async () => {
    world = await startTestGateway({
      start: '2022-03-03T08:00:00.000Z',
      acknowledges: true,
      change: (config) => ({ ...config, ...settings }),
    });
    const send = async (raw: Uint8Array): Promise<void> => {
      answers.push(Buffer.from(await world.hospital.send(raw)).toString('latin1'));
      await world.rest();
    };
    const needs = { socialServices: true, municipalHealthCare: true, regionOutpatient: true };
    await send(step({ trigger: 'A01', at: '2022-03-03T08:00:00Z', controlId: 'M1' }));
    await send(step({ trigger: 'A08', at: '2022-03-03T09:00:00Z', controlId: 'M2', needs }));
    world.clock.advanceTo('2022-03-07T09:00:00.000Z');
    world.receiver.setBehaviour(['refuse', 'vanish', 'busy']);
    const readyAt = '2022-03-07T09:00:00Z';
    await send(step({ trigger: 'A08', at: readyAt, controlId: 'M3', needs, readyAt }));
    world.receiver.setBehaviour('accept');
    await world.passTimeUntil('2022-03-10T09:00:00.000Z');
    await send(step({ trigger: 'A03', at: '2022-03-11T09:00:00Z', controlId: 'M4' }));
    // refused: the same control id with other content, a message cut short, an unknown trigger
    await send(step({ trigger: 'A08', at: '2022-03-11T09:05:00Z', controlId: 'M4' }));
    const text = Buffer.from(step({ trigger: 'A08', at: readyAt, controlId: 'M5' })).toString(
      'latin1',
    );
    await send(Buffer.from(text.replace(/\rPV1[^\r]*/, ''), 'latin1'));
    await send(Buffer.from(text.replaceAll('A08', 'A99').replace('M5', 'M6'), 'latin1'));
    await world.passTimeUntil('2022-04-20T00:00:00.000Z');
  });
  afterAll(async () => {
    await world.close();
    await drop();
  });

  function expectClean(what: string, text: string): void {
    expect(text.length, `${what} is empty: nothing was checked`).toBeGreaterThan(0);
    for (const marker of markers) {
      expect(text.toLowerCase(), `${what} holds ${marker}`).not.toContain(marker.toLowerCase());
    }
  }

  test('reaches the receiver in the notice', () => {
    const notices = JSON.stringify(world.receiver.received.map(({ body }) => body));
    expect(notices).toContain(marked.family);
    expect(notices).toContain(marked.personnummer);
  });

  test('reaches no log line, not even of what failed', () => {
    expect(world.logged.join('')).toContain('delivery failed');
    expectClean('the log', world.logged.join(''));
  });

  test('reaches no answer to the hospital', () => {
    expect(answers.some((answer) => answer.includes('MSA|AE') || answer.includes('MSA|AR'))).toBe(
      true,
    );
    expectClean('the answers', answers.join(''));
  });

  test('reaches no event, and so no message of the bus', async () => {
    const events = await world.gateway.journal.eventsAfter(0, 1000);
    expect(events.map(({ event }) => event.type)).toContain('billing.recorded');
    expectClean('the events', JSON.stringify(events));
    expectClean('the CloudEvents', JSON.stringify(events.map(({ event }) => toCloudEvent(event))));
  });

  test('reaches neither status nor health', async () => {
    const { host, port } = world.gateway.http;
    const health = await (await fetch(`http://${host}:${port}/health`)).text();
    expectClean('health', health);
    expectClean('status', JSON.stringify(await world.gateway.status()));
    const ready = await fetch(`http://${host}:${port}/health/ready`);
    expectClean('readiness', await ready.text());
  });

  test('reaches no metric, not even as the name of a sender that nobody knows', async () => {
    const text = Buffer.from(step({ trigger: 'A08', at: '2022-03-11T10:00:00Z', controlId: 'M7' }));
    const fields = text.toString('latin1').split('|');
    fields[2] = marked.family;
    await world.hospital.send(Buffer.from(fields.join('|'), 'latin1'));
    await world.rest();
    const { host, port } = world.gateway.http;
    const metrics = await (await fetch(`http://${host}:${port}/metrics`)).text();
    expect(metrics).toContain('outcome="rejected"');
    // A value may have the digits of a postal code by chance: it counts, and tells of nobody.
    expectClean('the metrics', metrics.replaceAll(/ [0-9.e+-]+$/gm, ''));
    expectClean('the log', world.logged.join(''));
  });

  test('reaches no billing file', () => {
    const folder = join(world.folder, 'billing');
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(0);
    expectClean('the billing files', files.map((file) => readFileSync(file, 'utf8')).join(''));
  });

  test('reaches no answer to a partner', async () => {
    const { host, port } = world.gateway.http;
    const response = await fetch(`http://${host}:${port}/receipts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${'p'.repeat(40)}`,
        'content-type': 'application/cloudevents+json',
      },
      body: JSON.stringify({ family: marked.family, subject: marked.personnummer }),
    });
    expectClean('the answer', `${response.status} ${await response.text()}`);
  });
});
