/** Message files by their paths: found in folders, bounded, each with the expectation beside it. */
import { withoutPersonNumbers } from '../../adapters/person-numbers.ts';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { GatewayError } from '../errors.ts';

/** Endings that message files go by; a file that is named itself may have any. */
const endings = /\.(hl7|txt|er7|dat|msg|adt|out|hl7v2|mllp|bhs|json|ndjson)$/i;
const otherEndings = /\.(txt|dat|msg|out|json)$/i;
const mostFiles = 100_000;
const largestFileBytes = 64 * 1024 * 1024;
export const storyFile = 'story.expect.yaml';

export interface MessageFile {
  readonly path: string;
  /** As it is told: below the folder that was asked for, with `/`. */
  readonly shown: string;
  /** It was found by an ending that other files have too: without a message it is passed over. */
  readonly mayBeOther: boolean;
  /** The file with what is expected of its messages. */
  readonly expectation?: string;
  /** Folder of the nearest `story.expect.yaml` at or above it; empty for the story of all the others. */
  readonly story: string;
}

export interface FoundFiles {
  readonly files: readonly MessageFile[];
  /** `story.expect.yaml` by the folder it stands in. */
  readonly stories: ReadonlyMap<string, string>;
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
}

/**
 * Finds message files, in a fixed order.
 * @param asked files and folders; folders are searched to the bottom
 * @throws GatewayError configuration-invalid for a path there is not, nothing to read, and too many files
 */
export function findFiles(asked: readonly string[]): FoundFiles {
  const files = new Map<string, MessageFile>();
  const stories = new Map<string, string>();
  const skipped: { file: string; why: string }[] = [];
  for (const one of asked) {
    const path = resolve(one);
    if (!existsSync(path)) throw wrong(`${one}: no such file or folder`);
    const isFolder = statSync(path).isDirectory();
    const root = isFolder ? path : dirname(path);
    for (const name of isFolder ? below(path) : [basename(path)]) {
      const file = join(root, name);
      if (basename(name) === storyFile) stories.set(dirname(file), toldPath(name));
      else if (!isFolder || endings.test(name))
        take(file, root, isFolder && otherEndings.test(name));
    }
  }
  if (files.size === 0) throw wrong(`${asked.join(', ')}: no message file there (${endingsText})`);
  return { files: [...files.values()].map((file) => inStory(file, stories)), stories, skipped };

  function take(file: string, root: string, mayBeOther: boolean): void {
    if (files.size >= mostFiles) throw wrong(`more than ${mostFiles} files: run a part of them`);
    const shown = toldPath(relative(root, file));
    const stat = statSync(file);
    if (!stat.isFile()) return;
    if (stat.size > largestFileBytes) {
      skipped.push({ file: shown, why: `larger than ${largestFileBytes / 1024 / 1024} MiB` });
      return;
    }
    const expectation = expectationBeside(file);
    files.set(file, {
      path: file,
      shown,
      story: '',
      mayBeOther,
      ...(expectation && { expectation }),
    });
  }
}

const endingsText = '.hl7, .txt, .er7, .dat, .msg, .adt, .out, .mllp, .json, .ndjson';

function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.split(/[/\\]/).some((part) => part.startsWith('.')))
    .sort();
}

/** `name.expect.yaml` beside `name.hl7`; a folder a case may call them `message.hl7` (or `.json`) and `expect.yaml`. */
function expectationBeside(file: string): string | undefined {
  const stem = file.replace(/\.[^.]*$/, '');
  const own = `${stem}.expect.yaml`;
  if (existsSync(own)) return own;
  const common = join(dirname(file), 'expect.yaml');
  return basename(stem) === 'message' && existsSync(common) ? common : undefined;
}

function inStory(file: MessageFile, stories: ReadonlyMap<string, string>): MessageFile {
  for (let folder = dirname(file.path); ; folder = dirname(folder)) {
    if (stories.has(folder)) return { ...file, story: folder };
    if (folder === dirname(folder)) return file;
  }
}

const toldPath = (name: string): string => withoutPersonNumbers(name.replaceAll('\\', '/'));

export function readBytes({ path, shown }: MessageFile): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new GatewayError('configuration-invalid', `${shown}: cannot be read`, { cause });
  }
}

function wrong(message: string): GatewayError {
  return new GatewayError('configuration-invalid', message);
}
