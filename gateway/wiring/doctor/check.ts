/** What the doctor looked at, and what it found. */

export type State = 'ok' | 'warn' | 'fail';

export interface Check {
  /** What was looked at: `disk`, `port mllp`, `certificate http.tls.cert`. */
  readonly name: string;
  readonly state: State;
  /** What was found, with its figures. */
  readonly what: string;
  /** What to do; there is one wherever it is not ok. */
  readonly next?: string;
}

export const ok = (name: string, what: string): Check => ({ name, state: 'ok', what });
export const warn = (name: string, what: string, next: string): Check => ({
  name,
  state: 'warn',
  what,
  next,
});
export const failed = (name: string, what: string, next: string): Check => ({
  name,
  state: 'fail',
  what,
  next,
});

/** The code of a system's error, never its text: a driver may quote what it choked on. */
export function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
}
