/**
 * A municipality's own system disputes an invoice: decided on the month as it stands, and written in one transaction with
 * its message and the answer, so that what was answered is there, once.
 */
import { hash } from 'node:crypto';
import {
  disputeMapping,
  disputesInbound,
  type DisputeMessage,
  type DisputeTaken,
} from '../../adapters/inbound/receipts/dispute.ts';
import type { Partner } from '../../adapters/inbound/receipts/partner.ts';
import type { AnswerContext } from '../../adapters/adapter.ts';
import type { Profiles } from '../../profiles/index.ts';
import { GatewayError } from '../errors.ts';
import { spokenOf, stepAppend, type Spoken } from '../operations/spoken-invoice.ts';
import { causeWords } from '../process/billing-words.ts';
import { factId } from '../process/ids.ts';
import { createReceive, type ReceiveParts } from '../receive.ts';
import { disputeUntil, takenUpBy } from '../rules/invoicing/dispute.ts';
import { creditableLines } from '../rules/invoicing/difference.ts';
import { localDateOf } from '../rules/legal-days.ts';
import type { Append } from '../runtime/journal/journal.ts';

/** So often somebody else may write to the month meanwhile before the sender is asked to come again. */
const tries = 20;

/**
 * Takes a dispute as `receive` takes a message: stored, then answered.
 * @param profiles those in force
 */
export function takeDisputes(
  parts: ReceiveParts,
  profiles: () => Profiles,
): (raw: Uint8Array, partner: Partner, traceparent?: string) => Promise<Uint8Array | undefined> {
  return async (raw, partner, traceparent) => {
    for (let number = 1; ; number += 1) {
      let taken: DisputeTaken | undefined;
      const adapter = disputesInbound(partner, () => taken);
      const receive = createReceive(adapter, parts, async (message, bytes, context) => {
        const decided = await decide(parts, profiles(), partner, message, bytes, context);
        ({ taken } = decided);
        return decided.append;
      });
      const { answers, error } = await receive(raw, undefined, traceparent);
      if (error?.code !== 'stale-version' || number === tries) return answers?.[0];
    }
  };
}

/** @throws GatewayError unknown-invoice, dispute-refused, unsupported-message */
async function decide(
  { journal, clock }: ReceiveParts,
  profiles: Profiles,
  { id: partner, kind, municipality }: Partner,
  message: DisputeMessage,
  raw: Uint8Array,
  { answerId: messageId }: AnswerContext,
): Promise<{ readonly taken?: DisputeTaken; readonly append?: Append }> {
  if (kind !== 'municipality' || municipality === undefined) {
    throw new GatewayError(
      'unsupported-message',
      'billing.disputed is for a municipality whose code is entered (partners[].municipality)',
      { standardCode: '403', location: 'type' },
    );
  }
  const { number, cause, lines, toldAt } = message;
  const spoken = await spokenOf(journal, profiles, number, municipality);
  if (spoken === undefined) {
    throw new GatewayError('unknown-invoice', 'no such invoice of the municipality that told it');
  }
  const digest = hash('sha256', raw, 'hex');
  const id = factId(partner, message.id, digest, 'billing.disputed', 1, disputeMapping);
  // It was taken, and is answered as it was then.
  if (spoken.eventIds.has(id)) return {};
  const nowMs = clock.nowMs();
  const today = localDateOf(nowMs);
  refuseWhatCannotBe(spoken, lines, today);
  const { streamId, period, levels, parameters } = spoken;
  const level = takenUpBy(levels, 1, parameters, period.month, today);
  const data = {
    ...period,
    key: `${streamId}|billing`,
    number,
    by: partner,
    reason: causeWords(cause).en,
    ...level,
    cause,
    ...(lines && { lines: [...lines] }),
  };
  const teller = { id, sender: partner, messageId, sentAt: toldAt };
  const { answerReference: _answerReference, ...taken } = level;
  return {
    taken: { number, levels: levels.length, ...taken },
    append: stepAppend(spoken, { type: 'billing.disputed', data }, nowMs, teller),
  };
}

/** @throws GatewayError dispute-refused; what the municipality may know of its own invoice, and its next step */
function refuseWhatCannotBe(
  { invoice, invoicing, parameters }: Spoken,
  lines: readonly number[] | undefined,
  today: string,
): void {
  const { data, dispute, leftOre, correctedBy } = invoice;
  const { number, kind, corrects } = data;
  if (kind === 'credit-note') {
    throw cannot('credit-note', `${number} is a credit note; dispute invoice ${corrects?.number}`);
  }
  if (leftOre === 0) {
    const by = correctedBy.length === 0 ? '' : ` by ${correctedBy.join(', ')}`;
    throw cannot('already-credited', `invoice ${number} is credited whole${by}`);
  }
  if (dispute !== undefined) {
    const since = localDateOf(Date.parse(dispute.at));
    const at = dispute.data.level === undefined ? '' : `, at level ${dispute.data.level}`;
    throw cannot('already-disputed', `invoice ${number} is disputed since ${since}${at}`);
  }
  const documents = invoicing.invoices.map((one) => one.data);
  const left = [...creditableLines(data, documents).keys()];
  const unknown = lines?.find((place) => !left.includes(place));
  if (unknown !== undefined) {
    const told = `line ${unknown} cannot be disputed; lines that stand: ${left.slice(0, 50).join(', ')}`;
    throw cannot('no-such-line', told, 'data.lines');
  }
  const until = disputeUntil(parameters, data);
  if (until !== undefined && today > until.day) {
    throw cannot(
      'too-late',
      `it could be disputed until ${until.day} (${until.reference}); speak to the region that sent it`,
    );
  }
}

const cannot = (code: string, text: string, location?: string): GatewayError =>
  new GatewayError('dispute-refused', text, {
    standardCode: code,
    ...(location !== undefined && { location }),
  });
