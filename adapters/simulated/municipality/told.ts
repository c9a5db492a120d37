/**
 * What was received, as a line of a log may tell it: the kind, the action and the references of it, and never the person.
 * It reads as a municipality's system would, by the formats that the READMEs of the channels tell of.
 */
import { z } from 'zod';
import { childOf, readXmlTree, type XmlElement } from '../../wire/xml-tree.ts';

export interface Told {
  /** `notice.issued`, `invoice`, `record APPROVED`. */
  readonly action: string;
  /** The obligation of a notice, by its code. */
  readonly obligation?: string | undefined;
  /** Of an SDK message, which has no field for the obligation; it says nothing of the person. */
  readonly label?: string | undefined;
  /** Our case reference, or the number of a document. */
  readonly reference?: string | undefined;
  /** What an answer names: the delivery; ADT has no room for the whole of it. */
  readonly deliveryId?: string | undefined;
}

/** A form that nobody has told of: it is received all the same. */
const unread: Told = { action: 'unread' };
const mostCharacters = 32 * 1024 * 1024;

/** Reads what came, by what it looks like. Pure; it never throws. */
export function toldOf(content: string): Told {
  try {
    if (content.startsWith('MSH')) return ofAdt(content);
    if (content.startsWith('%PDF-')) return { action: 'pdf' };
    const start = content.trimStart().charAt(0);
    if (start === '<') return ofXml(readXmlTree(content, mostCharacters));
    if (start === '{') return ofJson(JSON.parse(content));
  } catch {
    // A municipality's system would say so too: the list shows that it could not be read.
  }
  return unread;
}

function ofAdt(content: string): Told {
  const segments = new Map(content.split('\r').map((one) => [one.slice(0, 3), one.split('|')]));
  const [obligation, action] = (segments.get('ZHG') ?? []).slice(1);
  return {
    action: `notice.${action ?? 'unread'}`,
    obligation,
    reference: segments.get('PV1')?.[19]?.split('^')[0],
  };
}

function ofXml(root: XmlElement): Told {
  if (root.name === 'XHE') return ofEnvelope(root);
  if (root.name === 'Invoice' || root.name === 'CreditNote') {
    const action = root.name === 'Invoice' ? 'invoice' : 'credit-note';
    return { action, reference: root.children.find(({ name }) => name === 'ID')?.text };
  }
  return unread;
}

function ofEnvelope(root: XmlElement): Told {
  const header = found(root, 'messageHeader');
  const reference = found(header, 'reference');
  const [corrects] = header?.children.filter(({ name }) => name === 'refToMessageId') ?? [];
  return {
    // The envelope has no field for it; its label says it in words.
    action: corrects === undefined ? 'notice' : 'notice of an earlier one',
    label: header && childOf(header, header.namespace, 'label')?.text,
    reference: found(reference, 'extension')?.text,
    deliveryId: header && childOf(header, header.namespace, 'messageId')?.text,
  };
}

/** The first element of that name, however deep. */
function found(element: XmlElement | undefined, name: string): XmlElement | undefined {
  for (const child of element?.children ?? []) {
    const hit = child.name === name ? child : found(child, name);
    if (hit) return hit;
  }
  return undefined;
}

const text = z.string();
const event = z.looseObject({
  type: text,
  data: z.looseObject({
    deliveryId: text.optional(),
    caseReference: text.optional(),
    obligation: text.optional(),
    county: text.optional(),
    municipality: text.optional(),
    month: text.optional(),
    revision: z.number().optional(),
  }),
});
const record = z.looseObject({
  status: text,
  category: text,
  invoice: z.looseObject({ referenceId: text }),
});
const coded = z.looseObject({ coding: z.array(z.looseObject({ code: text })).min(1) });
const bundle = z.looseObject({
  resourceType: z.literal('Bundle'),
  entry: z.array(
    z.looseObject({
      resource: z.looseObject({
        resourceType: text,
        id: text.optional(),
        eventCoding: z.looseObject({ code: text }).optional(),
        activity: coded.optional(),
        identifier: z.unknown().optional(),
      }),
    }),
  ),
});
const identified = z.array(z.looseObject({ value: text }));

function ofJson(json: unknown): Told {
  const message = bundle.safeParse(json);
  if (message.success) return ofBundle(message.data);
  const entry = record.safeParse(json);
  if (entry.success) {
    const { status, invoice } = entry.data;
    return { action: `record ${status}`, reference: invoice.referenceId };
  }
  const { type, data } = event.parse(json);
  const { deliveryId, obligation, caseReference, county, municipality, month, revision } = data;
  const ofMonth = `${county}-${municipality}-${month}-r${revision}`;
  return {
    action: type,
    obligation,
    reference: caseReference ?? (month === undefined ? undefined : ofMonth),
    deliveryId,
  };
}

function ofBundle({ entry }: z.infer<typeof bundle>): Told {
  const of = (type: string): z.infer<typeof bundle>['entry'][number]['resource'] | undefined =>
    entry.find(({ resource }) => resource.resourceType === type)?.resource;
  const header = of('MessageHeader');
  const names = identified.safeParse(of('Encounter')?.identifier);
  return {
    action: header?.eventCoding?.code.replace(/^notice-/, 'notice.') ?? 'unread',
    obligation: of('Provenance')?.activity?.coding[0]?.code,
    reference: names.data?.[0]?.value,
    deliveryId: header?.id,
  };
}
