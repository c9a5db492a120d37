/**
 * A simulated access point of SDK with the receiver's message service behind it: it takes envelopes by HTTP and from a
 * folder, and brings a receipt back the way they came: to the gateway's `/sdk-receipts`, or to a folder.
 */
import { childOf, readXmlTree, type XmlElement } from '../../wire/xml-tree.ts';
import { carriages, passed, takes, wordOf, type AccessPointBehaviour } from './behaviour.ts';
import type { Certificate } from './http-server.ts';
import { hasToken, openPostBox, type Call } from './post-box.ts';
import type { Arrival } from './received.ts';
import { receiptXml } from './sdk-receipt.ts';
import { emptyFolder, leaveFile } from './taken-folder.ts';

export interface AccessPointSettings {
  /** The gateway's bearer token; anybody's calls are taken where left out. */
  readonly token?: string;
  /** Where the gateway leaves envelopes, and where it looks for receipts. */
  readonly folders: { readonly envelopes: string; readonly receipts: string };
  /** Where receipts of what came by HTTP are brought, and the token for it. */
  readonly gateway: { readonly url: string; readonly token: string };
  /** Between taking over and the receipt. */
  readonly receiptAfterMs?: number;
  /** The time of a receipt, with its offset. */
  readonly now: () => string;
  readonly onArrival?: (arrival: Arrival) => void;
  /** What became of a receipt: its message and a status, or why it was not brought. */
  readonly onReceipt?: (messageId: string, result: string) => void;
  readonly tls?: Certificate;
  readonly host?: string;
  readonly port?: number;
}

export interface SimulatedAccessPoint {
  readonly url: string;
  /** One for all envelopes, or a list for the next ones, one each, and `accept` after them. */
  setBehaviour(behaviour: AccessPointBehaviour | readonly AccessPointBehaviour[]): void;
  setCertificate(certificate: Certificate): void;
  close(): Promise<void>;
}

/** An id that no message of ours has; of the kind that ours have. */
const anotherId = '00000000-0000-5000-8000-000000000000';
/** The gateway may be away, or not know yet what became of its own hand-over. */
const receiptTries = 600;
const receiptPauseMs = 100;

/** Starts one; resolves when it listens and looks. */
export async function simulatedAccessPoint(
  settings: AccessPointSettings,
): Promise<SimulatedAccessPoint> {
  const { token, folders, receiptAfterMs = 0, now, onArrival, onReceipt } = settings;
  const taken = new Set<string>();
  let always: AccessPointBehaviour = 'accept';
  let next: AccessPointBehaviour[] = [];
  const closing = new AbortController();
  let receipts = 0;

  type Bring = (name: string, xml: string) => Promise<string>;

  async function carry(
    { messageId, isDuplicate }: Pick<Call, 'messageId' | 'isDuplicate'>,
    behaviour: AccessPointBehaviour,
    bring: Bring,
  ): Promise<void> {
    await passed(receiptAfterMs);
    for (const xml of receiptsOf(messageId, isDuplicate, behaviour, now())) {
      if (closing.signal.aborted) return;
      receipts += 1;
      onReceipt?.(
        messageId,
        await bring(`receipt-${receipts}.xml`, xml).catch(() => 'no connection'),
      );
    }
  }

  /** The same again while the gateway cannot take it. */
  const byHttp: Bring = async (_name, xml) => {
    const { url, token: bearer } = settings.gateway;
    let result = 'no connection';
    for (let attempt = 0; attempt < receiptTries && !closing.signal.aborted; attempt++) {
      const status = await fetch(new URL('/sdk-receipts', url), {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/xml' },
        body: xml,
        signal: AbortSignal.timeout(10_000),
      }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      );
      if (status !== 0) result = `HTTP ${status}`;
      if (status !== 0 && status !== 503) break;
      await passed(receiptPauseMs);
    }
    return result;
  };
  const byFolder: Bring = async (name, xml) => {
    await leaveFile(folders.receipts, name, xml);
    return 'left in the folder';
  };

  const box = await openPostBox<AccessPointBehaviour>({
    ...settings,
    channel: 'sdk',
    isKnown: token === undefined ? undefined : hasToken(token),
    idOf: (headers, body) =>
      messageIdOf(body.toString('utf8')) ?? String(headers['idempotency-key']),
    heard: (behaviour) => (isCarriage(behaviour) ? 'accept' : behaviour),
    onTaken: (call, behaviour) => carry(call, behaviour, byHttp),
  });
  const folder = await emptyFolder(folders.envelopes, (name, content) => {
    const behaviour = next.shift() ?? always;
    const messageId = messageIdOf(content) ?? name;
    const isDuplicate = taken.has(messageId);
    // A file is there to be taken: what would be an answer by HTTP is none here.
    const isTaken = takes(behaviour);
    if (isTaken) {
      onArrival?.({
        channel: 'sdk',
        messageId,
        isDuplicate,
        isTaken,
        behaviour: wordOf(behaviour),
        content,
      });
      taken.add(messageId);
      void carry({ messageId, isDuplicate }, behaviour, byFolder);
    }
    return isTaken;
  });
  return {
    url: `${box.origin}/messages`,
    setBehaviour(behaviour) {
      box.setBehaviour(behaviour);
      always = isList(behaviour) ? 'accept' : behaviour;
      next = isList(behaviour) ? [...behaviour] : [];
    },
    setCertificate: (certificate) => box.setCertificate(certificate),
    async close() {
      closing.abort();
      await folder.close();
      await box.close();
    },
  };
}

function isList(
  behaviour: AccessPointBehaviour | readonly AccessPointBehaviour[],
): behaviour is readonly AccessPointBehaviour[] {
  return Array.isArray(behaviour);
}

const isCarriage = (behaviour: unknown): behaviour is (typeof carriages)[number] =>
  carriages.some((one) => one === behaviour);

/** What the receiver's message service says of one envelope. */
function receiptsOf(
  id: string,
  isDuplicate: boolean,
  behaviour: AccessPointBehaviour,
  at: string,
): readonly string[] {
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  const words = { id, date, time };
  if (isDuplicate) {
    return [receiptXml({ ...words, code: 'REJECTED', lines: [['BV', 'duplicate']] })];
  }
  switch (behaviour) {
    case 'no-receipt':
      return [];
    case 'negative-receipt':
      return [receiptXml({ ...words, code: 'REJECTED', lines: [['BV', 'UnknownRecipient']] })];
    case 'receipt-twice':
      return [receiptXml(words), receiptXml(words)];
    case 'other-receipt':
      return [receiptXml({ ...words, id: anotherId })];
    default:
      return [receiptXml(words)];
  }
}

/** sdk:messageId, wherever the envelope has it. */
function messageIdOf(xml: string): string | undefined {
  try {
    return deep(readXmlTree(xml, 32 * 1024 * 1024));
  } catch {
    return undefined;
  }
}

function deep(element: XmlElement): string | undefined {
  if (element.name === 'messageHeader')
    return childOf(element, element.namespace, 'messageId')?.text;
  for (const child of element.children) {
    const hit = deep(child);
    if (hit !== undefined) return hit;
  }
  return undefined;
}
