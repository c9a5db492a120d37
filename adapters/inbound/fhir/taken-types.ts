/** The types of resources that are taken; anything else is only ever read as part of one. */

/** In the order in which they are told: what others refer to comes before them. */
export const takenTypes = [
  'Organization',
  'Location',
  'Patient',
  'Encounter',
  'CarePlan',
  'Task',
  'Communication',
  'Observation',
] as const;
export type TakenType = (typeof takenTypes)[number];

export function isTakenType(type: string): type is TakenType {
  return takenTypes.some((one) => one === type);
}

/** The place of a type in that order; the last one for a type that is not taken. */
export function rankOf(type: string): number {
  const place = takenTypes.findIndex((one) => one === type);
  return place < 0 ? takenTypes.length : place;
}
