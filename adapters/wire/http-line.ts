/**
 * One way to an HTTP server of somebody else's: connections only to where they may go, answers no larger than we want,
 * never compressed (a small answer could become a huge one), with our certificate where the server asks for one.
 */
import { Agent, DecoratorHandler, type Dispatcher } from 'undici';
import { GatewayError } from '../../gateway/errors.ts';
import { targetOf } from './target.ts';

export interface LineSettings {
  readonly url: string;
  /** What the address is called in an error: `poll.base`. */
  readonly setting: string;
  /** The server stands in our own network: private addresses, and plain http there. */
  readonly allowPrivate: boolean;
  /** PEM: who signs the server's certificate, and what we show for ourselves. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  readonly maxAnswerBytes: number;
  /**
   * False: a connection for each call. A kept one may be closed by the other side just as we write on it, and then nobody
   * knows what was read.
   */
  readonly keepAlive?: boolean;
}

export interface HttpLine {
  /** Without a slash at its end. */
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  /**
   * The same way, for one call whose fate hangs on what is known of it.
   * @param onSending called when the connection and its TLS handshake stand, before anything of the call is written
   */
  watched(onSending: () => void): Dispatcher;
  /** Ends every connection. */
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;
/** Of one server at a time: a hospital's is not ours to fill. */
const connections = 8;

/** @throws GatewayError configuration-invalid for an address that may not be connected to */
export function openLine(settings: LineSettings): HttpLine {
  const { url, lookup } = targetOf(settings.url, settings.allowPrivate, settings.setting);
  const { ca, cert, key } = settings.tls ?? {};
  const agent = new Agent({
    connections,
    maxResponseSize: settings.maxAnswerBytes,
    ...(settings.keepAlive === false && { pipelining: 0 }),
    connect: {
      lookup,
      timeout: connectTimeoutMs,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
  });
  return {
    url: new URL(url.href.replace(/\/+$/, '')),
    dispatcher: agent.compose((dispatch) => (options, handler) => {
      return dispatch(options, new Uncompressed(handler));
    }),
    watched: (onSending) =>
      agent.compose((dispatch) => (options, handler) => {
        return dispatch(options, new Watched(handler, onSending));
      }),
    close: () => agent.destroy(),
  };
}

/** Code of the error of an answer that is compressed though nobody asked for it. */
const compressedCode = 'ECOMPRESSED';

class Uncompressed extends DecoratorHandler {
  readonly #handler: Dispatcher.DispatchHandlers;

  constructor(handler: Dispatcher.DispatchHandlers) {
    super(handler);
    this.#handler = handler;
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean {
    const names = headers.filter((_, index) => index % 2 === 0);
    const at = names.findIndex((name) => /^content-encoding$/i.test(name.toString('latin1')));
    const encoding = at < 0 ? 'identity' : (headers[at * 2 + 1]?.toString('latin1') ?? '');
    if (!/^(identity)?$/i.test(encoding.trim())) {
      throw Object.assign(new Error('compressed answer'), { code: compressedCode });
    }
    return this.#handler.onHeaders?.(status, headers, resume, text) ?? true;
  }
}

class Watched extends Uncompressed {
  readonly #handler: Dispatcher.DispatchHandlers;
  readonly #onSending: () => void;

  constructor(handler: Dispatcher.DispatchHandlers, onSending: () => void) {
    super(handler);
    this.#handler = handler;
    this.#onSending = onSending;
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#onSending();
    this.#handler.onConnect?.(abort);
  }
}

/** What went wrong on a connection, as the system or the library names it: `ECONNREFUSED`. */
export function connectionCode(thrown: unknown): string | undefined {
  for (let one: unknown = thrown; one instanceof Error; one = one.cause) {
    if ('code' in one && typeof one.code === 'string' && /^[A-Z][A-Z0-9_/]{1,60}$/.test(one.code)) {
      return one.code;
    }
    // Of the fetch standard: ports of other protocols.
    if (one.message === 'bad port') return 'EBADPORT';
  }
  return undefined;
}

/** Nothing was sent: asking once more cannot ask twice. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
/** What only a person can mend: nothing was sent, and nothing would be the next time. */
export const notAllowed: Readonly<Record<string, string>> = {
  EBADPORT: 'its port is one that no HTTP client may use',
  EADDRBLOCKED: 'its name leads to an address that is not allowed (ownNetwork)',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by somebody we do not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by somebody we do not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by somebody we do not know',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/**
 * What a call that got no whole answer means.
 * @param what the call: `GET Encounter`
 * @param isRepeatable asking twice does no harm
 */
export function unanswered(
  thrown: unknown,
  what: string,
  isRepeatable: boolean,
  maxAnswerBytes: number,
): GatewayError {
  const code = connectionCode(thrown) ?? 'closed';
  const detail = { cause: thrown, standardCode: code };
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    const text = `${what}: the answer is larger than ${maxAnswerBytes} bytes; ask for less at a time`;
    return new GatewayError('malformed-message', text, detail);
  }
  if (code === compressedCode) {
    const text = `${what}: the answer is compressed, which was not asked for`;
    return new GatewayError('malformed-message', text, detail);
  }
  const forbidden = notAllowed[code];
  if (forbidden !== undefined) {
    return new GatewayError('source-refused', `${what}: not connected, ${forbidden}`, detail);
  }
  if (isRepeatable || neverSent.has(code)) {
    return new GatewayError('source-unavailable', `${what}: no answer (${code})`, detail);
  }
  return new GatewayError('delivery-unknown', `${what}: sent, no answer (${code})`, detail);
}
