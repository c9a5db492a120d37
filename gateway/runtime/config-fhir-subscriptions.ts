/** `senders[].fhir.subscriptions`: a FHIR server that tells us what is new. */
import { z } from 'zod';
import { instant } from '../process/events.ts';
import { fhirServerShape } from './config-fhir-server.ts';
import { duration, idText, secretName } from './config-values.ts';

/** A search, as `Subscription.criteria` has it. */
const search = z
  .string()
  .regex(/^[A-Z][A-Za-z]{1,40}(\?[^\s#]+)?$/, 'a search such as Encounter?class=IMP')
  .refine(
    (text) => !/[?&](_lastUpdated|_sort|_count|_elements|_summary)=/.test(text),
    '_lastUpdated, _sort and _count are set here, and resources are wanted whole',
  );

const subscription = z
  .strictObject({
    /** The last part of its endpoint; no two in this file have the same. */
    name: idText,
    /** `r4`: by criteria, as FHIR R4 has it; `backport`: topic-based (Subscriptions R5 Backport). */
    form: z.enum(['r4', 'backport']).default('backport'),
    /** Canonical of the server's SubscriptionTopic; of `backport`. */
    topic: z.url().optional(),
    /** `r4`: the one search that says what is told of; `backport`: the topic's filters, `Encounter?class=IMP`. */
    criteria: z.array(z.string().min(1)).max(20).default([]),
    /** The searches that find all that it would have told of, after a gap; the criteria where left out. */
    catchUp: z.array(search).min(1).max(20).optional(),
    payload: z.enum(['empty', 'id-only', 'full-resource']).default('id-only'),
    /** Where the server reaches us: `https://hemgang.region.se/fhir-notifications/<name>`. */
    endpoint: z.url({ protocol: /^https?$/ }),
    /** What the server proves itself with; two while it is being changed, the new one first. */
    secretEnv: z.array(secretName).min(1).max(2),
    /** How often the server shall say that it is there; of `backport`. */
    heartbeat: duration.pipe(z.int().min(1000).max(86_400_000)).prefault('5m'),
    /** How often it is renewed; the server ends it when three renewals were missed. */
    renewEvery: duration.pipe(z.int().min(10_000).max(2_592_000_000)).prefault('24h'),
    /** What happened before is not wanted; before the first registration where left out. */
    since: instant.optional(),
  })
  .superRefine(({ name, form, topic, criteria, catchUp, payload, endpoint }, context) => {
    const fail = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (!new URL(endpoint).pathname.endsWith(`/fhir-notifications/${name}`)) {
      fail('endpoint', `it must end with /fhir-notifications/${name}`);
    }
    if (form === 'backport' && topic === undefined) fail('topic', 'backport needs a topic');
    if (form === 'r4' && topic !== undefined) fail('topic', 'r4 has criteria and no topic');
    if (form === 'r4' && payload === 'id-only') {
      fail('payload', 'r4 has empty and full-resource; id-only is of backport');
    }
    if (form === 'r4' && criteria.length !== 1) fail('criteria', 'r4 has one search');
    const searches = catchUp ?? criteria;
    if (searches.length === 0 || !searches.every((text) => search.safeParse(text).success)) {
      fail('catchUp', 'needed where the criteria are not searches such as Encounter?class=IMP');
    }
  });

export const fhirSubscriptions = z
  .strictObject({
    ...fhirServerShape,
    list: z.array(subscription).min(1).max(20),
  })
  .superRefine(({ ownNetwork, list, tokenEnv, smart }, context) => {
    if (tokenEnv !== undefined && smart !== undefined) {
      context.addIssue({ code: 'custom', message: 'tokenEnv or smart, not both' });
    }
    const open = list.findIndex(({ endpoint }) => endpoint.startsWith('http:'));
    if (open >= 0 && !ownNetwork) {
      const message =
        'https: its secret and what it tells go over this line (plain http with ownNetwork)';
      context.addIssue({ code: 'custom', path: ['list', open, 'endpoint'], message });
    }
  });

export type FhirSubscriptionsConfig = z.output<typeof fhirSubscriptions>;
