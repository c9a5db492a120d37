/**
 * Invented people: a published test number each, and a name and an address made up for it. The same number has the same
 * name in every stream, and lives near the hospital it comes to.
 */
import { readFileSync } from 'node:fs';
import { GatewayError } from '../../gateway/errors.ts';
import type { Hospital } from './hospital.ts';
import { Random } from './random.ts';

export interface Person {
  readonly personnummer: string;
  readonly family: string;
  readonly given: string;
  readonly address: { readonly street: string; readonly postalCode: string; readonly city: string };
  /** SCB code of the municipality of civil registration. */
  readonly municipality: string;
  readonly protection?: string;
}

const families = [
  'Ågren',
  'Åslund',
  'Älvborg',
  'Ängström',
  'Öberg',
  'Östling',
  'Björkmåla',
  'Fågelström',
  'Grönåker',
  'Hägglöv',
  'Kråkhult',
  'Lövåsen',
  'Mållgren',
  'Näsåker',
  'Påhittad',
  'Råbäck',
  'Sjöäng',
  'Tvåberg',
  'Väderö',
  'Testsson',
  'Exempelsdotter',
  'Provberg',
  'Övningsson',
  'Ek & Åsen',
] as const;
const givens = [
  'Åsa',
  'Åke',
  'Älva',
  'Örjan',
  'Göran',
  'Björn',
  'Sören',
  'Märta',
  'Gösta',
  'Håkan',
  'Bärbel',
  'Kåre',
  'Måns',
  'Pär',
  'Solvår',
  'Tåve',
  'Väinö',
  'André',
  'Zoë',
  'Anna-Märta',
  'Test',
  'Prov',
] as const;
const streets = [
  'Exempelvägen',
  'Provgatan',
  'Påhittsgränd',
  'Övningsstigen',
  'Åkervägen',
  'Älggatan',
  'Testbacken',
  'Mallvägen',
] as const;

/** Municipalities by SCB code, with a place in each; most patients live in the county of their hospital. */
const places: Readonly<Record<Hospital, readonly (readonly [string, string, string])[]>> = {
  ekliden: [
    ['1480', '41101', 'Göteborg'],
    ['1481', '43130', 'Mölndal'],
    ['1490', '50330', 'Borås'],
    ['1496', '54130', 'Skövde'],
    ['1485', '45130', 'Uddevalla'],
    ['1488', '46130', 'Trollhättan'],
    ['1484', '45330', 'Lysekil'],
    ['1401', '43330', 'Härryda'],
    ['1419', '47130', 'Tjörn'],
    ['1384', '43430', 'Kungsbacka'],
    ['1380', '30230', 'Halmstad'],
  ],
  norrtuna: [
    ['2480', '90330', 'Umeå'],
    ['2482', '93130', 'Skellefteå'],
    ['2481', '92130', 'Lycksele'],
    ['2462', '91230', 'Vilhelmina'],
    ['2401', '91430', 'Nordmaling'],
    ['2460', '91830', 'Vännäs'],
    ['2417', '93530', 'Norsjö'],
    ['2284', '89130', 'Örnsköldsvik'],
  ],
};

/** SCB codes of the municipalities that the people are registered in. */
export const municipalitiesOfPeople: readonly string[] = Object.values(places).flatMap((of) =>
  of.map(([code]) => code),
);

/** One of so many has a marking in PV1-16. */
const protectedShare = 0.01;

/**
 * The published test numbers that people are made of.
 * @param file one number of twelve digits a line
 * @throws GatewayError configuration-invalid for a file that cannot be read
 */
export function loadNumbers(file: string): string[] {
  try {
    const numbers = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /^\d{12}$/.test(line));
    if (numbers.length > 0) return numbers;
  } catch {
    // said below
  }
  throw new GatewayError('configuration-invalid', `${file}: holds no test numbers`);
}

/** @param hospital near which the person most likely lives */
export function personOf(personnummer: string, hospital: Hospital): Person {
  // Two halves: a seed has 32 bits.
  const random = new Random(Number(personnummer.slice(0, 6)) * 31 + Number(personnummer.slice(6)));
  const family = pick(families, random);
  const given = pick(givens, random);
  const street = `${pick(streets, random)} ${1 + random.below(99)}`;
  const [municipality, postalCode, city] = pick(places[hospital], random);
  return {
    personnummer,
    family,
    given,
    address: { street, postalCode, city },
    municipality,
    ...(random.happens(protectedShare) && { protection: 'sekretessmarkering' }),
  };
}

/** One of a list, each as likely as the others. */
export function pick<T>(list: readonly [T, ...T[]] | readonly T[], random: Random): T {
  const found = list[random.below(list.length)];
  if (found === undefined) throw new GatewayError('assertion-failed', 'nothing to pick from');
  return found;
}
