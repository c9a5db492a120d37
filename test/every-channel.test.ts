/** Every channel in one whole gateway: each municipality gets what is meant for it, and nobody else does. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { caseExport } from '../gateway/cli/case-export.ts';
import { check } from '../gateway/evidence/check.ts';
import { cloudEventType, toCloudEvent } from '../gateway/process/events.ts';
import { tokens } from './support/gateway.ts';
import { marked } from './support/marked-person.ts';
import { allowedPlaces, placedTexts } from './support/notice-places.ts';
import {
  markersOf,
  patients,
  readyAt,
  SixMunicipalities,
  type Channel,
} from './support/six-municipalities.ts';

let six: SixMunicipalities;
/** What was known of a notice by SDK when it was handed over, and its receipt had not come. */
let beforeReceipt: { readonly state: string; readonly delivered: number };

beforeAll(async () => {
  six = await SixMunicipalities.start();
  await six.admitAll();
  await six.bringReceipt((await six.rowOf('sdk', 'admission-notice')).deliveryId);
  await six.findAllReady();
  const row = await six.rowOf('sdk', 'discharge-ready-notice');
  beforeReceipt = { state: row.state, delivered: (await six.deliveredBy(row)).length };
  await six.bringReceipt(row.deliveryId);
}, 30_000);
afterAll(() => six.close());

const holds = (text: string, marker: string): boolean =>
  text.toLowerCase().includes(marker.toLowerCase());
const allMarkers = [
  ...patients.flatMap(markersOf),
  marked.family,
  marked.given,
  'Märkgatan',
  marked.address.city,
];

function expectClean(what: string, text: string): void {
  expect(text.length, `${what} is empty: nothing was checked`).toBeGreaterThan(0);
  for (const marker of allMarkers) {
    expect(holds(text, marker), `${what} holds ${marker}`).toBe(false);
  }
}

/** What each receiver's system said. */
const answers: Readonly<Record<Channel, unknown>> = {
  webhook: 'HTTP 202',
  file: 'file written',
  fhir: 'HTTP 200 ok',
  sdk: 'ACCEPTED',
  sftp: expect.any(String),
  mllp: 'AA',
};

describe.each(patients)('the municipality that is reached by $channel', (patient) => {
  const { channel } = patient;

  test.each(['admission-notice', 'discharge-ready-notice'] as const)(
    'gets the %s, and the case has its proof',
    async (obligation) => {
      const row = await six.rowOf(channel, obligation);
      expect(row).toMatchObject({ state: 'delivered', receiver: channel });
      const bodies = (await six.receivedBy(channel)).map(({ body }) => body);
      const isOfIt = (body: string): boolean =>
        body.includes(row.deliveryId) || body.includes(row.eventId);
      expect(bodies.some(isOfIt)).toBe(true);
      const delivered = await six.deliveredBy(row);
      expect(delivered.map(({ data }) => data)).toMatchObject([
        {
          receiver: channel,
          obligation,
          noticeId: row.eventId,
          proof: 'receiver-answer',
          detail: answers[channel],
          deliveredAt: expect.any(String),
        },
      ]);
    },
  );

  test('gets its own patient, in the fields allowed, and no other', async () => {
    const received = await six.receivedBy(channel);
    const own = markersOf(patient);
    const others = patients.filter((one) => one !== patient).flatMap(markersOf);
    const { who, address } = allowedPlaces[channel];
    const kinds = new Set<boolean>();
    for (const { outside, body } of received) {
      expectClean('what others may see', outside);
      expect(others.filter((marker) => holds(body, marker))).toEqual([]);
      const places = placedTexts(channel, body)
        .filter(([, text]) => own.some((marker) => holds(text, marker)))
        .map(([place]) => place);
      const isAdmission = /admission-notice|Inskrivningsmeddelande/.test(body);
      kinds.add(isAdmission);
      const allowed = isAdmission ? [...who, ...address] : [...who];
      expect([...new Set(places)].toSorted()).toEqual(allowed.toSorted());
      for (const part of Object.values(patient.person.address)) {
        expect(holds(body, part)).toBe(isAdmission);
      }
    }
    expect(kinds).toEqual(new Set([true, false]));
  });

  test('acknowledges it, and the evidence of the case is signed and whole', async () => {
    const row = await six.rowOf(channel, 'discharge-ready-notice');
    const caseReference = (await six.deliveredBy(row))[0]?.correlationId ?? '';
    expect(await acknowledge(caseReference, row.deliveryId)).toBe(202);
    await six.world.rest();
    const told = await six.eventsOf('notice.acknowledged');
    expect(told.filter(({ data }) => data.deliveryId === row.deliveryId)).toHaveLength(1);
    const { file, page } = await exported(caseReference);
    const [text, pageText] = [readFileSync(file, 'utf8'), readFileSync(page, 'utf8')];
    const intact = { isIntact: true, page: 'belongs', problems: [] };
    expect(check(text, Buffer.from(pageText), [])).toMatchObject(intact);
    expect(text).toContain(row.deliveryId);
    expect(text).toContain('notice.acknowledged');
    expectClean('the evidence', text + pageText);
  });
});

async function acknowledge(subject: string, deliveryId: string): Promise<number> {
  const { host, port } = six.world.gateway.http;
  const response = await fetch(`http://${host}:${port}/receipts`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tokens.MUNICIPALITY_TOKEN}`,
      'content-type': 'application/cloudevents+json',
    },
    body: JSON.stringify({
      specversion: '1.0',
      id: `acknowledged-${deliveryId}`,
      source: '/municipality',
      type: cloudEventType('notice.acknowledged'),
      subject,
      time: readyAt,
      datacontenttype: 'application/json',
      data: { deliveryId, obligation: 'discharge-ready-notice' },
    }),
  });
  return response.status;
}

/** As `hemgang case export --evidence` writes it beside the gateway that runs. */
async function exported(id: string): Promise<{ readonly file: string; readonly page: string }> {
  const spy = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await caseExport({
      config: undefined,
      flags: { data: six.world.folder },
      json: true,
      id,
      out: join(six.systems.folder, 'evidence'),
      reason: 'dispute',
      who: 'a lawyer',
      evidence: true,
      withContent: false,
    });
    return JSON.parse(String(spy.mock.calls.at(-1)?.[0]));
  } finally {
    spy.mockRestore();
  }
}

test('by SDK a notice is on its way until the receipt of the message service', () => {
  expect(beforeReceipt).toEqual({ state: 'awaited', delivered: 0 });
});

describe('a patient that is told of by six channels', () => {
  test('stands in no line of the log, not even of what failed', () => {
    const { logged } = six.world;
    const failed = logged.filter((line) => line.includes('delivery failed'));
    for (const channel of ['webhook', 'fhir', 'sftp', 'mllp']) {
      expect(failed.join(''), channel).toContain(`"${channel}"`);
    }
    expectClean('the log', logged.join(''));
  });

  test('stands in no address and no header of a call', () => {
    const calls = six.heard.join('\n');
    for (const path of ['/notices', '/fhir/$process-message', '/receipts']) {
      expect(calls).toContain(`POST ${path} `);
    }
    expectClean('the calls', calls);
    expectClean('the calls, decoded', decodeURIComponent(calls));
  });

  test('stands in no event, and no message of the bus', async () => {
    const events = await six.world.gateway.journal.eventsAfter(0, 10_000);
    expectClean('the events', JSON.stringify(events));
    expectClean('the CloudEvents', JSON.stringify(events.map(({ event }) => toCloudEvent(event))));
  });

  test('stands in no name of a file', () => {
    const names = [six.world.folder, six.systems.folder].flatMap((path) =>
      readdirSync(path, { recursive: true }).map(String),
    );
    expectClean('the names of files', [...names, ...six.systems.sftp.files.keys()].join('\n'));
  });

  test('stands neither in metrics nor in health', async () => {
    const { host, port } = six.world.gateway.http;
    for (const path of ['metrics', 'health', 'health/ready']) {
      expectClean(path, await (await fetch(`http://${host}:${port}/${path}`)).text());
    }
  });
});
