/** Where instances tell each other what they did. */

/** Something for the bus was committed. */
export function outboxChannel(schema: string): string {
  return `${schema}_outbox`;
}

/** An instance came or left, or gave something up. */
export function leasesChannel(schema: string): string {
  return `${schema}_leases`;
}

/** The lock that whoever writes has until the commit; also who takes a lease, so that leases change hands in turn with writes. */
export const writeTurn = `pg_advisory_xact_lock(hashtext($1), hashtext('write'))`;
