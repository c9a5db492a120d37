/**
 * What happens in the stays of a made-up region-year: where patients live, and courses from admission to discharge.
 * Nothing here is about anyone: shares and lengths are chosen to give every rule something to do.
 */
import type { GivenFact } from '../../support/law.ts';
import type { Random } from '../../../adapters/simulated/random.ts';

/** Västra Götaland. */
export const county = '14';
export const year = 2022;
export const months: readonly string[] = Array.from(
  { length: 12 },
  (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`,
);

/** Past the cut-off of its last month. */
export const afterTheYear = `${year + 1}-01-10T12:00:00.000Z`;

/** Its 49 municipalities by SCB code, weighted roughly by inhabitants (thousands). */
const residents = `
  1401 39, 1402 40, 1407 13, 1415 28, 1419 16, 1421 15, 1427 9, 1430 11, 1435 13, 1438 5
  1439 7, 1440 32, 1441 43, 1442 12, 1443 10, 1444 6, 1445 6, 1446 7, 1447 5, 1452 12
  1460 9, 1461 9, 1462 14, 1463 35, 1465 11, 1466 9, 1470 16, 1471 13, 1472 11, 1473 9
  1480 588, 1481 70, 1482 49, 1484 14, 1485 57, 1486 13, 1487 40, 1488 59, 1489 42
  1490 114, 1491 25, 1492 12, 1493 25, 1494 40, 1495 19, 1496 57, 1497 9, 1498 13, 1499 33
`;
const homes: readonly (readonly [municipality: string, weight: number])[] = residents
  .trim()
  .split(/[,\n]\s*/)
  .map((home) => home.split(' '))
  .map(([municipality = '', weight]) => [municipality, Number(weight)]);
export const municipalities: readonly string[] = homes.map(([municipality]) => municipality);

/** Homes of other regions: the statute holds for them. */
export const elsewhere = ['0180', '0380', '1280', '1380', '1383', '1780', '1880'] as const;
const shareFromElsewhere = 0.02;
const weightOfAll = homes.reduce((sum, [, weight]) => sum + weight, 0);

/** A home; `ours` where it is one of the region's own. */
export function drawHome(random: Random): {
  readonly municipality: string;
  readonly ours: boolean;
} {
  if (random.happens(shareFromElsewhere)) {
    return { municipality: elsewhere[random.below(elsewhere.length)] ?? '0180', ours: false };
  }
  let left = random.below(weightOfAll);
  for (const [municipality, weight] of homes) {
    left -= weight;
    if (left < 0) return { municipality, ours: true };
  }
  return { municipality: '1480', ours: true };
}

/** `need`: services of a municipality are needed after the stay. */
export type Kind = 'need' | 'no-need';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const minuteMs = 60_000;
const firstDayMs = Date.UTC(year, 0, 1);
/** Days on which a stay of the year may end: from 1 to this, so that its last evening is still in the year. */
export const lastDay = 363;

/**
 * The facts of one stay, in the order in which they happened.
 * @param day of the year on which it ends, 1 to `lastDay`
 * @param isSlow whether the municipality takes long to receive the patient
 * @param home municipality of civil registration
 */
export function courseOf(
  random: Random,
  kind: Kind,
  day: number,
  isSlow: boolean,
  home: string,
): readonly GivenFact[] {
  const facts: GivenFact[] = [];
  const add = (type: GivenFact['type'], atMs: number, data: unknown = {}): void => {
    facts.push({
      type,
      id: `fact-${facts.length}-`,
      occurredAt: new Date(atMs).toISOString(),
      knownAt: new Date(atMs + (1 + random.below(5)) * minuteMs).toISOString(),
      data,
    });
  };
  const at = (dayOfYear: number, firstHour: number, hours: number): number =>
    firstDayMs +
    dayOfYear * dayMs +
    firstHour * hourMs +
    random.below(hours * 60) * minuteMs +
    random.below(60) * 1000;
  const admit = (atMs: number): void =>
    add('patient.admitted', atMs, {
      county,
      hospital: 'Sjukhus A',
      unit: `AVD${1 + random.below(40)}`,
      patient: { municipality: home, numberKind: 'personnummer', protection: 'none' },
    });
  const estimate = (atMs: number, dayOfYear: number): void =>
    add('discharge-estimate.set', atMs, {
      expectedDischarge: new Date(firstDayMs + dayOfYear * dayMs).toISOString().slice(0, 10),
    });
  const end = (atMs: number): void =>
    random.happens(0.02)
      ? add('patient.deceased', atMs)
      : add('patient.discharged', atMs, { disposition: 'home' });

  if (kind === 'no-need') {
    const days = 1 + random.below(6);
    const admittedMs = at(day - days, 6, 14);
    admit(admittedMs);
    if (random.happens(0.5)) estimate(admittedMs + 3 * hourMs, day);
    if (random.happens(0.3)) {
      const none = { socialServices: false, municipalHealthCare: false, regionOutpatient: false };
      add('need.assessed', admittedMs + 4 * hourMs, none);
    }
    end(at(day, 8, 6));
    if (random.happens(0.85)) add('information.transferred', at(day, 14, 4));
    return facts;
  }
  // Counted back from the end, and never ready before the year began: its days are all of the year's amount.
  const waited = Math.min(drawWait(random, isSlow), day - 1);
  const ready = day - waited;
  const isRenewed = ready > 4 && random.happens(0.12);
  const firstReady = isRenewed ? ready - 3 : ready;
  const stay = 3 + random.below(9);
  const admitted = firstReady - stay;
  const admittedMs = at(admitted, 6, 12);
  admit(admittedMs);
  const healthCare = random.happens(0.5);
  add('need.assessed', admittedMs + (2 + random.below(4)) * hourMs, {
    socialServices: !healthCare || random.happens(0.6),
    municipalHealthCare: healthCare,
    regionOutpatient: random.happens(0.3),
  });
  estimate(admittedMs + 6 * hourMs, firstReady);
  add('care-contact.appointed', at(admitted + 1, 7, 6), { unit: `VC${1 + random.below(200)}` });
  if (random.happens(0.9)) {
    add('planning.called', at(admitted + 1, 14, 2), { calledBy: 'fixed-care-contact' });
  }
  if (random.happens(0.2)) estimate(at(admitted + 2, 7, 2), firstReady + 1);
  const isAvailable = random.happens(0.92);
  add('outpatient-care.availability-set', at(admitted + 2, 10, 5), {
    availability: isAvailable ? 'available' : 'unavailable',
  });
  add('patient.discharge-ready', at(firstReady, 7, isRenewed || waited > 0 ? 8 : 2));
  if (isRenewed) {
    add('discharge-readiness.withdrawn', at(firstReady + 1, 8, 6));
    add('patient.discharge-ready', at(ready, 7, waited > 0 ? 8 : 2));
  }
  if (!isAvailable && waited > 1) {
    add('outpatient-care.availability-set', at(ready + 1, 9, 3), { availability: 'available' });
  }
  end(at(day, 11, 3));
  if (random.happens(0.85)) add('information.transferred', at(day, 14, 4));
  return facts;
}

/** Days from ready to discharge. */
function drawWait(random: Random, isSlow: boolean): number {
  const days = Math.floor(-Math.log(1 - random.share()) * (isSlow ? 6 : 1.6));
  return Math.min(days, 30);
}
