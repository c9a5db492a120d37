/** How the simulated FHIR server answers: well, badly, late or not at all. */
import type { Response } from 'express';
import type { Bundle } from 'fhir/r4.js';

/** What it does with one call. */
export type SourceFault =
  /** Answers as it should. */
  | 'none'
  /** A page of a proxy, 200. */
  | 'html'
  /** `{"resourceType": "Bundle"` and no more, 200. */
  | 'not-json'
  /** 200 and no body. */
  | 'empty'
  /** Never answers. */
  | 'hang'
  /** Closes the connection half way through the answer. */
  | 'cut'
  /** Closes the connection without an answer. */
  | 'vanish'
  /** A Patient, whatever was asked for. */
  | 'wrong-resource'
  /** A page of 32 MiB. */
  | 'huge'
  /** Compressed, though nobody asked for it. */
  | 'compressed'
  /** 302 to another host. */
  | 'redirect'
  /** 401, whatever the token. */
  | 'token-expired'
  /** `next` is the page itself. */
  | 'next-repeats'
  /** `next` is the first page of the search. */
  | 'next-loops'
  /** `next` is another address each time, and the page is the same. */
  | 'next-endless'
  /** `next` is on another host. */
  | 'next-elsewhere'
  /** As the resources lie, whatever `_sort` says. */
  | 'unsorted'
  /** Any status, with its Retry-After. */
  | { readonly status: number; readonly retryAfter?: string };

/** The faults to come, one a call. */
export interface FaultScript {
  shift(): SourceFault | undefined;
}

/** One fault for all calls, or a list for the next ones and none after them. */
export function faultScript(fault: SourceFault | readonly SourceFault[]): FaultScript {
  return isList(fault) ? [...fault] : { shift: () => fault };
}

function isList(fault: SourceFault | readonly SourceFault[]): fault is readonly SourceFault[] {
  return Array.isArray(fault);
}

const hugeBytes = 32 * 1_048_576;

/**
 * Does those faults that need no answer made first.
 * @returns true where the call is over with it
 */
export function misbehave(fault: SourceFault, response: Response): boolean {
  if (typeof fault === 'object') {
    if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter);
    sendOutcome(response, fault.status, 'transient');
    return true;
  }
  switch (fault) {
    case 'html':
      response.type('html').send('<html><body>Sign in</body></html>');
      return true;
    case 'not-json':
      response.type('application/fhir+json').send('{"resourceType": "Bundle"');
      return true;
    case 'empty':
      response.status(200).end();
      return true;
    case 'hang':
      return true;
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/fhir+json', 'content-length': 500 });
      response.write('{"resourceType": "Bundle", ', () => response.destroy());
      return true;
    case 'vanish':
      response.destroy();
      return true;
    case 'wrong-resource':
      sendFhir(response, 200, { resourceType: 'Patient', id: 'wrong' });
      return true;
    case 'huge':
      sendHuge(response);
      return true;
    case 'compressed':
      response.setHeader('content-encoding', 'gzip');
      response.type('application/fhir+json').end(Buffer.of(0x1f, 0x8b));
      return true;
    case 'redirect':
      response.redirect(302, 'http://127.0.0.1:1/fhir/Encounter');
      return true;
    case 'token-expired':
      sendOutcome(response, 401, 'expired');
      return true;
    default:
      return false;
  }
}

/** Does those that are done to a page. */
export function spoil(
  page: Bundle,
  fault: SourceFault,
  { url, first, number }: { readonly url: string; readonly first: string; readonly number: number },
): Bundle {
  const link = (page.link ?? []).filter(({ relation }) => relation !== 'next');
  const next = (address: string): Bundle => ({
    ...page,
    link: [...link, { relation: 'next', url: address }],
  });
  switch (fault) {
    case 'next-repeats':
      return next(url);
    case 'next-loops':
      return next(first);
    case 'next-endless':
      return next(`${first}${first.includes('?') ? '&' : '?'}_round=${number}`);
    case 'next-elsewhere':
      return next('http://127.0.0.1:1/fhir/Encounter?_page=2');
    default:
      return page;
  }
}

/** Written bit by bit until nobody listens. */
function sendHuge(response: Response): void {
  response.writeHead(200, { 'content-type': 'application/fhir+json' });
  const piece = Buffer.alloc(65_536, ' ');
  let left = hugeBytes;
  const write = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= piece.length;
      if (!response.write(piece)) {
        response.once('drain', write);
        return;
      }
    }
    response.end('{"resourceType": "Bundle", "type": "searchset"}');
  };
  write();
}

export function sendFhir(response: Response, status: number, resource: object): void {
  response.status(status).type('application/fhir+json').send(JSON.stringify(resource));
}

export function sendOutcome(response: Response, status: number, code: string): void {
  const issue = [{ severity: 'error', code, diagnostics: 'as it was told to' }];
  sendFhir(response, status, { resourceType: 'OperationOutcome', issue });
}
