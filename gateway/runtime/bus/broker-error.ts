/** What the broker and its library say when something does not work, in our words. */
import { GatewayError } from '../../errors.ts';

/** Whatever the broker's library throws (a lost socket, a closed channel, a refusal), with AMQP's reply code. */
export function asBusError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const text = thrown instanceof Error ? thrown.message : '';
  const reply = /\b(\d{3}) \(([A-Z-]+)\)/.exec(text);
  return new GatewayError('bus-unavailable', reasonOf(text, reply), {
    cause: thrown,
    ...(reply?.[1] && { standardCode: reply[1] }),
  });
}

function reasonOf(text: string, reply: RegExpExecArray | null): string {
  if (reply) return `the broker refused: ${reply[1]} ${reply[2]}`;
  if (text === 'message nacked') return 'the broker took it not: a queue is full or has no leader';
  if (/certificate|self.signed|ERR_TLS/i.test(text))
    return 'the certificate of the broker is not trusted';
  return 'the broker cannot be reached';
}
