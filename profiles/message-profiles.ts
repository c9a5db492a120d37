/**
 * Message profiles: what a message of each trigger event must carry for the discharge process (`profiles/hl7v2`), and how
 * a sender differs (`profiles/hl7v2/senders`). Loaded, checked and frozen once.
 *
 * The rules of a message are laid over each other by their names: those of every message, of the trigger's file, of the
 * trigger, of the sender, of the sender's trigger. A later one replaces an earlier one whole; what is relaxed comes last.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { deepFreeze } from '../gateway/data-files.ts';
import { invalid, meant, read, shippedFolder, yamlFiles } from './files.ts';
import { loadHl7Tables } from './hl7-tables.ts';
import { checkMessageProfile } from './message-schema.ts';
import type { MessageProfileFile, MessageRuleFile, Relaxation } from './message-schema.ts';

/** One rule of a message; its keys are described in message-schema.ts. */
export type MessageRule = MessageRuleFile & {
  readonly name: string;
  readonly relaxed?: Relaxation;
};

/** Everything that is asked of one trigger event, of one sender or of any. */
export interface MessageProfile {
  readonly trigger: string;
  /** `admission` */
  readonly title: string;
  readonly rules: readonly MessageRule[];
}

export interface MessageProfiles {
  /** Trigger events that have a profile, sorted. */
  readonly triggers: readonly string[];
  /** Senders with rules of their own, sorted. */
  readonly senders: readonly string[];
  /** @returns undefined for a trigger event that the process asks nothing of; the same object each time */
  profileOf(trigger: string, sender?: string): MessageProfile | undefined;
  /** Short digest of all content, as Mappings.revision. */
  readonly revision: string;
}

export interface MessageProfileOptions {
  /** Folders with `hl7v2/*.yaml` and `hl7v2/senders/*.yaml`; a later one lies over an earlier one. */
  readonly overlays?: readonly string[];
  /** Names of the mapping tables and ids of the senders there are; a rule may name no others. */
  readonly known: { readonly tables: Iterable<string>; readonly senders: Iterable<string> };
}

interface Laid {
  /** The files it came from, for errors. */
  readonly files: string;
  readonly content: MessageProfileFile;
}
type Rules = NonNullable<MessageProfileFile['rules']>;
type Relax = NonNullable<MessageProfileFile['relax']>;
interface Layer {
  readonly rules?: Rules | undefined;
  readonly relax?: Relax | undefined;
}

/**
 * Loads the shipped message profiles and the overlays over them.
 * @throws GatewayError configuration-invalid naming file and key
 */
export function loadMessageProfiles(options: MessageProfileOptions): MessageProfiles {
  const overlays = options.overlays ?? [];
  const missing = overlays.find((folder) => !existsSync(folder));
  if (missing !== undefined) throw invalid(missing, '(the folder)', 'no such folder');
  const folders = [shippedFolder(), ...overlays];
  const files = lay(folders, 'hl7v2');
  const senders = lay(folders, 'hl7v2/senders');
  const tables = new Set([...options.known.tables, ...hl7TableNames()]);
  for (const laid of [...files.values(), ...senders.values()]) checkTables(laid, tables);
  checkSenders(senders, [...options.known.senders]);
  const homes = triggersOf(files);
  const resolve = (trigger: string, sender: string | undefined): MessageProfile | undefined =>
    resolved(trigger, files, homes, sender === undefined ? undefined : senders.get(sender));
  checkRelaxed(homes, files, senders, resolve);
  const kept = new Map<string, MessageProfile | undefined>();
  return {
    triggers: [...homes.keys()].sort(),
    senders: [...senders.keys()].sort(),
    profileOf: (trigger, sender) => {
      const own = sender !== undefined && senders.has(sender) ? sender : undefined;
      if (!homes.has(trigger)) return undefined;
      const key = `${trigger} ${own ?? ''}`;
      if (!kept.has(key)) kept.set(key, deepFreeze(resolve(trigger, own)));
      return kept.get(key);
    },
    revision: revisionOf(files, senders),
  };
}

// ---------------------------------------------------------------- files

/** The files of one folder, by their stem, those of the same name laid over each other. */
function lay(folders: readonly string[], part: string): ReadonlyMap<string, Laid> {
  const laid = new Map<string, Laid>();
  for (const [index, folder] of folders.entries()) {
    for (const name of yamlFiles(join(folder, part))) {
      const path = index === 0 ? `profiles/${part}/${name}` : join(folder, part, name);
      const content = checkMessageProfile(path, read(join(folder, part, name)));
      const stem = name.replace(/\.yaml$/, '');
      const below = laid.get(stem);
      if (below === undefined && (content.title === undefined || content.reference === undefined)) {
        throw invalid(path, content.title === undefined ? 'title' : 'reference', 'is missing');
      }
      laid.set(stem, {
        files: below === undefined ? path : `${below.files} + ${path}`,
        content: below === undefined ? content : over(below.content, content),
      });
    }
  }
  return laid;
}

/** A file over one of the same name: rules and triggers by their names, a rule replaced whole. */
function over(below: MessageProfileFile, above: MessageProfileFile): MessageProfileFile {
  const triggers = { ...below.triggers };
  for (const [name, trigger] of Object.entries(above.triggers ?? {})) {
    const under = triggers[name];
    triggers[name] = { ...under, ...trigger, ...layered(under, trigger) };
  }
  return { ...below, ...above, ...layered(below, above), triggers };
}

function layered(below: Layer | undefined, above: Layer): { rules: Rules; relax: Relax } {
  return {
    rules: { ...below?.rules, ...above.rules },
    relax: { ...below?.relax, ...above.relax },
  };
}

/** Which file each trigger stands in; one only, so that nobody has to guess whose rules come first. */
function triggersOf(files: ReadonlyMap<string, Laid>): ReadonlyMap<string, Laid> {
  const homes = new Map<string, Laid>();
  for (const laid of files.values()) {
    for (const trigger of Object.keys(laid.content.triggers ?? {})) {
      const other = homes.get(trigger);
      if (other !== undefined) {
        throw invalid(laid.files, `triggers.${trigger}`, `stands in ${other.files} already`);
      }
      homes.set(trigger, laid);
    }
  }
  return homes;
}

// ---------------------------------------------------------------- rules of one message

function resolved(
  trigger: string,
  files: ReadonlyMap<string, Laid>,
  homes: ReadonlyMap<string, Laid>,
  sender: Laid | undefined,
): MessageProfile | undefined {
  const home = homes.get(trigger)?.content;
  if (home === undefined) return undefined;
  const common = [...files.values()].filter(({ content }) => content.triggers === undefined);
  const layers: readonly (Layer | undefined)[] = [
    ...common.map(({ content }) => content),
    home,
    home.triggers?.[trigger],
    sender?.content,
    sender?.content.triggers?.[trigger],
  ];
  const rules = new Map<string, MessageRule>();
  for (const layer of layers) {
    for (const [name, stated] of Object.entries(layer?.rules ?? {})) {
      rules.set(name, { name, ...stated });
    }
  }
  for (const layer of layers) {
    for (const [name, relaxed] of Object.entries(layer?.relax ?? {})) {
      const rule = rules.get(name);
      if (rule !== undefined) rules.set(name, { ...rule, relaxed });
    }
  }
  const title = home.triggers?.[trigger]?.title ?? trigger;
  return { trigger, title, rules: [...rules.values()] };
}

// ---------------------------------------------------------------- checks

function checkTables({ files, content }: Laid, tables: ReadonlySet<string>): void {
  const checkIn = (key: string, rules: Rules | undefined): void => {
    for (const [name, { table, pattern, form }] of Object.entries(rules ?? {})) {
      if (table !== undefined && !tables.has(table)) {
        const near = meant(table, [...tables]);
        throw invalid(files, `${key}.${name}.table`, `no such table '${table}'${near}`);
      }
      if ((pattern === undefined) !== (form === undefined)) {
        throw invalid(files, `${key}.${name}.form`, 'stands with pattern: the form in words');
      }
    }
  };
  checkIn('rules', content.rules);
  for (const [trigger, { rules }] of Object.entries(content.triggers ?? {})) {
    checkIn(`triggers.${trigger}.rules`, rules);
  }
}

function checkSenders(senders: ReadonlyMap<string, Laid>, known: readonly string[]): void {
  for (const [id, { files }] of senders) {
    if (known.includes(id)) continue;
    const near = meant(id, known);
    throw invalid(files, '(the file)', `no sender is called ${id} in the mappings${near}`);
  }
}

type Resolve = (trigger: string, sender: string | undefined) => MessageProfile | undefined;

/** A sender's triggers have a profile, and what is relaxed is a rule there. */
function checkRelaxed(
  homes: ReadonlyMap<string, Laid>,
  files: ReadonlyMap<string, Laid>,
  senders: ReadonlyMap<string, Laid>,
  resolve: Resolve,
): void {
  const all: readonly (readonly [string | undefined, Laid])[] = [
    ...[...files.values()].map((laid) => [undefined, laid] as const),
    ...senders,
  ];
  for (const [sender, { files: file, content }] of all) {
    for (const [trigger, { relax }] of Object.entries(content.triggers ?? {})) {
      const key = `triggers.${trigger}`;
      const profile = resolve(trigger, sender);
      if (profile === undefined) {
        throw invalid(
          file,
          key,
          `no message profile is of ${trigger}${meant(trigger, [...homes.keys()])}`,
        );
      }
      checkNames(file, `${key}.relax`, relax, [profile]);
    }
    const own = Object.keys(content.triggers ?? {});
    const isHome = sender === undefined && own.length > 0;
    const profiles = (isHome ? own : [...homes.keys()]).flatMap(
      (one) => resolve(one, sender) ?? [],
    );
    checkNames(file, 'relax', content.relax, profiles);
  }
}

function checkNames(
  file: string,
  key: string,
  relax: Relax | undefined,
  profiles: readonly MessageProfile[],
): void {
  const names = [...new Set(profiles.flatMap(({ rules }) => rules.map(({ name }) => name)))];
  for (const name of Object.keys(relax ?? {})) {
    if (names.includes(name)) continue;
    throw invalid(file, `${key}.${name}`, `no rule has this name here${meant(name, names)}`);
  }
}

function hl7TableNames(): string[] {
  return [...loadHl7Tables().keys()].map((number) => `HL7${number}`);
}

function revisionOf(...parts: readonly ReadonlyMap<string, Laid>[]): string {
  const content = JSON.stringify(
    parts.map((part) => [...part].map(([stem, laid]) => [stem, laid.content])),
  );
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}
