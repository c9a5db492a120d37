import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { afterAll, describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { loadConfig, secretOf } from '../gateway/runtime/config.ts';
import { temporaryFolder } from './support/folder.ts';
import { runToEnd } from './support/service.ts';

const folder = temporaryFolder('config');
afterAll(() => folder.remove());

function fileWith(text: string): string {
  const file = join(folder.path, 'hemgang.yaml');
  writeFileSync(file, text);
  return file;
}

describe('configuration', () => {
  test('the example file says what the defaults are', () => {
    const example = join(import.meta.dirname, '..', 'hemgang.example.yaml');
    const { config } = loadConfig({ file: example, env: {} });
    const { config: defaults } = loadConfig({ file: null, env: {} });
    // Only the log's form is shown as set: its default depends on the terminal.
    expect({ ...config, log: { level: config.log.level } }).toEqual(defaults);
    expect(parseDocument(readFileSync(example, 'utf8')).errors).toEqual([]);
  });

  test('a flag wins over the environment, and the environment over the file', () => {
    const file = fileWith('mllp:\n  port: 1\nhttp:\n  port: 2\nlog:\n  level: warn\n');
    const env = { HEMGANG_MLLP_PORT: '11', HEMGANG_HTTP_PORT: '12' };
    const { config } = loadConfig({ file, env, flags: { 'mllp.port': '21' } });
    expect([config.mllp.port, config.http.port, config.log.level]).toEqual([21, 12, 'warn']);
  });

  test('a wrong value is named by where it came from', () => {
    const env = { HEMGANG_MLLP_PORT: 'many' };
    expect(() => loadConfig({ file: null, env })).toThrow(/HEMGANG_MLLP_PORT: mllp\.port/);
    const flags = { 'mllp.port': '-1' };
    expect(() => loadConfig({ file: null, env: {}, flags })).toThrow(/--mllp-port: mllp\.port/);
    expect(() => loadConfig({ file: fileWith('dispatch:\n  retries: [soon]\n'), env: {} })).toThrow(
      /hemgang\.yaml:2: dispatch\.retries\.0/,
    );
  });

  test('lengths of time are read with their unit', () => {
    const file = fileWith('dispatch:\n  retries: [250ms, 30s, 5m, 2h]\n');
    expect(loadConfig({ file, env: {} }).config.dispatch.retries).toEqual([
      250, 30_000, 300_000, 7_200_000,
    ]);
  });

  test('warnings before deadlines are lengths of time, for all and for single ones', () => {
    const file = fileWith('deadlines:\n  warn: {default: 2h, T1: 6h, T6: 0s}\n');
    const { warn } = loadConfig({ file, env: {} }).config.deadlines;
    const hourMs = 3_600_000;
    expect(warn).toEqual({
      default: 2 * hourMs,
      T1: 6 * hourMs,
      T4: 24 * hourMs,
      T5: hourMs,
      T6: 0,
    });
  });

  test.each([
    ['a deadline that is only waited for', '{T8: 1h}', /hemgang\.yaml:2: deadlines\.warn: .*T8/],
    ['a number without its unit', '{T6: 24}', /hemgang\.yaml:2: deadlines\.warn\.T6/],
    ['a length of time before zero', '{T6: -4h}', /hemgang\.yaml:2: deadlines\.warn\.T6/],
  ])('%s cannot be warned of', (_what, warn, message) => {
    const file = fileWith(`deadlines:\n  warn: ${warn}\n`);
    expect(() => loadConfig({ file, env: {} })).toThrow(message);
  });

  test.each([
    [
      'one id for two receivers',
      'receivers:\n  - {id: a, channel: file}\n  - {id: a, channel: file}\n',
      /a stands twice/,
    ],
    [
      'a partner for a receiver that is not there',
      'partners:\n  - {id: p, kind: municipality, receivers: [nobody]}\n',
      /nobody, which is not a receiver/,
    ],
    [
      'a partner with the id of a sender',
      'partners:\n  - {id: ekliden, kind: municipality, receivers: [file-drop]}\n',
      /id of a sender too/,
    ],
    [
      'client certificates without their authority',
      'mllp:\n  tls: {cert: a, key: b, requestClientCertificate: true}\n',
      /needs ca/,
    ],
    ['YAML that is none', 'mllp: [\n', /hemgang\.yaml:\d+/],
  ])('%s is refused', (_what, text, message) => {
    expect(() => loadConfig({ file: fileWith(text), env: {} })).toThrow(message);
  });

  test('a variable that is empty names no file', () => {
    expect(loadConfig({ env: { HEMGANG_CONFIG: '' } }).file).toBeUndefined();
  });

  test('a secret that is not set is named by its variable, never shown', () => {
    expect(secretOf('A_SECRET', { A_SECRET: 'x' })).toBe('x');
    expect(() => secretOf('A_SECRET', {})).toThrow(/A_SECRET is not set/);
  });

  test('a secret, or a setting of the environment, may stand in a file that NAME_FILE names', () => {
    const file = join(folder.path, 'secret');
    writeFileSync(file, 'amqp://u:p@broker\n');
    expect(secretOf('A_SECRET', { A_SECRET_FILE: file })).toBe('amqp://u:p@broker');
    const env = { HEMGANG_BUS: 'rabbitmq', HEMGANG_BUS_URL_FILE: file };
    expect(loadConfig({ file: null, env }).config.bus).toMatchObject({ url: 'amqp://u:p@broker' });
    expect(() => secretOf('A_SECRET', { A_SECRET: 'x', A_SECRET_FILE: file })).toThrow(
      /A_SECRET and A_SECRET_FILE are both set/,
    );
    const missing = join(folder.path, 'missing');
    expect(() => secretOf('A_SECRET', { A_SECRET_FILE: missing })).toThrow(
      /A_SECRET_FILE names .*missing, which cannot be read \(ENOENT\)\n {2}next:/,
    );
    writeFileSync(file, '\n');
    expect(() => secretOf('A_SECRET', { A_SECRET_FILE: file })).toThrow(/A_SECRET is not set/);
  });
});

describe('what is wrong with a setting of FHIR', () => {
  const poll = (more: string): string =>
    fileWith(
      `senders:\n  - id: ekliden\n    fhir:\n      poll: { base: 'https://x.example/fhir'${more} }\n`,
    );

  test('is told when it is missing, with file and line', () => {
    expect(() => loadConfig({ file: poll(''), env: {} })).toThrow(
      /hemgang\.yaml:\d+: senders\.0\.fhir\.poll\.since: is missing/,
    );
  });

  test('is told by start once, with one next step', async () => {
    const since = ', since: 2026-01-01T00:00:00.000Z';
    const start = async (more: string) => {
      const args = ['start', '--config', poll(since + more), '--data', join(folder.path, 'data')];
      return await runToEnd([...args, '--http-port', '0', '--mllp-port', '0']);
    };
    const secret = (await start(', tokenEnv: NOBODY_SETS_THIS')).stderr;
    expect(secret).toMatch(/^hemgang: environment: NOBODY_SETS_THIS is not set/);
    expect(secret.match(/next:/g)).toHaveLength(1);
    const plain = (await start(", smart: { clientId: a, keyFile: none.pem, scope: 'system/*.rs' }"))
      .stderr;
    expect(plain).toMatch(/hemgang\.yaml:4: senders\.0\.fhir\.poll\.smart\.keyFile: none\.pem/);
    expect(plain.match(/senders\.0/g)).toHaveLength(1);
  });
});
