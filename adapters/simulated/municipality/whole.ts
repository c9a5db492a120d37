/** A whole simulated municipality: its channels, one list of what came by them, and its answers to the gateway. */
import { GatewayError } from '../../../gateway/errors.ts';
import type { DisputeCause } from '../../../gateway/process/events.ts';
import { tell, tellUntilTaken, type Answer } from './answering.ts';
import { passed, tlsChannels, type Channel } from './behaviour.ts';
import { serverCertificates } from './certificates.ts';
import { openChannel, type OpenChannel } from './open-channel.ts';
import { ReceivedList, type Arrival, type Received } from './received.ts';
import { secretsOf, type SecretName, type Secrets } from './secrets.ts';
import { settingsBlock, type SettingsBlock } from './settings-block.ts';

/** What it answers, as it is written on the command line. */
export const answerWords = {
  acknowledge: 'notice.acknowledged',
  received: 'notice.received',
  'not-ours': 'notice.misdirected',
  dispute: 'billing.disputed',
} as const;
export type AnswerWord = keyof typeof answerWords;

/** What is wrong with an invoice, and with which of its lines, from 1. */
export interface Dispute {
  readonly cause: DisputeCause;
  readonly lines?: readonly number[];
}

export interface WholeSettings {
  readonly channels: readonly Channel[];
  /** Where its channels listen. */
  readonly host: string;
  readonly ports: Readonly<Partial<Record<Channel, number>>>;
  /** Its secrets, certificates and folders are kept in it. */
  readonly folder: string;
  /** Certificates on the channels that can have them. */
  readonly isTls: boolean;
  /** The value of a variable that is set. */
  readonly given: (name: SecretName) => string | undefined;
  readonly gatewayUrl: string;
  /** What it answers to every notice that it took, by itself. */
  readonly answers: 'acknowledge' | 'not-ours' | 'none';
  /** How long after it came. */
  readonly answerAfterMs: number;
  /** It disputes every invoice. */
  readonly disputes: boolean;
  /** Real time, with its offset. */
  readonly now: () => string;
  readonly onReceived: (received: Received) => void;
  /** What became of an answer or of a receipt, in words without content. */
  readonly onRemark: (text: string) => void;
}

export class WholeMunicipality {
  readonly received: ReceivedList;
  readonly open: readonly OpenChannel[];
  /** What the gateway is to be told. */
  readonly settings: SettingsBlock;
  readonly #settings: WholeSettings;
  readonly #secrets: Secrets;
  readonly #certificates: ReturnType<typeof serverCertificates> | undefined;
  #isClosing = false;

  private constructor(
    settings: WholeSettings,
    parts: {
      readonly received: ReceivedList;
      readonly open: readonly OpenChannel[];
      readonly secrets: Secrets;
      readonly certificates: ReturnType<typeof serverCertificates> | undefined;
    },
  ) {
    const { received, open, secrets, certificates } = parts;
    this.#settings = settings;
    this.#secrets = secrets;
    this.#certificates = certificates;
    this.received = received;
    this.open = open;
    const { folder } = settings;
    this.settings = settingsBlock({ open, secrets, folder });
  }

  /** Starts all its channels; where one cannot, those before it are closed. @throws GatewayError */
  static async start(settings: WholeSettings): Promise<WholeMunicipality> {
    const { channels, folder, isTls, given, now, onRemark } = settings;
    const secrets = secretsOf(channels, folder, given);
    const certificates = isTls ? serverCertificates(`${folder}/tls`) : undefined;
    const received = new ReceivedList(now);
    let whole: WholeMunicipality | undefined;
    const onArrival = (arrival: Arrival): void => {
      const one = received.add(arrival);
      settings.onReceived(one);
      void whole?.answerByItself(one);
    };
    const onReceipt = (id: string, result: string): void => onRemark(`receipt of ${id}: ${result}`);
    const common = { ...settings, secrets, certificates, onArrival, onReceipt };
    const open: OpenChannel[] = [];
    for (const channel of channels) {
      try {
        open.push(await openChannel(channel, common));
      } catch (thrown) {
        for (const one of open) await one.close();
        throw notOpened(channel, settings.ports[channel], thrown);
      }
    }
    whole = new WholeMunicipality(settings, { received, open, secrets, certificates });
    return whole;
  }

  /**
   * Tells a channel what to do.
   * @param times for so many messages; from now on where left out
   * @throws GatewayError configuration-invalid, saying what it can do
   */
  async behave(channel: string, text: string, times?: number): Promise<void> {
    const one = this.open.find((each) => each.channel === channel);
    if (!one) {
      const can = this.open.map((each) => each.channel).join(', ');
      throw new GatewayError('configuration-invalid', `${channel} is not open; open are ${can}`);
    }
    const shown =
      text === 'expired-certificate' ? 'expired' : text === 'other-name' ? 'otherName' : undefined;
    if (shown === undefined) {
      await one.behave(text, times);
      if (this.#certificates) one.setCertificate?.(this.#certificates.right);
      return;
    }
    if (!this.#certificates || !one.setCertificate || !tlsChannels.includes(one.channel)) {
      const what = `${channel} shows no certificate: start with --tls, which is for ${tlsChannels.join(', ')}`;
      throw new GatewayError('configuration-invalid', what);
    }
    one.setCertificate(this.#certificates[shown]);
  }

  /**
   * Answers to something that came.
   * @param dispute what is wrong with an invoice; `amount` of the whole where left out
   * @returns `HTTP 202`, or why the gateway did not take it
   */
  async answer(
    { number, action, ...one }: Received,
    word: AnswerWord,
    dispute: Dispute = { cause: 'amount' },
  ): Promise<string> {
    const { reference, obligation, deliveryId } = one;
    if (reference === undefined) {
      throw new GatewayError('configuration-invalid', `${number} names nothing to answer for`);
    }
    if ((word === 'dispute') !== (action === 'invoice')) {
      const what = word === 'dispute' ? 'is no invoice' : 'is no notice';
      throw new GatewayError('configuration-invalid', `${number} ${what}`);
    }
    const type = answerWords[word];
    const data =
      word === 'dispute'
        ? { ...dispute, ...(dispute.cause === 'other' && { text: 'Påhittad anmärkning' }) }
        : {
            ...(deliveryId !== undefined && { deliveryId }),
            ...(obligation !== undefined && { obligation }),
          };
    const event: Answer = { caseReference: reference, type, data, time: this.#settings.now() };
    const link = {
      gatewayUrl: this.#settings.gatewayUrl,
      token: this.#secrets.of('PARTNER_TOKEN'),
    };
    const [problem] = await tellUntilTaken(event, (answer) => tell(link, answer));
    const result = problem ?? 'HTTP 202';
    this.received.answered(number, type, result);
    this.#settings.onRemark(`${type} to ${number}: ${result}`);
    return result;
  }

  /** As a person in the municipality would, after a while. */
  private async answerByItself(one: Received): Promise<void> {
    const { answers, answerAfterMs, disputes } = this.#settings;
    if (!one.isTaken || one.isDuplicate || one.reference === undefined) return;
    const isNotice = one.action.startsWith('notice');
    const word = one.action === 'invoice' && disputes ? 'dispute' : isNotice ? answers : 'none';
    if (word === 'none') return;
    await passed(answerAfterMs);
    if (!this.#isClosing) await this.answer(one, word);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const one of this.open) await one.close();
  }
}

function notOpened(channel: Channel, port: number | undefined, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown) || thrown instanceof GatewayError)
    return thrown;
  const flag = channel === 'webhook' ? '--port' : `--${channel}-port`;
  return new GatewayError(
    'configuration-invalid',
    `${channel} cannot listen on port ${port} (${String(thrown.code)})\n  next: name another by ${flag}, or 0 for any free one`,
    { cause: thrown },
  );
}
