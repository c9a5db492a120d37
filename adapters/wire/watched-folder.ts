/**
 * A watched folder: each file in it is taken when two looks found it the same, and only when what it says is stored does
 * it move. A process that dies on the way leaves the file where it was, and the next one takes it again.
 */
import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { asGatewayError, GatewayError } from '../../gateway/errors.ts';
import { syncFolder, writeSynced } from './file-drop.ts';

const looksLeftAlone = 30;

/** For the log. A file's name may hold a person's, so no event has it. */
export type FolderEvent =
  /** Everything in it was accepted, or was known. */
  | 'file-taken'
  /** Something was refused or does not add up; the file beside it in `failed` says what. */
  | 'file-failed'
  /** Nothing can be stored now: taken again at the next look. */
  | 'file-waits'
  /** What was stored could not be moved; it is left alone for a while, then taken again, which adds nothing. */
  | 'file-not-moved'
  | 'folder-failed';

type Detail = Readonly<Record<string, unknown>>;

/** What came of a file. */
export type Taken =
  | { readonly waits: Detail }
  /** The gateway stops: the file is left to the next start. */
  | { readonly waits: undefined }
  | {
      /** Each on a line of a file beside it; a file without any is done. */
      readonly problems: readonly string[];
      /** What is put beside it, named `.ack`; none where it is empty. */
      readonly answers: Uint8Array;
      /** For the log. */
      readonly detail: Detail;
    };

export interface FolderSettings {
  readonly path: string;
  /** Both on the same file system as `path`. */
  readonly done: string;
  readonly failed: string;
  /** Time between two looks; a file that two looks found the same is whole. */
  readonly everyMs: number;
  /** A larger one is not read. */
  readonly maxFileBytes: number;
  /**
   * Stores what a file says.
   * @param bytes undefined for a file that is too large
   * @param isClosing whether to stop where it can be gone on with
   */
  readonly take: (bytes: Uint8Array | undefined, isClosing: () => boolean) => Promise<Taken>;
  readonly onEvent?: (name: FolderEvent, detail: Detail) => void;
}

export interface WatchedFolder {
  /** Files being taken now. */
  inHand(): number;
  /** Finishes what is in hand; a file that is not done stays for the next start. */
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
    const taken = await this.#settings.take(await this.#read(name), () => this.#closing);
    if ('waits' in taken) {
      if (taken.waits) this.#tellTrouble('file-waits', taken.waits);
      return false;
    }
    const { problems, answers, detail } = taken;
    try {
      await this.#move(name, problems, answers);
    } catch (thrown) {
      this.#leftAlone.set(name, looksLeftAlone);
      this.#tellTrouble('file-not-moved', { ...detail, reason: reasonOf(thrown) });
      return true;
    }
    this.#trouble = '';
    this.#settings.onEvent?.(problems.length === 0 ? 'file-taken' : 'file-failed', detail);
    return true;
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    const { path, maxFileBytes } = this.#settings;
    const file = join(path, name);
    const { size } = await stat(file);
    return size > maxFileBytes ? undefined : await readFile(file);
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

  #tellTrouble(name: FolderEvent, detail: Detail): void {
    const trouble = `${name} ${JSON.stringify(detail)}`;
    if (trouble !== this.#trouble) this.#settings.onEvent?.(name, detail);
    this.#trouble = trouble;
  }
}

/** Names that writers give what they have not finished, and our own answers. */
function isUnfinished(name: string): boolean {
  return name.startsWith('.') || /(?:\.(?:part|filepart|tmp|temp|ack)|~)$/i.test(name);
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
