/** Which tables of a journal move, and in which order: what is referred to comes first. */

/** Columns by which the rows of a table come. */
const orders: Readonly<Record<string, readonly string[]>> = {
  messages: ['sequence'],
  control_ids: ['dedupe_key'],
  unmapped_codes: ['message_sequence', 'ordinal'],
  findings: ['message_sequence'],
  refused_bodies: ['state', 'sequence'],
  stays: ['stay_id'],
  former_processes: ['process_id'],
  identities: ['patient_key'],
  identifiers: ['authority', 'value'],
  person_facts: ['number'],
  sequences: ['sender'],
  events: ['position'],
  outbox: ['queue', 'stage', 'position'],
  deadlines: ['key'],
  deliveries: ['sequence'],
  attempts: ['delivery_id', 'number'],
  resources: ['number'],
  resource_identifiers: ['number'],
  cursors: ['name'],
  audit: ['sequence'],
  senders: ['sender'],
  delivery_counts: ['state'],
  refused_counts: ['state'],
  finding_counts: ['sender', 'finding'],
};

/** What belongs to a database and not to the journal in it: its schema, and who is at work on it now. */
const leftBehind = new Set(['migrations', 'leases', 'instances']);

/** Those of a database's tables that move, in their order. One that nobody has named here moves too. */
export function moving(tables: readonly string[]): readonly string[] {
  const named = Object.keys(orders).filter((table) => tables.includes(table));
  const others = tables.filter((table) => orders[table] === undefined && !leftBehind.has(table));
  return [...named, ...others.toSorted()];
}

/** `ORDER BY …`, or nothing where the order of a table says nothing. */
export function orderOf(table: string): string {
  const columns = orders[table];
  return columns === undefined ? '' : `ORDER BY ${columns.join(', ')}`;
}
