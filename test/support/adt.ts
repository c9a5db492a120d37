/** ADT messages field by field, in the dialect of the invented hospitals, for stories that the simulated hospital does not tell. */

export interface AdtFields {
  readonly trigger: string;
  readonly id: string;
  /** When it happened, EVN-6, local time as HL7 writes it. */
  readonly at: string;
  /** When it was recorded, EVN-2; `at` where left out. */
  readonly told?: string;
  readonly hospital?: 'ekliden' | 'norrtuna';
  /** PID-3 as written. */
  readonly number?: string;
  readonly family?: string;
  readonly municipality?: string;
  readonly visit?: string;
  /** PV1 by field number. */
  readonly pv1?: Readonly<Record<number, string>>;
  /** PID by field number. */
  readonly pid?: Readonly<Record<number, string>>;
  /** Segments after PV1, or after PID where the message has no PV1. */
  readonly more?: readonly string[];
  readonly withoutVisit?: boolean;
}

export const personnummer = '195009072553^^^PNR';
export const otherPersonnummer = '196101182803^^^PNR';
export const reserveNumber = '99E0001^^^RESNR';

const names = {
  ekliden: ['EKLIDEN-PAS', 'EKLIDEN', '8859/1'],
  norrtuna: ['NORRTUNA-VIS', 'NORRTUNA', 'UNICODE UTF-8'],
} as const;

/** @returns the message's bytes */
export function adt(fields: AdtFields): Uint8Array {
  const { trigger, id, at, told = at, hospital = 'ekliden' } = fields;
  const [application, facility, charset] = names[hospital];
  const number = fields.number ?? personnummer;
  const authority = hospital === 'ekliden' ? number : number.replace('^^^PNR', '^^^SKV');
  const address = `Exempelvägen 1^^Påhittsby^^99999^SE^H^^${fields.municipality ?? '1480'}`;
  const family = fields.family ?? 'Påhittad';
  const pid = { 3: authority, 5: `${family}^Åsa`, 11: address, ...fields.pid };
  const pv1 = { 2: 'I', 3: 'MED1', 19: fields.visit ?? 'V1', ...fields.pv1 };
  const segments = [
    `MSH|^~\\&|${application}|${facility}|HEMGANG|GATEWAY|${told}||ADT^${trigger}|${id}|P|2.5||||||${charset}`,
    `EVN||${told}||||${at}`,
    segment('PID', pid),
    ...(fields.withoutVisit === true ? [] : [segment('PV1', pv1)]),
    ...(fields.more ?? []),
  ];
  const text = segments.map((one) => `${one}\r`).join('');
  return Buffer.from(text, hospital === 'ekliden' ? 'latin1' : 'utf8');
}

function segment(name: string, fields: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(fields).map(Number));
  const values = Array.from({ length: last }, (_, index) => fields[index + 1] ?? '');
  return [name, ...values].join('|');
}
