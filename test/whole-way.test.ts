/**
 * The whole way, in one gateway and in both its forms: six municipalities are told by six channels and acknowledge; the
 * month is settled, approved and invoiced; some dispute, and are credited; and each case has evidence of all of it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkInvoice } from '../adapters/outbound/billing/checking/index.ts';
import { billingApprove } from '../gateway/cli/billing-approve.ts';
import { billingCredit, billingDispute } from '../gateway/cli/billing-dispute.ts';
import { billingList } from '../gateway/cli/billing-list.ts';
import { caseExport } from '../gateway/cli/case-export.ts';
import { caseVerify } from '../gateway/cli/case-verify.ts';
import { heldList, heldRelease } from '../gateway/cli/held.ts';
import type { Evidence } from '../gateway/evidence/gather.ts';
import { toCloudEvent } from '../gateway/process/events.ts';
import type { ListedInvoice } from '../gateway/questions/invoice-list.ts';
import type { DeliveryRow } from '../gateway/runtime/journal/journal.ts';
import { buyerOf } from './support/billed-months.ts';
import { formsFor } from './support/forms.ts';
import { allowedPlaces, placedTexts } from './support/notice-places.ts';
import { runToEnd } from './support/service.ts';
import {
  everybody,
  later,
  markersOf,
  needs,
  patients,
  protectedPatient,
  SixMunicipalities,
  type Channel,
  type Received,
  type Told,
} from './support/six-municipalities.ts';

const forms = await formsFor('the whole way through PostgreSQL and RabbitMQ');

const admittedAt = '2022-03-07T09:00:00.000Z';
const readyAt = '2022-03-09T09:00:00.000Z';
const dayMinutes = 24 * 60;
const month = '2022-03';
const obligations = [
  'admission-notice',
  'discharge-estimate',
  'planning-call',
  'discharge-ready-notice',
  'discharge-notice',
] as const;
/** The day rate of 2022: two days above the mean of three, or two days of liability; seven of either kind. */
const amountsOre = { 5: 2 * 930_000, 10: 7 * 930_000 } as const;

describe.each(forms)('in the $name form', (form) => {
  let six: SixMunicipalities;
  let invoices: readonly ListedInvoice[];
  /** What was known when something had been sent and its end was not known. */
  const before = { receipt: '', release: '', refusal: '' };
  const evidence = new Map<Told, { readonly file: string; readonly parts: Evidence }>();

  beforeAll(async () => {
    six = await SixMunicipalities.start(form, admittedAt);
    await tellOfStays();
    await bill();
    await dispute();
    for (const patient of everybody) evidence.set(patient, await exported(patient));
  }, 120_000);
  afterAll(() => six.close());

  async function tellOfStays(): Promise<void> {
    const { world } = six;
    await six.admitAll();
    before.receipt = (await six.rowOf(patients[3]!, 'admission-notice')).state;
    before.release = (await six.rowOf(protectedPatient, 'admission-notice')).state;
    before.refusal = await release('webhook').then(String, String);
    await carryOn();
    for (const patient of everybody) {
      const subject = await six.caseOf(patient);
      await six.say('primary-care', 'planning.called', subject, {
        calledBy: 'fixed-care-contact',
      });
      await six.say('primary-care', 'outpatient-care.availability-set', subject, {
        availability: 'available',
      });
    }
    await world.rest();
    await carryOn();
    six.expectedDischarge = '2022-03-10';
    const at = later(admittedAt, dayMinutes);
    await world.passTimeUntil(at);
    for (const patient of everybody) await six.tell(patient, { trigger: 'A08', at, needs });
    await world.rest();
    await carryOn();
    await world.passTimeUntil(readyAt);
    for (const patient of everybody) {
      await six.tell(patient, { trigger: 'A08', at: readyAt, needs, readyAt });
    }
    await world.rest();
    await carryOn();
    await acknowledge();
    for (const days of [5, 10]) {
      const homeAt = later(readyAt, days * dayMinutes);
      await world.passTimeUntil(homeAt);
      for (const patient of everybody.filter(({ waits }) => waits === days)) {
        await six.tell(patient, { trigger: 'A03', at: homeAt });
      }
      await world.rest();
      await carryOn();
    }
  }

  /** What waits for somebody outside comes: a person's word on a protected identity, and receipts of the message service. */
  async function carryOn(): Promise<void> {
    await release();
    await six.bringReceipts();
  }

  /** @param to whom a municipality's notice goes */
  async function release(to = 'protected'): Promise<void> {
    const { held } = await six.verb(heldList, {});
    for (const { delivery, role } of held) {
      const receiver = role === 'region-outpatient' ? 'primary-care' : to;
      const options = { delivery, to: receiver, reason: 'agreed by telephone' };
      await six.verb(heldRelease, options, 'berit');
    }
  }

  async function acknowledge(): Promise<void> {
    for (const patient of everybody) {
      const { deliveryId } = await six.rowOf(patient, 'discharge-ready-notice');
      await six.say(patient.person.municipality, 'notice.acknowledged', await six.caseOf(patient), {
        deliveryId,
        obligation: 'discharge-ready-notice',
        receiver: patient.channel,
      });
    }
    await six.world.rest();
  }

  async function bill(): Promise<void> {
    await six.world.passTimeUntil('2022-04-11T09:00:00.000Z');
    for (const { person } of patients) {
      const { municipality } = person;
      await six.verb(billingApprove, { month, municipality, revision: 1, reason: 'looked at' });
    }
    // The day of the invoice comes, and somebody is not there at first.
    six.systems.billing.setAnswers(503);
    await six.world.passTimeUntil('2022-04-20T09:00:00.000Z');
    await six.bringReceipts();
    ({ invoices } = await six.verb(billingList, {}));
  }

  async function dispute(): Promise<void> {
    const reason = 'they say so';
    const about = (channel: Channel) => ({ number: invoiceOf(channel).number, reason });
    // Their own system writes what it likes, also of a person.
    const words = { cause: 'days', lines: [2], text: `Fel dygn för ${patients[0]!.person.family}` };
    const [first = ''] = patients.map(({ person }) => person.municipality);
    await six.say(first, 'billing.disputed', invoiceOf('webhook').number, words);
    await six.world.rest();
    for (const channel of ['sdk', 'fhir', 'mllp'] as const) {
      await six.verb((given) => billingDispute('dispute', given), about(channel), 'berit');
    }
    await six.verb((given) => billingDispute('escalate', given), about('webhook'), 'berit');
    await six.verb(billingCredit, { ...about('webhook'), lines: '2' });
    await six.verb(billingCredit, about('sdk'));
    await six.verb((given) => billingDispute('uphold', given), about('fhir'), 'berit');
    await six.bringReceipts();
  }

  async function exported(patient: Told) {
    const { file } = await six.verb(caseExport, {
      id: await six.caseOf(patient),
      out: join(six.systems.folder, 'evidence'),
      reason: 'dispute',
      who: 'a lawyer',
      evidence: true,
      withContent: false,
    });
    return { file, parts: JSON.parse(readFileSync(file, 'utf8')) };
  }

  const municipalityOf = (channel: Channel): string =>
    patients.find((one) => one.channel === channel)!.person.municipality;
  const invoiceOf = (channel: Channel): ListedInvoice =>
    invoices.find(({ municipality }) => municipality === municipalityOf(channel))!;

  /** The documents of a path that were taken, in the order in which they came. */
  const documents = (path: string): readonly string[] =>
    six.systems.billing.received.flatMap((one) =>
      one.path === path && one.status < 300 ? [one.body] : [],
    );
  const demandOf = (number: string): string =>
    documents('/invoices').find((xml) => xml.includes(`<cbc:ID>${number}</cbc:ID>`)) ?? '';

  const verified = async (file: string): Promise<unknown> =>
    await six.verb(async (given) => await caseVerify({ ...given, file, key: [] }), {});

  function expectClean(what: string, text: string): void {
    expect(text.length, `${what} is empty: nothing was checked`).toBeGreaterThan(0);
    for (const marker of everybody.flatMap(markersOf)) {
      expect(holds(text, marker), `${what} holds ${marker}`).toBe(false);
    }
  }

  describe.each(patients)('the municipality that is reached by $channel', (patient) => {
    const { channel, waits, person } = patient;
    const isOfAgreement = person.municipality.startsWith('14');

    test.each(obligations)('gets the %s, and the case has its proof', async (obligation) => {
      const row = await six.rowOf(patient, obligation);
      const receiver = channel === 'mllp' && obligation === 'planning-call' ? 'calls' : channel;
      expect(row).toMatchObject({ state: 'delivered', receiver });
      const bodies = (await six.receivedBy(receiver)).map(({ body }) => body);
      expect(bodies.some((body) => names(body, row))).toBe(true);
      const delivered = await six.deliveredBy(row);
      expect(delivered.map(({ data }) => data)).toMatchObject([
        {
          receiver,
          obligation,
          noticeId: row.eventId,
          proof: 'receiver-answer',
          detail: answers[receiver],
          deliveredAt: expect.any(String),
        },
      ]);
    });

    test('gets its own patient, in the fields allowed, and no other', async () => {
      const received = await six.receivedBy(channel);
      const own = markersOf(patient);
      const others = everybody.filter((one) => one !== patient).flatMap(markersOf);
      const { who, address } = allowedPlaces[channel];
      const admission = await six.rowOf(patient, 'admission-notice');
      const estimate = await six.rowOf(patient, 'discharge-estimate');
      const kinds = new Set<boolean>();
      for (const { outside, body } of received) {
        expectClean('what others may see', outside);
        expect(others.filter((marker) => holds(body, marker))).toEqual([]);
        const places = placedTexts(channel, body)
          .filter(([, text]) => own.some((marker) => holds(text, marker)))
          .map(([place]) => place);
        // A changed estimate names the admission notice that it changes, and itself.
        const isAdmission = names(body, admission) && !names(body, estimate);
        kinds.add(isAdmission);
        const allowed = isAdmission ? [...who, ...address] : [...who];
        expect([...new Set(places)].toSorted()).toEqual(allowed.toSorted());
        for (const part of Object.values(person.address)) {
          expect(holds(body, part)).toBe(isAdmission);
        }
      }
      expect(kinds).toEqual(new Set([true, false]));
    });

    test(`owes for the days beyond what ${isOfAgreement ? 'the agreement' : 'the statute'} leaves free`, async () => {
      const subject = await six.caseOf(patient);
      const counts = (await six.eventsOf('care-days.counted')).filter(
        ({ data }) => data.caseReference === subject,
      );
      expect(counts.at(-1)?.data).toMatchObject({ eligible: true, month });
      const liable = (await six.eventsOf('liability.started')).filter(
        ({ correlationId }) => correlationId === subject,
      );
      // The agreement counts from the notice; the statute from the third day after it (5 kap. 4 §).
      expect(liable.map(({ data }) => data.from)).toEqual(isOfAgreement ? [] : ['2022-03-12']);
      const lines = evidence.get(patient)!.parts.billed[0]?.lines;
      expect(lines?.map(({ amountOre }) => amountOre)).toEqual([amountsOre[waits]]);
    });

    test('gets an invoice that keeps the rules, of the day agreed, in the name of who approved it', () => {
      const invoice = invoiceOf(channel);
      expect(invoice).toMatchObject({
        kind: 'invoice',
        state: 'delivered',
        issueDate: '2022-04-20',
        dueDate: '2022-05-20',
        totalOre:
          amountsOre[waits] + (channel === 'webhook' ? amountsOre[protectedPatient.waits] : 0),
        by: 'anna',
      });
      const xml = demandOf(invoice.number);
      expect(checkInvoice(xml)).toEqual([]);
      expect(xml).toContain(`<cbc:RegistrationName>${buyerOf(person.municipality).name}<`);
      expect(xml).toContain(`14-${person.municipality}-${month}-r1`);
    });

    test('gets the specification that the invoice refers to, by cases and without a person', async () => {
      const { number } = invoiceOf(channel);
      const bodies = (await six.specifications()).map(({ body }) => body);
      const told = bodies.filter((body) => body.includes(number) && body.includes(month));
      expect(told.length).toBe(channel === 'sftp' ? 3 : 1);
      for (const one of everybody) {
        const isTheirs = one.person.municipality === person.municipality;
        const reference = await six.caseOf(one);
        expect(told.some((body) => body.includes(reference))).toBe(isTheirs);
      }
    });

    test('can be shown the evidence of it, which is found whole', async () => {
      const { file, parts } = evidence.get(patient)!;
      expect(await verified(file)).toMatchObject({ isIntact: true, page: 'belongs', problems: [] });
      const paths = parts.notices.filter(({ role }) => role === 'social-services');
      expect(paths.map(({ obligation }) => obligation).toSorted()).toEqual(obligations.toSorted());
      const ready = paths.find(({ obligation }) => obligation === 'discharge-ready-notice');
      expect(ready?.deliveries).toMatchObject([
        {
          receiver: channel,
          firstAttemptAt: readyAt,
          handedOverAt: expect.any(String),
          acknowledged: { at: readyAt, by: `municipality-${person.municipality}` },
        },
      ]);
      const { number } = invoiceOf(channel);
      expect(parts.billed[0]).toMatchObject({
        number,
        kind: 'invoice',
        decided: { by: 'anna', at: '2022-04-11T09:00:00.000Z', digest: expect.any(String) },
        deliveries: expect.arrayContaining([
          expect.objectContaining({
            receiver: 'access-point',
            state: 'delivered',
            sent: [
              {
                name: `${number}.xml`,
                bytes: expect.any(Number),
                sha256: sha256(demandOf(number)),
              },
            ],
          }),
        ]),
      });
      expect(readFileSync(file.replace(/json$/, 'html'), 'utf8')).toContain(`Faktura ${number}`);
    });
  });

  test('by SDK a notice is on its way until the receipt of the message service', () => {
    expect(before.receipt).toBe('awaited');
  });

  describe('an invoice that is disputed', () => {
    const billedOf = (patient: Told) => evidence.get(patient)!.parts.billed;
    const said = (patient: Told) =>
      billedOf(patient)[0]?.said.map(({ what, level }) => `${what} ${level ?? ''}`.trim());
    const [ofWebhook, , ofFhir, ofSdk, , ofMllp] = patients;
    let standing: readonly ListedInvoice[];
    beforeAll(async () => {
      ({ invoices: standing } = await six.verb(billingList, {}));
    });
    const stateOf = ({ number }: ListedInvoice): unknown => {
      const found = standing.find((one) => one.number === number);
      return { state: found?.state, leftOre: found?.leftOre };
    };

    test('goes by the levels of the agreement, and is credited by the line: of another case nothing is taken back', () => {
      const { number } = invoiceOf('webhook');
      expect(said(ofWebhook!)).toEqual(['disputed 1', 'dispute-escalated 2', 'credited']);
      expect(billedOf(ofWebhook!)[0]?.said[0]).toMatchObject({
        by: 'municipality-1480',
        cause: 'days',
        lines: [2],
      });
      const [, creditNote, ...more] = billedOf(ofWebhook!);
      expect(more).toEqual([]);
      expect(creditNote).toMatchObject({
        kind: 'credit-note',
        corrects: number,
        totalOre: amountsOre[10],
        decided: { by: 'anna' },
        lines: [{ amountOre: amountsOre[10] }],
      });
      expect(billedOf(protectedPatient)).toMatchObject([
        { number, kind: 'invoice', lines: [{ place: 1, amountOre: amountsOre[5] }] },
      ]);
      const left = { state: 'delivered', leftOre: amountsOre[5] };
      expect(stateOf(invoiceOf('webhook'))).toEqual(left);
    });

    test('is taken back whole, or stands, or is for a court where no agreement names who decides', () => {
      expect(said(ofSdk!)).toEqual(['disputed 1', 'credited']);
      expect(stateOf(invoiceOf('sdk'))).toEqual({ state: 'credited', leftOre: 0 });
      expect(said(ofFhir!)).toEqual(['disputed 1', 'upheld']);
      expect(stateOf(invoiceOf('fhir'))).toMatchObject({ state: 'delivered' });
      expect(said(ofMllp!)).toEqual(['disputed']);
      expect(stateOf(invoiceOf('mllp'))).toMatchObject({ state: 'disputed' });
    });

    test('has a credit note that keeps the rules, names the invoice, and comes with its specification', async () => {
      const specifications = await six.specifications();
      for (const channel of ['webhook', 'sdk'] as const) {
        const { number } = invoiceOf(channel);
        const notes = standing.filter(({ corrects }) => corrects === number);
        expect(notes).toMatchObject([{ kind: 'credit-note', state: 'delivered' }]);
        const xml = demandOf(notes[0]!.number);
        expect(checkInvoice(xml)).toEqual([]);
        expect(xml).toMatch(/^<\?xml[^>]*>\s*<CreditNote /);
        expect(xml).toContain(`<cbc:ID>${number}</cbc:ID>`);
        const isOfIt = ({ body }: Received): boolean => body.includes(notes[0]!.number);
        expect(specifications.filter(isOfIt)).toHaveLength(1);
      }
    });

    test('is told to their finance platform, and each document goes once, whatever went wrong on its way', () => {
      const records = documents('/platform/1480/billingrecords').map((body) => JSON.parse(body));
      expect(records.map(({ status }) => status)).toEqual([
        'NEW',
        'APPROVED',
        'INVOICED',
        'REJECTED',
        'INVOICED',
      ]);
      const { received } = six.systems.billing;
      const refused = received.filter(({ status }) => status === 503);
      expect(refused).toHaveLength(1);
      const taken = received.filter(({ status }) => status === 202);
      const keys = taken.map(({ headers }) => headers['idempotency-key']);
      expect(new Set(keys).size).toBe(keys.length);
      const again = taken.find(
        ({ headers }) => headers['idempotency-key'] === refused[0]?.headers['idempotency-key'],
      );
      expect(again?.body).toBe(refused[0]?.body);
    });

    test('has evidence that another process finds whole with nothing but the file, and not when it is changed', async () => {
      const { file } = evidence.get(ofSdk!)!;
      const whole = await runToEnd(['case', 'verify', file]);
      expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^intact/) });
      const changed = join(dirname(file), 'changed.json');
      const text = readFileSync(file, 'utf8');
      writeFileSync(changed, text.replace('"what":"credited"', '"what":"upheld"'));
      const { code, stdout } = await runToEnd(['case', 'verify', changed]);
      expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringMatching(/^NOT/) });
      expect(stdout).toContain('billed: the part is not what was signed');
    });
  });

  describe('a person with protected identity', () => {
    test('is told of when a named person says so, and by a channel that is marked for it', async () => {
      expect(before.release).toBe('held');
      expect(before.refusal).toContain('webhook is not marked for protected identity');
      const rows = await Promise.all(obligations.map((one) => six.rowOf(protectedPatient, one)));
      expect(rows.map(({ state, receiver }) => [state, receiver])).toEqual(
        obligations.map(() => ['delivered', 'protected']),
      );
    });

    test('stands in messages to that function, where they are read, and nowhere else', async () => {
      const own = markersOf(protectedPatient);
      const received = await six.receivedBy('protected');
      expect(received).toHaveLength(obligations.length);
      for (const { outside, body } of received) {
        expectClean('what others may see', outside);
        const places = placedTexts('sdk', body)
          .filter(([, text]) => own.some((marker) => holds(text, marker)))
          .map(([place]) => place);
        expect([...new Set(places)].toSorted()).toEqual([...allowedPlaces.sdk.who].toSorted());
        const others = patients.flatMap(markersOf);
        expect(others.filter((marker) => holds(body, marker))).toEqual([]);
      }
    });

    test.runIf(form.name === 'full')(
      'is of no municipality to who subscribes to events',
      async () => {
        const reference = await six.caseOf(protectedPatient);
        const told = (six.bus?.heard ?? []).filter(
          (one) => /"exchange":"[^"]+\.events"/.test(one) && one.includes(reference),
        );
        const keys = told.map((one) => /"routingKey":"([^"]+)"/.exec(one)?.[1] ?? '');
        expect(keys.filter((key) => key.endsWith('.14.0000')).length).toBeGreaterThan(10);
        expect(keys.filter((key) => !key.endsWith('.14.0000'))).toEqual([]);
        expect(told.filter((one) => one.includes('"municipality":"1480"'))).toEqual([]);
      },
    );

    test('has evidence of it that is whole and names nobody', async () => {
      const { file, parts } = evidence.get(protectedPatient)!;
      expect(await verified(file)).toMatchObject({ isIntact: true });
      expect(parts.notices.every(({ isHeld }) => isHeld)).toBe(true);
    });
  });

  test('the open care of the region gets every patient that it has a part in, in the fields allowed', async () => {
    const received = await six.receivedBy('primary-care');
    const { who, address } = allowedPlaces.file;
    const places = received.flatMap(({ body }) =>
      placedTexts('file', body).filter(([, text]) =>
        everybody.flatMap(markersOf).some((marker) => holds(text, marker)),
      ),
    );
    const allowed = [...who, ...address].toSorted();
    expect([...new Set(places.map(([place]) => place))].toSorted()).toEqual(allowed);
    for (const { person } of everybody) {
      expect(received.some(({ body }) => holds(body, person.family))).toBe(true);
    }
  });

  describe('who is told of', () => {
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
      for (const path of [
        '/notices',
        '/fhir/$process-message',
        '/receipts',
        '/invoices',
        '/specifications',
        '/platform/1480/billingrecords',
      ]) {
        expect(calls).toContain(`POST ${path} `);
      }
      expectClean('the calls', calls);
      expectClean('the calls, decoded', decodeURIComponent(calls));
    });

    test('stands in no event, and no message of the bus', async () => {
      const events = await six.world.gateway.journal.eventsAfter(0, 10_000);
      expectClean('the events', JSON.stringify(events));
      const told = events.map(({ event }) => toCloudEvent(event));
      expectClean('the CloudEvents', JSON.stringify(told));
      // The embedded bus has no messages: it is rows of the journal, which name events.
      expect(six.bus === undefined).toBe(form.name === 'embedded');
      if (six.bus === undefined) return;
      const messages = six.bus.heard.join('\n');
      for (const exchange of ['internal', 'events']) {
        expect(messages).toMatch(new RegExp(`"exchange":"[^"]+\\.${exchange}"`));
      }
      expectClean('the messages of the bus', messages);
    });

    test('stands in no invoice, no specification and no billing record', async () => {
      const specifications = await six.specifications();
      const whole = specifications.map(({ outside, body }) => outside + body);
      expectClean('the specifications', whole.join('\n'));
      const { received } = six.systems.billing;
      const sent = received.map(({ headers, body }) => JSON.stringify(headers) + body);
      expectClean('what finance and care administration get', sent.join('\n'));
      const basis = filesUnder(join(six.world.folder, 'billing'));
      expectClean('the basis of billing', basis.map((file) => readFileSync(file)).join('\n'));
    });

    test('stands in no evidence that was not asked for with its content', () => {
      const files = filesUnder(join(six.systems.folder, 'evidence'));
      expect(files.length).toBeGreaterThanOrEqual(2 * everybody.length);
      expectClean('the evidence', files.map((file) => readFileSync(file)).join('\n'));
    });

    test('stands in no name of a file', () => {
      const names = [six.world.folder, six.systems.folder].flatMap((path) =>
        readdirSync(path, { recursive: true }).map(String),
      );
      expectClean('the names of files', [...names, ...six.systems.sftp.files.keys()].join('\n'));
    });

    test('stands neither in metrics and health nor in what the verbs print', async () => {
      const { host, port } = six.world.gateway.http;
      for (const path of ['metrics', 'health', 'health/ready']) {
        expectClean(path, await (await fetch(`http://${host}:${port}/${path}`)).text());
      }
      expectClean('the verbs', six.printed.join('\n'));
    });
  });
});

const filesUnder = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const names = (body: string, { deliveryId, eventId }: DeliveryRow): boolean =>
  body.includes(deliveryId) || body.includes(eventId);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const holds = (text: string, marker: string): boolean =>
  text.toLowerCase().includes(marker.toLowerCase());

/** What each receiver's system said. */
const answers: Readonly<Record<Channel | 'calls', unknown>> = {
  webhook: 'HTTP 202',
  file: 'file written',
  fhir: 'HTTP 200 ok',
  sdk: 'ACCEPTED',
  sftp: expect.any(String),
  mllp: 'AA',
  calls: 'file written',
};
