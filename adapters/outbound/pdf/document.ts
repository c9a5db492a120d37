/** A document to be read, before it has pages: what it says and in which order, and nothing of how it looks. */
export interface ReadableDocument {
  /** Shown above the text and in the window's title. Without personal data: it is metadata too. */
  readonly title: string;
  readonly subtitle?: string;
  readonly blocks: readonly Block[];
  /** At the foot of each page, beside its number. */
  readonly footer: string;
  /** When what it says was decided, ISO 8601 UTC: the file's date. */
  readonly createdAt: string;
  /** Its own name among all documents (a delivery id): the file's id is made of it. */
  readonly id: string;
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  /** Values with their labels. */
  | { readonly kind: 'values'; readonly rows: readonly (readonly [label: string, value: string])[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly Column[];
      /** As many cells in each row as there are columns. */
      readonly rows: readonly (readonly string[])[];
    };

export interface Column {
  readonly header: string;
  /** Its share of the width beside the others'. */
  readonly share: number;
  /** Numbers stand to the right. */
  readonly align?: 'right';
}

/** Makes the bytes of a PDF file: the same document gives the same bytes. */
export type MakePdf = (document: ReadableDocument) => Promise<Uint8Array>;
