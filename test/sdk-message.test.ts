/**
 * Notices and specifications as SDK messages: golden files beside those of the other channels (expected.sdk.xml without
 * the bytes of its files, and expected.sdk.pdf.txt, the text of a notice's PDF), the published schema, and each rule with
 * what breaks it.
 *
 * The schema is the federation's and not shipped here: HEMGANG_SDK_SCHEMAS names a folder that has it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { describe, expect, test } from 'vitest';
import type { OutboundNotice } from '../adapters/adapter.ts';
import { checkSdk, sdkRules, type SdkRule } from '../adapters/outbound/sdk/rules.ts';
import { messageNamespace } from '../adapters/outbound/sdk/names.ts';
import { noticedObligations } from '../gateway/process/events.ts';
import { decisionId, deliveryIdOf } from '../gateway/process/ids.ts';
import { cases, corpus, messageOf, readJson, readText } from './support/municipal-case.ts';
import { readPdf } from './support/read-pdf.ts';
import { keyOf, noticeOf } from './support/notices.ts';
import { addresses, envelopeOf, sdkCase, specificationEnvelope } from './support/sdk.ts';
import { has, sdkSchemas } from './support/servers.ts';

const notices = cases.filter((name) => messageOf(name).kind === 'notice');
const specifications = cases.filter((name) => messageOf(name).kind === 'specification');
const issued = sdkCase('admission-notice-issued');
const content = /(<sdk:content>)([^<]*)(<\/sdk:content>)/;

const pdfOf = (envelope: string): Uint8Array =>
  Buffer.from(content.exec(envelope)?.[2] ?? '', 'base64');

describe('a notice by SDK', () => {
  test.each(notices)(
    '%s reads as its folder says: the message, and the PDF in it',
    async (name) => {
      const envelope = await envelopeOf(sdkCase(name));
      const withoutBytes = envelope.replace(content, '$1(the PDF)$3');
      expect(withoutBytes).toBe(readText(name, 'expected.sdk.xml'));
      const { text } = await readPdf(pdfOf(envelope));
      expect(`${text}\n`).toBe(readText(name, 'expected.sdk.pdf.txt'));
    },
  );

  test.each(notices)(
    '%s gives the same bytes each time, so a repeat is known as one',
    async (name) => {
      expect(await envelopeOf(sdkCase(name))).toBe(await envelopeOf(sdkCase(name)));
    },
  );

  test('names nobody where everybody on the way reads it: in the envelope, the label, an address or a file name', async () => {
    const envelope = await envelopeOf(issued);
    const open = envelope
      .replace(/<sdk:characterSequence>[^<]*<\/sdk:characterSequence>/, '')
      .replace(content, '');
    expect(envelope).toContain('195');
    expect(open).not.toMatch(/Testa|Påhittad|19500907|Exempelgatan|412 50/);
    expect(open).toContain('<sdk:label>Inskrivningsmeddelande</sdk:label>');
    expect(open).toContain('<sdk:confidentiality>true</sdk:confidentiality>');
  });

  test('a correction refers to the message it corrects, in the thread that one began', async () => {
    const corrected = sdkCase('discharge-ready-corrected');
    const ids = idsIn(await envelopeOf(corrected));
    expect(ids.messageId).toBe(corrected.deliveryId);
    expect(ids.refToMessageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(ids.refToMessageId).not.toBe(ids.messageId);
    const again = idsIn(
      await envelopeOf({ ...corrected, deliveryId: 'd3b07384-d113-5ec4-8f3a-9a1c5a5a5a5a' }),
    );
    expect([again.refToMessageId, again.conversationId]).toEqual([
      ids.refToMessageId,
      ids.conversationId,
    ]);
    const first = idsIn(await envelopeOf(issued));
    expect([first.conversationId, first.refToMessageId]).toEqual([issued.deliveryId, undefined]);
  });

  test('a changed estimate goes on in the thread of the admission notice that it changes, all of its revisions', async () => {
    const read = async (action: OutboundNotice['action']) =>
      idsIn(await envelopeOf(noticeOf('discharge-estimate', action)));
    const thread = deliveryIdOf(decisionId(keyOf('admission-notice'), 1), addresses.receiver);
    expect(await read('issued')).toMatchObject({ conversationId: thread, refToMessageId: thread });
    for (const action of ['corrected', 'withdrawn'] as const) {
      const { conversationId, refToMessageId } = await read(action);
      expect(conversationId).toBe(thread);
      expect(refToMessageId).not.toBe(thread);
    }
  });

  test.each([
    ['markup and quotes', `<b>&"O'Hara"]]>`],
    ['200 letters', 'Å'.repeat(200)],
    ['control characters', 'Te\u0000st\u0007\u001B'],
    ['what is no character', 'Test\uFFFE\uD800'],
    ['right to left', 'محمد (علي)'],
  ])('a name with %s stands in a message by every rule', async (_, family) => {
    const envelope = await envelopeOf({ ...issued, patient: { ...issued.patient, family } });
    expect(checkSdk(envelope)).toEqual([]);
    expect(() => XmlDocument.fromString(envelope).dispose()).not.toThrow();
  });

  test('a held notice is not rendered: a person decides', async () => {
    const held = { ...issued, notice: { ...issued.notice, held: true } };
    await expect(envelopeOf(held)).rejects.toMatchObject({ code: 'unroutable' });
  });
});

describe('the specification of an invoice by SDK', () => {
  const filesIn = (envelope: string): Buffer[] =>
    [...envelope.matchAll(/<sdk:content>([^<]*)</g)].map(([, body = '']) =>
      Buffer.from(body, 'base64'),
    );

  test.each(specifications)(
    '%s reads as its folder says: the message, and the files in it',
    async (name) => {
      const envelope = await specificationEnvelope(name);
      const kinds = ['PDF', 'CSV', 'JSON'].values();
      const withoutBytes = envelope.replace(
        /(<sdk:content>)[^<]*/g,
        (_, open: string) => `${open}(the ${kinds.next().value ?? ''})`,
      );
      expect(withoutBytes).toBe(readText(name, 'expected.sdk.xml'));
      const [paper = Buffer.of(), csv, json] = filesIn(envelope);
      expect(`${(await readPdf(paper)).text}\n`).toBe(readText(name, 'expected.pdf.txt'));
      expect(csv?.toString('utf8')).toBe(readText(name, 'expected.csv'));
      const expected = JSON.stringify(readJson(name, 'expected.json'), null, 2);
      expect(json?.toString('utf8')).toBe(`${expected}\n`);
    },
  );

  test.each(specifications)('%s breaks no rule, and is the same each time', async (name) => {
    const envelope = await specificationEnvelope(name);
    expect(checkSdk(envelope)).toEqual([]);
    expect(await specificationEnvelope(name)).toBe(envelope);
  });

  test('has the files that its receiver takes, and no other', async () => {
    const envelope = await specificationEnvelope('specification-issued', ['pdf']);
    expect(envelope.match(/<sdk:contentType>[^<]*/g)).toEqual(['<sdk:contentType>application/pdf']);
    expect(checkSdk(envelope)).toEqual([]);
  });

  test('that is larger than a message may be is refused, and the way out is told', async () => {
    const message = messageOf('specification-issued');
    if (message.kind !== 'specification') throw new Error('the case is a specification');
    const [line = fail()] = message.billing.lines;
    const lines = Array.from({ length: 20_000 }, () => ({ ...line, reference: 'x'.repeat(600) }));
    const billing = { ...message.billing, lines, totalOre: lines.length * line.amountOre };
    await expect(specificationEnvelope({ ...message, billing }, ['json', 'csv'])).rejects.toThrow(
      expect.objectContaining({
        code: 'delivery-refused',
        message: expect.stringContaining('another channel'),
      }),
    );
  });
});

function fail(): never {
  throw new Error('the case has a line');
}

function idsIn(envelope: string) {
  const of = (name: string): string | undefined =>
    new RegExp(`<sdk:${name}>([^<]+)<`).exec(envelope)?.[1];
  return {
    messageId: of('messageId'),
    conversationId: of('conversationId'),
    refToMessageId: of('refToMessageId'),
  };
}

const right = await envelopeOf(issued);
const correction = await envelopeOf(sdkCase('discharge-ready-corrected'));
const id = issued.deliveryId;

/** One way to break each rule. */
const broken: Readonly<Record<SdkRule, string>> = {
  'total-size': right.replace(content, `$1${'A'.repeat(31 * 1024 * 1024)}$3`),
  'no-empty-element': right.replace(/(<sdk:documentName>)[^<]*/, '$1 '),
  'envelope-profile': right.replace('edelivery:xhe:1', 'edelivery:xhe:2'),
  'envelope-id-is-message-id': right.replace(
    `<xhb:ID>${id}`,
    '<xhb:ID>d3b07384-d113-5ec4-8f3a-9a1c5a5a5a5a',
  ),
  'envelope-scope': right.replace('bdx:noprocess', 'bdx:process'),
  'envelope-parties': right.replace(
    '>0203:kommun.example.se</xhb:ID>',
    '>0203:annan.example.se</xhb:ID>',
  ),
  'envelope-handling-service': right.replace(/(<xhb:HandlingServiceID>)[^<]*/, '$1sdk.annan'),
  'envelope-document-type': right.replace('}messagePayload<', '}other<'),
  'message-id-is-uuid': right.replaceAll(id, 'd-1'),
  'conversation-id-is-uuid': right.replace(`<sdk:conversationId>${id}`, '<sdk:conversationId>1'),
  'reference-is-uuid': correction.replace(/(<sdk:refToMessageId>)[^<]*/, '$1n-099'),
  'new-thread-has-its-own-id': right.replace(
    `<sdk:conversationId>${id}`,
    '<sdk:conversationId>d3b07384-d113-5ec4-8f3a-9a1c5a5a5a5a',
  ),
  'creation-time-is-utc': right.replace(/(<sdk:creationDateTime>[^<]*)Z</, '$1+01:00<'),
  'label-length': right.replace(/(<sdk:label>)Inskrivning/, `$1${'å'.repeat(257)}`),
  'confidentiality-is-said': right.replace('>true</sdk:conf', '>yes</sdk:conf'),
  'organisation-root': right.replace('<sdk:root>iso6523-actorid-upis', '<sdk:root>orgnr'),
  'organisation-is-0203': right.replaceAll('0203:region.example.se', '0007:2321000131'),
  'function-address-root': right.replace(':functionalAddress', ':personalAddress'),
  'no-person-addressed': right.replace(
    '<sdk:attention>',
    '<sdk:attention><sdk:person><sdk:label>A</sdk:label></sdk:person>',
  ),
  'content-is-base64': right.replace(content, '$1Åäö$3'),
};

describe('the rules of an SDK message', () => {
  test.each(notices)('%s breaks none', async (name) => {
    expect(checkSdk(await envelopeOf(sdkCase(name)))).toEqual([]);
  });

  test.each(sdkRules)('%s refuses what breaks it, and says no value of it', async (rule) => {
    const findings = checkSdk(broken[rule]);
    expect(findings.map((finding) => finding.rule)).toContain(rule);
    expect(JSON.stringify(findings)).not.toMatch(/example|Testa|19500907/);
  });

  test('what is broken by one alone is told by that one alone', async () => {
    for (const rule of ['label-length', 'envelope-scope', 'content-is-base64'] as const) {
      expect(checkSdk(broken[rule])).toHaveLength(1);
    }
  });

  test('a document type is not taken, nor what it would expand to', async () => {
    const bomb = right.replace('?>', '?><!DOCTYPE a [<!ENTITY b "c">]>');
    expect(() => checkSdk(bomb)).toThrow(expect.objectContaining({ code: 'malformed-message' }));
  });
});

// ---------------------------------------------------------------- the published schema

const hasSchema = await has('SDK messages against their schema', 'schema of the SDK message');
const schema = hasSchema
  ? readdirSync(sdkSchemas).find((name) => name.endsWith('.xsd'))
  : undefined;

describe.skipIf(!hasSchema)('by the published schema', () => {
  function faults(envelope: string): string[] {
    const payload = /<sdk:messagePayload>[\s\S]*<\/sdk:messagePayload>/.exec(envelope)?.[0] ?? '';
    const alone = payload.replace(
      '<sdk:messagePayload>',
      `<sdk:messagePayload xmlns:sdk="${messageNamespace}">`,
    );
    using schemaDocument = XmlDocument.fromString(
      readFileSync(join(sdkSchemas, schema ?? ''), 'utf8'),
    );
    using validator = XsdValidator.fromDoc(schemaDocument);
    using document = XmlDocument.fromString(alone);
    try {
      validator.validate(document);
      return [];
    } catch (thrown) {
      return [thrown instanceof Error ? thrown.message : 'invalid'];
    }
  }

  test.each(notices)('%s is valid', async (name) => {
    expect(faults(await envelopeOf(sdkCase(name)))).toEqual([]);
  });

  test.each(specifications)('%s is valid', async (name) => {
    expect(faults(await specificationEnvelope(name))).toEqual([]);
  });

  test('every obligation is valid when issued, corrected and withdrawn', async () => {
    for (const obligation of noticedObligations) {
      for (const action of ['issued', 'corrected', 'withdrawn'] as const) {
        const message: OutboundNotice = {
          ...issued,
          action,
          notice: {
            ...issued.notice,
            obligation,
            ...(action !== 'issued' && { corrects: 'n-1' }),
          },
        };
        expect(faults(await envelopeOf(message))).toEqual([]);
      }
    }
  });

  test('and what is not by it is found', async () => {
    expect(
      faults(right.replace(/<sdk:confidentiality>.*<\/sdk:confidentiality>/, '')),
    ).toHaveLength(1);
  });

  test('the envelope is built like the published example: the same elements in the same order', async () => {
    const example = readFileSync(join(sdkSchemas, 'xhe_unencrypted_payload.xml'), 'utf8');
    // The message has its own schema; the access point adds the signature.
    const shape = (xml: string): string[] => {
      const open = xml
        .replace(/<(\w+):messagePayload>[\s\S]*<\/\1:messagePayload>/, '')
        .replace(/<dsig:Signature[\s\S]*<\/dsig:Signature>/, '');
      return Array.from(open.matchAll(/<([\w:]+)/g), ([, name = '']) => name.replace(/^\w+:/, ''));
    };
    expect(shape(right)).toEqual(shape(example));
  });
});

test('the golden files of SDK lie beside a notice or a specification', () => {
  const there = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('expected.sdk.xml'),
  );
  // One more is the reminder's (reminder.test.ts).
  expect(there).toHaveLength(notices.length + specifications.length + 1);
});
