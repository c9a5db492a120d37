/** FHIR servers that are asked, and those that tell us, in figures: as the journal has them, so of all instances. */
import { pollCursor, readPollState } from '../../adapters/inbound/fhir/polling/state.ts';
import { subscriptionReports } from '../../adapters/inbound/fhir/subscriptions/report.ts';
import { gauge } from '../observing/figures.ts';
import type { Figure } from '../observing/metrics.ts';
import type { Config } from '../runtime/config.ts';
import type { Cursors } from '../runtime/journal/journal.ts';

/** @param nowMs legal time */
export async function sourceFigures(
  { senders }: Config,
  cursors: Pick<Cursors, 'get'>,
  nowMs: number,
): Promise<readonly Figure[]> {
  const polls: { sender: string; ageSeconds: number | undefined; failures: number }[] = [];
  for (const { id: sender, fhir } of senders) {
    if (fhir?.poll === undefined) continue;
    const { polledAt, trouble, types } = readPollState(await cursors.get(pollCursor(sender)));
    const troubles = [trouble, ...Object.values(types).map((type) => type?.trouble)];
    polls.push({
      sender,
      ageSeconds: polledAt === undefined ? undefined : (nowMs - Date.parse(polledAt)) / 1000,
      failures: Math.max(0, ...troubles.map((one) => one?.failures ?? 0)),
    });
  }
  const known = new Set(senders.map(({ id }) => id));
  const subscriptions = (await subscriptionReports(cursors)).filter(({ sender }) =>
    known.has(sender),
  );
  return [
    gauge(
      'journal_poll_age_seconds',
      'Legal time since a source was last asked',
      polls.flatMap(({ sender, ageSeconds }) =>
        ageSeconds === undefined ? [] : [{ labels: { sender }, value: Math.max(0, ageSeconds) }],
      ),
    ),
    gauge(
      'journal_poll_failures',
      'Failures in a row of asking a source',
      polls.map(({ sender, failures }) => ({ labels: { sender }, value: failures })),
    ),
    gauge(
      'journal_subscription_active',
      'Whether a subscription stands at its source',
      subscriptions.map(({ sender, name, status }) => ({
        labels: { sender, name },
        value: status === 'active' ? 1 : 0,
      })),
    ),
    gauge(
      'journal_subscription_to_read',
      'Resources that a subscription named and that are to be read',
      subscriptions.map(({ sender, name, toRead }) => ({
        labels: { sender, name },
        value: toRead,
      })),
    ),
    gauge(
      'journal_subscription_troubled',
      'Whether something went wrong with a subscription and has not gone right since',
      subscriptions.map(({ sender, name, trouble, gap }) => ({
        labels: { sender, name },
        value: trouble === undefined && gap === undefined ? 0 : 1,
      })),
    ),
  ];
}
