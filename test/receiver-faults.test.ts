/**
 * What a delivery is left as, for everything that a receiver may do: through a whole gateway and a whole simulated
 * municipality, by every channel. `pending` is due again at a stored time, `unresolved` is a person's to find out.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Channel } from '../adapters/simulated/municipality/index.ts';
import { tlsChannels, wordsOf } from '../adapters/simulated/municipality/behaviour.ts';
import type { Config } from '../gateway/runtime/config.ts';
import type { DeliveryRow, DeliveryState } from '../gateway/runtime/journal/journal.ts';
import { markers } from './support/marked-person.ts';
import { startTrial, type Trial } from './support/whole-municipality.ts';

/** What the receiver does, what its notice is left as, and as what where repeats are not recognised. */
type Row = readonly [word: string, state: DeliveryState, otherwise?: DeliveryState];

const unknown = ['pending', 'unresolved'] as const;
const byHttp: readonly Row[] = [
  ['accept', 'delivered'],
  ['refuse', 'refused'],
  ['busy', 'pending'],
  ['gone', 'refused'],
  ['redirect', 'refused'],
  ['wrong-signature', 'refused'],
  ['hang', ...unknown],
  ['vanish', ...unknown],
  ['half', ...unknown],
  ['html', ...unknown],
  ['late:20ms', 'delivered'],
  ['late:5s', ...unknown],
  ['502', ...unknown],
];
const certificates: readonly Row[] = [
  ['expired-certificate', 'pending'],
  ['other-name', 'pending'],
];

const rows: Readonly<Record<Exclude<Channel, 'billing'>, readonly Row[]>> = {
  webhook: [...byHttp, ...certificates],
  fhir: [...byHttp, ['other-message', ...unknown], ...certificates],
  mllp: [
    ['accept', 'delivered'],
    ['refuse', 'refused'],
    ['busy', 'pending'],
    ['AE:207', 'pending'],
    ['AR', 'pending'],
    ['AR:200', 'refused'],
    ['hang', ...unknown],
    ['vanish', ...unknown],
    ['half', ...unknown],
    ['html', ...unknown],
    ['other-message', ...unknown],
    ['commit-only', ...unknown],
    ['late:20ms', 'delivered'],
    ['late:5s', ...unknown],
    ...certificates,
  ],
  sftp: [
    ['accept', 'delivered'],
    ['no-login', 'refused'],
    ['read-only', 'refused'],
    ['no-folder', 'refused'],
    ['full', 'pending'],
    ['locked', 'pending'],
    ['half', 'pending'],
    ['hang', 'pending'],
    ['cut-writing', 'pending'],
    ['cut-renaming', ...unknown],
    ['cut-renamed', ...unknown],
    ['other-host-key', 'pending'],
    ['late:9s', 'pending'],
    ['late:5ms', 'delivered'],
  ],
  file: [
    ['accept', 'delivered'],
    ['hang', 'delivered'],
    ['no-folder', 'pending'],
  ],
  sdk: [
    // Handed over is not delivered: the receipt says what became of it. It says so too where we do not know of the
    // hand-over ourselves, and it was taken.
    ...byHttp.map((row): Row => {
      const [word] = row;
      return ['vanish', 'half', 'late:5s'].includes(word) ? [word, 'delivered'] : row;
    }),
    ['negative-receipt', 'refused'],
    ['no-receipt', 'awaited'],
    ['receipt-twice', 'delivered'],
    ['other-receipt', 'awaited'],
  ],
};
const channels = Object.keys(rows) as (keyof typeof rows)[];

test('every word that a channel follows is tried here', () => {
  for (const channel of channels) {
    const tried = new Set<string>(rows[channel].map(([word]) => word));
    const words = [
      ...wordsOf[channel],
      ...(tlsChannels.includes(channel) ? ['expired-certificate', 'other-name'] : []),
    ];
    expect(words.filter((word) => !tried.has(word))).toEqual([]);
  }
});

/** Time enough for what ends well on a busy machine, and less than what comes late. */
const timeoutMs = 2000;
/** A login by SSH is slow there. */
const loginMs = 5000;

function changed(recognisesRepeats: boolean): (config: Config) => Config {
  return (config) => ({
    ...config,
    // Once and then much later: what is due again stays so while it is looked at.
    dispatch: { ...config.dispatch, retries: [3_600_000, 3_600_000] },
    receivers: config.receivers.map((one) =>
      'timeout' in one
        ? {
            ...one,
            timeout: one.channel === 'sftp' ? loginMs : timeoutMs,
            recognisesRepeats,
            ...(one.channel === 'mllp' && enhanced),
          }
        : one,
    ),
    ...(config.sdk &&
      'url' in config.sdk.accessPoint && {
        sdk: {
          ...config.sdk,
          accessPoint: { ...config.sdk.accessPoint, timeout: timeoutMs, recognisesRepeats },
        },
      }),
  });
}
/** So that CA alone is told from AA. */
const enhanced = { acknowledgement: 'enhanced' } as const;

const ended = (row: DeliveryRow | undefined): row is DeliveryRow =>
  row !== undefined && row.attempts > 0 && !row.openAttempt;

describe.each([
  ['recognise repeats', true],
  ['recognise no repeats', false],
] as const)('receivers that %s', (_name, recognises) => {
  let trial: Trial;
  /** By channel and word. */
  const found = new Map<string, DeliveryRow>();

  beforeAll(async () => {
    trial = await startTrial(channels, { isTls: true }, changed(recognises));
    await Promise.all(channels.map(tryAll));
  }, 120_000);
  afterAll(() => trial.close());

  /** Where repeats are not recognised only what may have arrived ends otherwise. */
  const rowsOf = (channel: keyof typeof rows): readonly Row[] =>
    rows[channel].filter(([, , otherwise]) => recognises || otherwise !== undefined);

  /** One after another by one channel: what it is told holds for whatever comes. */
  async function tryAll(channel: keyof typeof rows): Promise<void> {
    const { municipality, world } = trial;
    const { deliveries } = world.gateway.journal;
    for (const [word, state, otherwise = state] of rowsOf(channel)) {
      await municipality.behave(channel, word);
      const id = await trial.admit(channel);
      const expected = recognises ? state : otherwise;
      const seen: { row?: DeliveryRow } = {};
      const isThere = async (): Promise<void> => {
        const row = await deliveries.named(id);
        if (!ended(row)) throw new Error(`${channel} ${word} is not over`);
        seen.row = row;
        // A receipt comes after the hand-over.
        if (channel === 'sdk' && row.state !== expected) throw new Error(`it is ${row.state}`);
      };
      await vi.waitFor(isThere, { timeout: 12_000, interval: 20 }).catch((thrown: unknown) => {
        if (!seen.row) throw thrown;
      });
      const { row } = seen;
      if (!row) continue;
      found.set(`${channel} ${word}`, row);
      await municipality.behave(channel, 'accept');
    }
  }

  const cases = channels.flatMap((channel) =>
    rowsOf(channel).map(
      ([word, state, otherwise = state]) =>
        [channel, word, recognises ? state : otherwise] as const,
    ),
  );
  test.each(cases)('%s that does %s leaves it %s', (channel, word, state) => {
    const row = found.get(`${channel} ${word}`);
    expect(row?.state).toBe(state);
    // What is due again is due at a time; what is not is over, or a person's.
    expect(row?.nextAt !== undefined).toBe(state === 'pending' || state === 'awaited');
    for (const marker of markers) expect(row?.detail ?? '').not.toContain(marker);
  });

  test.runIf(recognises)(
    'what was due again is delivered when they are well again, and the repeats are marked',
    async () => {
      const { world, municipality } = trial;
      const { deliveries } = world.gateway.journal;
      const due = [...found].filter(([, { state }]) => state === 'pending');
      expect(due.length).toBeGreaterThan(10);
      await world.passTimeUntil('2022-03-07T12:30:00.000Z');
      const open = async (): Promise<readonly unknown[]> => {
        const now = await Promise.all(
          due.map(async ([name, { deliveryId }]) => {
            return [name, (await deliveries.named(deliveryId))?.state] as const;
          }),
        );
        return now.filter(([, state]) => state !== 'delivered');
      };
      await expect.poll(open, { timeout: 10_000 }).toEqual([]);
      const taken = municipality.received.all().filter(({ isTaken }) => isTaken);
      const idOf = (one: (typeof taken)[number]): string => `${one.channel} ${one.messageId}`;
      const firsts = taken.filter(({ isDuplicate }) => !isDuplicate).map(idOf);
      const repeats = taken.filter(({ isDuplicate }) => isDuplicate).map(idOf);
      expect(new Set(firsts).size).toBe(firsts.length);
      expect(repeats.length).toBeGreaterThan(5);
      expect(repeats.filter((one) => !firsts.includes(one))).toEqual([]);
    },
  );
});
