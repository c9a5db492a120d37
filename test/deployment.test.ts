/**
 * Dockerfile and docker-compose.yml, held to what they promise: no container engine runs here. Names and shapes, what
 * is mounted, what is closed, and that the gateway can read what it is given.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig, scalarSettings, secretOf } from '../gateway/runtime/config.ts';
import { temporaryFolder } from './support/folder.ts';
import { localised, readCompose } from './stack/compose.ts';

const root = join(import.meta.dirname, '..');
const folder = temporaryFolder('deployment');
afterAll(() => folder.remove());
const secretsFolder = join(folder.path, 'secrets');
const makeSecrets = (): string =>
  execFileSync('sh', [join(root, 'test', 'stack', 'secrets.sh'), secretsFolder], {
    encoding: 'utf8',
  });
makeSecrets();

// ---------------------------------------------------------------- the shape, of what we use of the compose specification

const words = z.array(z.string());
const amount = z.string().regex(/^\d+[smg]$/);
const healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: z.tuple([z.literal('CMD')], z.string()),
    interval: amount,
    timeout: amount,
    retries: z.int(),
    start_period: amount.optional(),
  }),
]);
const condition = z.enum(['service_healthy', 'service_started', 'service_completed_successfully']);
const service = z.strictObject({
  image: z.string(),
  build: z.literal('.').optional(),
  user: z.string().optional(),
  hostname: z.string().optional(),
  entrypoint: words.optional(),
  command: words.optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).default({}),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
  secrets: words.default([]),
  volumes: words.default([]),
  tmpfs: words.default([]),
  ports: words.default([]),
  depends_on: z.record(z.string(), z.strictObject({ condition })).default({}),
  healthcheck: healthcheck.optional(),
  read_only: z.boolean(),
  cap_drop: words,
  security_opt: words,
  restart: z.enum(['no', 'unless-stopped']),
  logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
  mem_limit: amount,
  shm_size: amount.optional(),
  pids_limit: z.int(),
  stop_grace_period: amount.optional(),
  stop_signal: z.string().optional(),
});
const composeShape = z
  .strictObject({
    name: z.string(),
    services: z.record(z.string(), service),
    configs: z.record(z.string(), z.strictObject({ content: z.string() })),
    secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
    volumes: z.record(z.string(), z.null()),
  })
  // Extensions are ours to name.
  .loose()
  .superRefine((file, context) => {
    const known = ['name', 'services', 'configs', 'secrets', 'volumes'];
    for (const key of Object.keys(file)) {
      if (!known.includes(key) && !key.startsWith('x-')) context.addIssue(`unknown: ${key}`);
    }
  });

const composeFile = join(root, 'docker-compose.yml');
const compose = composeShape.parse(parse(readFileSync(composeFile, 'utf8'), { merge: true }));
const services = Object.entries(compose.services);
const gateways = services.filter(([name]) => name.startsWith('gateway-'));
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const instructions = dockerfile
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

describe('docker-compose.yml', () => {
  test('is what the compose client takes, where there is one', async () => {
    const docker = promisify(execFile);
    const hasClient = await docker('docker', ['compose', 'version']).then(
      () => true,
      () => false,
    );
    if (!hasClient) return;
    const env = { ...process.env, HEMGANG_SECRETS: secretsFolder };
    await docker('docker', ['compose', '-f', composeFile, 'config', '--quiet'], { env });
  });

  test('starts two gateways, their servers, the outside world and what watches them', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual([
      'gateway-a',
      'gateway-b',
      'grafana',
      'hospital',
      'municipality',
      'postgres',
      'prometheus',
      'rabbitmq',
    ]);
    expect(compose.services['postgres']?.image).toMatch(/^postgres:17\./);
    expect(compose.services['rabbitmq']?.image).toMatch(/^rabbitmq:4\./);
  });

  test.each(services)('%s runs with nothing that it does not need', (_name, one) => {
    expect(one.read_only).toBe(true);
    expect(one.cap_drop).toEqual(['ALL']);
    expect(one.security_opt).toEqual(['no-new-privileges:true']);
    // Its own image says USER; of others the user stands here.
    if (one.build === undefined) expect(one.user).toMatch(/^(?!root$|0)/);
    else expect(one.user).toBeUndefined();
    for (const port of one.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test.each(services)('%s has one version, which its image names', (_name, { image, build }) => {
    expect(image).toMatch(build === undefined ? /:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/ : /^hemgang:/);
  });

  test.each(services)('%s has its secrets as files, and only those that it asks for', (_n, one) => {
    const asked = Object.entries(one.environment).flatMap(([name, value]) => {
      if (!/PASS|SECRET|TOKEN|KEY/.test(name)) return [];
      expect(name).toMatch(/_FILE$/);
      expect(value).toMatch(/^\/run\/secrets\//);
      return [value.replace('/run/secrets/', '')];
    });
    const read = /\/run\/secrets\/([a-z-]+)/g;
    const inEntrypoint = [...(one.entrypoint ?? []).join(' ').matchAll(read)].map(
      ([, name = '']) => name,
    );
    expect([...asked, ...inEntrypoint].toSorted()).toEqual(one.secrets.toSorted());
    for (const name of one.secrets) expect(compose.secrets).toHaveProperty([name]);
    // A password in an address would be one in the environment.
    for (const value of Object.values(one.environment))
      expect(value).not.toMatch(/:\/\/[^/@]*:[^/@]*@/);
  });

  test.each(services)('what %s mounts is there', (_name, one) => {
    for (const volume of one.volumes) {
      const [source = '', target, how] = volume.split(':');
      expect(target).toMatch(/^\//);
      if (!source.startsWith('.')) {
        expect(compose.volumes).toHaveProperty([source]);
        continue;
      }
      expect([volume, existsSync(join(root, source))]).toEqual([volume, true]);
      expect(how).toBe('ro');
    }
    for (const { source } of one.configs) expect(compose.configs).toHaveProperty([source]);
  });

  test.each(services)('%s waits only for what can become healthy', (_name, one) => {
    for (const [other, waits] of Object.entries(one.depends_on)) {
      const needed = compose.services[other];
      expect(needed).toBeDefined();
      if (waits.condition !== 'service_healthy') continue;
      const own = needed?.build !== undefined && dockerfile.includes('HEALTHCHECK');
      expect(needed?.healthcheck !== undefined || own).toBe(true);
      expect(needed?.healthcheck).not.toEqual({ disable: true });
    }
  });

  test.each(gateways)('%s has longer to stop than it drains', (_name, { stop_grace_period }) => {
    const limit = /drainLimitMs = ([\d_]+)/.exec(
      readFileSync(join(root, 'gateway', 'cli', 'start.ts'), 'utf8'),
    )?.[1];
    expect(Number.parseInt(stop_grace_period ?? '0', 10) * 1000).toBeGreaterThan(
      Number(limit?.replaceAll('_', '')),
    );
  });

  test.each(gateways.map(([name]) => name))(
    '%s can read its configuration and every secret it names',
    (name) => {
      const file = join(folder.path, 'hemgang.yaml');
      const read = readCompose(composeFile);
      const environment = read.services[name]?.environment ?? {};
      const env = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [
          key,
          localised(value, new Map(), secretsFolder),
        ]),
      );
      writeFileSync(file, read.configs.gateway.content);
      const { config } = loadConfig({ file, env });
      expect(config).toMatchObject({
        journal: { form: 'postgres' },
        bus: { form: 'rabbitmq' },
        instance: { id: name },
      });
      const secretNames = [...read.configs.gateway.content.matchAll(/\b[A-Z][A-Z0-9_]{5,}\b/g)].map(
        ([variable]) => variable,
      );
      expect(secretNames.length).toBeGreaterThan(3);
      for (const variable of secretNames) expect(secretOf(variable, env)).not.toBe('');
      // Nothing is set that nobody reads.
      const known = new Set([
        ...scalarSettings.map((setting) => setting.env),
        ...secretNames.map((variable) => `${variable}_FILE`),
      ]);
      expect(Object.keys(env).filter((variable) => !known.has(variable))).toEqual([]);
    },
  );
});

describe('the Dockerfile', () => {
  const lines = instructions.map((line) => line.split(/\s+/));

  test('builds on one version of Node, the same in both stages', () => {
    const images = new Set(lines.filter(([word]) => word === 'FROM').map(([, image]) => image));
    expect([...images]).toEqual([expect.stringMatching(/^node:\d+\.\d+\.\d+-[a-z]+-slim$/)]);
  });

  test('runs as a user without rights, and says when it is well and how it stops', () => {
    const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM')));
    const order = last.map((line) => line.split(' ')[0]);
    expect(last).toContain('USER node');
    expect(order.indexOf('USER')).toBeLessThan(order.indexOf('ENTRYPOINT'));
    expect(last.join('\n')).toMatch(/HEALTHCHECK .*\/health\/ready/);
    expect(last).toContain('STOPSIGNAL SIGTERM');
  });

  test('holds no secret', () => {
    const set = instructions.filter((line) => /^(ENV|ARG)/.test(line));
    expect(set.filter((line) => /PASS|SECRET|TOKEN|KEY|:\/\//.test(line))).toEqual([]);
  });

  test('copies only what there is, and what the ignored files let through', () => {
    const letThrough = readFileSync(join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = lines
      .filter(([word, from]) => word === 'COPY' && !from?.startsWith('--from'))
      .flatMap((line) => line.slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    for (const path of copied) {
      expect([path, existsSync(join(root, path))]).toEqual([path, true]);
      expect([
        path,
        letThrough.some((kept) => path === kept || path.startsWith(`${kept}/`)),
      ]).toEqual([path, true]);
    }
  });

  test('takes along what the package does', () => {
    const { files }: { files: string[] } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    for (const file of files) expect(dockerfile).toContain(file);
  });
});

test('secrets are made once, each its own, in a folder that is closed to others', () => {
  const before = Object.keys(compose.secrets).map((name) => readSecret(name));
  makeSecrets();
  expect(Object.keys(compose.secrets).map((name) => readSecret(name))).toEqual(before);
  expect(new Set(before).size).toBe(before.length);
  expect(statSync(secretsFolder).mode & 0o077).toBe(0);
  expect(readSecret('receiver-secret')).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
});

const readSecret = (name: string): string => readFileSync(join(secretsFolder, name), 'utf8');
