/**
 * A transaction: all of its entries are taken, or none (FHIR R4, 3.1.0.11.2). Where another writer is faster, all of it
 * is read and placed anew.
 */
import type { FhirResource, OperationOutcomeIssue } from 'fhir/r4.js';
import { assert, GatewayError } from '../../../../gateway/errors.ts';
import type { Reply } from '../../../adapter.ts';
import { readAnswer } from '../answers/answer.ts';
import { issueInEntry } from '../answers/outcome.ts';
import { FhirRefusal, refusalIn, refuse, refusedFor } from '../answers/refusal.ts';
import { writeExchange, type Exchange } from '../exchange.ts';
import type { StoredResource } from '../store.ts';
import {
  exchangeOf,
  isStale,
  mostTries,
  standsAlready,
  type Incoming,
  type Took,
} from '../take.ts';
import {
  answerOf,
  callOf,
  inEntry,
  type BundleCall,
  type BundleRead,
  type Shared,
} from './bundle.ts';
import { checkOf, tokenText } from './conditions.ts';
import { interact } from './interact.ts';
import { place, type Placed } from './place.ts';
import type { FhirResponse } from './request.ts';
import { checked, responseOf, responseOfStored, withWarnings } from './write.ts';

/** @throws FhirRefusal with everything that is wrong, each by its entry; GatewayError */
export async function transact(bundle: BundleRead, shared: Shared): Promise<FhirResponse> {
  const { calls, warnings } = await read(bundle, shared);
  // Creates before updates, whatever their order in the Bundle; reads come last, and see what was written.
  const writes = (['create', 'update'] as const).flatMap((kind) =>
    calls.filter(({ request }) => request.interaction === kind),
  );
  const written = await takeAll(writes, calls, shared);
  const responses: FhirResponse[] = [];
  for (const { index, request } of calls) {
    const response = written.get(index) ?? (await inEntry(index, () => interact(request)));
    responses.push(withWarnings(response, warnings.get(index) ?? []));
  }
  return { status: 200, resource: answerOf(bundle.type, calls, responses, shared) };
}

interface Read {
  readonly calls: readonly BundleCall[];
  /** What the checks remark, by the index of the entry. */
  readonly warnings: ReadonlyMap<number, readonly OperationOutcomeIssue[]>;
}

/** Every entry as what it asks for. @throws FhirRefusal with what is wrong in all of them */
async function read(bundle: BundleRead, shared: Shared): Promise<Read> {
  const calls: BundleCall[] = [];
  const warnings = new Map<number, readonly OperationOutcomeIssue[]>();
  const problems = new Map<number, FhirRefusal>();
  const readOne = async (index: number): Promise<void> => {
    try {
      const call = callOf(bundle, index, shared);
      calls.push(call);
      const { body } = call.request;
      if (body !== undefined) warnings.set(index, await checked(shared, body.resource));
    } catch (thrown) {
      problems.set(index, refusalIn(thrown, index));
    }
  };
  await Promise.all(bundle.entries.map((_entry, index) => readOne(index)));
  if (problems.size === 0) return { calls, warnings };
  const inOrder = [...problems].sort(([left], [right]) => left - right).map(([, one]) => one);
  const status = inOrder[0]?.status ?? 422;
  throw new FhirRefusal(
    status,
    inOrder.flatMap(({ issues }) => issues),
  );
}

/** @returns what became of each write, by the index of its entry */
async function takeAll(
  writes: readonly BundleCall[],
  calls: readonly BundleCall[],
  shared: Shared,
): Promise<ReadonlyMap<number, FhirResponse>> {
  for (let tries = 1; ; tries += 1) {
    const placed = await place(writes);
    await checkReads(calls, placed, shared);
    const { responses, messages } = await exchangesIn(placed, shared);
    if (messages.length === 0) return responses;
    const replies = await shared.taking.receiveTogether(messages);
    if (replies.some(isStale) && tries < mostTries) continue;
    checkTaken(replies, messages);
    for (const [nth, { call, id, resource }] of messages.entries()) {
      const took: Took = { reply: replyOf(replies, nth), type: resource.resourceType, id };
      responses.set(call.index, responseOf(took, resource));
    }
    return responses;
  }
}

interface Message {
  readonly call: BundleCall;
  readonly id: string;
  readonly resource: FhirResource;
  readonly raw: Uint8Array;
  readonly message: Exchange;
}

interface Exchanged {
  readonly placed: Placed;
  readonly message: Exchange;
  /** What stands already, and is all that the entry says. */
  readonly unchanged: StoredResource | undefined;
}

/** The exchanges of those that are new, or refer to what is; the others are answered by what stands. */
async function exchangesIn(
  placed: readonly Placed[],
  shared: Shared,
): Promise<{ responses: Map<number, FhirResponse>; messages: readonly Message[] }> {
  const responses = new Map<number, FhirResponse>();
  const exchanged: Exchanged[] = [];
  for (const one of placed) {
    const { kept } = one.target;
    if (kept !== undefined) responses.set(one.call.index, responseOfStored(kept));
    else exchanged.push(await exchangedOf(one, shared));
  }
  const changed = new Set(
    exchanged
      .filter(({ unchanged }) => unchanged === undefined)
      .map(({ placed: { resource, id } }) => `${resource.resourceType}/${id}`),
  );
  const messages: Message[] = [];
  for (const { placed: one, message, unchanged } of exchanged) {
    const { call, id, resource, text, related } = one;
    const refersToNews = Object.keys(related).some((reference) => changed.has(reference));
    if (unchanged !== undefined && !refersToNews) {
      responses.set(call.index, responseOfStored(unchanged));
    } else messages.push({ call, id, resource, message, raw: writeExchange(message, text) });
  }
  return { responses, messages };
}

/** @throws FhirRefusal where the conditions of the entry do not hold */
async function exchangedOf(placed: Placed, { taking }: Shared): Promise<Exchanged> {
  const { call, id, target, resource, text, related } = placed;
  const { request, index } = call;
  const { sender, store } = taking;
  const type = resource.resourceType;
  const current = target.id === undefined ? undefined : await store.read({ sender, type, id });
  if (request.interaction === 'update') {
    await inEntry(index, async () => checkOf(request.conditions)(current));
  }
  const incoming: Incoming = {
    resource,
    text,
    related,
    ...(target.unlessKnown && { unlessKnown: tokenText(target.unlessKnown) }),
  };
  const message = await exchangeOf(taking, incoming, id, current);
  const unchanged = await standsAlready(taking, incoming, message, current);
  return { placed, message, unchanged };
}

/** What a read asks for is there, or nothing is taken. */
async function checkReads(
  calls: readonly BundleCall[],
  placed: readonly Placed[],
  { taking: { store, sender } }: Shared,
): Promise<void> {
  const written = new Set(placed.map(({ resource, id }) => `${resource.resourceType}/${id}`));
  for (const { index, request } of calls) {
    const { interaction, type, id } = request;
    if (interaction !== 'read' || id === undefined || written.has(`${type}/${id}`)) continue;
    if ((await store.read({ sender, type, id })) !== undefined) continue;
    throw refuse(
      404,
      'not-found',
      `no such ${type} among what you have sent: nothing was taken`,
      `Bundle.entry[${index}]`,
    );
  }
}

/** @throws FhirRefusal by the entry that was not taken, so that none was */
function checkTaken(replies: readonly Reply[], messages: readonly Message[]): void {
  const nth = replies.findIndex(({ error }) => error !== undefined);
  const message = messages[nth];
  if (message === undefined) return;
  const { answers, error } = replyOf(replies, nth);
  const [bytes] = answers ?? [];
  const { status, outcome } =
    bytes === undefined
      ? refusedFor(error ?? new GatewayError('assertion-failed', 'not taken'))
      : readAnswer(bytes);
  const issues = outcome?.issue ?? [];
  // What fails because of us fails the whole, and no entry is to blame.
  const blamed =
    status >= 500 ? issues : issues.map((issue) => issueInEntry(issue, message.call.index));
  throw new FhirRefusal(status, blamed, { isKept: true });
}

function replyOf(replies: readonly Reply[], nth: number): Reply {
  const reply = replies[nth];
  assert(reply, 'every message has a reply');
  return reply;
}
