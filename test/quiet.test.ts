/** A feed that has gone quiet is told of, by how long its sender is usually silent. */
import { describe, expect, test } from 'vitest';
import { watchSilence } from '../gateway/observing/quiet.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse('2022-03-03T00:00:00.000Z');
const at = (ms: number): string => new Date(start + ms).toISOString();

/** Messages every so often. */
const every = (ms: number, count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ sender: 'ekliden', receivedAt: at(from + n * ms) }));

function afterLearning(arrivals: ReturnType<typeof every>, quietAfterMs?: number) {
  const watch = watchSilence([{ id: 'ekliden', quietAfterMs }], start);
  watch.learn(arrivals);
  return watch;
}

describe('how long a sender is usually silent', () => {
  test('is its longest gap but one: the longest may have been an outage', () => {
    const day = every(minute, 60);
    const night = { sender: 'ekliden', receivedAt: at(2 * hour) };
    const nightAfter = { sender: 'ekliden', receivedAt: at(4 * hour) };
    const outage = { sender: 'ekliden', receivedAt: at(30 * hour) };
    const watch = afterLearning([...day, night, nightAfter, outage]);
    const [silence] = watch.look([{ sender: 'ekliden', lastAt: at(30 * hour) }], start + 31 * hour);
    expect(silence).toEqual({
      sender: 'ekliden',
      silentMs: hour,
      usualMs: 2 * hour,
      quietAfterMs: 4 * hour,
    });
  });

  test('does not depend on the order in which its messages are read', () => {
    const watch = afterLearning(every(10 * minute, 100).toReversed());
    expect(watch.look([], start)[0]?.usualMs).toBe(10 * minute);
  });

  test('is learnt on while it is watched', () => {
    const watch = afterLearning(every(minute, 100));
    let last = 99 * minute;
    for (const gap of [30, 30, 30]) {
      last += gap * minute;
      watch.look([{ sender: 'ekliden', lastAt: at(last) }], start + last);
    }
    expect(watch.look([{ sender: 'ekliden', lastAt: at(last) }], start + last)[0]?.usualMs).toBe(
      30 * minute,
    );
  });

  test('forgets what is older than a week', () => {
    const watch = afterLearning([...every(5 * hour, 10), ...every(hour, 24 * 9, 50 * hour)]);
    expect(watch.look([], start)[0]?.usualMs).toBe(hour);
  });
});

describe('when its silence is told of', () => {
  test('never before a quarter of an hour, however busy it is', () => {
    const watch = afterLearning(every(1000, 500));
    expect(watch.look([], start)[0]?.quietAfterMs).toBe(15 * minute);
  });

  test('after a day at the latest, also where nothing is known of it', () => {
    expect(afterLearning(every(20 * hour, 30)).look([], start)[0]?.quietAfterMs).toBe(24 * hour);
    expect(afterLearning([]).look([], start)[0]?.quietAfterMs).toBe(24 * hour);
  });

  test('as the operator has set it, where that is set', () => {
    const watch = afterLearning(every(1000, 500), 2 * hour);
    expect(watch.look([], start)[0]?.quietAfterMs).toBe(2 * hour);
  });

  test('a sender that has never sent has been silent since the start', () => {
    expect(afterLearning([]).look([], start + 3 * hour)[0]?.silentMs).toBe(3 * hour);
  });
});
