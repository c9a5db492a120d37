/** Notices as ADT messages by MLLP. Delivered is what the receiver answers AA to; a commit alone (CA) is not enough. */
import { assert, GatewayError } from '../../../gateway/errors.ts';
import type { MunicipalWords } from '../../../mappings/municipal.ts';
import type { DeliveryReceipt, Outbound } from '../../adapter.ts';
import type { WireTarget } from '../../wire/connect.ts';
import { KeptConnection, type StopReason } from '../../wire/kept-connection.ts';
import { readAnswer } from '../../wire/mllp-answer.ts';
import { MllpClient } from '../../wire/mllp-client.ts';
import { renderAdt, type AdtAgreement } from './adt.ts';

export interface MllpNoticeSettings extends WireTarget, AdtAgreement {
  /** For a whole attempt. */
  readonly timeoutMs: number;
  readonly words: MunicipalWords;
  /** The receiver recognises a repeated MSH-10: what may have arrived may be sent again. */
  readonly idempotent: boolean;
}

const idleMs = 30_000;

/** One receiver reached by MLLP. One message is on the line at a time, so they arrive in order. */
export function mllpNotices(settings: MllpNoticeSettings): Outbound & { close(): Promise<void> } {
  const { words, idempotent, timeoutMs, enhanced } = settings;
  /** An answer to another message came while one was awaited. */
  let isCrossed = false;
  const kept = new KeptConnection({
    name: 'mllp',
    open: () =>
      MllpClient.connect({
        ...settings,
        onUnawaited: (_answer, reason) => (isCrossed ||= reason === 'unknown'),
      }),
    isOpen: (client) => !client.closed,
    destroy: (client) => client.destroy(),
    // A kept connection may be closed by the other side just as we write on it, and then nobody knows what was read.
    // That costs a repeat where repeats are recognised, but a person's time where they are not: there, none is kept.
    idleMs: idempotent ? idleMs : 0,
  });
  return {
    channel: 'mllp',
    idempotent,
    render: async (message) => renderAdt(message, words, settings),
    async deliver(_deliveryId, rendered, signal) {
      const part = rendered.parts[0];
      assert(part !== undefined && rendered.parts.length === 1, 'MLLP carries one part');
      const raw = Buffer.from(part.body, 'utf8');
      return await kept.use(timeoutMs, signal, async (client, stopped) => {
        isCrossed = false;
        try {
          const answers = enhanced ? await client.exchange(raw) : [await client.send(raw)];
          return judge(answers);
        } catch (thrown) {
          throw told(thrown, stopped(), isCrossed);
        }
      });
    },
    close: async () => kept.close(),
  };
}

/** Table 0357: rejected because of the receiver's own state and not because of the message. */
const passing = new Set(['206', '207']);

/**
 * What the last answer says is known (table 0008, chapter 2.9).
 * @throws GatewayError delivery-refused (an error in the message, or a message it does not take), delivery-failed (it
 *   could not take it now), delivery-unknown (an answer that says neither)
 */
export function judge(answers: readonly Uint8Array[]): DeliveryReceipt {
  const { code, errors } = readAnswer(answers.at(-1) ?? new Uint8Array());
  if (code === 'AA') return { proof: 'receiver-answer', detail: 'AA' };
  const conditions = errors.map((error) => error.code).filter((condition) => condition !== '');
  const standardCode = [code, ...conditions.slice(0, 4)].join(' ');
  // Places and codes, and no text of theirs: it may quote a name.
  const text = `mllp: ${standardCode || 'an answer without a code'}`;
  if (!/^[AC][ER]$/.test(code)) {
    throw new GatewayError('delivery-unknown', `${text} is no answer to go by`, { standardCode });
  }
  // Without a reason a rejection is taken for one that passes (AR, CR), an error for one that stays (AE, CE).
  const mayPass =
    conditions.length === 0
      ? code.endsWith('R')
      : conditions.every((condition) => passing.has(condition));
  throw new GatewayError(mayPass ? 'delivery-failed' : 'delivery-refused', text, { standardCode });
}

/** What is known of an exchange that did not end in an answer. */
function told(thrown: unknown, stopped: StopReason | undefined, isCrossed: boolean): unknown {
  if (!(thrown instanceof GatewayError) || thrown.code !== 'delivery-unknown') return thrown;
  if (thrown.standardCode !== undefined) return thrown;
  const why = isCrossed ? 'an answer to another message came' : thrown.message;
  const standardCode = stopped ?? (isCrossed ? 'MSA-2' : 'CLOSED');
  return new GatewayError('delivery-unknown', `mllp: sent, no answer (${why})`, {
    cause: thrown,
    standardCode,
  });
}
