import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { tableFileOf, type Mappings } from '../../mappings/index.ts';
import { withEntry, type PendingFile } from '../../mappings/overlay.ts';
import { suggestion } from '../../mappings/spelling.ts';
import { possibleTargets, type Target } from '../../mappings/targets.ts';
import type { Profiles } from '../../profiles/index.ts';
import { GatewayError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config.ts';
import { mappingsOf } from '../wiring/intake.ts';
import { applyEntry, type Applied } from './codes-apply.ts';
import { needsPerson, previewOf, type Preview } from './codes-preview.ts';
import { appliedLines, previewLines, shellWord } from './codes-text.ts';
import {
  answer,
  ask,
  Progress,
  wrong,
  type OpenQuestion,
  type QuestionOptions,
} from './question.ts';

export interface CodesMapOptions extends QuestionOptions {
  readonly table: string;
  readonly code: string;
  readonly target: string;
  readonly reference: string;
  readonly overlay?: string | undefined;
  readonly apply: boolean;
  readonly yes: boolean;
  /** The mark a dry run gave: another selection is told, and not applied. */
  readonly selection?: string | undefined;
}

/** The entry, checked, and its file as it would be; without a file it stands in the tables already. */
interface Entry {
  readonly table: string;
  readonly code: string;
  readonly target: Target;
  readonly reference: string;
  readonly pending?: PendingFile;
}

/**
 * Shows what an entry in a table would lead to, and with `apply` enters it and translates what waited.
 * @returns the exit code: 0 well; 1 something would be late or billed otherwise, or it did not come to its end
 */
export async function codesMap(options: CodesMapOptions): Promise<number> {
  return await ask(options, async (asked) => {
    const entry = entryOf(options, asked);
    const preview = await look(asked, entry);
    const changed = options.selection !== undefined && options.selection !== preview.selection;
    if (!options.apply) {
      answer(options.json, { entry: plain(entry), ...preview, changed }, (ink) => [
        ...previewLines(preview, ink),
        ...(changed ? [ink.bad(changedText)] : []),
        'nothing was written',
        `${ink.dim('next:')} ${commandOf(options)} --apply --selection ${preview.selection}`,
      ]);
      return needsPerson(preview) || changed ? 1 : 0;
    }
    if (!options.json) answer(false, undefined, (ink) => previewLines(preview, ink));
    if (changed) throw new GatewayError('stale-version', changedText);
    if (!(await isAgreed(options))) {
      process.stdout.write('nothing was written\n');
      return 1;
    }
    const again = await look(later(asked), entry);
    if (again.selection !== preview.selection) throw new GatewayError('stale-version', changedText);
    const applied = await applyEntry(asked, options, entry, again);
    tell(options, entry, preview, applied);
    return applied.isDone ? 0 : 1;
  });
}

const changedText =
  'other messages wait now, or the mappings have changed, since this was shown: nothing was written\n' +
  '  next: look again without --apply';

async function look(asked: OpenQuestion, entry: Entry): Promise<Preview> {
  const progress = new Progress((await asked.journal.parkedCases()).length);
  try {
    const onProgress = (done: number): void => progress.tell(done);
    return await previewOf(asked, { pending: entry.pending, onProgress });
  } finally {
    progress.end();
  }
}

/** Time has passed at the prompt. */
function later(asked: OpenQuestion): OpenQuestion {
  return { ...asked, nowMs: systemClock.nowMs() };
}

function plain({ table, code, target, reference, pending }: Entry): Record<string, unknown> {
  const file = pending && `${pending.folder}/${pending.name}`;
  return { table, code, target, reference, ...(file !== undefined && { file }) };
}

function tell(options: CodesMapOptions, entry: Entry, preview: Preview, applied: Applied): void {
  answer(options.json, { entry: plain(entry), ...preview, applied }, (ink) =>
    appliedLines(applied, ink),
  );
}

/** On a terminal a person says yes; a script says --yes. */
async function isAgreed({ yes, json }: CodesMapOptions): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || json) {
    throw wrong('--apply asks on a terminal: say --yes to go on without');
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const said = await prompt.question('Enter it, and send what is shown? [y/N] ');
  prompt.close();
  return /^y(es)?$/i.test(said.trim());
}

// ---------------------------------------------------------------- what is typed

function entryOf(options: CodesMapOptions, { config, profiles }: OpenQuestion): Entry {
  const { table, code, reference } = options;
  if (!/^[^\p{Cc}]{1,200}$/u.test(reference)) {
    throw wrong('--reference: one line of at most 200 characters that says where it is agreed');
  }
  if (!/^[^\p{Cc}]{1,100}$/u.test(code)) throw wrong('CODE: from 1 to 100 characters');
  const mappings = mappingsOf(config);
  const known = mappings.tables.get(table);
  if (known === undefined) {
    throw wrong(
      `no table is called ${table}${suggestion(table, mappings.tables.keys())}\n  next: hemgang codes list tells what waits, by table`,
    );
  }
  const target = targetOf(options.target, table, mappings, profiles);
  const entry = { table, code, target, reference };
  if (Object.hasOwn(known.entries, code)) {
    const stands = known.entries[code];
    if (stands === target) return entry;
    throw wrong(
      `table ${table} has code ${code} already, as ${String(stands)}\n  next: change it in your overlay; what was translated by it stands`,
    );
  }
  const file = tableFileOf(mappings, table);
  return { ...entry, pending: withEntry(overlayOf(options.overlay, config), { ...entry, file }) };
}

/** @throws GatewayError configuration-invalid listing what it may be */
function targetOf(text: string, table: string, mappings: Mappings, profiles: Profiles): Target {
  const possible = possibleTargets(mappings, table);
  const words: Readonly<Record<string, Target>> = { true: true, false: false, null: null };
  const target = Object.hasOwn(words, text) ? (words[text] ?? null) : text;
  if (possible.targets.includes(target)) return target;
  const { nation } = profiles;
  if (possible.isMunicipality && nation.municipalityName(text) !== undefined) return text;
  const list = possible.targets.map(String).join(', ');
  const may = possible.isMunicipality
    ? `the SCB code of a municipality, four digits, or ${list}`
    : list;
  throw wrong(
    `${text}: table ${table} (read by ${possible.uses.join(', ')}) cannot mean that\n  next: choose one of ${may}`,
  );
}

/** A folder that the configuration lists: the gateway reads no other. */
function overlayOf(asked: string | undefined, { mappings }: Config): string {
  const [first] = mappings;
  if (first === undefined) {
    throw wrong(
      'no folder stands under mappings: in the configuration, so the gateway would not read the entry\n' +
        '  next: write mappings: [my-mappings] in hemgang.yaml, make the folder, and hemgang reload',
    );
  }
  if (asked === undefined) return first;
  const found = mappings.find((folder) => resolve(folder) === resolve(asked));
  if (found !== undefined) return found;
  throw wrong(
    `--overlay ${asked}: not under mappings: in the configuration; there are ${mappings.join(', ')}`,
  );
}

function commandOf(options: CodesMapOptions): string {
  const { table, code, target, reference, overlay, config, flags } = options;
  const words = ['hemgang', 'codes', 'map', table, code, target, '--reference', reference];
  if (overlay !== undefined) words.push('--overlay', overlay);
  if (config !== undefined) words.push('--config', config);
  const { data } = flags;
  if (data !== undefined) words.push('--data', data);
  return words.map(shellWord).join(' ');
}
