/** What a start would refuse, told without starting. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { effectiveSettings } from '../gateway/wiring/effective-settings.ts';
import { configSchema, loadConfig } from '../gateway/runtime/config.ts';
import { checkConfig, type ConfigRemark } from '../gateway/wiring/config-faults.ts';
import { temporaryFolder } from './support/folder.ts';

const folder = temporaryFolder('config-check');
afterAll(() => folder.remove());

let files = 0;
function fileWith(text: string): string {
  const file = join(folder.path, `hemgang-${(files += 1)}.yaml`);
  writeFileSync(file, text);
  return file;
}

async function remarksOf(
  text: string,
  env: NodeJS.ProcessEnv = {},
): Promise<readonly ConfigRemark[]> {
  return (await checkConfig({ file: fileWith(text), env })).remarks;
}
const lineAndWhat = ({ where, what }: ConfigRemark): string => `${where.split(':')[1]} ${what}`;

describe('a check of the configuration', () => {
  test('finds nothing in the example', async () => {
    const example = join(import.meta.dirname, '..', 'hemgang.example.yaml');
    expect((await checkConfig({ file: example, env: {} })).remarks).toEqual([]);
  });

  test('tells all faults at once, of settings and of what they name, each with its line and what to do', async () => {
    const remarks = await remarksOf(
      [
        'mllp:',
        '  prot: 2575',
        '  tls: { cert: /nowhere.crt, key: /nowhere.key }',
        'dispatch: { retries: [soon], lanes: 0 }',
        'mappings: [/no/such/folder]',
        'senders: [{ id: ekliden, fhir: { tokenEnv: TOKEN_ONE } }, { id: norrtuna }]',
        'receivers:',
        '  - { id: a, channel: webhook, url: https://a.example, secretEnv: [SECRET_ONE] }',
        'partners:',
        '  - { id: p, kind: municipality, receivers: [b], tokenEnv: TOKEN_TWO }',
        "billing: { municipalities: ['9999'] }",
      ].join('\n'),
    );
    expect(remarks.map(lineAndWhat).sort()).toEqual(
      [
        '2 mllp: no such setting: prot',
        '3 mllp.tls.cert: /nowhere.crt cannot be read',
        '4 dispatch.lanes: Too small: expected number to be >=1',
        '4 dispatch.retries.0: a length of time such as 500ms, 30s, 5m or 2h',
        '5 /no/such/folder: there is no such folder',
        '6 TOKEN_ONE is not set; it holds a secret that the configuration names',
        '8 SECRET_ONE is not set; it holds a secret that the configuration names',
        '10 partners.0.receivers.0: b, which is not a receiver',
        '10 TOKEN_TWO is not set; it holds a secret that the configuration names',
        '11 billing.municipalities: no municipality has the SCB code 9999',
      ].sort(),
    );
    expect(remarks.every(({ next, severity }) => next !== '' && severity === 'error')).toBe(true);
  });

  test('names file, line and key in an overlay that is wrong', async () => {
    const overlay = join(folder.path, 'overlay');
    mkdirSync(join(overlay, 'senders'), { recursive: true });
    const file = join(overlay, 'senders', 'ekliden.yaml');
    writeFileSync(file, '# ours\nid: ekliden\ncounty: [1]\n');
    const [remark] = await remarksOf(`mappings: [${overlay}]\n`);
    expect(remark?.where).toBe(`${file}:3`);
    expect(remark?.what).toContain('county');
  });

  test('tells of every sender without an overlay', async () => {
    const remarks = await remarksOf('senders:\n  - id: nobody\n  - id: ekliden\n  - id: noone\n');
    expect(remarks.map(({ where }) => where.split(':')[1])).toEqual(['2', '4']);
  });

  test('tells YAML that is none by its line', async () => {
    const [remark] = await remarksOf('http:\n  port: 1\n  port: 2\n');
    expect(remark).toMatchObject({ severity: 'error', where: expect.stringMatching(/:3$/) });
  });

  test('makes no token, folder or file', async () => {
    const data = join(folder.path, 'untouched');
    expect(await remarksOf(`data: ${data}\n`)).toEqual([]);
    expect(existsSync(data)).toBe(false);
  });

  test.each([
    [
      'a receiver behind one that takes everything',
      'receivers: [{ id: a, channel: file }, { id: b, channel: file }]',
      /b gets nothing: a before it takes every notice/,
    ],
    [
      'a receiver behind one that takes all of its notices',
      "receivers: [{ id: a, channel: file, counties: ['14'] }, { id: b, channel: file, counties: ['14'], roles: [social-services] }]",
      /b gets nothing: a before it takes every notice of its/,
    ],
    [
      'receivers between which only their order decides',
      "receivers: [{ id: a, channel: file, municipalities: ['1480'] }, { id: b, channel: file, roles: [social-services] }]",
      /b and a both fit some notices, and the order of the file decides: a gets them/,
    ],
    [
      'a receiver that has ended',
      'receivers: [{ id: a, channel: file, validTo: 2020-01-31 }]',
      /a has got nothing since 2020-01-31/,
    ],
    [
      'a receiver that ends before it begins',
      'receivers: [{ id: a, channel: file, validFrom: 2999-02-01, validTo: 2999-01-31 }]',
      /a ends before it begins/,
    ],
    ['messages in plain text from elsewhere', 'mllp: { host: 0.0.0.0 }', /plain text/],
    [
      'a password in the file',
      'bus: { form: rabbitmq, url: amqp://guest:guest@127.0.0.1 }',
      /a password stands in the file/,
    ],
    [
      'a time of retention below the least the law is known to ask, with its source',
      'retention: { cases: 9 years, audit: 5 years }',
      /^retention\.cases: .*patientdatalagen \(2008:355\) 3 kap\. 17 §/,
    ],
    [
      'a reminder that its channel cannot say',
      'receivers: [{ id: a, channel: mllp, host: 127.0.0.1, port: 1, ownNetwork: true, acknowledge: { within: 4h, call: 8h, incident: 24h }, contact: { name: Mottagning, phone: 031-000 } }]',
      /ADT has no message that reminds/,
    ],
    [
      'an address agreed on for notices that never go there',
      "receivers: [{ id: a, channel: file, protectedAddress: 'Riktlinje 2026' }]",
      /protectedAddress: no notice of a protected person goes there/,
    ],
    ['waits that become shorter', 'dispatch: { retries: [5m, 1m] }', /shorter than the wait/],
  ])('warns of %s, which a start takes', async (_what, text, what) => {
    const remarks = await remarksOf(`${text}\n`);
    expect(remarks).toMatchObject([{ severity: 'warning', what: expect.stringMatching(what) }]);
  });

  test('gives the digests that instances should have in common, and none to what a start would refuse', async () => {
    const digestsOf = async (text: string) =>
      (await checkConfig({ file: fileWith(text), env: {} })).digests;
    const first = await digestsOf('mllp: { port: 1 }\n');
    const elsewhere = await digestsOf('mllp: { port: 2 }\ndata: ./other\n');
    expect(elsewhere).toMatchObject({ configuration: first?.configuration });
    expect(elsewhere?.host).not.toBe(first?.host);
    const other = await digestsOf('deadlines: { grace: 5s }\n');
    expect(other?.configuration).not.toBe(first?.configuration);
    expect(other).toMatchObject({ mappings: first?.mappings, profiles: first?.profiles });
    expect(await digestsOf('mllp: { prot: 1 }\n')).toBeUndefined();
  });

  test('warns of a variable that sets nothing', async () => {
    expect(await remarksOf('{}', { HEMGANG_MLPP_PORT: '1' })).toMatchObject([
      { severity: 'warning', where: 'HEMGANG_MLPP_PORT' },
    ]);
  });
});

describe('the effective configuration', () => {
  test('says of each setting where it was set, and never a password', () => {
    const file = fileWith(
      'mllp: { port: 1 }\nhttp: { port: 2 }\nbus: { form: rabbitmq, url: amqp://u:secret@h }\n',
    );
    const env = { HEMGANG_HTTP_PORT: '3' };
    const { config, source } = loadConfig({ file, env, flags: { 'log.level': 'warn' } });
    const settings = effectiveSettings(config, source, env);
    const of = (path: string) => settings.find((setting) => setting.path === path);
    expect(of('mllp.port')).toMatchObject({ value: '1', origin: `${file}:1` });
    expect(of('http.port')).toMatchObject({ value: '3', origin: 'HEMGANG_HTTP_PORT' });
    expect(of('log.level')).toMatchObject({ value: 'warn', origin: '--log-level' });
    expect(of('mllp.release')).toMatchObject({ value: '1', origin: 'default' });
    expect(of('bus.url')?.value).toBe('amqp://u:***@h');
    expect(JSON.stringify(settings)).not.toContain('secret@');
  });

  test('has a JSON Schema that the example meets', () => {
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
    expect(Object.keys(schema.properties ?? {})).toEqual(
      expect.arrayContaining(['mllp', 'http', 'journal', 'bus', 'senders', 'receivers']),
    );
    expect(schema.additionalProperties).toBe(false);
  });
});
