/** What `status` shows of the subscriptions at FHIR servers: how each stands, what is missing, and what hinders it. */
import type { SubscriptionReport } from '../../adapters/inbound/fhir/subscriptions/report.ts';
import type { FhirSubscriptionsConfig } from '../runtime/config-fhir-subscriptions.ts';
import { localText, plural } from './question.ts';

export interface ListedSubscription extends SubscriptionReport {
  /** Not any more: it stands at its source until it can be taken away there. */
  readonly isConfigured: boolean;
}

/** What of the configuration says which are wanted. */
interface Wanted {
  readonly senders: readonly {
    readonly id: string;
    readonly fhir?: { readonly subscriptions?: FhirSubscriptionsConfig | undefined } | undefined;
  }[];
}

/** @param reports as the journal has them */
export function listedSubscriptions(
  { senders }: Wanted,
  reports: readonly SubscriptionReport[],
): readonly ListedSubscription[] {
  const configured = new Set(
    senders.flatMap(({ id, fhir }) =>
      (fhir?.subscriptions?.list ?? []).map(({ name }) => `${id} ${name}`),
    ),
  );
  const listed = reports.map((report) => ({
    ...report,
    isConfigured: configured.has(`${report.sender} ${report.name}`),
  }));
  // What was taken away at its source leaves nothing to say.
  return listed.filter(({ isConfigured, id }) => isConfigured || id !== undefined);
}

/** So many failures in a row are not over by themselves. */
const lasting = 3;

/** Whether somebody has to look at it: it does not get better by itself, or it is not wanted and stands. */
export function subscriptionNeedsPerson(subscriptions: readonly ListedSubscription[]): boolean {
  return subscriptions.some(
    ({ isConfigured, trouble }) =>
      !isConfigured || (trouble !== undefined && trouble.failures >= lasting),
  );
}

export function subscriptionLines(subscriptions: readonly ListedSubscription[]): string[] {
  return subscriptions.flatMap((one) => [
    `subscribed  ${one.sender} ${one.name}: ${statusText(one)}; ${heardText(one)}`,
    ...leftLines(one),
    ...needLines(one),
  ]);
}

const statusTexts: Readonly<Record<SubscriptionReport['status'], string>> = {
  none: 'not registered yet',
  requested: 'registered, not active yet',
  active: 'active',
  error: 'in error at its source',
  off: 'turned off at its source',
};

function statusText({ status, activeSince }: SubscriptionReport): string {
  const since =
    status === 'active' && activeSince !== undefined ? ` since ${localText(activeSince)}` : '';
  return `${statusTexts[status]}${since}`;
}

function heardText({ lastHeardAt, lastEvent, gapsMended }: SubscriptionReport): string {
  const heard =
    lastHeardAt === undefined ? 'nothing heard yet' : `last heard ${localText(lastHeardAt)}`;
  const number = lastEvent?.number === undefined ? '' : `, event ${lastEvent.number}`;
  return `${heard}${number}${gapsMended > 0 ? `, ${plural(gapsMended, 'gap')} mended` : ''}`;
}

/** What is being fetched: it goes on by itself. */
function leftLines({ gap, toRead, askSince }: SubscriptionReport): string[] {
  const left = [
    ...(gap === undefined ? [] : [`events ${gap.from} to ${gap.until} did not come`]),
    ...(toRead > 0 ? [`${plural(toRead, 'resource')} to read`] : []),
    ...(askSince === undefined ? [] : [`all since ${localText(askSince)} to ask for`]),
  ];
  return left.length === 0 ? [] : [`            being fetched: ${left.join('; ')}`];
}

function needLines({ sender, name, base, id, isConfigured, trouble }: ListedSubscription) {
  const what = `SUBSCRIPTION ${sender} ${name}`;
  if (!isConfigured) {
    return [
      `${what}: no longer configured, and it stands at ${base} as Subscription/${id ?? ''}`,
      '            next: it is taken away at the next start that can reach it; or have it deleted there',
    ];
  }
  if (trouble === undefined) return [];
  const { doing, text, failures, at } = trouble;
  const tried = `${plural(failures, 'failure')} in a row, last tried ${localText(at)}`;
  return [`${what}: ${doing}: ${text} (${tried})`];
}
