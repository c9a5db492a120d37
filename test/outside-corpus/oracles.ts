/**
 * What other converters made of the same messages, one JSON a line:
 *
 *   {"hl7": "path below the folder above", "input": "…", "controlId": "…", "encounters": [{"status", "class", "period", "identifier"}]}
 *
 * `hl7` names the message; where it is null, `input` names the converter's own parsed form of it, and the message is
 * written back from that. An oracle is what one converter answers, not law: every difference is shown with its reason.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { pathOf } from '../../mappings/index.ts';
import { encounterOf } from './encounter.ts';
import type { EncounterView, Said } from './encounter.ts';
import { messagesOf } from './messages.ts';
import { messageFromParsed } from './parsed-message.ts';
import type { Played, Player } from './play.ts';
import { reasonFor } from './reasons.ts';
import type { Reason } from './reasons.ts';

const encounter = z.object({
  status: z.string().optional(),
  class: z.string().optional(),
  period: z.object({ start: z.string().optional(), end: z.string().optional() }).optional(),
  identifier: z.array(z.object({ value: z.string().optional() })).optional(),
});
export type OracleEncounter = z.infer<typeof encounter>;
const line = z.object({
  hl7: z.string().nullable(),
  input: z.string().optional(),
  encounters: z.array(encounter),
});

export const comparedFields = [
  'encounter',
  'status',
  'class',
  'start',
  'end',
  'identifiers',
] as const;
export type ComparedField = (typeof comparedFields)[number];

/** One field of one message, where at least one of the two says something. */
export interface Comparison {
  readonly oracle: string;
  readonly message: string;
  /** MSH-9.2 */
  readonly trigger: string;
  readonly field: ComparedField;
  readonly theirs: string | undefined;
  readonly ours: string | undefined;
  /** What said ours: an event's type, `MSH-9`, or a path. */
  readonly by?: string;
  readonly equal: boolean;
  /** Why they differ; undefined where no reason is known, which is a finding. */
  readonly reason?: Reason;
}

/** A field of one message, as the reasons look at it. */
export interface Difference extends Pick<
  Comparison,
  'trigger' | 'field' | 'theirs' | 'ours' | 'by'
> {
  /** The value at a path of the message; empty where it has none. */
  at(path: string): string;
  /** The same in the converter's own parsed form of the message; undefined where there is none beside it. */
  atParsed(path: string): string | undefined;
  /** How many segments of a name the message has. */
  count(segment: string): number;
}

/** The folder of oracles of a corpus: below it, or beside it. */
export function oracleFolder(corpus: string): string | undefined {
  return [join(corpus, 'oracles'), join(dirname(resolve(corpus)), 'oracles')].find(existsSync);
}

/** Every message that an oracle has, compared field by field. */
export function compareOracles(folder: string, play: Player): Comparison[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return files.toSorted().flatMap((file) => {
    const oracle = basename(file, '.jsonl');
    const text = readFileSync(join(folder, file), 'utf8');
    return text
      .split('\n')
      .filter((one) => one.trim() !== '')
      .flatMap((one) => {
        const { hl7, input, encounters } = line.parse(JSON.parse(one));
        const read = (path: string): Buffer => readFileSync(join(dirname(folder), path));
        const parsed =
          input === undefined ? undefined : messageFromParsed(JSON.parse(read(input).toString()));
        const raw = hl7 === null ? parsed : messagesOf(read(hl7))[0];
        if (raw === undefined) throw new Error(`${oracle}: a line without a message`);
        const beside = parsed === undefined ? undefined : play(parsed);
        return compareMessage(play(raw), encounters, beside).map((comparison) => ({
          oracle,
          message: basename(hl7 ?? input ?? ''),
          ...comparison,
        }));
      });
  });
}

/**
 * One message beside the Encounters a converter made of it.
 * @param parsed the converter's own parsed form of the message, played
 */
export function compareMessage(
  { message: known, translation }: Played,
  theirs: readonly OracleEncounter[],
  parsed?: Played,
): Omit<Comparison, 'oracle' | 'message'>[] {
  if (known === undefined) throw new Error('a message of an oracle cannot be read');
  const { message, sender, head } = known;
  const trigger = head.kind.split('^')[1] ?? '';
  const ours = encounterOf(message, trigger, translation, sender);
  const fields = fieldsOf(ours, theirs);
  return fields.map((field) => {
    if (field.equal) return { trigger, ...field };
    const reason = reasonFor({
      trigger,
      ...field,
      at: (path) => message.valueOf(pathOf(path)) ?? '',
      atParsed: (path) => parsed?.message?.message.valueOf(pathOf(path)),
      count: (segment) => message.segmentNames().filter((name) => name === segment).length,
    });
    return { trigger, ...field, ...(reason !== undefined && { reason }) };
  });
}

type FieldComparison = Pick<Comparison, 'field' | 'theirs' | 'ours' | 'by' | 'equal'>;

function fieldsOf(
  ours: EncounterView | undefined,
  encounters: readonly OracleEncounter[],
): FieldComparison[] {
  const counts = [String(encounters.length), ours === undefined ? '0' : '1'] as const;
  const number = compared('encounter', counts[0], { value: counts[1], by: 'PV1' });
  const [theirs] = encounters;
  // Where one of the two makes no Encounter, that alone is the difference.
  if (theirs === undefined || ours === undefined) return number;
  return [
    ...number,
    ...compared('status', theirs.status, ours.status),
    ...compared('class', theirs.class, ours.class),
    ...compared('start', theirs.period?.start, ours.start),
    ...compared('end', theirs.period?.end, ours.end),
    ...compared('identifiers', listed(numbersOf(theirs)), saidIdentifiers(ours)),
  ];
}

/** Nothing where neither says anything. */
function compared(
  field: ComparedField,
  theirs: string | undefined,
  ours: Said | undefined,
): FieldComparison[] {
  if (theirs === undefined && ours === undefined) return [];
  const isTime = field === 'start' || field === 'end';
  const equal = isTime
    ? Date.parse(theirs ?? '') === Date.parse(ours?.value ?? '')
    : theirs === ours?.value;
  return [{ field, theirs, ours: ours?.value, ...(ours !== undefined && { by: ours.by }), equal }];
}

/** An identifier without a value identifies nothing. */
function numbersOf({ identifier = [] }: OracleEncounter): string[] {
  return identifier.map(({ value }) => value ?? '').filter((value) => value !== '');
}

function listed(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(', ');
}

function saidIdentifiers({ identifiers }: EncounterView): Said | undefined {
  const value = listed(identifiers);
  return value === undefined ? undefined : { value, by: 'PV1-19, PV1-50' };
}
