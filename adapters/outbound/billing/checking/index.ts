/**
 * Whether a municipality's finance system will take an invoice: asked of the bytes that would be sent, and not of what they
 * were made from, by the rules of UBL 2.1, EN 16931, Peppol BIS Billing 3.0.19 and its Swedish part for all that an invoice
 * of ours has. What it has beyond them is a breach itself (see structure.ts).
 */
import { pathOf, within, type Element } from './element.ts';
import { codes } from './en16931-codes.ts';
import { presence } from './en16931-presence.ts';
import { sums } from './en16931-sums.ts';
import { vat } from './en16931-vat.ts';
import { peppol } from './peppol.ts';
import { readXml } from './read.ts';
import { documentOf, type Rule } from './rule.ts';
import { structure } from './structure.ts';
import { sweden } from './sweden.ts';

export interface Breach {
  /** The official id: `BR-CO-10`. */
  readonly rule: string;
  /** The business term or group it is about: `BT-106`. */
  readonly term: string;
  /** The element: `/Invoice/cac:LegalMonetaryTotal`. */
  readonly where: string;
  /** What holds in a good invoice. Without values of the document. */
  readonly message: string;
  /** False for a warning: the network passes such an invoice on. */
  readonly isFatal: boolean;
}

/** Every rule there is, in the order they are asked. */
export const rules: readonly Rule[] = [
  ...structure,
  ...presence,
  ...sums,
  ...codes,
  ...vat,
  ...peppol,
  ...sweden,
];

/** A document of 10,000 wrong lines is wrong once: that many places of a rule are told. */
const maxPlaces = 20;

/**
 * @param xml an invoice or a credit note, as it would be sent
 * @returns what it breaks, in the order of the rules; nothing where it may be sent
 */
export function checkInvoice(xml: string): readonly Breach[] {
  const reading = readXml(xml);
  if ('fault' in reading) return [unreadable(reading.fault)];
  const document = documentOf(reading.root, [...within(reading.root)]);
  return rules.flatMap((rule) =>
    rule
      .breaches(document)
      .slice(0, maxPlaces)
      .map((element) => breachOf(rule, element)),
  );
}

const breachOf = ({ id, term, says, isFatal }: Rule, element: Element): Breach => ({
  rule: id,
  term,
  where: pathOf(element),
  message: says,
  isFatal,
});

const unreadable = (fault: string): Breach => ({
  rule: 'UBL-2.1',
  term: 'BG-2',
  where: '/',
  message: fault,
  isFatal: true,
});
