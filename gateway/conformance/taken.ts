/** The messages of files, each with what it gives and what is to remark of it: HL7 v2 one by one, FHIR by its story. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import {
  isNoResource,
  looksLikeFhir,
  readFhirFile,
  type FileResource,
  type Unread,
} from '../../adapters/inbound/fhir/from-files.ts';
import { splitMessages } from '../../adapters/inbound/hl7v2/batch.ts';
import type { Remark } from '../../adapters/inbound/hl7v2/checks/remark.ts';
import { GatewayError } from '../errors.ts';
import type { StoryMessage } from './cases.ts';
import { digestOf, fhirJudgeBy, type FhirJudge } from './fhir.ts';
import { judgedFhir, remarkOf } from './fhir-told.ts';
import { readBytes } from './files.ts';
import type { FoundFiles, MessageFile } from './files.ts';
import { judgeBy } from './judge.ts';
import type { Judged } from './judge.ts';
import type { KitOptions, LoadedKit } from './kit.ts';
import type { ConformanceReport } from './result.ts';
import { Validation } from './validation.ts';

export interface TakeOptions extends KitOptions {
  /** Threads that are running already, with the same overlays; they are left open. */
  readonly validation?: Validation;
  /** Called now and then with how many files are done. */
  readonly onProgress?: (done: number, of: number) => void;
}

const mostMessages = 500_000;
const messagesInBatch = 100;
const batchesInFlight = 8;
/** Below this many files a second thread costs more than it gives. */
const filesForTwo = 200;

export interface TakenMessage extends StoryMessage {
  readonly file: MessageFile;
  readonly remarks: readonly Remark[];
}

export async function takeMessages(
  options: TakeOptions,
  { mappings }: LoadedKit,
  { files }: FoundFiles,
  senders: ReadonlyMap<string, string>,
): Promise<{ taken: TakenMessage[]; framing: ConformanceReport['framing'] }> {
  const judge = judgeBy(mappings);
  const { sender, mappings: overlays, profiles, onProgress } = options;
  const start = { sender, mappings: overlays, profiles };
  // Loading the dictionary takes a second, and FHIR alone has no use for it.
  let validation = options.validation;
  const taken: TakenMessage[] = [];
  const framing: { file: string; text: string }[] = [];
  const fhir = new FhirStories();
  const inFlight = new Set<Promise<void>>();
  let batch: { raw: Uint8Array; one: Omit<TakenMessage, 'remarks'> }[] = [];
  try {
    for (const [index, file] of files.entries()) {
      const bytes = readBytes(file);
      const isFhir = looksLikeFhir(file.path, bytes);
      const { messages, problems } = isFhir ? resourcesIn(file, bytes) : messagesIn(file, bytes);
      for (const text of problems) framing.push({ file: file.shown, text });
      if (taken.length + batch.length + messages.length > mostMessages) {
        throw new GatewayError(
          'configuration-invalid',
          `more than ${mostMessages} messages: run a part of them`,
        );
      }
      if (isFhir && batch.length > 0) await send();
      for (const [nth, raw] of messages.entries()) {
        if (raw instanceof Uint8Array) {
          batch.push({ raw, one: storyMessage(file, nth + 1, sha256(raw), judge(raw)) });
          if (batch.length >= messagesInBatch) await send();
        } else {
          taken.push(fhir.keep(file, nth + 1, raw, taken.length));
        }
      }
      onProgress?.(index + 1, files.length);
    }
    await send();
    await Promise.all(inFlight);
    for (const [at, one] of await fhir.told(fhirJudgeBy(mappings, sender), senders))
      taken[at] = one;
  } finally {
    if (validation !== options.validation) await validation?.close();
  }
  return { taken, framing };

  async function send(): Promise<void> {
    const [sent, at] = [batch, taken.length];
    if (sent.length === 0) return;
    batch = [];
    validation ??= new Validation(start, files.length < filesForTwo ? 1 : 2);
    // Their places are kept, so that the order is that of the files whichever thread is faster.
    for (const { one } of sent) taken.push({ ...one, remarks: [] });
    const validated = validation.validate(sent.map(({ raw }) => raw)).then((remarks) => {
      for (const [nth, { one }] of sent.entries()) {
        taken[at + nth] = { ...one, remarks: remarks[nth] ?? [] };
      }
      inFlight.delete(validated);
    });
    inFlight.add(validated);
    if (inFlight.size >= batchesInFlight) await Promise.race(inFlight);
  }
}

/** A file in which no message begins is refused as one, unless a folder has it and it may be something else. */
function messagesIn(
  file: MessageFile,
  bytes: Uint8Array,
): Pick<ReturnType<typeof splitMessages>, 'messages' | 'problems'> {
  const { messages, problems } = splitMessages(bytes);
  return { messages: messages.length > 0 || file.mayBeOther ? messages : [bytes], problems };
}

/** A file of JSON in a folder may be something else altogether. */
function resourcesIn(
  file: MessageFile,
  bytes: Uint8Array,
): { messages: readonly FhirEntry[]; problems: readonly string[] } {
  const { entries, problems } = readFhirFile(bytes);
  const [first] = entries;
  const isOther = entries.length === 1 && first !== undefined && isNoResource(first);
  return file.mayBeOther && isOther
    ? { messages: [], problems: [first.error.message] }
    : { messages: entries, problems };
}

type FhirEntry = FileResource | Unread;

/** Resources of FHIR are told by story: what one means depends on the others. */
class FhirStories {
  readonly #scopes = new Map<string, Kept[]>();

  /** @returns what holds its place among the messages until all are read */
  keep(file: MessageFile, position: number, entry: FhirEntry, at: number): TakenMessage {
    const scope = file.story === '' ? dirname(file.path) : file.story;
    this.#scopes.set(scope, [...(this.#scopes.get(scope) ?? []), { file, position, entry, at }]);
    return { ...storyMessage(file, position, '', unjudged), remarks: [] };
  }

  /** @param senders whose files are, by path. @returns each with its place */
  async told(
    judge: FhirJudge,
    senders: ReadonlyMap<string, string>,
  ): Promise<(readonly [at: number, one: TakenMessage])[]> {
    const all: (readonly [number, TakenMessage])[] = [];
    for (const kept of this.#scopes.values()) {
      const known = new Map<FhirEntry, string>();
      for (const { file, entry } of kept) {
        const sender = senders.get(file.path);
        if (sender !== undefined) known.set(entry, sender);
      }
      const meanings = await judge(
        kept.map(({ entry }) => entry),
        known,
      );
      for (const { file, position, entry, at } of kept) {
        const meaning = meanings.get(entry);
        if (meaning === undefined) continue;
        const one = storyMessage(file, position, digestOf(meaning), judgedFhir(meaning));
        all.push([at, { ...one, remarks: meaning.findings.map(remarkOf) }]);
      }
    }
    return all;
  }
}

interface Kept {
  readonly file: MessageFile;
  readonly position: number;
  readonly entry: FhirEntry;
  readonly at: number;
}

const unjudged: Judged = {
  told: { outcome: 'refused', answer: null, events: [], warnings: [], unmapped: [] },
  answerSegments: [],
};

function storyMessage(
  file: MessageFile,
  position: number,
  digest: string,
  judged: Judged,
): Omit<TakenMessage, 'remarks'> {
  const source = position === 1 ? file.shown : `${file.shown}#${position}`;
  return { file, position, judged, digest, source, story: file.story };
}

function sha256(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex');
}
