/**
 * Other people's FHIR: every JSON file of a folder, resource by resource, as a server would take it, and what came of it by
 * type and outcome. The sender is one that speaks FHIR and takes any visit number; what is said of it is said of everybody.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isUnread, readFhirFile } from '../../adapters/inbound/fhir/from-files.ts';
import type { FileResource, Unread } from '../../adapters/inbound/fhir/from-files.ts';
import { fhirJudgeBy } from '../../gateway/conformance/fhir.ts';
import type { FhirMeaning } from '../../gateway/conformance/fhir.ts';
import { toldCode } from '../../gateway/conformance/judge.ts';
import type { Mappings } from '../../mappings/index.ts';
import { outcomeLines, refusals, totals, type PlayedMessage } from './corpus-run.ts';

/** A resource of somebody else, and what came of it; `findings` are what FHIR and our profiles remark. */
export interface PlayedResource extends PlayedMessage {
  readonly findings: readonly string[];
}

/** In the order of their names; files of one folder may refer to each other. */
export async function playFhir(
  folder: string,
  mappings: Mappings,
): Promise<{ played: PlayedResource[]; passedOver: string[] }> {
  const scopes = new Map<string, { name: string; entry: FileResource | Unread }[]>();
  const passedOver: string[] = [];
  for (const file of jsonFiles(folder)) {
    const name = relative(folder, file);
    const { entries, problems } = readFhirFile(readFileSync(file));
    passedOver.push(...problems.map((text) => `${name}: ${text}`));
    const scope = scopes.get(dirname(file)) ?? [];
    scope.push(...entries.map((entry) => ({ name: `${name} ${entry.place}`.trimEnd(), entry })));
    scopes.set(dirname(file), scope);
  }
  const all = [...scopes.values()].flat();
  const systems = visitSystems(all.map(({ entry }) => entry));
  const judge = fhirJudgeBy(withAnySender(mappings, systems), anySender);
  const played: PlayedResource[] = [];
  for (const scope of scopes.values()) {
    const meanings = await judge(scope.map(({ entry }) => entry));
    for (const { name, entry } of scope) {
      const meaning = meanings.get(entry);
      if (meaning !== undefined) played.push({ name, ...outcomeOf(meaning) });
    }
  }
  return { played, passedOver };
}

function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:nd)?json$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(?:^|[/\\])oracles[/\\]/.test(relative(folder, file)))
    .toSorted();
}

const anySender = 'any';

/** Every system that an Encounter of theirs has an identifier of. */
function visitSystems(entries: readonly (FileResource | Unread)[]): string[] {
  const systems = entries.flatMap((entry) => {
    if (isUnread(entry) || entry.resource.resourceType !== 'Encounter') return [];
    return (entry.resource.identifier ?? []).flatMap(({ system }) => system ?? []);
  });
  return [...new Set(['https://any.example/visit', ...systems])];
}

function withAnySender(mappings: Mappings, systems: string[]): Mappings {
  const any = {
    id: anySender,
    name: 'Any',
    description: 'takes every visit number',
    county: '14',
    hospital: 'Any',
    zone: 'Europe/Stockholm',
    visitAuthority: 'https://any.example/visit',
    fhir: { visitSystems: systems },
  };
  return { ...mappings, senders: [any] };
}

function outcomeOf({
  entry,
  translation,
  error,
  answer,
  findings,
}: FhirMeaning): Omit<PlayedResource, 'name'> {
  const kind = isUnread(entry) ? 'unreadable' : entry.resource.resourceType;
  const rest = { kind, answer: String(answer.status), findings: findings.map(({ text }) => text) };
  if (error !== undefined) {
    const isOurs = error.code === 'assertion-failed' || answer.status >= 500;
    const { location = '', standardCode = error.code, message } = error;
    const place = location === '' || message.startsWith(location) ? '' : `${location}: `;
    const detail = `${answer.status} ${standardCode} ${place}${message}`;
    return { ...rest, outcome: isOurs ? 'broken' : 'refused', detail };
  }
  const { facts = [], persons = [], unmapped = [], ignored } = translation ?? {};
  if (unmapped.length > 0) {
    const codes = unmapped
      .map(toldCode)
      .map(({ path, code, table }) => `${path} '${code}' not in ${table}`);
    return { ...rest, outcome: 'parked', detail: codes.join('; ') };
  }
  if (ignored !== undefined) return { ...rest, outcome: 'ignored', detail: ignored };
  const said = [
    ...facts.map(({ type }) => type),
    ...persons.flatMap((person) => person.facts.map(({ type }) => `${type} (of a person)`)),
  ];
  return { ...rest, outcome: 'accepted', detail: said.join(', ') || 'says nothing new' };
}

// ---------------------------------------------------------------- as text

const mostRemarks = 15;

/** The table of outcomes by type of resource, the refused each with its reason, and what is remarked of those taken. */
export function fhirText(played: readonly PlayedResource[], passedOver: readonly string[]): string {
  const lines = outcomeLines(played);
  const width = Math.max(0, ...lines.map(({ kind }) => kind.length));
  const rows = lines.map(({ kind, outcome, detail, count }, index) => {
    const shown = kind === lines[index - 1]?.kind ? '' : kind;
    return `  ${shown.padEnd(width)}  ${String(count).padStart(5)}  ${outcome.padEnd(10)}  ${detail}`;
  });
  const sum = totals(played).map(([outcome, number]) => `${number} ${outcome}`);
  const remarks = new Map<string, number>();
  for (const { findings } of played.filter(({ outcome }) => outcome !== 'refused')) {
    for (const text of new Set(findings)) remarks.set(text, (remarks.get(text) ?? 0) + 1);
  }
  const frequent = [...remarks].sort((a, b) => b[1] - a[1]).slice(0, mostRemarks);
  return [
    `${played.length} resources of FHIR: ${sum.join(', ')}; ${passedOver.length} passed over`,
    '',
    ...rows,
    '',
    'Not taken, each with its reason:',
    ...refusals(played).map((line) => `  ${line}`),
    '',
    'Remarked of what is taken (the most frequent):',
    ...frequent.map(([text, count]) => `  ${String(count).padStart(5)}  ${text}`),
    '',
  ].join('\n');
}
