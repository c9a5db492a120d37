/** A process goes by its id, and by every id its stays have gone by before they were linked: those stand in notices. */

/**
 * The process that goes by a name, as SQL: null where none does.
 * @param name a parameter of the statement
 */
export function processNamed(name: string): string {
  return `coalesce(
    (SELECT process_id FROM stays WHERE process_id = ${name} LIMIT 1),
    (SELECT n.process_id FROM former_processes AS f JOIN stays AS n ON n.stay_id = f.stay_id
     WHERE f.process_id = ${name}))`;
}
