/**
 * National law as dated parameters: loads, checks and freezes `profiles/law/*.yaml` and what lies over them.
 *
 * The date of the legal fact picks the value, never today. A missing value is said to be missing, with what is known of
 * the gap; there is no fallback to an earlier year.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { GatewayError } from '../gateway/errors.ts';
import { checkOverlay, checkProfile } from './schema.ts';
import type { ParameterFile } from './schema.ts';

export type ParameterValue = number | string | boolean;

/** Where a value comes from: it travels with every finding and every billing line. */
export interface Origin {
  /** `<stem>.<name>`: `settlement.careDayAmountOre`. */
  readonly parameter: string;
  /** Start date of the value (`YYYY-MM-DD`). */
  readonly from: string;
  readonly reference: string;
}
export type Valued =
  | { readonly known: true; readonly value: ParameterValue; readonly origin: Origin }
  | {
      readonly known: false;
      readonly parameter: string;
      readonly date: string;
      /** What is known of the gap: which regulation is missing. */
      readonly reference?: string;
    };

/** The parameters in force in one place: functions of date. */
export interface Parameters {
  /**
   * @param name `<stem>.<name>`
   * @param date local date of the legal fact, `YYYY-MM-DD`
   * @throws GatewayError assertion-failed for a name that no file has
   */
  valueOn(name: string, date: string): Valued;
}
export interface Place {
  readonly county?: string;
  readonly municipality?: string;
}
/** What a file says of one parameter, for reviews and tests. */
export interface ParameterDescription {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly agreement: 'allowed' | 'forbidden';
  readonly reference: string;
  /** Date of the first value or declared gap. */
  readonly firstDate: string;
}
export interface Profiles {
  /** Parameters for a place. Agreements are not read yet: every place has the statute. */
  parametersOf(place: Place): Parameters;
  readonly parameters: readonly ParameterDescription[];
}

interface Entry {
  readonly from: string;
  /** Undefined from a date at which a value was closed or a gap declared. */
  readonly value: ParameterValue | undefined;
  readonly reference: string | undefined;
}
interface Timeline {
  readonly name: string;
  readonly yearly: boolean;
  /** By start date. */
  readonly entries: readonly Entry[];
  readonly valued: readonly Valued[];
}

/**
 * Loads the shipped law and the overlays over it.
 *
 * @param options.overlays folders with `law/<stem>.yaml`; a later one lies over an earlier one
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadProfiles(options: { readonly overlays?: readonly string[] } = {}): Profiles {
  const files = new Map<string, ParameterFile>();
  const shipped = join(packageRoot(), 'profiles', 'law');
  for (const name of yamlFiles(shipped)) {
    files.set(stemOf(name), checkProfile(`law/${name}`, read(join(shipped, name))));
  }
  for (const overlay of options.overlays ?? []) {
    const folder = join(overlay, 'law');
    if (!existsSync(overlay)) throw invalid(overlay, 'no such folder');
    for (const name of existsSync(folder) ? yamlFiles(folder) : []) {
      const path = join(folder, name);
      const under = files.get(stemOf(name));
      if (under === undefined) throw invalid(path, `no profile is called ${stemOf(name)}`);
      files.set(stemOf(name), checkOverlay(path, read(path), under));
    }
  }
  return profilesOf(files);
}

function profilesOf(files: ReadonlyMap<string, ParameterFile>): Profiles {
  const timelines = new Map<string, Timeline>();
  const described: ParameterDescription[] = [];
  for (const [stem, file] of files) {
    for (const [key, parameter] of Object.entries(file.parameters)) {
      const name = `${stem}.${key}`;
      const timeline = timelineOf(name, parameter);
      timelines.set(name, timeline);
      const { description, unit, agreement, reference } = parameter;
      const firstDate = timeline.entries[0]?.from ?? '';
      described.push({ name, description, unit, agreement, reference, firstDate });
    }
  }
  const parameters: Parameters = {
    valueOn(name, date) {
      const timeline = timelines.get(name);
      if (timeline === undefined) {
        throw new GatewayError('assertion-failed', `no parameter is called ${name}`);
      }
      return valueOn(timeline, date);
    },
  };
  return { parametersOf: () => parameters, parameters: Object.freeze(described) };
}

function timelineOf(name: string, parameter: ParameterFile['parameters'][string]): Timeline {
  const byDate = new Map<string, Entry>();
  for (const gap of parameter.unknown ?? []) {
    byDate.set(gap.from, { from: gap.from, value: undefined, reference: gap.reference });
  }
  for (const [from, { value, reference }] of Object.entries(parameter.values ?? {})) {
    // A value entered for the start of a declared gap fills it.
    byDate.set(from, { from, value: value ?? undefined, reference });
  }
  const entries = [...byDate.values()].sort((left, right) => (left.from < right.from ? -1 : 1));
  const valued = entries.map((entry): Valued => {
    if (entry.value === undefined) return missing(name, entry.from, entry.reference);
    const origin = { parameter: name, from: entry.from, reference: entry.reference ?? '' };
    return Object.freeze({ known: true, value: entry.value, origin: Object.freeze(origin) });
  });
  return { name, yearly: parameter.per === 'calendar-year', entries, valued };
}

function valueOn({ name, yearly, entries, valued }: Timeline, date: string): Valued {
  const index = entries.findLastIndex((entry) => entry.from <= date);
  const found = valued[index];
  const entry = entries[index];
  if (found === undefined || entry === undefined) return missing(name, date, undefined);
  if (!found.known) return missing(name, date, entry.reference);
  if (!yearly || sameYear(entry.from, date)) return found;
  // A yearly value ends with its year; the gap after it is described by the last gap declared before the date.
  const gap = entries.findLast((known) => known.value === undefined && known.from <= date);
  return missing(name, date, gap?.reference);
}

function missing(parameter: string, date: string, reference: string | undefined): Valued {
  return { known: false, parameter, date, ...(reference !== undefined && { reference }) };
}

const sameYear = (left: string, right: string): boolean => left.slice(0, 4) === right.slice(0, 4);
const stemOf = (file: string): string => file.replace(/\.yaml$/, '');

function yamlFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
}

function read(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'), { uniqueKeys: true }) as unknown;
  } catch (cause) {
    const line = cause instanceof Error ? cause.message.split('\n')[0] : 'unreadable';
    throw new GatewayError('configuration-invalid', `${path}: ${line ?? ''}`, { cause });
  }
}

function invalid(path: string, what: string): GatewayError {
  return new GatewayError('configuration-invalid', `${path}: ${what}`, { location: path });
}

/** The folder of package.json: the same from the sources and from `dist/`. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw invalid(folder, 'no package.json above profiles');
    folder = parent;
  }
  return folder;
}
