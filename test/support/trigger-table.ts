/**
 * The table of trigger events in adapters/inbound/hl7v2/README.md, made from mappings/hl7v2/adt.yaml: what each is (the
 * comment beside it), what it becomes, and where its time is from.
 */
import { possibleEvents } from '../../mappings/check.ts';
import { parseSource } from '../../mappings/index.ts';
import type { EventEntry, Mappings } from '../../mappings/index.ts';

const abouts: Readonly<Record<string, string>> = {
  person: 'of every stay of the person: ',
  merge: 'the numbers in MRG-1 are of the person in PID; of every stay of either: ',
  move: 'of the stay, which was registered on MRG-1 and belongs to PID: ',
};

/**
 * Triggers that are the same stand in one row.
 * @param text `adt.yaml` as written, for its comments
 */
export function triggerTable(mappings: Mappings, text: string): string {
  const comments = commentsOf(text);
  const names = new Map<string, string[]>();
  for (const [name, { about, events }] of Object.entries(mappings.adt.triggers).toSorted(byName)) {
    const becomes = events.map((entry) => entryText(entry, mappings)).join('; ');
    const rest = row(comments.get(name) ?? '', `${abouts[about ?? ''] ?? ''}${becomes}`).slice(2);
    names.set(rest, [...(names.get(rest) ?? []), name]);
  }
  const rows = [...names].map(([rest, list]) => `| ${list.join(', ')} | ${rest}`);
  return [row('Trigger', 'What it is', 'What it becomes'), ruler(3), ...rows].join('\n');
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}

export function ignoredTable({ adt }: Mappings): string {
  const rows = Object.entries(adt.ignored)
    .toSorted(byName)
    .map(([name, why]) => row(name, why));
  return [row('Trigger', 'Why it becomes nothing'), ruler(2), ...rows].join('\n');
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function ruler(columns: number): string {
  return row(...Array.from({ length: columns }, () => '---'));
}

/** The comment beside each trigger; one that repeats another's entries (`*merge`) has that one's where it has none. */
function commentsOf(text: string): Map<string, string> {
  const comments = new Map<string, string>();
  const anchors = new Map<string, string>();
  for (const found of text.matchAll(/^ {2}([A-Z]\d\d):(?: ([&*]\w+))?(?: # (.*))?$/gm)) {
    const [, name = '', alias = '', own] = found;
    const comment = own ?? anchors.get(alias.slice(1)) ?? '';
    if (alias.startsWith('&')) anchors.set(alias.slice(1), comment);
    comments.set(name, comment);
  }
  return comments;
}

/** Where nothing else is said, the time of an event is EVN-6, else EVN-2. */
const usualTime = 'EVN-6, EVN-2';

function entryText(entry: EventEntry, { tables }: Mappings): string {
  const events = possibleEvents(entry, tables).map((type) => `\`${type}\``);
  const list = typeof entry.event === 'string' ? [entry.event] : (entry.event ?? []);
  const source = list.map(parseSource).find((one) => one?.table !== undefined);
  const time = [entry.occurredAt].flat().join(', ');
  const words = [
    events.join(' or '),
    source?.table === undefined ? '' : `by ${source.path} (table ${source.table})`,
    entry.function === undefined ? '' : 'where the message says so',
    entry.ifPresent === undefined ? '' : `where ${entry.ifPresent} has a value`,
    entry.ifNull === undefined ? '' : `where ${entry.ifNull} is \`""\``,
    time === usualTime ? '' : `(time: ${time})`,
  ];
  return words.filter((word) => word !== '').join(' ');
}
