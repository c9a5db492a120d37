/** A batch: every entry by itself, and each is told what became of it (FHIR R4, 3.1.0.11.1). */
import { asGatewayError } from '../../../../gateway/errors.ts';
import { issueInEntry } from '../answers/outcome.ts';
import { refuse, refusedFor } from '../answers/refusal.ts';
import { answerOf, callOf, type BundleCall, type BundleRead, type Shared } from './bundle.ts';
import { interact } from './interact.ts';
import { referencesIn } from './references.ts';
import type { FhirResponse } from './request.ts';

/** As many entries are taken at once: they share commits, and nobody else waits for them all. */
const atOnce = 8;

export async function batch(bundle: BundleRead, shared: Shared): Promise<FhirResponse> {
  const calls: (BundleCall | undefined)[] = [];
  const responses: FhirResponse[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < bundle.entries.length) {
      const index = next;
      next += 1;
      responses[index] = await one(index);
    }
  };

  async function one(index: number): Promise<FhirResponse> {
    try {
      const call = callOf(bundle, index, shared);
      calls[index] = call;
      checkAlone(call, bundle);
      return inEntry(await interact(call.request), index);
    } catch (thrown) {
      const error = asGatewayError(thrown);
      shared.keepRefused(bundle.texts[index] ?? '', error);
      return inEntry(refusedFor(error), index);
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  return { status: 200, resource: answerOf(bundle.type, calls, responses, shared) };
}

/** What is wrong with an entry is said of its place in the Bundle. */
function inEntry(response: FhirResponse, index: number): FhirResponse {
  const { outcome } = response;
  if (outcome === undefined) return response;
  const issue = outcome.issue.map((one) => issueInEntry(one, index));
  return { ...response, outcome: { ...outcome, issue } };
}

/** What refers to another entry by its urn would refer to nothing: entries of a batch know nothing of each other. */
function checkAlone({ request: { body } }: BundleCall, { urns }: BundleRead): void {
  if (body === undefined || urns.size === 0) return;
  const entangled = referencesIn(body.resource).find(({ reference }) => urns.has(reference));
  if (entangled === undefined) return;
  const text = 'refers to another entry: send the Bundle as a transaction';
  throw refuse(422, 'business-rule', text, entangled.expression);
}
