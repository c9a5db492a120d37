import { withEntry } from '../../mappings/overlay.ts';
import { possibleTargets } from '../../mappings/targets.ts';
import type { PossibleTargets, Target } from '../../mappings/targets.ts';
import { tableFileOf, type Mappings } from '../../mappings/index.ts';
import { GatewayError } from '../errors.ts';
import type { Clock } from '../questions/foretell.ts';
import type { WaitingCode } from '../runtime/journal/journal.ts';
import { mappingsOf } from '../wiring/intake.ts';
import { previewOf } from './codes-preview.ts';
import { lateText, shellWord } from './codes-text.ts';
import {
  answer,
  ask,
  localText,
  plural,
  type OpenQuestion,
  type QuestionOptions,
} from './question.ts';
import type { Ink } from './timeline.ts';

export interface CodesListOptions extends QuestionOptions {
  readonly sender?: string | undefined;
}

/** What would be urgent if the code meant this. */
interface IfMapped {
  readonly target: Target;
  readonly clock: Clock;
}

interface ListedCode extends WaitingCode {
  /** What the table has already. */
  readonly entries: Readonly<Record<string, Target>>;
  readonly targets: PossibleTargets;
  readonly ifMapped: readonly IfMapped[];
  readonly next: string;
}

/** Cases looked into for what would be urgent, of each code: the first that came. */
const casesLookedInto = 50;

/**
 * Lists what messages wait for; the gateway may be running or not.
 * @returns the exit code: 0 when nothing waits, 1 otherwise
 */
export async function codesList(options: CodesListOptions): Promise<number> {
  return await ask(options, async (asked) => {
    const mappings = mappingsOf(asked.config);
    const known = asked.config.senders.map(({ id }) => id);
    const { sender } = options;
    const rows = (await asked.journal.waitingCodes()).filter(
      (row) => row.sender === (sender ?? row.sender),
    );
    if (sender !== undefined && rows.length === 0 && !known.includes(sender)) {
      const what = `--sender ${sender}: no such sender; there are ${known.join(', ')}`;
      throw new GatewayError('configuration-invalid', what);
    }
    const codes: ListedCode[] = [];
    for (const row of rows) codes.push(await listed(asked, mappings, row));
    answer(options.json, { codes }, (ink) =>
      codes.length === 0
        ? ['no message waits for a code']
        : codes.flatMap((code) => lines(code, asked.nowMs, ink)),
    );
    return codes.length === 0 ? 0 : 1;
  });
}

async function listed(
  asked: OpenQuestion,
  mappings: Mappings,
  row: WaitingCode,
): Promise<ListedCode> {
  const table = mappings.tables.get(row.table);
  const targets = possibleTargets(mappings, row.table);
  return {
    ...row,
    entries: table?.entries ?? {},
    targets,
    ifMapped: table === undefined ? [] : await urgencies(asked, mappings, row),
    next: nextStep(row, table?.entries, asked.config.mappings.length > 0),
  };
}

function nextStep(
  { sender, table, code, path }: WaitingCode,
  entries: Readonly<Record<string, Target>> | undefined,
  hasOverlay: boolean,
): string {
  if (entries === undefined) {
    return `no table decides this: say in the overlay of ${sender} what "" in ${path} means, by an entry with ifNull: ${path}`;
  }
  const isKnown = Object.hasOwn(entries, code);
  const target = isKnown ? shellWord(String(entries[code])) : 'TARGET';
  const command = `hemgang codes map ${table} ${shellWord(code)} ${target} --reference 'where it is agreed'`;
  if (isKnown) return `the table has it by now; what keeps the messages is told by ${command}`;
  return hasOverlay
    ? command
    : `name a folder of your own under mappings: in hemgang.yaml, hemgang reload, then ${command}`;
}

/** A code that may be an admission has no clock yet: what would run, for each event that the table already tells. */
async function urgencies(
  asked: OpenQuestion,
  mappings: Mappings,
  row: WaitingCode,
): Promise<IfMapped[]> {
  const { table, code } = row;
  const entries = mappings.tables.get(table)?.entries ?? {};
  const targets = possibleTargets(mappings, table);
  if (!targets.uses.some((use) => use.endsWith(' event'))) return [];
  if (Object.hasOwn(entries, code)) return [];
  const only = await asked.journal.parkedCases({ ...row, limit: casesLookedInto });
  const found: IfMapped[] = [];
  for (const target of new Set(Object.values(entries))) {
    if (target === null) continue;
    const folder = asked.config.mappings[0] ?? 'overlay';
    const pending = withEntry(folder, {
      file: tableFileOf(mappings, table),
      code,
      target,
      reference: 'what if',
    });
    const { cases } = await previewOf(withOverlay(asked, folder), { pending, only });
    const clock = cases
      .flatMap(({ clocks }) => clocks)
      .sort((left, right) => left.dueAt.localeCompare(right.dueAt))[0];
    if (clock !== undefined) found.push({ target, clock });
  }
  return found;
}

function withOverlay(asked: OpenQuestion, folder: string): OpenQuestion {
  const { config } = asked;
  return config.mappings.includes(folder)
    ? asked
    : { ...asked, config: { ...config, mappings: [...config.mappings, folder] } };
}

function lines(one: ListedCode, nowMs: number, ink: Ink): string[] {
  const { sender, table, code, path, messages, cases, oldest, newest, nextDue, entries } = one;
  const when =
    oldest === newest ? localText(oldest) : `${localText(oldest)} to ${localText(newest)}`;
  const known = Object.entries(entries).map(([from, to]) => `${from}: ${String(to)}`);
  return [
    ink.bold(`${sender}: code ${code} in ${path} is not in table ${table}`),
    `  ${plural(messages, 'message')} of ${plural(cases, 'case')} ${messages === 1 ? 'waits' : 'wait'}, ${when}`,
    nextDue === undefined
      ? '  no clock runs for these cases yet'
      : `  ${ink.bad(`${nextDue.deadline} of case ${nextDue.processId}: due ${localText(nextDue.dueAt)}, ${lateText(nowMs - Date.parse(nextDue.dueAt))}`)}`,
    ...one.ifMapped.map(({ target, clock: { deadline, dueAt, lateMs } }) => {
      const text = `if it is ${String(target)}: ${deadline} ${lateMs > 0 ? 'was' : 'is'} due ${localText(dueAt)}, ${lateText(lateMs)}`;
      return `  ${lateMs > 0 ? ink.bad(text) : text}`;
    }),
    ...(known.length === 0 ? [] : [`  ${ink.dim('the table has')} ${known.join(', ')}`]),
    ...(known.length === 0 && one.targets.isMunicipality
      ? [
          `  ${ink.dim('it may be')} the SCB code of a municipality, or null: understood, no municipality`,
        ]
      : []),
    `  ${ink.dim('next:')} ${one.next}`,
    '',
  ];
}
