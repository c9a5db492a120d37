/** POST /sdk-receipts: the access point brings a receipt. 204: it is stored; 503: bring it again; 4xx: it is not ours. */
import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { TakeReceipt } from '../../adapter.ts';
import { maxReceiptBytes } from './application-response.ts';
import { refusalText, takeSdkReceipt } from './take.ts';

export interface ReceiptServerSettings {
  /** SHA-256 of the access point's bearer token. */
  readonly tokenSha256: Uint8Array;
  readonly takeReceipt: TakeReceipt;
  readonly requestsPerMinute: number;
  /** For the log: what each request ended with. */
  readonly onAnswered?: (status: number) => void;
}

const path = '/sdk-receipts';

/** The endpoint as an express router. */
export function sdkReceiptsRouter(settings: ReceiptServerSettings): Router {
  const router = express.Router();
  const answer = (response: Response, status: number, text = ''): void => {
    settings.onAnswered?.(status);
    response.status(status).type('text/plain').set('Cache-Control', 'no-store').send(text);
  };
  const limit = rateLimit({
    windowMs: 60_000,
    limit: settings.requestsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, response) => answer(response, 429, 'too many requests in a minute\n'),
  });
  const admit = (request: Request, response: Response, next: NextFunction): void => {
    if (isToken(request.get('authorization'), settings.tokenSha256)) return next();
    response.set('WWW-Authenticate', 'Bearer realm="hemgang"');
    answer(response, 401, 'the bearer token of the access point is needed\n');
  };
  const body = express.raw({ type: () => true, limit: maxReceiptBytes, inflate: false });
  const take = async (request: Request, response: Response): Promise<void> => {
    const raw: Uint8Array = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const came = await takeSdkReceipt(raw, settings.takeReceipt);
    if (came.outcome === 'taken') return answer(response, 204);
    if (came.outcome === 'refused') {
      return answer(response, came.error ? 400 : 404, `${refusalText(came.error)}\n`);
    }
    response.set('Retry-After', '5');
    answer(response, 503, 'not taken; bring it again later\n');
  };
  const fail = (
    error: unknown,
    _request: Request,
    response: Response,
    next: NextFunction,
  ): void => {
    if (response.headersSent) return next(error);
    const status =
      typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
    const told = [400, 413, 415].includes(status) ? status : 500;
    answer(response, told, told === 413 ? 'a receipt is not so large\n' : 'not taken\n');
  };
  router.use(path, helmet(), limit);
  router.post(path, admit, body, take);
  router.all(path, (_request, response) => {
    response.set('Allow', 'POST');
    answer(response, 405, 'only POST\n');
  });
  router.use(path, fail);
  return router;
}

function isToken(authorization: string | undefined, wanted: Uint8Array): boolean {
  const token = /^Bearer ([A-Za-z0-9._~+/-]{1,1024}=*)$/i.exec(authorization ?? '')?.[1];
  const digest = createHash('sha256')
    .update(token ?? '')
    .digest();
  return timingSafeEqual(digest, wanted) && token !== undefined;
}
