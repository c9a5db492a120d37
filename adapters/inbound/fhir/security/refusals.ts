/** What is said to whoever may not: the same for every reason, so that nobody learns from it who exists. RFC 6750 section 3. */
import type { OperationOutcome } from 'fhir/r4.js';
import { issueOf, outcomeOf } from '../answers/outcome.ts';
import type { Interaction } from './identity.ts';
import { scopeFor } from './scopes.ts';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly outcome: OperationOutcome;
}

/** @param broughtToken the request had an Authorization header: only then does RFC 6750 let the answer call it wrong */
export function unknownSender(broughtToken: boolean): Refusal {
  const challenge = `Bearer realm="hemgang"${broughtToken ? ', error="invalid_token"' : ''}`;
  return {
    status: 401,
    headers: { 'WWW-Authenticate': challenge },
    outcome: refusal(
      'login',
      'a bearer token that holds, or the client certificate, of a known sender is needed',
    ),
  };
}

/** The token is good, and not for this. */
export function insufficientScope(type: string, interaction: Interaction): Refusal {
  const scope = scopeFor(type, interaction);
  return {
    status: 403,
    headers: {
      'WWW-Authenticate': `Bearer realm="hemgang", error="insufficient_scope", scope="${scope}"`,
    },
    outcome: refusal('forbidden', `the access token lacks the scope ${scope}; ask for one with it`),
  };
}

export function tooManyRequests(): Refusal {
  return {
    status: 429,
    headers: {},
    outcome: refusal('throttled', 'too many requests in a minute; go on after Retry-After'),
  };
}

function refusal(code: 'login' | 'forbidden' | 'throttled', text: string): OperationOutcome {
  return outcomeOf([issueOf({ severity: 'error', code, text })]);
}
