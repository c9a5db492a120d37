/** What a rule is, and what it looks at. */
import { all, first, type Element } from './element.ts';

/** An invoice or a credit note, with the parts that many rules ask for found once. */
export interface UblDocument {
  readonly root: Element;
  readonly lines: readonly Element[];
  readonly seller: Element | undefined;
  readonly buyer: Element | undefined;
  readonly totals: Element | undefined;
  /** BG-23. */
  readonly breakdowns: readonly Element[];
  /** Every element, in document order. */
  readonly elements: readonly Element[];
  /** Where elements of a name are. */
  named(name: string): readonly Element[];
}

export interface Rule {
  /** The official id: `BR-CO-10`, `PEPPOL-EN16931-R003`. */
  readonly id: string;
  /** The business term (BT) or group (BG) of EN 16931 that it is about. */
  readonly term: string;
  readonly says: string;
  /** The standard's flag: false for a warning, by which no receiver may refuse. */
  readonly isFatal: boolean;
  /** The elements that break it. */
  breaches(document: UblDocument): readonly Element[];
}

type Pick = (document: UblDocument) => readonly Element[];
type Test = (element: Element, document: UblDocument) => boolean;

/**
 * @param of what it is asked of
 * @param holds whether it holds for one of them
 */
export function rule(id: string, term: string, says: string, of: Pick, holds: Test): Rule {
  return {
    id,
    term,
    says,
    isFatal: true,
    breaches: (document) => of(document).filter((element) => !holds(element, document)),
  };
}

/** The same, as a warning. */
export const warning = (...given: Parameters<typeof rule>): Rule => ({
  ...rule(...given),
  isFatal: false,
});

/** Whether there is such an element with something in it. */
export function has(from: Element | undefined, ...path: readonly string[]): boolean {
  const found = first(from, ...path);
  return found !== undefined && (found.text !== '' || found.children.length > 0);
}

// ---------------------------------------------------------------- what rules are asked of

export const theDocument: Pick = ({ root }) => [root];
export const theLines: Pick = ({ lines }) => lines;
export const theBreakdowns: Pick = ({ breakdowns }) => breakdowns;
export const theTotals: Pick = ({ totals }) => some(totals);
export const theSeller: Pick = ({ seller }) => some(seller);
export const theBuyer: Pick = ({ buyer }) => some(buyer);
/** Every element of these names, wherever it stands. */
export const every =
  (...names: readonly string[]): Pick =>
  (document) =>
    names.flatMap((name) => document.named(name));
/** Those at a path from the root. */
export const at =
  (...path: readonly string[]): Pick =>
  ({ root }) =>
    all(root, ...path);

const some = (element: Element | undefined): readonly Element[] =>
  element === undefined ? [] : [element];

/** Finds the parts once. */
export function documentOf(root: Element, elements: readonly Element[]): UblDocument {
  const byName = new Map<string, Element[]>();
  for (const element of elements) {
    const alike = byName.get(element.name);
    if (alike === undefined) byName.set(element.name, [element]);
    else alike.push(element);
  }
  return {
    root,
    lines: all(root, `cac:${root.name}Line`),
    seller: first(root, 'cac:AccountingSupplierParty', 'cac:Party'),
    buyer: first(root, 'cac:AccountingCustomerParty', 'cac:Party'),
    totals: first(root, 'cac:LegalMonetaryTotal'),
    breakdowns: all(root, 'cac:TaxTotal', 'cac:TaxSubtotal'),
    elements,
    named: (name) => byName.get(name) ?? [],
  };
}
