/**
 * The public keys of an authorisation server: asked for once, kept, asked for anew when they are old or one is missing.
 * Each server by itself: one that is down makes nobody else wait.
 */
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose';

export interface KeySource {
  /** The keys as far as they are known; undefined where they never came, or are too old to be believed. */
  current(): Promise<LocalJWKSet | undefined>;
  /** The same after another look, because a key is missing; undefined where it is too early for one. */
  renewed(): Promise<LocalJWKSet | undefined>;
}

export interface KeySourceSettings {
  /** An address, or a file. */
  readonly location: string;
  /** Monotonic or not, milliseconds: only differences count. */
  readonly nowMs: () => number;
  readonly timeoutMs?: number;
  /** Keys of this age are asked for anew. */
  readonly freshMs?: number;
  /** Keys of this age are believed no longer: their server has been silent for too long. */
  readonly keepMs?: number;
  /** Between two looks, however many unknown keys are named. */
  readonly cooldownMs?: number;
  /** Between two looks while the server does not answer. */
  readonly retryMs?: number;
  /** The server did not give its keys: a short reason without its address. */
  readonly onTrouble?: (reason: string) => void;
}

const minuteMs = 60_000;
/** A key set is some kilobytes. */
const mostBytes = 512 * 1024;

export function keySource(settings: KeySourceSettings): KeySource {
  const { location, nowMs } = settings;
  const isFile = !/^https?:\/\//i.test(location);
  const { timeoutMs = 5000, cooldownMs = 30_000, retryMs = 5000 } = settings;
  // A file costs nothing to read.
  const { freshMs = isFile ? cooldownMs : 10 * minuteMs, keepMs = 12 * 60 * minuteMs } = settings;
  let known: { readonly keys: LocalJWKSet; readonly atMs: number } | undefined;
  let nextLookMs = -Infinity;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    try {
      const keys = createLocalJWKSet(await (isFile ? ofFile(location) : ofServer()));
      known = { keys, atMs: nowMs() };
      nextLookMs = nowMs() + cooldownMs;
    } catch (thrown) {
      nextLookMs = nowMs() + retryMs;
      settings.onTrouble?.(reasonOf(thrown));
    } finally {
      looking = undefined;
    }
  }

  /** One look at a time, for all who wait. @returns false where it is too early */
  async function lookIfDue(): Promise<boolean> {
    if (looking === undefined && nowMs() < nextLookMs) return false;
    looking ??= look();
    await looking;
    return true;
  }

  async function ofServer(): Promise<JSONWebKeySet> {
    const response = await fetch(location, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new TypeError(`HTTP ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > mostBytes) throw new TypeError('too large for a key set');
      chunks.push(chunk);
    }
    return keySetOf(Buffer.concat(chunks).toString('utf8'));
  }

  const believed = (): LocalJWKSet | undefined =>
    known !== undefined && nowMs() - known.atMs < keepMs ? known.keys : undefined;

  return {
    async current() {
      if (known === undefined || nowMs() - known.atMs >= freshMs) await lookIfDue();
      return believed();
    },
    async renewed() {
      return (await lookIfDue()) ? believed() : undefined;
    },
  };
}

async function ofFile(location: string): Promise<JSONWebKeySet> {
  return keySetOf(await readFile(location, 'utf8'));
}

/** Public keys alone: a shared secret among them would let whoever knows it sign. */
function keySetOf(text: string): JSONWebKeySet {
  const set: JSONWebKeySet = JSON.parse(text);
  if (!Array.isArray(set.keys)) throw new TypeError('not a key set');
  return { keys: set.keys.filter((key) => key.kty === 'RSA' || key.kty === 'EC') };
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  const cause: unknown = thrown.cause ?? thrown;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return thrown instanceof SyntaxError ? 'not JSON' : thrown.message;
}
