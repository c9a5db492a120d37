import { z } from 'zod';
import { effectiveSettings } from '../wiring/effective-settings.ts';
import { configSchema, loadConfig } from '../runtime/config.ts';
import { checkConfig } from '../wiring/config-faults.ts';
import { sharedDigests } from '../wiring/digests.ts';
import { answer, plural, type QuestionOptions } from './question.ts';

/** @returns the exit code: 0 a start takes it and nothing is odd, 1 something is odd, 2 a start would refuse it */
export async function configCheck(options: QuestionOptions): Promise<number> {
  const { file, remarks, digests } = await checkConfig({
    file: options.config,
    flags: options.flags,
  });
  const faults = remarks.filter(({ severity }) => severity === 'error').length;
  const odd = remarks.length - faults;
  answer(options.json, { file: file ?? null, faults, odd, remarks, digests }, (ink) => [
    ...remarks.flatMap(({ severity, where, what, next }) => [
      `${severity === 'error' ? ink.bold('FAULT') : 'odd  '} ${where}: ${what}`,
      `      next: ${next}`,
    ]),
    `${file ?? 'defaults (no hemgang.yaml)'}: ${
      faults > 0
        ? `${plural(faults, 'fault')}, a start would be refused`
        : odd > 0
          ? `a start would take it; ${plural(odd, 'thing')} to look at`
          : 'well'
    }`,
    ...(digests ? [sharedDigests.map((part) => `${part} ${digests[part]}`).join(', ')] : []),
  ]);
  return faults > 0 ? 2 : odd > 0 ? 1 : 0;
}

/** @returns the exit code */
export async function configShow(options: QuestionOptions): Promise<number> {
  const { config, source } = loadConfig({ file: options.config, flags: options.flags });
  const settings = effectiveSettings(config, source, process.env);
  answer(options.json, { file: source.file ?? null, settings }, (ink) => {
    const width = Math.max(...settings.map(({ path, value }) => `${path}: ${value}`.length));
    return settings.map(
      ({ path, value, origin }) =>
        `${`${path}: ${value}`.padEnd(Math.min(width, 72))}  ${ink.dim(origin)}`,
    );
  });
  return 0;
}

/** JSON Schema of the configuration file, for editors. @returns the exit code */
export function configSchemaPrint(): number {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const titled = { ...schema, title: 'Configuration of hemgang' };
  process.stdout.write(`${JSON.stringify(titled, null, 2)}\n`);
  return 0;
}
