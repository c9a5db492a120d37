/**
 * The rest-hook receiver: `/fhir-notifications/<subscription>`. Who is it, what does it say, is it stored; and only then
 * the answer. Whoever is not the source of the subscription hears 401 and nothing more, whatever the reason.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import type { OperationOutcome } from 'fhir/r4.js';
import helmet from 'helmet';
import { asGatewayError, GatewayError } from '../../../../gateway/errors.ts';
import { isResource } from '../content.ts';
import { readJson } from '../json/strict-json.ts';
import type { Identify } from '../security/identity.ts';
import {
  isNotificationBundle,
  plainNotification,
  readNotification,
  type Notification,
} from './notification.ts';

/** A subscription as its notifications reach it. */
export interface NotifiedSubscription {
  /** The last part of its endpoint. */
  readonly name: string;
  /** Whose notifications these are. */
  readonly sender: string;
  /** SHA-256 of its secrets, 32 bytes each: one, or two while it is being changed. */
  readonly secretSha256: readonly Uint8Array[];
  /**
   * Stores what a notification brings.
   * @throws GatewayError where it is not stored: the source sends it again
   */
  hear(notification: Notification): Promise<void>;
}

export interface SubscriptionRouterSettings {
  readonly subscriptions: readonly NotifiedSubscription[];
  /** Who is known by certificate may notify for its own subscriptions without a secret. */
  readonly identify?: Identify;
  readonly maxBodyBytes: number;
  /** Per subscription; a tenth of it for each stranger's address. */
  readonly requestsPerMinute: number;
  /** For metrics and log: what each request ended with. */
  readonly onAnswered?: (subscription: string | undefined, status: number) => void;
}

const root = '/fhir-notifications';
const path = `${root}/:name`;
const retryAfterSeconds = '5';

/**
 * The receiver as an express router.
 * @throws GatewayError configuration-invalid for two subscriptions of one name or with one secret
 */
export function subscriptionRouter(settings: SubscriptionRouterSettings): Router {
  checkDistinct(settings.subscriptions);
  const router = express.Router();
  const known = new WeakMap<Request, NotifiedSubscription>();

  const answer = (
    request: Request,
    response: Response,
    status: number,
    body?: OperationOutcome,
  ) => {
    response.status(status).set('Cache-Control', 'no-store');
    if (status === 503) response.set('Retry-After', retryAfterSeconds);
    if (body === undefined) response.end();
    else response.type('application/fhir+json').send(JSON.stringify(body));
    settings.onAnswered?.(known.get(request)?.name, status);
  };

  const identify = async (request: Request, _response: Response, next: NextFunction) => {
    const subscription = await sourceOf(settings, request);
    if (subscription) known.set(request, subscription);
    next();
  };
  const limit = rateLimit({
    windowMs: 60_000,
    limit: (request) =>
      known.has(request)
        ? settings.requestsPerMinute
        : Math.max(1, Math.floor(settings.requestsPerMinute / 10)),
    keyGenerator: (request) => {
      const name = known.get(request)?.name;
      return name === undefined ? `stranger ${ipKeyGenerator(request.ip ?? '')}` : `source ${name}`;
    },
    standardHeaders: false,
    legacyHeaders: false,
    handler: (request, response) => {
      response.set('Retry-After', retryAfterSeconds);
      answer(request, response, 429);
    },
  });
  const admit = (request: Request, response: Response, next: NextFunction): void => {
    if (known.has(request)) return next();
    // What a stranger sends is not read.
    response.set('Connection', 'close');
    answer(request, response, 401);
  };
  const body = express.raw({ type: () => true, limit: settings.maxBodyBytes, inflate: false });

  const hear = async (request: Request, response: Response): Promise<void> => {
    const subscription = known.get(request);
    if (!subscription)
      throw new GatewayError('assertion-failed', 'admitted without a subscription');
    await subscription.hear(notificationOf(request));
    answer(request, response, 200);
  };
  const fail = async (
    error: unknown,
    request: Request,
    response: Response,
    next: NextFunction,
  ): Promise<void> => {
    if (response.headersSent) return next(error);
    const { status, text, location } = refusalOf(error);
    // Of what cannot be read one thing is known: something happened. The source is asked for it.
    if (status < 500) await known.get(request)?.hear(plainNotification());
    answer(request, response, status, {
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'error',
          code: status >= 500 ? 'transient' : status === 413 ? 'too-long' : 'structure',
          diagnostics: text,
          ...(location !== undefined && { expression: [location] }),
        },
      ],
    });
  };

  router.use(root, helmet());
  router.use(path, identify, limit, admit);
  router.post(path, body, hear);
  router.put(path, body, hear);
  router.post(`${path}/:type/:id`, body, hear);
  router.put(`${path}/:type/:id`, body, hear);
  router.delete(`${path}/:type/:id`, hear);
  router.use(path, (request: Request, response: Response) => {
    response.set('Allow', 'POST, PUT');
    answer(request, response, 405);
  });
  router.use(root, limit, admit, fail);
  return router;
}

function checkDistinct(subscriptions: readonly NotifiedSubscription[]): void {
  const names = new Set<string>();
  const secrets = new Map<string, string>();
  for (const { name, secretSha256 } of subscriptions) {
    if (names.has(name)) {
      throw new GatewayError('configuration-invalid', `two subscriptions are called ${name}`);
    }
    names.add(name);
    for (const secret of secretSha256) {
      const digest = Buffer.from(secret).toString('hex');
      const other = secrets.get(digest);
      if (secret.length !== 32 || (other !== undefined && other !== name)) {
        const why = secret.length === 32 ? `has the secret of ${other}` : 'expected 32 bytes';
        throw new GatewayError('configuration-invalid', `subscription ${name}: ${why}`);
      }
      secrets.set(digest, name);
    }
  }
}

/** The subscription of that name, where the caller proves to be its source; compared in constant time. */
async function sourceOf(
  { subscriptions, identify }: SubscriptionRouterSettings,
  request: Request,
): Promise<NotifiedSubscription | undefined> {
  const { name } = request.params;
  const subscription = subscriptions.find((one) => one.name === name);
  const token = /^Bearer ([\x21-\x7e]{1,1024})$/i.exec(request.get('authorization') ?? '')?.[1];
  const digest = createHash('sha256')
    .update(token ?? '')
    .digest();
  let isProven = false;
  for (const secret of subscription?.secretSha256 ?? [digest]) {
    if (timingSafeEqual(digest, secret)) isProven = true;
  }
  if (subscription === undefined) return undefined;
  if (isProven && token !== undefined) return subscription;
  const message: IncomingMessage = request;
  const sender = token === undefined ? await identify?.(message) : undefined;
  return sender?.id === subscription.sender ? subscription : undefined;
}

/** @throws GatewayError malformed-message */
function notificationOf(request: Request): Notification {
  const { type, id } = request.params;
  const place =
    type === undefined || id === undefined ? undefined : `${String(type)}/${String(id)}`;
  if (request.method === 'DELETE') return plainNotification(undefined, place);
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (raw.length === 0) return plainNotification();
  if (/xml/i.test(request.get('content-type') ?? '')) {
    throw new GatewayError('malformed-message', 'expected application/fhir+json', {
      standardCode: '415',
    });
  }
  const { value, text, entryTexts } = readJson(raw);
  if (place === undefined && isNotificationBundle(value)) {
    return readNotification(value, entryTexts);
  }
  if (!isResource(value)) {
    throw new GatewayError('malformed-message', 'expected a resource, with its resourceType');
  }
  if (place !== undefined && place !== `${value.resourceType}/${value.id ?? ''}`) {
    throw new GatewayError('malformed-message', 'the address names another resource than is sent', {
      location: 'id',
    });
  }
  return plainNotification({ resource: value, text });
}

function refusalOf(error: unknown): { status: number; text: string; location?: string } {
  const http = statusOf(error);
  if (http === 413)
    return { status: 413, text: 'the body is too large: send fewer events at a time' };
  if (http === 415) return { status: 415, text: 'send it without Content-Encoding' };
  if (http === 400) return { status: 400, text: 'the body is not complete' };
  const { code, fate, message, location, standardCode } = asGatewayError(error);
  if (code === 'malformed-message') {
    const status = standardCode === '415' ? 415 : 400;
    return { status, text: message, ...(location !== undefined && { location }) };
  }
  return { status: fate === 'transient' ? 503 : 500, text: 'not taken; send it again later' };
}

function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error
    ? Number(error.status)
    : undefined;
}
