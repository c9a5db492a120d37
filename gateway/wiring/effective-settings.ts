/** Every setting as it holds, with where it was set. */
import type { Config } from '../runtime/config.ts';
import type { ConfigSource } from '../runtime/config-source.ts';
import { environmentValue } from '../runtime/environment.ts';

export interface EffectiveSetting {
  /** Dotted: `receivers.0.url`. */
  readonly path: string;
  /** As JSON; lengths of time in milliseconds where the file does not write them. Passwords are masked. */
  readonly value: string;
  /** Flag, variable, `file:line`, or `default`. */
  readonly origin: string;
}

/** @param env says whether the secrets that are named are set */
export function effectiveSettings(
  config: Config,
  source: ConfigSource,
  env: NodeJS.ProcessEnv,
): readonly EffectiveSetting[] {
  return [...leaves(config, [])].map(([path, value]) => {
    const written = valueAt(source.plain, path);
    const shown = typeof written === 'string' || typeof written === 'number' ? written : value;
    return {
      path: path.join('.'),
      value: `${masked(shown)}${secretState(path, value, env)}`,
      origin: (written === undefined ? undefined : source.originOf(path)) ?? 'default',
    };
  });
}

function* leaves(
  value: unknown,
  path: readonly string[],
): Generator<readonly [path: readonly string[], value: unknown]> {
  const isTree = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isTree) {
    if (value !== undefined) yield [path, value];
    return;
  }
  for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key]);
}

function valueAt(plain: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return plain;
  if (typeof plain !== 'object' || plain === null || !Object.hasOwn(plain, key)) return undefined;
  return valueAt(Object.entries(plain).find(([name]) => name === key)?.[1], rest);
}

/** A password in an address is nobody's to see. */
function masked(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.password === '') return text;
  url.password = '***';
  return url.href;
}

function secretState(path: readonly string[], value: unknown, env: NodeJS.ProcessEnv): string {
  const isName = [path.at(-1), path.at(-2)].some((key) => key?.endsWith('Env') === true);
  if (!isName || typeof value !== 'string') return '';
  return isSet(value, env) ? ' (is set)' : ' (is NOT set)';
}

function isSet(name: string, env: NodeJS.ProcessEnv): boolean {
  try {
    return environmentValue(name, env) !== undefined;
  } catch {
    return false;
  }
}
