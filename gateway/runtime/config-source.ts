/** Where settings are written: a YAML file, the environment over it, flags over both; and the place of each, for errors. */
import { existsSync, readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { environmentValue } from './environment.ts';

export interface ConfigSources {
  /** Path of a YAML file; without it `hemgang.yaml` of the working folder, where there is one; null: defaults alone. */
  readonly file?: string | null | undefined;
  /** Flag values by dotted path: `mllp.port`. They win. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  readonly env?: NodeJS.ProcessEnv;
}

/** A setting that flags and environment variables may set: path in the file, variable. */
export interface ScalarSetting {
  readonly path: readonly string[];
  readonly env: string;
  /** Its flag, where it is not the path: `mllp.port` is --mllp-port. */
  readonly flag?: string;
}

export const flagOf = ({ path, flag = path.join('-') }: ScalarSetting): string => flag;

/** What is wrong, and where: `hemgang.yaml:12`, `--mllp-port`, `HEMGANG_DATA`. */
export interface Misplaced {
  readonly where: string;
  readonly what: string;
}

export interface ConfigSource {
  /** Absent where defaults alone hold. */
  readonly file: string | undefined;
  /** Of the file as it was read. */
  readonly text: string;
  /** What is set, unchecked. */
  readonly plain: Readonly<Record<string, unknown>>;
  /** Why the file is no YAML, or cannot be read. */
  readonly unreadable: readonly Misplaced[];
  /** Flag, variable, or `file:line` of the value a path names, or of the nearest thing above it. */
  placeOf(path: readonly string[]): string;
  /** The same of the very value; undefined for a default. */
  originOf(path: readonly string[]): string | undefined;
}

/** @throws GatewayError configuration-invalid for a variable that cannot be had */
export function readSource(
  sources: ConfigSources,
  settings: readonly ScalarSetting[],
): ConfigSource {
  const env = sources.env ?? process.env;
  const file =
    sources.file === null
      ? undefined
      : (sources.file ?? environmentValue('HEMGANG_CONFIG', env) ?? defaultFile());
  const text = file === undefined ? '{}' : readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text ?? '{}', { lineCounter: lines, prettyErrors: false });
  const unreadable = document.errors.map(({ pos, message }) => ({
    where: `${file}:${lines.linePos(pos[0]).line}`,
    what: message,
  }));
  if (text === undefined) {
    const what =
      'cannot be read; give its path with --config, or start without it for the defaults';
    unreadable.push({ where: file ?? '', what });
  }
  const read: unknown = unreadable.length > 0 ? {} : document.toJS();
  if (read !== null && (typeof read !== 'object' || Array.isArray(read))) {
    unreadable.push({ where: `${file}:1`, what: 'settings stand under their names: mllp: …' });
  }
  const plain: Record<string, unknown> = unreadable.length > 0 ? {} : Object.assign({}, read);
  const origins = new Map<string, string>();
  for (const setting of settings) {
    const { path, env: variable } = setting;
    const dotted = path.join('.');
    const flag = sources.flags?.[dotted];
    const value = flag ?? environmentValue(variable, env);
    if (value === undefined) continue;
    setAt(plain, path, scalar(value));
    origins.set(dotted, flag === undefined ? variable : `--${flagOf(setting)}`);
  }
  const lineOf = (path: readonly string[]): string | undefined => {
    const node = nodeAt(document, path);
    return node === undefined ? undefined : `${file}:${lines.linePos(node.range[0]).line}`;
  };
  return {
    file,
    text: text ?? '',
    plain,
    unreadable,
    placeOf(path) {
      const origin = origins.get(path.join('.'));
      if (origin !== undefined) return origin;
      if (file === undefined) return 'configuration';
      for (let length = path.length; length > 0; length--) {
        const line = lineOf(path.slice(0, length));
        if (line !== undefined) return line;
      }
      return file;
    },
    originOf: (path) => origins.get(path.join('.')) ?? lineOf(path),
  };
}

function defaultFile(): string | undefined {
  return existsSync('hemgang.yaml') ? 'hemgang.yaml' : undefined;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

interface Placed {
  readonly range: readonly [number, number, number];
}

/** The value at a path; a value that stands under a name begins where the name does. */
function nodeAt(document: Document.Parsed, path: readonly string[]): Placed | undefined {
  const keys = path.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  const node: unknown = document.getIn(keys, true);
  return hasRange(node) ? node : undefined;
}

function hasRange(node: unknown): node is Placed {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const inner = target[head];
  const next: Record<string, unknown> =
    typeof inner === 'object' && inner !== null ? { ...inner } : {};
  target[head] = next;
  setAt(next, rest, value);
}

function scalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}
