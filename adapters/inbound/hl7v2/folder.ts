/**
 * A watched folder: each file in it is taken apart into its messages, every message is stored in order, and only then
 * does the file move, with the answers beside it. A process that dies on the way leaves the file where it was, and the
 * next one takes it again: a message that was stored is known by its control id, so nothing comes twice.
 */
import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { asGatewayError, GatewayError } from '../../../gateway/errors.ts';
import type { Answers, Receive, Reply } from '../../adapter.ts';
import { syncFolder, writeSynced } from '../../wire/file-drop.ts';
import { batchAnswers } from './answers/batch-answer.ts';
import { splitMessages, type SplitMessages } from './batch.ts';

const looksLeftAlone = 30;

/** For the log. A file's name may hold a person's, so no event has it. */
export type FolderEvent =
  /** Every message was accepted, or was known. */
  | 'file-taken'
  /** Something was refused or does not add up; the file beside it in `failed` says what. */
  | 'file-failed'
  /** Nothing can be stored now: taken again at the next look. */
  | 'file-waits'
  /** What was stored could not be moved; it is left alone for a while, then taken again, which adds nothing. */
  | 'file-not-moved'
  | 'folder-failed';

export interface FolderSettings {
  readonly path: string;
  /** Both on the same file system as `path`. */
  readonly done: string;
  readonly failed: string;
  /** Time between two looks; a file that two looks found the same is whole. */
  readonly everyMs: number;
  readonly maxFileBytes: number;
  /** The largest message taken from a file. */
  readonly maxMessageBytes: number;
  readonly receive: Receive;
  /** For the answer to a batch: ids, and legal time as ISO 8601 UTC. */
  readonly newId: () => string;
  readonly now: () => string;
  readonly onEvent?: (name: FolderEvent, detail: Readonly<Record<string, unknown>>) => void;
}

export interface WatchedFolder {
  /** Files being taken now. */
  inHand(): number;
  /** Finishes the message in hand; a file that is not done stays for the next start. */
  close(): Promise<void>;
}

/**
 * Begins to watch.
 * @throws GatewayError configuration-invalid where a folder cannot be used
 */
export async function watchFolder(settings: FolderSettings): Promise<WatchedFolder> {
  await checkFolders(settings);
  const watch = new Watch(settings);
  watch.start();
  return { inHand: () => watch.inHand, close: () => watch.close() };
}

class Watch {
  readonly #settings: FolderSettings;
  /** What the last look saw, by name: size and time of each file. */
  #seen = new Map<string, string>();
  /** Looks to pass before a file that could not be moved is taken again. */
  readonly #leftAlone = new Map<string, number>();
  /** The last trouble told: the same again is not news. */
  #trouble = '';
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #closing = false;
  inHand = 0;

  constructor(settings: FolderSettings) {
    this.#settings = settings;
  }

  start(): void {
    this.#looking = this.#look().then(() => {
      if (!this.#closing) this.#timer = setTimeout(() => this.start(), this.#settings.everyMs);
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      for (const name of await this.#whole()) {
        this.inHand = 1;
        // What waits keeps its place: later files wait behind it.
        if (!(await this.#take(name))) return;
      }
    } catch (thrown) {
      this.#tellTrouble('folder-failed', { reason: reasonOf(thrown) });
    } finally {
      this.inHand = 0;
    }
  }

  /** Names of the files that are the same as at the last look, the oldest first. */
  async #whole(): Promise<string[]> {
    const now = new Map<string, string>();
    const whole: { name: string; at: bigint }[] = [];
    for (const entry of await readdir(this.#settings.path, { withFileTypes: true })) {
      if (!entry.isFile() || isUnfinished(entry.name)) continue;
      const found = await stat(join(this.#settings.path, entry.name), { bigint: true }).catch(
        () => undefined, // moved away meanwhile
      );
      if (found === undefined) continue;
      const { name } = entry;
      const state = `${found.size} ${found.mtimeNs} ${found.ino}`;
      now.set(name, state);
      if (this.#seen.get(name) !== state || this.#isLeftAlone(name)) continue;
      whole.push({ name, at: found.mtimeNs });
    }
    this.#seen = now;
    whole.sort((a, b) => (a.at === b.at ? (a.name < b.name ? -1 : 1) : a.at < b.at ? -1 : 1));
    return whole.map(({ name }) => name);
  }

  #isLeftAlone(name: string): boolean {
    const looks = this.#leftAlone.get(name) ?? 0;
    if (looks > 1) this.#leftAlone.set(name, looks - 1);
    else this.#leftAlone.delete(name);
    return looks > 0;
  }

  /** @returns false where the file was not done with: it stays, and so do those after it */
  async #take(name: string): Promise<boolean> {
    const split = await this.#split(name);
    const problems = [...split.problems];
    const replies: Reply[] = [];
    for (const [index, message] of split.messages.entries()) {
      if (this.#closing) return false;
      const reply = await this.#receive(message);
      if (reply.outcome === 'untaken') {
        this.#tellTrouble('file-waits', { stored: index, reason: reply.error?.code });
        return false;
      }
      if (reply.outcome === 'refused') problems.push(refusalOf(index, reply.error));
      replies.push(reply);
    }
    const result = { messages: split.messages.length, problems: problems.length };
    try {
      await this.#move(name, problems, answerBytes(split, replies, this.#settings));
    } catch (thrown) {
      this.#leftAlone.set(name, looksLeftAlone);
      this.#tellTrouble('file-not-moved', { ...result, reason: reasonOf(thrown) });
      return true;
    }
    this.#trouble = '';
    this.#settings.onEvent?.(problems.length === 0 ? 'file-taken' : 'file-failed', result);
    return true;
  }

  async #split(name: string): Promise<SplitMessages> {
    const { path, maxFileBytes } = this.#settings;
    const file = join(path, name);
    const { size } = await stat(file);
    return size > maxFileBytes ? tooLarge(maxFileBytes) : splitMessages(await readFile(file));
  }

  async #receive(message: Uint8Array): Promise<Reply> {
    const { receive, maxMessageBytes } = this.#settings;
    if (message.length <= maxMessageBytes) return await receive(message);
    const text = `larger than ${maxMessageBytes} bytes (mllp.maxFrameBytes)`;
    return { outcome: 'refused', answers: [], error: new GatewayError('malformed-message', text) };
  }

  /** The answers first: where the file lies moved, they lie beside it. */
  async #move(name: string, problems: readonly string[], answers: Uint8Array): Promise<void> {
    const { path, done, failed } = this.#settings;
    const folder = problems.length === 0 ? done : failed;
    const target = await freeName(folder, name);
    if (answers.length > 0) await writeWhole(folder, `${target}.ack`, answers);
    if (problems.length > 0) await writeWhole(folder, `${target}.problems`, lines(problems));
    await rename(join(path, name), join(folder, target));
    await syncFolder(folder);
    await syncFolder(path);
  }

  #tellTrouble(name: FolderEvent, detail: Readonly<Record<string, unknown>>): void {
    const trouble = `${name} ${JSON.stringify(detail)}`;
    if (trouble !== this.#trouble) this.#settings.onEvent?.(name, detail);
    this.#trouble = trouble;
  }
}

/** Names that writers give what they have not finished, and our own answers. */
function isUnfinished(name: string): boolean {
  return name.startsWith('.') || /(?:\.(?:part|filepart|tmp|temp|ack)|~)$/i.test(name);
}

function tooLarge(maxFileBytes: number): SplitMessages {
  const problems = [`larger than ${maxFileBytes} bytes (maxFileBytes of the folder): not taken`];
  return { messages: [], framing: 'none', batches: [], problems };
}

function refusalOf(index: number, error: GatewayError | undefined): string {
  const why = error === undefined ? '' : `: ${error.code}, ${error.message}`;
  return `message ${index + 1} refused${why}`;
}

/** A batch is answered by a batch; single messages by their answers, one after the other. */
function answerBytes(
  split: SplitMessages,
  replies: readonly Reply[],
  settings: FolderSettings,
): Uint8Array {
  const isBatch =
    split.fileHeader !== undefined || split.batches.some(({ header }) => header !== undefined);
  const answers: Answers = isBatch
    ? batchAnswers(split, replies, settings)
    : replies.flatMap((reply) => reply.answers ?? []);
  return Buffer.concat(answers);
}

/** A name that no earlier file has in the folder. */
async function freeName(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? name : `${name}.${number}`;
    const taken = await stat(join(folder, free)).then(
      () => true,
      (thrown: unknown) => {
        if (reasonOf(thrown) !== 'ENOENT') throw thrown;
        return false;
      },
    );
    if (!taken) return free;
  }
}

async function writeWhole(folder: string, name: string, body: string | Uint8Array): Promise<void> {
  const hidden = join(folder, `.${name}.part`);
  await writeSynced(hidden, body);
  await rename(hidden, join(folder, name));
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** Makes what is missing, and finds out now what would fail later. */
async function checkFolders({ path, done, failed }: FolderSettings): Promise<void> {
  const devices = new Map<string, number>();
  for (const [key, folder] of Object.entries({ path, done, failed })) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const probe = join(folder, '.hemgang.part');
      await writeSynced(probe, '');
      await unlink(probe);
      devices.set(key, (await stat(folder)).dev);
      await readdir(folder);
    } catch (thrown) {
      throw unusable(key, `${folder} cannot be read and written (${reasonOf(thrown)})`);
    }
  }
  for (const key of ['done', 'failed']) {
    if (devices.get(key) !== devices.get('path')) {
      throw unusable(
        key,
        'on another file system than path; a file could not be moved in one step',
      );
    }
  }
  if (path === done || path === failed) throw unusable('path', 'the same folder as done or failed');
}

function unusable(key: string, what: string): GatewayError {
  return new GatewayError('configuration-invalid', what, { location: key });
}

/** The system's code alone: a message of it holds the file's name. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') {
    return thrown.code;
  }
  return asGatewayError(thrown).code;
}
