/** Makes a bundle of its parts: digests, chain, page, signature. Pure but for the signature. */
import { sign } from 'node:crypto';
import { bundleText, format, version, type Bundle, type Manifest } from './bundle.ts';
import { canonical, digestOf, sha256 } from './canonical.ts';
import { chained, chainStart, type Chained } from './chain.ts';
import type { SigningKey } from './key.ts';
import type { Evidence } from './gather.ts';

/** Lists whose records are chained, in the order of the chain: what only grows comes first. */
export const chainedLists = ['events', 'messages', 'deliveries', 'attempts'] as const;

export interface Occasion {
  readonly who: string;
  readonly reason: string;
  /** Of a protected person: why what was sent is in it. */
  readonly protectedIdentity?: string | undefined;
  /** Name and version of the program. */
  readonly program: string;
  /** ISO 8601. */
  readonly madeAt: string;
}

/** What stands on the page of the file beside it. */
export interface PageMarks {
  readonly manifest: Pick<
    Manifest,
    'case' | 'madeAt' | 'madeBy' | 'withContent' | 'content' | 'chain' | 'key'
  >;
  /** Name of the JSON file. */
  readonly file: string;
  readonly pageFile: string;
}

export interface Sealed {
  readonly bundle: Bundle;
  readonly file: { readonly name: string; readonly text: string };
  readonly page: { readonly name: string; readonly text: string };
}

/** @param pageOf the page of what is proven; it is called once */
export function sealed(
  evidence: Evidence,
  { who, reason, program, protectedIdentity, madeAt }: Occasion,
  key: SigningKey,
  pageOf: (evidence: Evidence, marks: PageMarks) => string,
): Sealed {
  const { lists, chain } = chainOf(evidence);
  const parts = { ...evidence, ...lists };
  const digests = Object.fromEntries(
    Object.entries(parts)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, { sha256: digestOf(value) }]),
  );
  const reference = evidence.case.caseReference;
  const name = `evidence-${reference}-${madeAt.replace(/[-:]|\.\d+/g, '')}`;
  const marks = {
    case: reference,
    madeAt,
    madeBy: {
      who,
      reason,
      program,
      ...(protectedIdentity !== undefined && { protectedIdentity }),
    },
    withContent: evidence.content !== undefined,
    content: digestOf(digests),
    chain,
    key: { algorithm: 'Ed25519', fingerprint: key.fingerprint },
  } as const;
  const pageFile = `${name}.html`;
  const file = `${name}.json`;
  const page = pageOf(evidence, { manifest: marks, file, pageFile });
  const manifest: Manifest = {
    format,
    version,
    ...marks,
    position: evidence.events.at(-1)?.position ?? 0,
    parts: digests,
    page: { file: pageFile, sha256: sha256(page) },
  };
  const signature = {
    algorithm: 'Ed25519',
    publicKey: Buffer.from(key.publicKey).toString('base64'),
    value: sign(null, Buffer.from(canonical(manifest)), key.privateKey).toString('base64'),
  } as const;
  const present = Object.entries(parts).filter(([, value]) => value !== undefined);
  const bundle = { manifest, signature, parts: Object.fromEntries(present) };
  return {
    bundle,
    file: { name: file, text: bundleText(bundle) },
    page: { name: pageFile, text: page },
  };
}

function chainOf(evidence: Evidence) {
  let end = chainStart;
  const lists: Record<string, readonly Chained[]> = {};
  for (const name of chainedLists) {
    const { list, end: next } = chained<unknown>(end, evidence[name]);
    lists[name] = list;
    end = next;
  }
  const chain = { lists: [...chainedLists], records: end.number, end: end.link };
  return { lists, chain };
}
