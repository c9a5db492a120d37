/** Every operation by its name. */
import { approveBilling } from './approve-billing.ts';
import { creditBilling } from './credit-billing.ts';
import { disputeBilling, escalateDispute, upholdInvoice } from './dispute-billing.ts';
import { discloseCase } from './disclose-case.ts';
import { enterCode } from './enter-code.ts';
import type { Operation } from './operation.ts';
import { pauseQueue, resumeQueue } from './pause-queue.ts';
import { purge } from './purge.ts';
import { readDispute } from './read-dispute.ts';
import { redrive } from './redrive.ts';
import { resend } from './resend.ts';
import { inForce, reload } from './reload.ts';
import { releaseHeld } from './release-held.ts';
import { routeAnew } from './route-anew.ts';
import { resolveUnknown } from './resolve-unknown.ts';
import { retranslate } from './retranslate.ts';
import { takeIncident } from './take-incident.ts';
import { takeHistory } from './take-history.ts';
import { withdrawApproval } from './withdraw-approval.ts';

export const operations = {
  'approve-billing': approveBilling,
  'credit-billing': creditBilling,
  'dispute-billing': disputeBilling,
  'disclose-case': discloseCase,
  'enter-code': enterCode,
  'escalate-dispute': escalateDispute,
  'pause-queue': pauseQueue,
  purge,
  'read-dispute': readDispute,
  redrive,
  resend,
  'in-force': inForce,
  reload,
  'release-held': releaseHeld,
  'resolve-unknown': resolveUnknown,
  'route-anew': routeAnew,
  'resume-queue': resumeQueue,
  retranslate,
  'take-history': takeHistory,
  'take-incident': takeIncident,
  'uphold-invoice': upholdInvoice,
  'withdraw-approval': withdrawApproval,
} as const;

export type OperationName = keyof typeof operations;
export type InputOf<N extends OperationName> =
  (typeof operations)[N] extends Operation<infer I, unknown> ? I : never;
export type ResultOf<N extends OperationName> = Awaited<ReturnType<(typeof operations)[N]['run']>>;

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}
