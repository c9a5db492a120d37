/** What FHIR resources in files give: each taken in the order of its story as a server would take it. */
import { createHash } from 'node:crypto';
import type { Reply, Translation } from '../../adapters/adapter.ts';
import { readAnswer, type FhirAnswer } from '../../adapters/inbound/fhir/answers/answer.ts';
import { issueOfFinding, outcomeOf } from '../../adapters/inbound/fhir/answers/outcome.ts';
import { FhirRefusal, refusedFor } from '../../adapters/inbound/fhir/answers/refusal.ts';
import type { Finding } from '../../adapters/inbound/fhir/checks/finding.ts';
import {
  profileChecks,
  type ProfileChecks,
} from '../../adapters/inbound/fhir/checks/profile-checks.ts';
import type { Exchange } from '../../adapters/inbound/fhir/exchange.ts';
import {
  FileStore,
  inToldOrder,
  isUnread,
  takeFromFile,
  type FileResource,
  type Unread,
} from '../../adapters/inbound/fhir/from-files.ts';
import { fhirInbound } from '../../adapters/inbound/fhir/index.ts';
import type { Mappings } from '../../mappings/index.ts';
import { asGatewayError, GatewayError } from '../errors.ts';
import { fhirSenderFinder, type SenderOf } from './fhir-sender.ts';
import { grouped } from './grouped.ts';

/** What became of one resource, before it is told. */
export interface FhirMeaning {
  readonly entry: FileResource | Unread;
  readonly sender?: string;
  readonly exchange?: Exchange;
  readonly translation?: Translation;
  readonly error?: GatewayError;
  /** As its sender would get it. */
  readonly answer: FhirAnswer;
  readonly findings: readonly Finding[];
}

/** @param known whose an entry is, where somebody has said so */
export type FhirJudge = (
  entries: readonly (FileResource | Unread)[],
  known?: ReadonlyMap<FileResource | Unread, string>,
) => Promise<ReadonlyMap<FileResource | Unread, FhirMeaning>>;

/**
 * @param asked the sender that all of them are read as
 * @returns a function that takes the resources of one story, or of one folder: what they refer to is among them
 */
export function fhirJudgeBy(mappings: Mappings, asked?: string): FhirJudge {
  const senderOf = fhirSenderFinder(mappings, asked);
  return async (entries, known) => {
    shared ??= profileChecks();
    const told = inToldOrder(entries.filter((one): one is FileResource => !isUnread(one)));
    let store = new FileStore();
    const otherwise = told.find(({ toldAt }) => toldAt !== '')?.toldAt ?? noTime;
    const parts = {
      mappings,
      checks: shared,
      senderOf: (one: FileResource, others: readonly FileResource[]) =>
        known?.get(one) ?? senderOf(one, others),
      otherwise,
    };
    const meanings = new Map<FileResource | Unread, FhirMeaning>();
    for (const entry of entries) {
      if (isUnread(entry)) meanings.set(entry, refused(entry, entry.error));
    }
    for (const together of byTransaction(told)) {
      const copy = store.copy();
      const taken: FhirMeaning[] = [];
      for (const one of together) {
        taken.push(await meaningOf(one, told, { ...parts, store: copy }));
      }
      const wrong = taken.find(({ error }) => error !== undefined);
      // All of a transaction is taken, or nothing.
      if (wrong === undefined) store = copy;
      for (const one of taken) meanings.set(one.entry, wrong ? alike(one, wrong) : one);
    }
    return meanings;
  };
}

/** Entries of one transaction together, each of the others by itself; in the order given. */
function byTransaction(told: readonly FileResource[]): Iterable<readonly FileResource[]> {
  return grouped(told, (one) => one.transaction ?? one).values();
}

/** What of a transaction is right is not taken either. */
function alike(one: FhirMeaning, wrong: FhirMeaning): FhirMeaning {
  if (one.error !== undefined) return one;
  const { place } = wrong.entry;
  const text = `${place}: mend this entry first: a transaction is taken as a whole`;
  const error = new GatewayError('malformed-message', text, {
    location: place,
    standardCode: 'business-rule',
  });
  const { sender, findings } = one;
  return { ...refused(one.entry, error, findings), ...(sender !== undefined && { sender }) };
}

/** Made once, when the first FHIR comes: reading the definitions takes a moment. */
let shared: ProfileChecks | undefined;

const noTime = '1970-01-01T00:00:00.000Z';

interface JudgeParts {
  readonly store: FileStore;
  readonly mappings: Mappings;
  readonly checks: ProfileChecks;
  readonly senderOf: SenderOf;
  /** When what has no time is taken to have been told. */
  readonly otherwise: string;
}

async function meaningOf(
  one: FileResource,
  others: readonly FileResource[],
  { store, mappings, checks, senderOf, otherwise }: JudgeParts,
): Promise<FhirMeaning> {
  const sender = senderOf(one, others);
  // What the profiles say of it does not hang on who sends it.
  if (sender instanceof GatewayError) {
    return refused(one, sender, checks.all(one.resource, 'warn'));
  }
  const { fhir, hospital } = mappings.senders.find(({ id }) => id === sender) ?? {};
  const level = fhir?.level ?? 'warn';
  // A running gateway knows its kind by its configuration; who is no hospital plans.
  const kind = hospital === undefined ? 'primary-care' : 'hospital';
  const findings = checks.all(one.resource, level);
  const issues = findings.map(issueOfFinding);
  if (findings.some(({ severity }) => severity === 'error')) {
    return { ...refused(one, new FhirRefusal(422, issues), findings), sender };
  }
  const inbound = fhirInbound(mappings, sender);
  let meaning: FhirMeaning | undefined;
  const receive = (raw: Uint8Array, exchange: Exchange): Promise<Reply> => {
    const now = exchange.request.sentAt;
    const context = { answerId: '0', now };
    try {
      const translation = inbound.translate(exchange);
      const { warnings, unmapped, ignored } = translation;
      const verdict = {
        accepted: true,
        warnings,
        unmapped,
        ...(ignored !== undefined && { ignored }),
      } as const;
      const answers = inbound.acknowledge(exchange, raw, verdict, context);
      store.put(sender, translation.resources ?? [], now);
      meaning = { entry: one, sender, exchange, translation, answer: answerOf(answers), findings };
      return Promise.resolve({ outcome: 'accepted', answers });
    } catch (thrown) {
      const error = asGatewayError(thrown);
      const answers = inbound.acknowledge(exchange, raw, { accepted: false, error }, context);
      meaning = { entry: one, sender, exchange, error, answer: answerOf(answers), findings };
      return Promise.resolve({ outcome: 'refused', answers, error });
    }
  };
  try {
    await takeFromFile(one, { sender, kind, receive, otherwise }, store, others);
  } catch (thrown) {
    return { ...refused(one, asGatewayError(thrown), findings), sender };
  }
  // What says the same as what stands is answered and not stored.
  const taken = meaning ?? { ...unchanged, entry: one, sender, findings };
  if (issues.length === 0) return taken;
  const said = taken.answer.outcome?.issue ?? [];
  return { ...taken, answer: { ...taken.answer, outcome: outcomeOf([...said, ...issues]) } };
}

const unchanged: Pick<FhirMeaning, 'answer' | 'translation'> = {
  answer: { status: 200 },
  translation: {
    facts: [],
    unmapped: [],
    warnings: [],
    ignored: 'it says the same as what stands',
  },
};

function answerOf(answers: readonly Uint8Array[] | undefined): FhirAnswer {
  const [answer] = answers ?? [];
  return answer === undefined ? { status: 500 } : readAnswer(answer);
}

/** What was refused before anybody received it. */
function refused(
  entry: FileResource | Unread,
  error: GatewayError,
  findings: readonly Finding[] = [],
): FhirMeaning {
  return { entry, error, findings, answer: refusedFor(error) };
}

/** Identifies what it says where it stands in its story. */
export function digestOf({ entry, exchange }: FhirMeaning): string {
  const text = isUnread(entry) ? `${entry.place} ${entry.error.message}` : entry.text;
  return createHash('sha256')
    .update(`${exchange?.request.base ?? ''} ${text}`)
    .digest('hex');
}
