/** What senders told as resources, and how far something was read. */

export interface ResourceKey {
  readonly sender: string;
  readonly type: string;
  readonly id: string;
}
export interface ResourceIdentifier {
  readonly system?: string;
  readonly value: string;
}
/** A resource as a message tells it; its sender is that of the message, `lastUpdated` when the message was received. */
export interface NewResource {
  readonly type: string;
  readonly id: string;
  /** Version that stood when the message was read, 0 for none. */
  readonly expected: number;
  readonly identifiers: readonly ResourceIdentifier[];
  /** Written only where no other resource of the sender and type has it. */
  readonly unlessKnown?: ResourceIdentifier;
  readonly body: string;
}
export interface StoredResource {
  readonly type: string;
  readonly id: string;
  /** 1, 2, 3 …: one more with each message that changed it. */
  readonly version: number;
  readonly lastUpdated: string;
  /** Of the mappings it was read by; empty where that was not noted. */
  readonly mappingRevision: string;
  readonly body: string;
}

/** What senders told as resources, as it stands: each sender's own, by itself. */
export interface Resources {
  read(key: ResourceKey): Promise<StoredResource | undefined>;
  /** Those of a type with an identifier, in order of id; without a system any system counts. */
  byIdentifier(
    sender: string,
    type: string,
    identifier: ResourceIdentifier,
    limit: number,
  ): Promise<readonly StoredResource[]>;
  /** Those of a type in order of id, after one (`''`: from the first). */
  page(
    sender: string,
    type: string,
    after: string,
    limit: number,
  ): Promise<readonly StoredResource[]>;
}

/** Where something that is read bit by bit goes on: a poll, a subscription. By name; text of its owner's. */
export interface Cursors {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
}
export interface Cursor {
  readonly name: string;
  readonly value: string;
}

/** Accepted messages that told a resource, by their numbers in the journal, in order. */
export interface ResourceMessages {
  readonly messages: readonly { readonly place: number; readonly raw: Uint8Array }[];
  /** Up to where was looked: the next page is the one after it. */
  readonly upTo: number;
  /** Nothing stood after it. */
  readonly isLast: boolean;
}
