/**
 * How a simulated receiver behaves: well, badly, late or not at all. One vocabulary for all channels; each channel has a
 * type of those words that it can follow.
 */

/** Every word, and what a receiver that follows it does. */
export const behaviourWords = {
  accept: 'takes it, and says so',
  refuse: 'does not want it: HTTP 400, AE 101, fatal-error',
  busy: 'cannot take it now: HTTP 503, AR 207, transient-error',
  gone: 'takes nothing there any more: HTTP 410',
  redirect: 'says that it has moved: HTTP 307',
  'wrong-signature': 'does not know our signature or token: HTTP 401',
  late: 'takes it, and answers late; how late is written late:5s',
  hang: 'never answers, and takes nothing',
  vanish: 'takes it, and closes the connection without an answer',
  half: 'takes it, and closes the connection within the answer; by SFTP it keeps half of the file',
  html: 'lets a proxy answer with a page: HTTP 200, or by MLLP no HL7',
  'other-message': 'takes it, and answers as if another message had come',
  'commit-only': 'answers CA, and no AA follows',
  'no-login': 'lets nobody in',
  'read-only': 'lets nothing be written',
  full: 'has no room for a byte more',
  locked: 'lets files be written, and not get their names',
  'no-folder': 'has not the folder that was agreed on',
  'cut-writing': 'cuts the line while a file is written',
  'cut-renaming': 'cuts the line before a file gets its name',
  'cut-renamed': 'cuts the line when a file has its name, before it says so',
  'other-host-key': 'shows a host key that nobody has agreed on',
  'expired-certificate': 'shows a certificate that has expired (with --tls)',
  'other-name': 'shows a certificate for another name (with --tls)',
  'negative-receipt': 'carries it, and the receipt says REJECTED',
  'no-receipt': 'carries it, and no receipt ever comes',
  'receipt-twice': 'carries it, and the receipt comes twice',
  'other-receipt': 'carries it, and the receipt is of another message',
} as const;
export type BehaviourWord = keyof typeof behaviourWords;

export interface Late {
  /** Milliseconds. */
  readonly late: number;
}

/** Any status, with its Retry-After. */
export interface Status {
  readonly status: number;
  readonly retryAfter?: string;
}

const httpWords = [
  'accept',
  'refuse',
  'busy',
  'gone',
  'redirect',
  'wrong-signature',
  'hang',
  'vanish',
  'half',
  'html',
] as const;
/** What may become of what an access point has taken over. */
export const carriages = [
  'negative-receipt',
  'no-receipt',
  'receipt-twice',
  'other-receipt',
] as const;

/** The words that each channel follows. */
export const wordsOf = {
  webhook: httpWords,
  file: ['accept', 'hang', 'no-folder'],
  sftp: [
    'accept',
    'no-login',
    'read-only',
    'full',
    'locked',
    'no-folder',
    'half',
    'hang',
    'cut-writing',
    'cut-renaming',
    'cut-renamed',
    'other-host-key',
  ],
  mllp: [
    'accept',
    'refuse',
    'busy',
    'hang',
    'vanish',
    'half',
    'html',
    'other-message',
    'commit-only',
  ],
  fhir: [...httpWords, 'other-message'],
  sdk: [...httpWords, ...carriages],
  billing: httpWords,
} as const satisfies Readonly<Record<string, readonly BehaviourWord[]>>;

/** By the names that `hemgang.yaml` gives them; `billing` is what a finance system takes. */
export type Channel = keyof typeof wordsOf;
export const channels: readonly Channel[] = [
  'webhook',
  'file',
  'sftp',
  'mllp',
  'fhir',
  'sdk',
  'billing',
];
/** Those that may show a certificate: the gateway can be told whose to trust. */
export const tlsChannels: readonly Channel[] = ['webhook', 'mllp', 'fhir'];

/** What a channel also follows, as it is written. */
export const moreOf: Readonly<Record<Channel, string | undefined>> = {
  webhook: 'late:5s or a status: 502',
  file: undefined,
  sftp: 'late:5s',
  mllp: 'late:5s, AE or AR:207',
  fhir: 'late:5s or a status: 502',
  sdk: 'late:5s or a status: 502',
  billing: 'late:5s or a status: 502',
};

type Word<C extends Channel> = (typeof wordsOf)[C][number];
/** What a receiver by HTTP does with a call. */
export type Behaviour = Word<'webhook'> | Late | Status;
export type FileBehaviour = Word<'file'>;
/** How the server stands, until it is told otherwise; late is everything that it answers. */
export type SftpBehaviour = Word<'sftp'> | Late;
export type MllpBehaviour =
  | Word<'mllp'>
  | Late
  /** A code of table 0008 and, in ERR-3, one of table 0357. */
  | { readonly code: string; readonly condition?: string };
export type AccessPointBehaviour = Word<'sdk'> | Late | Status;

/** The behaviours to come, one a message. */
export interface Script<B> {
  shift(): B | undefined;
}

/** One behaviour for all messages, or a list for the next ones and nothing after them. */
export function scriptOf<B>(behaviour: B | readonly B[] | undefined): Script<B> {
  return isList(behaviour) ? [...behaviour] : { shift: () => behaviour };
}

/** `Array.isArray` does not narrow a readonly array. */
function isList<B>(behaviour: B | readonly B[] | undefined): behaviour is readonly B[] {
  return Array.isArray(behaviour);
}

/** As it is written on the command line: `late:300ms`, `502`, `AR:207`. */
export function wordOf(behaviour: unknown): string {
  if (typeof behaviour !== 'object' || behaviour === null) return String(behaviour);
  if ('late' in behaviour) return `late:${String(behaviour.late)}ms`;
  if ('status' in behaviour) return String(behaviour.status);
  return Object.values(behaviour).join(':');
}

const takingWords = new Set<unknown>(['accept', 'vanish', 'half', 'other-message', ...carriages]);

/** Whether a message counts as taken, whatever its sender gets to hear. */
export function takes(behaviour: string | object): boolean {
  if (typeof behaviour === 'string') return takingWords.has(behaviour);
  if ('late' in behaviour) return true;
  return (
    'status' in behaviour &&
    Number(behaviour.status) >= 200 &&
    Number(behaviour.status) < 300 &&
    !('issue' in behaviour)
  );
}

export const passed = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
