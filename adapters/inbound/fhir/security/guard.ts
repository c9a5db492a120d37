/** Stands before everything of `/fhir`: who is it, not too often, and nothing for strangers but what is nobody's. */
import type { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import { fhirJson } from '../answers/answer.ts';
import type { FhirSender, Identify } from './identity.ts';
import { tooManyRequests, unknownSender, type Refusal } from './refusals.ts';

export interface GuardSettings {
  readonly identify: Identify;
  /** Per sender; a tenth of it for each stranger's address. */
  readonly requestsPerMinute: number;
  /** Paths below the mount that strangers may read: they say what we are, and nothing of anybody. */
  readonly open: readonly string[];
  /** For metrics and log: who was not let in, and why. What comes further is told where it is answered. */
  readonly onRefused?: (sender: string | undefined, status: number) => void;
}

export interface Guard {
  /** To be used before the routes it guards. */
  readonly router: Router;
  /** Who was let in: asked once a request, remembered for whoever asks again. */
  readonly identify: Identify;
  /** Requests that have no whole answer yet. */
  inHand(): number;
}

export function guard(settings: GuardSettings): Guard {
  const { requestsPerMinute } = settings;
  const known = new WeakMap<IncomingMessage, FhirSender>();
  let inHand = 0;

  const count = (_request: Request, response: Response, next: NextFunction): void => {
    inHand += 1;
    response.once('close', () => (inHand -= 1));
    next();
  };
  const refuse = (request: Request, response: Response, refusal: Refusal): void => {
    answerRefusal(response, refusal);
    settings.onRefused?.(known.get(request)?.id, refusal.status);
  };
  const identify = async (
    request: Request,
    _response: Response,
    next: NextFunction,
  ): Promise<void> => {
    const sender = await settings.identify(request);
    if (sender) known.set(request, sender);
    next();
  };
  const limit = rateLimit({
    windowMs: 60_000,
    limit: (request) =>
      known.has(request) ? requestsPerMinute : Math.max(1, Math.floor(requestsPerMinute / 10)),
    keyGenerator: (request) => {
      const sender = known.get(request);
      return sender ? `sender ${sender.id}` : `stranger ${ipKeyGenerator(request.ip ?? '')}`;
    },
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (request, response) => refuse(request, response, tooManyRequests()),
  });
  const admit = (request: Request, response: Response, next: NextFunction): void => {
    const isOpen = request.method === 'GET' && settings.open.includes(request.path);
    if (known.has(request) || isOpen) return next();
    refuse(request, response, unknownSender(request.headers.authorization !== undefined));
  };

  const router = express.Router();
  router.use(helmet(), count, identify, limit, admit);
  return { router, identify: async (request) => known.get(request), inHand: () => inHand };
}

/** The body of the request is not read: whoever sends on is cut off. */
function answerRefusal(response: Response, { status, headers, outcome }: Refusal): void {
  response.status(status).set(headers).set('Cache-Control', 'no-store');
  // Not by `send`, which would make an ETag of its own: with us that is a version.
  response.setHeader('Content-Type', fhirJson).end(JSON.stringify(outcome));
}
