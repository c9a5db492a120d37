/**
 * POST /receipts: who is it, may it speak of this case or invoice, then `receive`. The answer's status is in the answer, so a
 * repeat gets the same status and bytes as the first time.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import { asGatewayError, GatewayError } from '../../../gateway/errors.ts';
import { httpOf, problemBytes, unknownCase } from './answer.ts';
import { isDispute } from './dispute.ts';
import { readCloudEvent, type Partner } from './index.ts';

export interface KnownPartner extends Partner {
  /** SHA-256 of its bearer token, 32 bytes: the token itself is nowhere in the gateway. */
  readonly tokenSha256: Uint8Array;
}

export interface ReceiptsSettings<P extends KnownPartner> {
  /** Those in force when a request comes. */
  readonly partners: () => readonly P[];
  /** Stores, then answers. `traceparent` is the header as it came. */
  readonly receive: (
    raw: Uint8Array,
    partner: P,
    traceparent: string | undefined,
  ) => Promise<Uint8Array | undefined>;
  /** As `receive`, of what says that an invoice is not right. */
  readonly dispute: ReceiptsSettings<P>['receive'];
  /** Whether one of these receivers was sent a notice of this case. */
  readonly mayAnswer: (receivers: readonly string[], caseReference: string) => Promise<boolean>;
  readonly maxBodyBytes: number;
  /** Per partner; a tenth of it for each stranger's address. */
  readonly requestsPerMinute: number;
  /** For metrics and log: what each request ended with. */
  readonly onAnswered?: (partner: string | undefined, status: number) => void;
}

const contentType = 'application/cloudevents+json';
const retryAfterSeconds = '5';

/** The receipts endpoint as an express router. */
export function receiptsRouter<P extends KnownPartner>(settings: ReceiptsSettings<P>): Router {
  const router = express.Router();
  const identified = new WeakMap<Response, P>();
  const tell = (response: Response, status: number): void =>
    settings.onAnswered?.(identified.get(response)?.id, status);

  const send = (response: Response, answer: Uint8Array): void => {
    const http = httpOf(answer);
    if (http.status === 503) response.set('Retry-After', retryAfterSeconds);
    response.status(http.status).type(http.contentType).set('Cache-Control', 'no-store');
    response.send(Buffer.from(answer));
    tell(response, http.status);
  };
  const problem = (response: Response, status: number, code: string, text: string): void =>
    send(response, problemBytes(status, code, text));

  const limit = rateLimit({
    windowMs: 60_000,
    limit: (_request, response) =>
      identified.get(response)
        ? settings.requestsPerMinute
        : Math.max(1, Math.floor(settings.requestsPerMinute / 10)),
    keyGenerator: (request, response) => {
      const partner = identified.get(response);
      return partner ? `partner ${partner.id}` : `stranger ${ipKeyGenerator(request.ip ?? '')}`;
    },
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, response) =>
      problem(response, 429, 'too-many-requests', 'too many requests in a minute'),
  });

  const identify = (request: Request, response: Response, next: NextFunction): void => {
    const partner = partnerOf(settings.partners(), request.get('authorization'));
    if (partner) identified.set(response, partner);
    next();
  };
  const admit = (request: Request, response: Response, next: NextFunction): void => {
    if (!identified.get(response)) {
      response.set('WWW-Authenticate', 'Bearer realm="hemgang"');
      problem(response, 401, 'unknown-sender', 'a bearer token of a known partner is needed');
    } else if (!isCloudEvent(request.get('content-type'))) {
      response.set('Accept', contentType);
      problem(response, 415, 'unsupported-media-type', `expected ${contentType} in UTF-8`);
    } else next();
  };
  const body = express.raw({ type: () => true, limit: settings.maxBodyBytes, inflate: false });

  const take = async (request: Request, response: Response): Promise<void> => {
    const partner = identified.get(response);
    if (!partner) throw new GatewayError('assertion-failed', 'admitted without a partner');
    const raw: Uint8Array = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const saysOfInvoice = isDispute(raw);
    const caseReference = saysOfInvoice ? undefined : subjectOf(raw);
    if (caseReference !== undefined) {
      const known = await settings.mayAnswer(partner.receivers, caseReference);
      if (!known) return send(response, unknownCase);
    }
    const taking = saysOfInvoice ? settings.dispute : settings.receive;
    const answer = await taking(raw, partner, request.get('traceparent'));
    if (!answer) throw new GatewayError('assertion-failed', 'a receipt always has an answer');
    send(response, answer);
  };

  const fail = (
    error: unknown,
    _request: Request,
    response: Response,
    next: NextFunction,
  ): void => {
    if (response.headersSent) return next(error);
    const status = httpStatusOf(error);
    if (status === 413) return problem(response, 413, 'too-large', 'the body is too large');
    if (status === 415) {
      return problem(response, 415, 'unsupported-media-type', 'send it without Content-Encoding');
    }
    if (status === 400) return problem(response, 400, 'malformed-message', 'body not complete');
    const { code, fate } = asGatewayError(error);
    const later = fate === 'transient' ? 503 : 500;
    return problem(response, later, code, 'not taken; send it again later');
  };

  router.use('/receipts', helmet(), identify, limit);
  router.post('/receipts', admit, body, take);
  router.all('/receipts', (_request, response) => {
    response.set('Allow', 'POST');
    problem(response, 405, 'method-not-allowed', 'only POST');
  });
  router.use('/receipts', fail);
  return router;
}

/**
 * Holds partners against each other, before they come into force.
 * @throws GatewayError configuration-invalid for a digest that is not one, or one token for two partners
 */
export function checkTokens(partners: readonly KnownPartner[]): void {
  const seen = new Set<string>();
  for (const { id, tokenSha256 } of partners) {
    const digest = Buffer.from(tokenSha256).toString('hex');
    const wrong =
      tokenSha256.length !== 32
        ? 'expected 32 bytes'
        : seen.has(digest)
          ? 'another partner has the same token'
          : undefined;
    if (wrong !== undefined) {
      throw new GatewayError('configuration-invalid', `partner ${id}: tokenSha256: ${wrong}`);
    }
    seen.add(digest);
  }
}

/** Compares with every partner, in constant time, so that the time taken tells nothing of which one came near. */
function partnerOf<P extends KnownPartner>(
  partners: readonly P[],
  authorization: string | undefined,
): P | undefined {
  const token = /^Bearer ([A-Za-z0-9._~+/-]{1,1024}=*)$/i.exec(authorization ?? '')?.[1];
  const digest = createHash('sha256')
    .update(token ?? '')
    .digest();
  let found: P | undefined;
  for (const partner of partners) {
    if (timingSafeEqual(digest, partner.tokenSha256)) found = partner;
  }
  return token === undefined ? undefined : found;
}

function isCloudEvent(header: string | undefined): boolean {
  const [type, ...parameters] = (header ?? '').toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  return type?.trim() === contentType && /^(charset="?utf-8"?)?$/.test(charset ?? '');
}

/** The case it speaks of; undefined where the body cannot be read, and then `receive` says why. */
function subjectOf(raw: Uint8Array): string | undefined {
  try {
    return readCloudEvent(raw).caseReference;
  } catch {
    return undefined;
  }
}

function httpStatusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error
    ? Number(error.status)
    : undefined;
}
