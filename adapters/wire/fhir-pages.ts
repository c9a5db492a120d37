/**
 * The pages of one search. A server's `next` link is followed with our token, so it must lead to the same server; and a
 * search must come to an end, so it must lead on.
 */
import { hash } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import type { Bundle } from 'fhir/r4.js';
import { GatewayError } from '../../gateway/errors.ts';

export interface Page {
  readonly bundle: Bundle;
  /** The server's clock when it answered (header Date), ISO 8601 UTC. */
  readonly serverTime?: string;
  /** Another page follows. */
  readonly hasNext: boolean;
}

interface Walk {
  readonly first: string;
  readonly base: URL;
  readonly maxPages: number;
  load(url: string): Promise<{ readonly bundle: Bundle; readonly headers: Headers }>;
}

/** So many pages in a row may bring nothing: a server may leave out what we may not see. */
const maxEmptyPages = 100;

/**
 * @throws GatewayError malformed-message for a `next` link that leads to another server, or back to where we were; what
 *   came before it has been given out
 */
export async function* walkPages(walk: Walk): AsyncGenerator<Page> {
  const addresses = new Set<string>();
  const contents = new Set<string>();
  let empty = 0;
  let url: string | undefined = walk.first;
  for (let number = 1; url !== undefined; number += 1) {
    if (addresses.has(url)) throw astray('leads back to a page that came already');
    if (number > walk.maxPages) throw astray(`goes on after ${walk.maxPages} pages`);
    addresses.add(url);
    const { bundle, headers } = await walk.load(url);
    const content = contentOf(bundle);
    if (content === undefined) empty += 1;
    else if (contents.has(content)) throw astray('leads to a page with what came already');
    else {
      contents.add(content);
      empty = 0;
    }
    if (empty > maxEmptyPages) throw astray(`goes on over ${maxEmptyPages} empty pages`);
    const link: string | undefined = nextOf(bundle);
    const serverTime = timeOf(headers);
    yield { bundle, hasNext: link !== undefined, ...(serverTime !== undefined && { serverTime }) };
    url = link === undefined ? undefined : sameServer(link, walk.base);
  }
}

function nextOf({ link }: Bundle): string | undefined {
  if (!Array.isArray(link)) return undefined;
  const next: unknown = link.find((one) => one?.relation === 'next')?.url;
  return typeof next === 'string' && next !== '' ? next : undefined;
}

/** Relative links are of the base. */
function sameServer(link: string, base: URL): string {
  const within = `${base.href.replace(/\/+$/, '')}/`;
  if (!URL.canParse(link, within)) throw astray('is not an address');
  const url = new URL(link, within);
  if (url.username !== '' || url.password !== '' || url.origin !== base.origin) {
    const why = url.host === base.host ? `by ${url.protocol}//` : 'to another host';
    throw astray(`leads elsewhere (${why}, not ${base.origin})`);
  }
  return url.href;
}

/** Which resources in which versions a page has; undefined for none. */
function contentOf({ entry }: Bundle): string | undefined {
  if (!Array.isArray(entry) || entry.length === 0) return undefined;
  const names = entry.map((one) => {
    const { resourceType, id, meta } = one?.resource ?? {};
    return [resourceType, id, meta?.versionId, meta?.lastUpdated, one?.search?.mode];
  });
  return hash('sha256', JSON.stringify(names), 'base64');
}

function timeOf(headers: Headers): string | undefined {
  const ms = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(ms) ? undefined : Temporal.Instant.fromEpochMilliseconds(ms).toString();
}

function astray(why: string): GatewayError {
  return new GatewayError('malformed-message', `the next link of a search ${why}`);
}
